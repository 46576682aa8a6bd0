package dataintegrity_test

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

const small = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:1","type":["VerifiableCredential"],
	"issuer":"urn:issuer","validFrom":"2026-05-01T00:00:00Z","name":"Welcome","credentialSubject":{"id":"urn:school"}}`

func testKey(t testing.TB, fill byte) *keys.Local {
	t.Helper()
	key, err := keys.FromSeed(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return key
}

func signedSmall(t testing.TB, opts dataintegrity.CreateOptions) (map[string]any, map[string]any) {
	t.Helper()
	if opts.Created.IsZero() {
		opts.Created = moment(t, "2026-05-01T09:00:00Z")
	}
	signed, err := development(t).Sign(context.Background(), document(t, small), testKey(t, 1), opts)
	require.NoError(t, err)
	list, ok := signed["proof"].([]any)
	require.True(t, ok)
	proof, ok := list[len(list)-1].(map[string]any)
	require.True(t, ok)
	return signed, proof
}

func options(t testing.TB) dataintegrity.VerifyOptions {
	t.Helper()
	return dataintegrity.VerifyOptions{
		Now: moment(t, "2026-06-01T00:00:00Z"), Resolver: dataintegrity.DIDKey{}, Controller: testKey(t, 1).DID(),
		Domain: "example.org", Challenge: "c1",
	}
}

func TestAProofIsRefusedForTheRightReason(t *testing.T) {
	created := moment(t, "2026-05-01T09:00:00Z")
	expires := created.Add(90 * 24 * time.Hour)
	other := testKey(t, 2)
	for name, c := range map[string]struct {
		change func(document, proof map[string]any)
		code   dataintegrity.Code
	}{
		"no proof":               {func(d, _ map[string]any) { delete(d, "proof") }, dataintegrity.CodeProofMissing},
		"empty list":             {func(d, _ map[string]any) { d["proof"] = []any{} }, dataintegrity.CodeProofMissing},
		"proof is a text":        {func(d, _ map[string]any) { d["proof"] = "x" }, dataintegrity.CodeProofShape},
		"too many proofs":        {func(d, p map[string]any) { d["proof"] = []any{p, p, p, p, p, p, p, p, p} }, dataintegrity.CodeProofShape},
		"other type":             {func(_, p map[string]any) { p["type"] = "Ed25519Signature2020" }, dataintegrity.CodeProofShape},
		"type as list":           {func(_, p map[string]any) { p["type"] = []any{"DataIntegrityProof"} }, dataintegrity.CodeProofShape},
		"other suite":            {func(_, p map[string]any) { p["cryptosuite"] = "ecdsa-rdfc-2019" }, dataintegrity.CodeCryptosuite},
		"suite exchanged":        {func(_, p map[string]any) { p["cryptosuite"] = dataintegrity.SuiteJCS }, dataintegrity.CodeSignature},
		"other purpose":          {func(_, p map[string]any) { p["proofPurpose"] = "authentication" }, dataintegrity.CodePurpose},
		"created later":          {func(_, p map[string]any) { p["created"] = "2026-05-02T09:00:00Z" }, dataintegrity.CodeSignature},
		"created in the future":  {func(_, p map[string]any) { p["created"] = "2026-06-01T00:06:00Z" }, dataintegrity.CodeCreated},
		"created is no time":     {func(_, p map[string]any) { p["created"] = "yesterday" }, dataintegrity.CodeCreated},
		"created removed":        {func(_, p map[string]any) { delete(p, "created") }, dataintegrity.CodeSignature},
		"expired":                {func(_, p map[string]any) { p["expires"] = "2026-06-01T00:00:00Z" }, dataintegrity.CodeExpired},
		"expires is no time":     {func(_, p map[string]any) { p["expires"] = 5.0 }, dataintegrity.CodeExpired},
		"expires removed":        {func(_, p map[string]any) { delete(p, "expires") }, dataintegrity.CodeSignature},
		"other domain":           {func(_, p map[string]any) { p["domain"] = "example.net" }, dataintegrity.CodeDomain},
		"other challenge":        {func(_, p map[string]any) { p["challenge"] = "c2" }, dataintegrity.CodeChallenge},
		"method not a key":       {func(_, p map[string]any) { p["verificationMethod"] = "did:key:z6Mk" }, dataintegrity.CodeMethod},
		"somebody else's key":    {func(_, p map[string]any) { p["verificationMethod"] = other.VerificationMethod() }, dataintegrity.CodeController},
		"no value":               {func(_, p map[string]any) { delete(p, "proofValue") }, dataintegrity.CodeProofShape},
		"short value":            {func(_, p map[string]any) { p["proofValue"] = "z3yZ" }, dataintegrity.CodeProofShape},
		"huge value":             {func(_, p map[string]any) { p["proofValue"] = "z" + strings.Repeat("1", 1<<19) }, dataintegrity.CodeProofShape},
		"value in another base":  {func(_, p map[string]any) { p["proofValue"] = "u3yZ" }, dataintegrity.CodeProofShape},
		"unknown word in proof":  {func(_, p map[string]any) { p["colour"] = "red" }, dataintegrity.CodeDocument},
		"other context in proof": {func(_, p map[string]any) { p["@context"] = []any{"urn:x"} }, dataintegrity.CodeProofShape},
		"follows a lost proof":   {func(_, p map[string]any) { p["previousProof"] = "urn:uuid:lost" }, dataintegrity.CodePrevious},
		"second proof is bad":    {func(d, p map[string]any) { q := maps.Clone(p); q["nonce"] = "n"; d["proof"] = []any{p, q} }, dataintegrity.CodeSignature},
		"document changed":       {func(d, _ map[string]any) { d["name"] = "Welcome!" }, dataintegrity.CodeSignature},
		"word added":             {func(d, _ map[string]any) { d["description"] = "x" }, dataintegrity.CodeSignature},
		"unknown word added":     {func(d, _ map[string]any) { d["colour"] = "red" }, dataintegrity.CodeDocument},
	} {
		t.Run(name, func(t *testing.T) {
			signed, proof := signedSmall(t, dataintegrity.CreateOptions{Expires: expires, Domain: "example.org", Challenge: "c1"})
			_, err := development(t).Verify(context.Background(), signed, options(t))
			require.NoError(t, err, "before the change")
			c.change(signed, proof)
			_, err = development(t).Verify(context.Background(), signed, options(t))
			var refusal *dataintegrity.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.code, refusal.Code, refusal.Error())
		})
	}
}

// The published vectors' small twin: made here, checked once with another implementation.
func TestASmallDocumentHasItsFixedProof(t *testing.T) {
	signed, proof := signedSmall(t, dataintegrity.CreateOptions{})
	delete(signed, "proof")
	stages, err := development(t).Stages(signed, proof)
	require.NoError(t, err)
	require.Equal(t, `<urn:uuid:1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> .
<urn:uuid:1> <https://schema.org/name> "Welcome" .
<urn:uuid:1> <https://www.w3.org/2018/credentials#credentialSubject> <urn:school> .
<urn:uuid:1> <https://www.w3.org/2018/credentials#issuer> <urn:issuer> .
<urn:uuid:1> <https://www.w3.org/2018/credentials#validFrom> "2026-05-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .
`, stages.CanonicalDocument)
	require.Equal(t, "z3UUUZgEQZtgjDhLASceD1NQqMheNWVitzDVELs7UZ4i11SEQAMskooH2C4bW8QPSPPmuqEh91J18LTxbrrwP4kaq", proof["proofValue"])
}

func TestAProofMayBeAnObjectAndADomainAList(t *testing.T) {
	signed, proof := signedSmall(t, dataintegrity.CreateOptions{})
	signed["proof"] = proof
	opts := options(t)
	opts.Domain, opts.Challenge = "", ""
	_, err := development(t).Verify(context.Background(), signed, opts)
	require.NoError(t, err)
	signed, proof = signedSmall(t, dataintegrity.CreateOptions{Domain: "example.org"})
	proof["domain"] = []any{"example.org"}
	opts.Domain = "example.org"
	_, err = development(t).Verify(context.Background(), signed, opts)
	require.NoError(t, err, "one domain and a list of one are the same statement")
}

func TestTheReasonOfARefusedDocumentIsKept(t *testing.T) {
	signed, _ := signedSmall(t, dataintegrity.CreateOptions{})
	signed["colour"] = "red"
	opts := options(t)
	opts.Domain, opts.Challenge = "", ""
	_, err := development(t).Verify(context.Background(), signed, opts)
	var reason *jsonld.Error
	require.ErrorAs(t, err, &reason)
	require.Equal(t, jsonld.CodeUndefinedTerm, reason.Code)
	require.Equal(t, "colour", reason.Subject)
}

func TestSigningKeepsEarlierProofsAndTheCallersDocument(t *testing.T) {
	before := document(t, small)
	engine, ctx := development(t), context.Background()
	created := dataintegrity.CreateOptions{Created: moment(t, "2026-05-01T09:00:00Z"), ID: "urn:uuid:p1"}
	once, err := engine.Sign(ctx, before, testKey(t, 1), created)
	require.NoError(t, err)
	require.NotContains(t, before, "proof")
	created.ID, created.PreviousProofs = "urn:uuid:p2", []string{"urn:uuid:p1"}
	twice, err := engine.Sign(ctx, once, testKey(t, 2), created)
	require.NoError(t, err)
	opts := options(t)
	opts.Domain, opts.Challenge, opts.Controller = "", "", ""
	proofs, err := engine.Verify(ctx, twice, opts)
	require.NoError(t, err)
	require.Equal(t, []string{testKey(t, 1).DID(), testKey(t, 2).DID()}, []string{proofs[0].Controller, proofs[1].Controller})
	_, err = engine.Sign(ctx, once, testKey(t, 2), dataintegrity.CreateOptions{Suite: "x"})
	require.ErrorContains(t, err, "cryptosuite")
	created.ID, created.PreviousProofs = "urn:uuid:p3", []string{"urn:uuid:p9"}
	_, err = engine.Sign(ctx, once, testKey(t, 2), created)
	require.ErrorContains(t, err, "follows another proof")
}
