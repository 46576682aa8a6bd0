package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

type object = map[string]any

// suite drives an installation as a conformance suite does: over the VC API, with documents and keys
// of its own.
type suite struct {
	*instance
	engine *dataintegrity.Engine
	holder *keys.Local
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	i := newInstance(t, "TANDEM_VC_API=true", "TANDEM_RATE_ANONYMOUS=0", "TANDEM_RATE_IDENTITY=0", "TANDEM_RATE_SIGN_IN=0")
	i.serve()
	set, err := contexts.Development()
	require.NoError(t, err)
	holder, err := keys.FromSeed(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	return &suite{instance: i, engine: dataintegrity.New(jsonld.New(set, jsonld.InlineContexts())), holder: holder}
}

// post calls the VC API and returns the status and the body as text and as an object.
func (i *instance) post(t *testing.T, token, path string, body any) (int, string, object) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	resp, answer := i.request(t, token, http.MethodPost, path, raw, "application/json") //nolint:bodyclose // request has read and closed it
	var said object
	_ = json.Unmarshal(answer, &said) // what is no object has nothing to be looked at
	return resp.StatusCode, string(answer), said
}

// issue expects a signed credential, and that it verifies.
func (s *suite) issue(t *testing.T, credential, options object) object {
	t.Helper()
	code, text, signed := s.post(t, "", "/credentials/issue", object{"credential": credential, "options": options})
	require.Equal(t, http.StatusCreated, code, text)
	code, text, _ = s.post(t, "", "/credentials/verify", object{"verifiableCredential": signed, "options": object{"checks": []any{"proof"}}})
	require.Equal(t, http.StatusOK, code, text)
	return signed
}

// refused expects an answer with the code of an error among its errors.
func refused(t *testing.T, code int, text string, said object, want string) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, code, text)
	errors, _ := said["errors"].([]any)
	require.NotEmpty(t, errors, text)
	require.Contains(t, text, `"code":"`+want+`"`)
	require.NotContains(t, text, `"verified":true`)
	for _, item := range errors {
		found, _ := item.(object)
		require.NotEmpty(t, found["title"], text)
		address, _ := found["type"].(string)
		require.True(t, strings.HasPrefix(address, "https://www.w3.org/") || strings.HasPrefix(address, "https://w3id.org/security#"), text)
	}
}

// plain is a small credential as suites use it, with changes; a change to nil takes the field away.
func plain(changes object) object {
	doc := object{
		"@context": []any{contexts.CredentialsV2}, "type": []any{"VerifiableCredential"}, "issuer": "did:example:issuer",
		"credentialSubject": object{"id": "did:example:subject"},
	}
	maps.Copy(doc, changes)
	maps.DeleteFunc(doc, func(_ string, value any) bool { return value == nil })
	return doc
}

// null is a change to a JSON null.
var null = json.RawMessage("null")

func withContext(context any) []any { return []any{contexts.CredentialsV2, context} }

func inLanguage(text, language string, more object) object {
	out := object{"@value": text, "@language": language}
	maps.Copy(out, more)
	return out
}

// TestAConformanceSuiteCanDriveTheVCAPI goes through what the W3C asks of an issuer and a verifier.
func TestAConformanceSuiteCanDriveTheVCAPI(t *testing.T) {
	s := newSuite(t)
	t.Run("issues", s.issues)
	t.Run("refuses to issue", s.refusesToIssue)
	t.Run("texts with a direction", s.directions)
	t.Run("refuses proofs", s.refusesProofs)
	t.Run("presentations", s.presentations)
	t.Run("status", s.status)
	t.Run("vectors", s.vectors)
	t.Run("kinds and purposes", s.kinds)
}

func (s *suite) issues(t *testing.T) {
	const digest = "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"
	for name, changes := range map[string]object{
		"the least there can be":        {},
		"words of the examples":         {"@context": withContext(contexts.ExamplesV2), "type": []any{"VerifiableCredential", "AlumniCredential"}},
		"a type of its own":             {"@context": withContext(object{"Club": "https://example.org/Club"}), "type": []any{"Club", "VerifiableCredential"}},
		"a type by its address":         {"type": []any{"VerifiableCredential", "https://example.org/Club"}},
		"id":                            {"id": "urn:uuid:5e2a8f1e-6d0b-4c41-9d4e-35b1a4a54a01"},
		"issuer object":                 {"issuer": object{"id": "did:example:issuer", "name": "Example Department"}},
		"issuer's name in languages":    {"issuer": object{"id": "did:example:issuer", "name": []any{inLanguage("Department", "en", nil), inLanguage("Departamento", "es", nil)}}},
		"name and description":          {"name": "Welcome", "description": inLanguage("Welcome", "en", nil)},
		"names in languages":            {"name": []any{inLanguage("Welcome", "en", nil), inLanguage("Bienvenidos", "es", nil)}},
		"several subjects":              {"credentialSubject": []any{object{"id": "did:example:a"}, object{"id": "did:example:b"}}},
		"dates with parts of a second":  {"validFrom": "2024-02-29T12:00:00.123Z", "validUntil": "2999-01-01T00:00:00+05:30"},
		"dates that are the same":       {"validFrom": "2999-01-01T00:00:00Z", "validUntil": "2999-01-01T01:00:00+01:00"},
		"terms of use":                  {"@context": withContext(object{"Terms": "https://example.org/Terms"}), "termsOfUse": []any{object{"type": "Terms"}, object{"type": "Terms", "id": "urn:t"}}},
		"evidence, the same twice":      {"@context": withContext(object{"Proof": "https://example.org/Proof"}), "evidence": []any{object{"type": "Proof"}, object{"type": "Proof"}}},
		"refresh services":              {"refreshService": []any{object{"type": "https://example.org/R", "id": "did:example:r/1"}, object{"type": "https://example.org/R"}}},
		"schemas":                       {"credentialSchema": []any{object{"type": "https://example.org/S", "id": "did:example:s/1"}, object{"type": "https://example.org/S", "id": "did:example:s/2"}}},
		"status of somebody else":       {"credentialStatus": object{"type": "https://example.org/Status"}},
		"resource by any digest":        {"relatedResource": []any{object{"id": "https://example.org/a.json", "digestSRI": "sha256-" + strings.Repeat("0a1b2c3d", 8)}}},
		"resource with its media type":  {"relatedResource": object{"id": "https://example.org/a.json", "digestMultibase": digest, "mediaType": "application/json"}},
		"the base context as published": {"relatedResource": []any{object{"id": contexts.CredentialsV2, "digestMultibase": digest}}},
		"nested words of its own": {
			"@context":          withContext(object{"@protected": true, "Card": object{"@id": "urn:example:Card", "@context": object{"id": "@id", "type": "@type", "number": "urn:example:number"}}, "card": object{"@id": "urn:example:card", "@type": "@id"}}),
			"credentialSubject": object{"id": "did:example:subject", "card": object{"type": "Card", "number": "T21"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, cryptosuite := range []string{"", "eddsa-rdfc-2022", "eddsa-jcs-2022"} {
				options := object{"cryptosuite": cryptosuite}
				if name == "dates that are the same" { // and not yet there
					code, text, _ := s.post(t, "", "/credentials/issue", object{"credential": plain(changes), "options": options})
					require.Equal(t, http.StatusCreated, code, text)
					continue
				}
				signed := s.issue(t, plain(changes), options)
				proof, isObject := signed["proof"].(object)
				require.True(t, isObject, "one proof stands alone")
				require.Equal(t, "assertionMethod", proof["proofPurpose"])
				require.Contains(t, signed["issuer"], issuerOf(changes), "an object stays one")
			}
		})
	}
}

// issuerOf is a part of what must be left of the issuer that a document names.
func issuerOf(changes object) any {
	if _, isObject := changes["issuer"].(object); isObject {
		return "name"
	}
	return "did:key:"
}

func (s *suite) directions(t *testing.T) {
	doc := plain(object{"name": inLanguage("مدرسة", "ar", object{"@direction": "rtl"})})
	for cryptosuite, want := range map[string]string{"": "eddsa-jcs-2022", "eddsa-jcs-2022": "eddsa-jcs-2022"} {
		signed := s.issue(t, doc, object{"cryptosuite": cryptosuite})
		proof, _ := signed["proof"].(object)
		require.Equal(t, want, proof["cryptosuite"])
	}
	code, text, said := s.post(t, "", "/credentials/issue", object{"credential": doc, "options": object{"cryptosuite": "eddsa-rdfc-2022"}})
	refused(t, code, text, said, "direction_unsigned")
}
