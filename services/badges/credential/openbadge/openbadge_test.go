package openbadge_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/vectors"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
)

func TestTheProofIsAListAndTextKeepsItsLetters(t *testing.T) {
	raw := issued(t)
	doc := parsed(t, raw)
	proofs, isList := doc["proof"].([]any)
	require.True(t, isList)
	require.Len(t, proofs, 1)
	require.Contains(t, string(raw), "belongs & is heard")
	require.Equal(t, raw, issued(t), "Ed25519 signatures are deterministic")
	doc["proof"] = proofs[0]
	require.NoError(t, verify(t, rendered(t, doc)), "an object is accepted too")
}

func TestTheEvidenceDigestIsSigned(t *testing.T) {
	raw := string(issued(t))
	const digest = "sha256-q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="
	require.Contains(t, raw, digest)
	forged := strings.Replace(raw, digest, "sha256-"+strings.Repeat("A", 43)+"=", 1)
	require.Equal(t, "signature_wrong", reason(verify(t, []byte(forged))))
}

func TestABadgeOfSomebodyElsesKeyIsRefused(t *testing.T) {
	badge := sample(issuerKey(t, 1))
	credential, err := openbadge.Build(badge)
	require.NoError(t, err)
	_, err = engine(t).Issue(context.Background(), credential, issuerKey(t, 2), now())
	var invalid *openbadge.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "issuer.id", invalid.Violations[0].Field)

	badge.Issuer.ID = issuerKey(t, 2).DID()
	credential, err = openbadge.Build(badge)
	require.NoError(t, err)
	signed, err := engine(t).Issue(context.Background(), credential, issuerKey(t, 2), now())
	require.NoError(t, err)
	forged := strings.Replace(string(signed), `"issuer":{"id":"`+issuerKey(t, 2).DID(), `"issuer":{"id":"`+issuerKey(t, 1).DID(), 1)
	require.Equal(t, "method_foreign", reason(verify(t, []byte(forged))))
}

func TestAnIncompleteBadgeIsNotBuilt(t *testing.T) {
	for field, spoil := range map[string]func(b *openbadge.Badge){
		"id":                   func(b *openbadge.Badge) { b.ID = "credentials/1" },
		"name":                 func(b *openbadge.Badge) { b.Name = " " },
		"issuer.id":            func(b *openbadge.Badge) { b.Issuer.ID = "" },
		"issuer.name":          func(b *openbadge.Badge) { b.Issuer.Name = "" },
		"validFrom":            func(b *openbadge.Badge) { b.ValidFrom = time.Time{} },
		"validUntil":           func(b *openbadge.Badge) { b.ValidUntil = b.ValidFrom },
		"credentialSubject.id": func(b *openbadge.Badge) { b.School = openbadge.School{Name: "x"} },
		"credentialSubject.identifier[0].identityHash":                                    func(b *openbadge.Badge) { b.School.Identifiers[0].Value = "" },
		"credentialSubject.achievement.id":                                                func(b *openbadge.Badge) { b.Achievement.ID = "" },
		"credentialSubject.achievement.description":                                       func(b *openbadge.Badge) { b.Achievement.Description = "" },
		"credentialSubject.achievement.criteria":                                          func(b *openbadge.Badge) { b.Achievement.CriteriaID, b.Achievement.CriteriaNarrative = "", "" },
		"credentialSubject.achievement.alignment[0].targetUrl":                            func(b *openbadge.Badge) { b.Achievement.Alignments[0].TargetURL = "standards/1" },
		"credentialSubject.achievement.resultDescription[0].rubricCriterionLevel[1].name": func(b *openbadge.Badge) { b.Achievement.ResultDescription[0].Levels[1].Name = "" },
		"credentialSubject.achievement.resultDescription[0].requiredLevel":                func(b *openbadge.Badge) { b.Achievement.ResultDescription[0].RequiredLevel = "urn:x" },
		"credentialSubject.result[0].achievedLevel":                                       func(b *openbadge.Badge) { b.Results[0].AchievedLevel = "urn:x" },
		"credentialSubject.result[0].resultDescription":                                   func(b *openbadge.Badge) { b.Results[0] = openbadge.Result{ResultDescription: "urn:x"} },
		"evidence[0].digestSRI":                                                           func(b *openbadge.Badge) { b.Evidence[0].SHA256 = "abc" },
		"evidence[0].id":                                                                  func(b *openbadge.Badge) { b.Evidence[0].ID = "file.pdf" },
	} {
		t.Run(field, func(t *testing.T) {
			badge := sample(issuerKey(t, 1))
			spoil(&badge)
			_, err := openbadge.Build(badge)
			var invalid *openbadge.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Violations, 1, invalid.Error())
			require.Equal(t, field, invalid.Violations[0].Field)
			require.NotEmpty(t, invalid.Violations[0].Rule)
			require.NotEmpty(t, invalid.Violations[0].Fix)
		})
	}
}

func TestTheSmallestBadgeCanBeIssued(t *testing.T) {
	key := issuerKey(t, 1)
	full := sample(key)
	small := openbadge.Badge{
		ID: full.ID, Name: full.Name, Issuer: openbadge.Issuer{ID: key.DID(), Name: "x"}, ValidFrom: full.ValidFrom,
		School:      openbadge.School{ID: full.School.ID},
		Achievement: openbadge.Achievement{ID: full.Achievement.ID, Name: "x", Description: "x", CriteriaNarrative: "x"},
	}
	credential, err := openbadge.Build(small)
	require.NoError(t, err)
	signed, err := engine(t).Issue(context.Background(), credential, key, now())
	require.NoError(t, err)
	require.NoError(t, verify(t, signed))
	_, err = engine(t).Issue(context.Background(), parsed(t, signed), key, now())
	require.ErrorContains(t, err, "no proof yet")
}

func TestTheOpenBadgeOf1EdTechIsValid(t *testing.T) {
	var ob struct {
		PublicKeyHex    string
		Unsigned, Proof map[string]any
	}
	require.NoError(t, json.Unmarshal(vectors.Read(t, "open-badges/vectors/ob.json", "1EdTech vectors"), &ob))
	public, err := hex.DecodeString(ob.PublicKeyHex)
	require.NoError(t, err)
	const issuer = "https://example.edu/issuers/565049"
	ob.Unsigned["proof"] = []any{ob.Proof}
	doc, err := jsonld.Decode(rendered(t, ob.Unsigned))
	require.NoError(t, err)
	require.Empty(t, openbadge.Check(doc))
	_, err = proofs(t).Verify(context.Background(), doc, dataintegrity.VerifyOptions{
		Now: now(), Controller: issuer, Resolver: dataintegrity.Known{issuer + "#" + keys.EncodeMultikey(public): {Controller: issuer, Key: public}},
	})
	require.NoError(t, err)
	require.Equal(t, "method_unknown", reason(verify(t, rendered(t, ob.Unsigned))))
}
