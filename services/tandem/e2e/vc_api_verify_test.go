package e2e

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

func refusedSomehow(t *testing.T, code int, text string, said object) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, code, text)
	require.NotEmpty(t, said["errors"], text)
}

// own is a document signed by the suite's own key.
func (s *suite) own(t *testing.T, doc object, opts dataintegrity.CreateOptions) object {
	t.Helper()
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	decoded, err := jsonld.Decode(raw)
	require.NoError(t, err)
	opts.Created = time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	signed, err := s.engine.Sign(t.Context(), decoded, s.holder, opts)
	require.NoError(t, err)
	return signed
}

func (s *suite) credential(t *testing.T) object {
	t.Helper()
	return s.own(t, plain(object{"issuer": s.holder.DID()}), dataintegrity.CreateOptions{})
}

// changed is a document with a change to its only proof.
func changed(t *testing.T, doc object, change func(proof object)) object {
	t.Helper()
	list, _ := doc["proof"].([]any)
	require.Len(t, list, 1)
	first, _ := list[0].(object)
	proof := maps.Clone(first)
	change(proof)
	out := maps.Clone(doc)
	out["proof"] = proof
	return out
}

func set(key string, value any) func(object) { return func(proof object) { proof[key] = value } }

func without(key string) func(object) { return func(proof object) { delete(proof, key) } }

func (s *suite) refusesProofs(t *testing.T) {
	good := s.credential(t)
	for name, doc := range map[string]object{"proof in a list": good, "proof alone": changed(t, good, func(object) {})} {
		code, text, said := s.post(t, "", "/credentials/verify", object{"verifiableCredential": doc, "options": object{"checks": []any{"proof"}}})
		require.Equal(t, http.StatusOK, code, name+text)
		require.Equal(t, true, said["verified"])
	}
	for name, c := range map[string]struct {
		change func(proof object)
		code   string
	}{
		"no type":                     {without("type"), "type"},
		"another type":                {set("type", "UnknownProof"), "proof_malformed"},
		"no cryptosuite":              {without("cryptosuite"), "cryptosuite_unknown"},
		"another cryptosuite":         {set("cryptosuite", "UnknownSuite"), "cryptosuite_unknown"},
		"no purpose":                  {without("proofPurpose"), "purpose_wrong"},
		"another purpose":             {set("proofPurpose", "authentication"), "purpose_wrong"},
		"no method":                   {without("verificationMethod"), "method_unknown"},
		"a method that is a number":   {set("verificationMethod", 5), "method_unknown"},
		"a method that is no key":     {set("verificationMethod", "did:key:invalid"), "method_unknown"},
		"created at no time":          {set("created", "invalidDate"), "created_wrong"},
		"no value":                    {without("proofValue"), "proof_malformed"},
		"null as value":               {set("proofValue", null), "proof_malformed"},
		"a value without its header":  {func(p object) { text, _ := p["proofValue"].(string); p["proofValue"] = text[1:] }, "proof_malformed"},
		"a value in another base":     {func(p object) { text, _ := p["proofValue"].(string); p["proofValue"] = "u" + text[1:] }, "proof_malformed"},
		"a value that is too short":   {set("proofValue", "z2YwC8z3ap7yx1nZYCg4L"), "proof_malformed"},
		"a value of something else":   {set("nonce", "another"), "signature_wrong"},
		"a previous proof not there":  {set("previousProof", "urn:uuid:gone"), "previous_proof_missing"},
		"a proof that has ended":      {set("expires", "2020-01-01T00:00:00Z"), "proof_expired"},
		"a proof that ends at no day": {set("expires", "never"), "proof_expired"},
		"a word without meaning":      {set("colour", "red"), "undefined_term"},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, said := s.post(t, "", "/credentials/verify", object{"verifiableCredential": changed(t, good, c.change)})
			refused(t, code, text, said, c.code)
		})
	}
	for name, c := range map[string]struct {
		changes object
		code    string
	}{
		"no proof":                       {object{"proof": nil}, "proof_missing"},
		"null as proof":                  {object{"proof": null}, "proof_malformed"},
		"a proof that is a text":         {object{"proof": "x"}, "proof_malformed"},
		"an empty list of proofs":        {object{"proof": []any{}}, "proof_missing"},
		"a changed subject":              {object{"credentialSubject": object{"id": "urn:other"}}, "signature_wrong"},
		"an undefined word added":        {object{"credentialSubject": object{"id": "did:example:subject", "colour": "red"}}, "undefined_term"},
		"an undefined type added":        {object{"type": []any{"VerifiableCredential", "Undefined"}}, "undefined"},
		"another issuer":                 {object{"issuer": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"}, "method_foreign"},
		"no credential at all":           {object{"type": []any{"NonconformingDocument"}}, "type"},
		"an unknown context added":       {object{"@context": withContext("https://example.org/c")}, "unknown_context"},
		"a context that redefines words": {object{"@context": withContext(object{"VerifiableCredential": "urn:v"})}, "protected_term"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := maps.Clone(good)
			maps.Copy(doc, c.changes)
			maps.DeleteFunc(doc, func(_ string, value any) bool { return value == nil })
			code, text, said := s.post(t, "", "/credentials/verify", object{"verifiableCredential": doc})
			refused(t, code, text, said, c.code)
		})
	}
}

func (s *suite) kinds(t *testing.T) {
	credential := s.credential(t)
	shown := s.own(t, object{"@context": []any{contexts.CredentialsV2}, "type": []any{"VerifiablePresentation"}}, dataintegrity.CreateOptions{Purpose: "authentication"})
	for name, c := range map[string]struct {
		path string
		body object
		code string
	}{
		"a credential as a presentation": {"/presentations/verify", object{"verifiablePresentation": credential}, "other_kind"},
		"a presentation as a credential": {"/credentials/verify", object{"verifiableCredential": shown}, "other_kind"},
		"a credential to sign in":        {"/credentials/verify", object{"verifiableCredential": credential, "options": object{"expectedProofPurpose": "authentication"}}, "purpose_wrong"},
		"an issued presentation":         {"/presentations/verify", object{"verifiablePresentation": shown, "options": object{"expectedProofPurpose": "assertionMethod"}}, "purpose_wrong"},
		"another domain":                 {"/credentials/verify", object{"verifiableCredential": credential, "options": object{"domain": "example.org"}}, "domain_wrong"},
		"another challenge":              {"/credentials/verify", object{"verifiableCredential": credential, "options": object{"challenge": "c"}}, "challenge_wrong"},
		"nothing":                        {"/credentials/verify", object{}, "required"},
		"null":                           {"/presentations/verify", object{"verifiablePresentation": nil}, "required"},
		"a text that is no token":        {"/credentials/verify", object{"verifiableCredential": "hello"}, "invalid_json"},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, said := s.post(t, "", c.path, c.body)
			refused(t, code, text, said, c.code)
		})
	}
	code, text, _ := s.post(t, "", "/credentials/verify", object{"verifiableCredential": credential, "options": object{"expectedProofPurpose": "assertionMethod"}})
	require.Equal(t, http.StatusOK, code, text)
	answer := s.own(t, plain(object{"issuer": s.holder.DID()}), dataintegrity.CreateOptions{Challenge: "c", Domain: "example.org"})
	code, text, _ = s.post(t, "", "/credentials/verify", object{"verifiableCredential": answer, "options": object{"challenge": "c", "domain": "example.org"}})
	require.Equal(t, http.StatusOK, code, text)
}

// vectors are the W3C's own, whose issuer is no DID, so that nothing ties their key to it.
func (s *suite) vectors(t *testing.T) {
	const root = "../../.." // of the repository, beside which the shared folder is unless TANDEM_SHARED says otherwise
	shared := os.Getenv("TANDEM_SHARED")
	if !filepath.IsAbs(shared) {
		shared = filepath.Join(root, cmp.Or(shared, "../shared"))
	}
	vectors := filepath.Join(shared, "data", "vc-di-eddsa", "TestVectors")
	if _, err := os.Stat(vectors); err != nil {
		t.Skipf("skip: TANDEM_SHARED not found (%s): W3C vectors not run", shared)
	}
	for folder, file := range map[string]string{"eddsa-rdfc-2022": "signedDataInt.json", "eddsa-jcs-2022": "signedJCS.json"} {
		raw, err := os.ReadFile(filepath.Join(vectors, folder, file))
		require.NoError(t, err)
		code, text, _ := s.post(t, "", "/credentials/verify", object{"verifiableCredential": json.RawMessage(raw)})
		require.Equal(t, http.StatusOK, code, text)
		forged := strings.Replace(string(raw), "The School of Examples", "The School of Forgeries", 1)
		code, text, said := s.post(t, "", "/credentials/verify", object{"verifiableCredential": json.RawMessage(forged)})
		refused(t, code, text, said, "signature_wrong")
	}
}
