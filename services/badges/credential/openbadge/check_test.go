package openbadge_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/vectors"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

type object = map[string]any

func child(t testing.TB, doc object, keys ...string) object {
	t.Helper()
	for _, key := range keys {
		next, ok := doc[key].(object)
		if items, isList := doc[key].([]any); isList && len(items) > 0 {
			next, ok = items[0].(object)
		}
		require.True(t, ok, key)
		doc = next
	}
	return doc
}

func TestABadgeWithEverythingIsRightAndCanBeSigned(t *testing.T) {
	key := issuerKey(t, 1)
	doc, err := openbadge.Build(full(key))
	require.NoError(t, err)
	raw, err := engine(t).Issue(context.Background(), doc, key, now())
	require.NoError(t, err)
	require.Empty(t, openbadge.Check(parsed(t, raw)))
	require.Empty(t, openbadge.CheckSchema(parsed(t, raw)))
	got := openbadge.CheckSchemas(parsed(t, raw), nil)
	require.Equal(t, openbadge.SchemaResult{Checked: 1}, got)
}

func TestEveryRuleOfABadgeIsToldAtItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		at    []string
		key   string
		value any // nil: taken away
		field string
		rule  string
	}{
		"no context of badges":         {nil, "@context", []any{contexts.CredentialsV2}, "@context", "context"},
		"contexts in another order":    {nil, "@context", []any{contexts.CredentialsV2, contexts.OpenBadgesExtensions, contexts.OpenBadges303}, "@context", "context"},
		"not a badge":                  {nil, "type", []any{"VerifiableCredential"}, "type", "type"},
		"no id":                        {nil, "id", nil, "id", "required"},
		"no beginning":                 {nil, "validFrom", nil, "validFrom", "required"},
		"award date that is a day":     {nil, "awardedDate", "2026-05-01", "awardedDate", "date_time"},
		"two subjects":                 {nil, "credentialSubject", []any{object{"id": "urn:a"}, object{"id": "urn:b"}}, "credentialSubject", "object"},
		"issuer without type":          {[]string{"issuer"}, "type", nil, "issuer.type", "type"},
		"issuer's mail as a list":      {[]string{"issuer"}, "email", []any{"a"}, "issuer.email", "text"},
		"issuer's site is relative":    {[]string{"issuer"}, "url", "www.example.org", "issuer.url", "iri"},
		"parent without id":            {[]string{"issuer", "parentOrg"}, "id", nil, "issuer.parentOrg.id", "required"},
		"place without latitude":       {[]string{"issuer", "parentOrg", "address", "geo"}, "latitude", "39", "issuer.parentOrg.address.geo.latitude", "number"},
		"image with more":              {[]string{"image"}, "width", 5.0, "image.width", "closed"},
		"subject without type":         {[]string{"credentialSubject"}, "type", nil, "credentialSubject.type", "type"},
		"nobody":                       {[]string{"credentialSubject"}, "identifier", []any{}, "", ""},
		"identity with more":           {[]string{"credentialSubject", "identifier"}, "name", "x", "credentialSubject.identifier[0].name", "closed"},
		"identity that is not said":    {[]string{"credentialSubject", "identifier"}, "hashed", nil, "credentialSubject.identifier[0].hashed", "required"},
		"identity of an own kind":      {[]string{"credentialSubject", "identifier"}, "identityType", "ncesSchoolId", "credentialSubject.identifier[0].identityType", "vocabulary"},
		"no achievement":               {[]string{"credentialSubject"}, "achievement", nil, "credentialSubject.achievement", "required"},
		"achievement as an address":    {[]string{"credentialSubject"}, "achievement", "urn:a", "credentialSubject.achievement", "object"},
		"achievement of an own kind":   {[]string{"credentialSubject", "achievement"}, "achievementType", "Star", "credentialSubject.achievement.achievementType", "vocabulary"},
		"achievement of an extension":  {[]string{"credentialSubject", "achievement"}, "achievementType", "ext:Star", "", ""},
		"achievement's language":       {[]string{"credentialSubject", "achievement"}, "inLanguage", "english", "credentialSubject.achievement.inLanguage", "pattern"},
		"no criteria":                  {[]string{"credentialSubject", "achievement"}, "criteria", nil, "credentialSubject.achievement.criteria", "required"},
		"empty criteria":               {[]string{"credentialSubject", "achievement"}, "criteria", object{}, "credentialSubject.achievement.criteria", "required"},
		"criteria as a text":           {[]string{"credentialSubject", "achievement"}, "criteria", "Work hard.", "credentialSubject.achievement.criteria", "object"},
		"tags as one text":             {[]string{"credentialSubject", "achievement"}, "tag", "x", "", ""},
		"a tag that is a number":       {[]string{"credentialSubject", "achievement"}, "tag", []any{"x", 5.0}, "credentialSubject.achievement.tag[1]", "text"},
		"alignment without name":       {[]string{"credentialSubject", "achievement", "alignment"}, "targetName", nil, "credentialSubject.achievement.alignment[0].targetName", "required"},
		"alignment of an own kind":     {[]string{"credentialSubject", "achievement", "alignment"}, "targetType", "standard", "credentialSubject.achievement.alignment[0].targetType", "vocabulary"},
		"creator without type":         {[]string{"credentialSubject", "achievement", "creator"}, "type", nil, "credentialSubject.achievement.creator.type", "type"},
		"result of an own kind":        {[]string{"credentialSubject", "result"}, "status", "Splendid", "credentialSubject.result[0].status", "vocabulary"},
		"level that is not defined":    {[]string{"credentialSubject", "result"}, "achievedLevel", "urn:l", "credentialSubject.result[0].achievedLevel", "reference"},
		"result of nothing":            {[]string{"credentialSubject", "achievement", "resultDescription"}, "resultType", "Stars", "credentialSubject.achievement.resultDescription[0].resultType", "vocabulary"},
		"evidence without type":        {[]string{"evidence"}, "type", nil, "evidence[0].type", "type"},
		"evidence at no address":       {[]string{"evidence"}, "id", "survey.pdf", "evidence[0].id", "iri"},
		"a single evidence":            {nil, "evidence", object{"type": "Evidence", "name": "Survey"}, "", ""},
		"names in languages":           {nil, "description", []any{object{"@value": "a", "@language": "en"}}, "description", "text"},
		"a time that only XML knows":   {nil, "awardedDate", "2026-05-01T24:00:00Z", "awardedDate", "date_time"},
		"status without type":          {[]string{"credentialStatus"}, "type", nil, "credentialStatus.type", "type"},
		"several places of status":     {nil, "credentialStatus", []any{object{"id": "urn:a", "type": "1EdTechRevocationList"}}, "", ""},
		"refresh without id":           {[]string{"refreshService"}, "id", nil, "refreshService.id", "required"},
		"terms without type":           {[]string{"termsOfUse"}, "type", nil, "termsOfUse[0].type", "type"},
		"endorsement that is an empty": {nil, "endorsement", []any{object{}}, "endorsement[0].type", "type"},
	} {
		t.Run(name, func(t *testing.T) {
			built, err := openbadge.Build(full(issuerKey(t, 1)))
			require.NoError(t, err)
			doc := parsed(t, rendered(t, built))
			where := child(t, doc, c.at...)
			where[c.key] = c.value
			if c.value == nil {
				delete(where, c.key)
			}
			got := openbadge.Check(doc)
			if c.field == "" {
				require.Empty(t, got)
				return
			}
			require.NotEmpty(t, got)
			require.Equal(t, c.field, got[0].Field, got)
			require.Equal(t, c.rule, got[0].Rule)
			require.NotEmpty(t, got[0].Fix)
		})
	}
}

// Verifiers read a single value and a list of one alike. What a schema has against it is a warning.
func TestTheFormOfAListIsNoFault(t *testing.T) {
	doc := parsed(t, issued(t))
	issuer := child(t, doc, "issuer")
	issuer["type"], doc["proof"] = "Profile", child(t, doc, "proof")
	require.Empty(t, openbadge.Check(doc))
	got := openbadge.CheckSchemas(doc, nil)
	require.Empty(t, got.Violations)
	require.Len(t, got.Warnings, 2)
	require.Len(t, openbadge.CheckSchema(doc), 2)
	doc["credentialSchema"] = []any{object{"id": "https://example.org/schema.json", "type": "1EdTechJsonSchemaValidator2019"}}
	got = openbadge.CheckSchemas(doc, nil)
	require.Zero(t, got.Checked)
	require.Equal(t, "schema_unknown", got.Warnings[0].Rule)
}

func TestASchemaThatIsNamedIsKept(t *testing.T) {
	doc := parsed(t, issued(t))
	doc["name"] = object{"@value": "Welcome", "@language": "en"}
	require.Equal(t, []vc.Violation{{Field: "name", Rule: "text", Fix: "Give a text here."}}, openbadge.Check(doc))
	delete(doc, "credentialSchema")
	require.Empty(t, openbadge.Check(doc), "without the schema, a name may say its language")
	require.NotEmpty(t, openbadge.CheckSchema(doc))
}

// The published schema has room for one place, so the others stand under the property's full address.
func TestABadgeWithSeveralPlacesOfStatusMeetsTheSchema(t *testing.T) {
	key, badge := issuerKey(t, 1), full(issuerKey(t, 1))
	badge.Status = append(badge.Status, openbadge.Status{ID: "https://badges.example.org/v1/issuers/state/revocationList", Type: "1EdTechRevocationList"})
	built, err := openbadge.Build(badge)
	require.NoError(t, err)
	raw, err := engine(t).Issue(context.Background(), built, key, now())
	require.NoError(t, err)
	doc := parsed(t, raw)
	require.Equal(t, object{
		"id": "https://badges.example.org/v1/statusLists/a#7", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
		"statusListIndex": "7", "statusListCredential": "https://badges.example.org/v1/statusLists/a",
	}, doc["credentialStatus"])
	require.Equal(t, []any{object{"id": "https://badges.example.org/v1/issuers/state/revocationList", "type": "1EdTechRevocationList"}}, doc[vc.StatusProperty])
	require.Equal(t, object{"id": badge.RefreshURL, "type": "1EdTechCredentialRefresh"}, doc["refreshService"])
	require.Empty(t, openbadge.Check(doc))
	require.Empty(t, openbadge.CheckSchema(doc))
	delete(doc, vc.StatusProperty)
	require.Equal(t, "signature_wrong", reason(verify(t, rendered(t, doc))), "every place is signed")
}

func TestARecipientIsFoundByIdAndIdentifierAlsoUnderADigest(t *testing.T) {
	built, err := openbadge.Build(full(issuerKey(t, 1)))
	require.NoError(t, err)
	doc := parsed(t, rendered(t, built))
	for recipient, want := range map[string]bool{
		"https://badges.example.org/schools/0042": true, "080336000999": true, "0042": true, "0043": false, "": false,
		openbadge.IdentityHash("0042", "s"): false, "0042s": false,
	} {
		require.Equal(t, want, openbadge.IsRecipient(doc, recipient), recipient)
	}
	require.Equal(t, openbadge.IdentityHash("abc", ""), openbadge.IdentityHash("a", "bc"), "the salt follows the identifier")
	require.Equal(t, "sha256$ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", openbadge.IdentityHash("abc", ""))
}

func TestTheLearnerRecordOf1EdTechIsReproducedAtEveryStage(t *testing.T) {
	ctx := context.Background()
	var clr struct {
		SeedHex, DocumentHash, ProofHash, DataToSign string
		Unsigned, Proof                              json.RawMessage
	}
	require.NoError(t, json.Unmarshal(vectors.Read(t, "open-badges/vectors/clr.json", "1EdTech vectors"), &clr))
	seed, err := hex.DecodeString(clr.SeedHex)
	require.NoError(t, err)
	key, err := keys.FromSeed(seed)
	require.NoError(t, err)
	proofs := proofs(t)
	unsigned, err := jsonld.Decode(clr.Unsigned)
	require.NoError(t, err)
	proof, err := jsonld.Decode(clr.Proof)
	require.NoError(t, err)
	stages, err := proofs.Stages(unsigned, proof)
	require.NoError(t, err)
	require.Equal(t, string(vectors.Read(t, "open-badges/vectors/clr-document-canon.nq", "1EdTech vectors")), stages.CanonicalDocument)
	require.Equal(t, string(vectors.Read(t, "open-badges/vectors/clr-proof-canon.nq", "1EdTech vectors")), stages.CanonicalProof)
	require.Equal(t, clr.DocumentHash, hex.EncodeToString(stages.DocumentHash[:]))
	require.Equal(t, clr.ProofHash, hex.EncodeToString(stages.ProofHash[:]))
	require.Equal(t, clr.DataToSign, hex.EncodeToString(stages.HashData()))
	const issuer = "https://example.edu/issuers/565049"
	method := issuer + "#" + keys.EncodeMultikey(key.Public())
	signed, err := proofs.Sign(ctx, unsigned, key, dataintegrity.CreateOptions{Created: at(t, "2010-01-01T19:23:24Z"), VerificationMethod: method})
	require.NoError(t, err)
	require.Equal(t, []any{proof}, signed["proof"])
	opts := dataintegrity.VerifyOptions{Now: now(), Controller: issuer, Resolver: dataintegrity.Known{method: {Controller: issuer, Key: key.Public()}}}
	_, err = proofs.Verify(ctx, signed, opts)
	require.NoError(t, err)
	inner := openbadge.Credentials(signed)
	require.Len(t, inner, 1)
	_, err = proofs.Verify(ctx, inner[0].Document, opts)
	require.NoError(t, err, "the badge in it is signed by itself")
	require.Empty(t, openbadge.Check(signed))
	for _, w := range openbadge.CheckSchemas(signed, nil).Warnings {
		require.Contains(t, []string{"list", "single"}, w.Rule, w)
	}
	require.True(t, strings.HasPrefix(inner[0].Path, "credentialSubject.verifiableCredential"))
}
