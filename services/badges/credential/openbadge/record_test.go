package openbadge_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
)

func at(t testing.TB, text string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return out
}

// six are the badges that make a Partnership School.
func six(t testing.TB) []map[string]any {
	t.Helper()
	key := issuerKey(t, 1)
	out := make([]map[string]any, 6)
	for i := range out {
		badge := sample(key)
		badge.ID = fmt.Sprintf("https://badges.example.org/credentials/%d", i)
		badge.Achievement.ID = fmt.Sprintf("https://badges.example.org/badgeDefinitions/%d", i)
		built, err := openbadge.Build(badge)
		require.NoError(t, err)
		raw, err := engine(t).Issue(context.Background(), built, key, now())
		require.NoError(t, err)
		out[i], err = jsonld.Decode(raw)
		require.NoError(t, err)
	}
	return out
}

func partnership(t testing.TB) openbadge.CLR {
	t.Helper()
	badge := full(issuerKey(t, 1))
	award := badge.Achievement
	award.ID, award.Name, award.Type, award.ResultDescription = "https://badges.example.org/badgeDefinitions/partnership", "Partnership School", "Award", nil
	return openbadge.CLR{
		ID: "https://badges.example.org/credentials/partnership", Name: "Partnership School", Description: "All six badges.",
		Image: badge.Image, Issuer: badge.Issuer, ValidFrom: badge.ValidFrom, ValidUntil: badge.ValidUntil, AwardedDate: badge.AwardedDate,
		School: badge.School, Achievement: &award, Badges: six(t), Status: badge.Status, RefreshURL: badge.RefreshURL, Partial: true,
	}
}

func TestARecordEmbedsItsSignedBadgesAndIsTheirParent(t *testing.T) {
	ctx, key := context.Background(), issuerKey(t, 1)
	doc, err := openbadge.BuildCLR(partnership(t))
	require.NoError(t, err)
	raw, err := engine(t).Issue(ctx, doc, key, now())
	require.NoError(t, err)
	signed, err := jsonld.Decode(raw)
	require.NoError(t, err)
	require.Empty(t, openbadge.Check(signed))
	require.Empty(t, openbadge.CheckSchema(signed))
	proofs := proofs(t)
	opts := dataintegrity.VerifyOptions{Now: now(), Resolver: dataintegrity.DIDKey{}, Controller: key.DID()}
	_, err = proofs.Verify(ctx, signed, opts)
	require.NoError(t, err)
	embedded := openbadge.Credentials(signed)
	require.Len(t, embedded, 6)
	for _, e := range embedded {
		_, err = proofs.Verify(ctx, e.Document, opts)
		require.NoError(t, err, "a badge in a record is signed by itself: %s", e.Path)
	}
	associations, _ := child(t, signed, "credentialSubject")["association"].([]any)
	require.Len(t, associations, 6)
	require.Equal(t, object{
		"type": "Association", "associationType": "isParentOf", "sourceId": "https://badges.example.org/badgeDefinitions/partnership",
		"targetId": "https://badges.example.org/badgeDefinitions/5",
	}, associations[5])
	inner := child(t, signed, "credentialSubject", "verifiableCredential")
	child(t, inner, "proof")["created"] = "2026-06-01T12:00:01Z"
	_, err = proofs.Verify(ctx, signed, opts)
	require.ErrorContains(t, err, "does not match", "the record covers the proofs of its badges")
}

func TestARecordThatIsIncompleteIsNotBuilt(t *testing.T) {
	for field, spoil := range map[string]func(r *openbadge.CLR){
		"name":                                   func(r *openbadge.CLR) { r.Name = "" },
		"credentialSubject.id":                   func(r *openbadge.CLR) { r.School = openbadge.School{} },
		"issuer.name":                            func(r *openbadge.CLR) { r.Issuer.Name = "" },
		"credentialSubject.verifiableCredential": func(r *openbadge.CLR) { r.Badges = nil },
		"credentialSubject.verifiableCredential[2].proof":  func(r *openbadge.CLR) { delete(r.Badges[2], "proof") },
		"credentialSubject.verifiableCredential[1].issuer": func(r *openbadge.CLR) { r.Badges[1]["issuer"] = 5.0 },
		"credentialSubject.achievement[0].id":              func(r *openbadge.CLR) { r.Achievement.ID = "partnership" },
		"credentialSubject.association[0].targetId": func(r *openbadge.CLR) {
			r.Associations = []openbadge.Association{{Type: "isPartOf", Source: r.ID, Target: "urn:x"}}
			r.Associations[0].Source = r.Achievement.ID
		},
		"credentialSubject.association[0].associationType": func(r *openbadge.CLR) {
			r.Associations = []openbadge.Association{{Type: "likes", Source: r.Achievement.ID, Target: r.Achievement.ID}}
		},
		"credentialSubject.achievement[0].criteria":          func(r *openbadge.CLR) { r.Achievement.CriteriaID, r.Achievement.CriteriaNarrative = "", "" },
		"credentialSubject.verifiableCredential[0].@context": func(r *openbadge.CLR) { r.Badges[0]["@context"] = []any{contexts.CredentialsV2} },
	} {
		t.Run(field, func(t *testing.T) {
			record := partnership(t)
			spoil(&record)
			_, err := openbadge.BuildCLR(record)
			var invalid *openbadge.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, field, invalid.Violations[0].Field, invalid.Violations)
		})
	}
}

func TestAnEndorsementIsSignedAndStandsOnWhatItEndorses(t *testing.T) {
	ctx, endorser, issuer := context.Background(), issuerKey(t, 2), issuerKey(t, 1)
	sign := func(id string) map[string]any {
		doc, err := openbadge.BuildEndorsement(endorsementOf(endorser, id))
		require.NoError(t, err)
		raw, err := engine(t).Issue(ctx, doc, endorser, now())
		require.NoError(t, err)
		signed, err := jsonld.Decode(raw)
		require.NoError(t, err)
		require.Empty(t, openbadge.Check(signed))
		require.Empty(t, openbadge.CheckSchema(signed))
		return signed
	}
	badge := sample(issuer)
	badge.Endorsements = []map[string]any{sign(badge.ID)}
	badge.Achievement.Endorsements = []map[string]any{sign(badge.Achievement.ID)}
	badge.Issuer.Endorsements = []map[string]any{sign(issuer.DID())}
	built, err := openbadge.Build(badge)
	require.NoError(t, err)
	raw, err := engine(t).Issue(ctx, built, issuer, now())
	require.NoError(t, err)
	doc, err := jsonld.Decode(raw)
	require.NoError(t, err)
	proofs := proofs(t)
	opts := dataintegrity.VerifyOptions{Now: now(), Resolver: dataintegrity.DIDKey{}}
	_, err = proofs.Verify(ctx, doc, opts)
	require.NoError(t, err)
	found := openbadge.Endorsements(doc)
	require.Len(t, found, 3)
	for i, path := range []string{"endorsement[0]", "issuer.endorsement[0]", "credentialSubject.achievement.endorsement[0]"} {
		require.Equal(t, path, found[i].Path)
		require.Equal(t, child(t, found[i].Document, "credentialSubject")["id"], found[i].Endorses)
		_, err := proofs.Verify(ctx, found[i].Document, opts)
		require.NoError(t, err, path)
	}
	incomplete := endorsementOf(endorser, "")
	_, err = openbadge.BuildEndorsement(incomplete)
	require.ErrorContains(t, err, "credentialSubject.id")
}
