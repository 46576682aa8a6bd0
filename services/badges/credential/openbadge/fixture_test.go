package openbadge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

func engine(t testing.TB) *openbadge.Engine {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	return openbadge.New(set)
}

func issuerKey(t testing.TB, fill byte) *keys.Local {
	t.Helper()
	key, err := keys.FromSeed(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return key
}

func now() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// sample is a badge with every part filled.
func sample(key *keys.Local) openbadge.Badge {
	const badge = "https://badges.example.org/badgeDefinitions/welcome"
	return openbadge.Badge{
		ID: "https://badges.example.org/credentials/06fq8", Name: "Welcome All Families", Description: "Awarded after review.",
		Issuer:    openbadge.Issuer{ID: key.DID(), Name: "Example State Department of Education", URL: "https://education.example.org"},
		ValidFrom: now().AddDate(0, -1, 0), ValidUntil: now().AddDate(2, 0, 0), AwardedDate: now().AddDate(0, -1, 0),
		School: openbadge.School{
			ID: "https://badges.example.org/schools/0042", Name: "Cottonwood Elementary",
			Identifiers: []openbadge.Identifier{{Type: "ext:ncesSchoolId", Value: "080336000999"}},
		},
		Achievement: openbadge.Achievement{
			ID: badge, Name: "Welcome All Families", Description: "The school is a place where every family belongs & is heard.",
			CriteriaID: badge + "#criteria", CriteriaNarrative: "A year of work, reviewed by two people <who do not know the school>.",
			Image: openbadge.Image{ID: badge + "/image.png", Caption: "An open door"}, Version: "1",
			Tags: []string{"family engagement", "padres y maestros 家长"},
			Alignments: []openbadge.Alignment{{
				TargetName: "Welcome all families", TargetURL: "https://badges.example.org/frameworks/national/standards/1",
				TargetCode: "1", TargetFramework: "Family-School Partnerships", TargetDescription: "Families are welcome.",
			}},
			ResultDescription: []openbadge.ResultDescription{{
				ID: badge + "#climate", Name: "Welcoming climate", RequiredLevel: badge + "#climate-2",
				Levels: []openbadge.RubricLevel{
					{ID: badge + "#climate-2", Name: "Progressing", Level: "2", Points: "2", Description: "Often"},
					{ID: badge + "#climate-3", Name: "Excelling", Level: "3", Points: "3"},
				},
			}},
		},
		Results: []openbadge.Result{{ResultDescription: badge + "#climate", AchievedLevel: badge + "#climate-3", Value: "3"}},
		Evidence: []openbadge.Evidence{{
			ID: "https://badges.example.org/evidence/7", Name: "Family survey, spring", Description: "Summary", Genre: "survey",
			Narrative: "What families said.", MediaType: "application/pdf", SHA256: strings.Repeat("ab", 32),
		}, {Name: "Photo of the family room"}},
	}
}

// endorsementOf is what somebody says in favor of a thing.
func endorsementOf(key *keys.Local, id string) openbadge.Endorsement {
	return openbadge.Endorsement{
		ID: "https://union.example.org/endorsements/1", Name: "We have seen it", SubjectID: id, Comment: "Families are at home there.",
		Issuer: openbadge.Issuer{ID: key.DID(), Name: "Example Union of Districts"}, ValidFrom: now().AddDate(0, -1, 0),
	}
}

// full is a badge with every part of the data model that Build knows.
func full(key *keys.Local) openbadge.Badge {
	b := sample(key)
	const at = "https://badges.example.org/"
	alignments := b.Achievement.Alignments
	alignments[0].TargetType = "ext:standard"
	profile := openbadge.Profile{
		ID: at + "org", Name: "Example Union of Districts", URL: "https://union.example.org", Email: "badges@example.org", Phone: "+1 303 555 0100",
		Description: "A union of districts.", Image: openbadge.Image{ID: at + "org.png", Caption: "A roof"}, Official: "The office",
		Address: &openbadge.Address{
			Country: "United States", CountryCode: "US", Region: "Colorado", Locality: "Denver", Street: "1 Example Street",
			PostOfficeBox: "12", PostalCode: "80000", Geo: &openbadge.Geo{Latitude: 39.5, Longitude: -105},
		},
		ParentOrg:        &openbadge.Profile{ID: at + "parent", Name: "Example Federation"},
		OtherIdentifiers: []openbadge.Identifier{{Type: "ext:taxId", Value: "00-0000000"}},
	}
	b.Image = openbadge.Image{ID: at + "badge.png"}
	b.Issuer.Email, b.Issuer.Image, b.Issuer.ParentOrg = "office@example.org", openbadge.Image{ID: at + "seal.png"}, &profile
	b.School.Image = openbadge.Image{ID: at + "school.png"}
	b.School.Identifiers = append(b.School.Identifiers, openbadge.Identifier{Type: "sisSourcedId", Value: "0042", Hashed: true, Salt: "s"})
	b.Award = openbadge.Award{
		Narrative: "A year of work.", Role: "host", Term: "2025-26", License: "L-1", Credits: 1.5, Source: &profile,
		Started: now().AddDate(-1, 0, 0), Ended: now().AddDate(0, -2, 0),
	}
	a := &b.Achievement
	a.InLanguage, a.HumanCode, a.FieldOfStudy, a.Specialization, a.Credits, a.Creator = "en-US", "W-1", "Families", "Welcome", 2, &profile
	a.Related = []openbadge.Related{{ID: at + "es", InLanguage: "es-MX", Version: "1"}}
	a.OtherIdentifiers = []openbadge.Identifier{{Type: "identifier", Value: "W"}}
	a.ResultDescription[0].Alignments, a.ResultDescription[0].Levels[0].Alignments = alignments, alignments
	a.ResultDescription = append(a.ResultDescription, openbadge.ResultDescription{
		ID: at + "percent", Name: "Families who came", Type: "Percent", RequiredValue: "50", AllowedValues: []string{"50", "100"}, ValueMin: "0", ValueMax: "100",
	})
	b.Results[0].Alignments = alignments
	b.Results = append(b.Results, openbadge.Result{ResultDescription: at + "percent", Value: "75", Status: "Completed"})
	b.Evidence[0].Audience = "Everybody"
	b.Status = []openbadge.Status{{
		ID: at + "v1/statusLists/a#7", Type: "BitstringStatusListEntry", Purpose: "revocation", List: at + "v1/statusLists/a", Index: 7,
	}}
	b.RefreshURL, b.Terms = at+"v1/credentials/06fq8:refresh", []openbadge.Terms{{ID: at + "terms", Type: at + "Terms"}}
	return b
}

func issued(t testing.TB) []byte {
	t.Helper()
	key := issuerKey(t, 1)
	credential, err := openbadge.Build(sample(key))
	require.NoError(t, err)
	signed, err := engine(t).Issue(context.Background(), credential, key, now().AddDate(0, -1, 0))
	require.NoError(t, err)
	return signed
}

func proofs(t testing.TB) *dataintegrity.Engine {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	return dataintegrity.New(jsonld.New(set))
}

// verify tells whether a badge can be read, is complete and signed by its issuer. The signature is
// asked first, as its refusals say most about a change.
func verify(t testing.TB, raw []byte) error {
	t.Helper()
	return verifyWith(proofs(t), raw)
}

func verifyWith(engine *dataintegrity.Engine, raw []byte) error {
	doc, err := jsonld.Decode(raw)
	if err != nil {
		return err
	}
	issuer, _ := vc.IssuerOf(doc)
	opts := dataintegrity.VerifyOptions{Now: now(), Resolver: dataintegrity.DIDKey{}, Controller: issuer}
	if _, err := engine.Verify(context.Background(), doc, opts); err != nil {
		return err
	}
	if found := openbadge.Check(doc); len(found) > 0 {
		return &openbadge.InvalidError{Violations: found}
	}
	return nil
}

// reason is the most exact stable word of a refusal.
func reason(err error) string {
	var document *jsonld.Error
	var proof *dataintegrity.Error
	var invalid *openbadge.InvalidError
	switch {
	case errors.As(err, &document):
		return string(document.Code)
	case errors.As(err, &proof):
		return string(proof.Code)
	case errors.As(err, &invalid):
		return invalid.Violations[0].Rule
	}
	return ""
}

func parsed(t testing.TB, raw []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	require.NoError(t, json.Unmarshal(raw, &doc))
	return doc
}

func rendered(t testing.TB, doc map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return raw
}
