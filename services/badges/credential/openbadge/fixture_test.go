package openbadge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
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

func issued(t testing.TB) []byte {
	t.Helper()
	key := issuerKey(t, 1)
	credential, err := openbadge.Build(sample(key))
	require.NoError(t, err)
	signed, err := engine(t).Issue(context.Background(), credential, key, now().AddDate(0, -1, 0))
	require.NoError(t, err)
	return signed
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
