package e2e

import (
	"testing"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
)

func (s *suite) refusesToIssue(t *testing.T) {
	const digest = "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"
	for name, c := range map[string]struct {
		changes object
		code    string
	}{
		"no context":                          {object{"@context": nil}, "context"},
		"the base context second":             {object{"@context": []any{contexts.ExamplesV2, contexts.CredentialsV2}}, "context"},
		"the base context as an object":       {object{"@context": []any{object{"a": "urn:a"}}}, "context"},
		"a context that is a number":          {object{"@context": withContext(5)}, "context"},
		"a context that is no address":        {object{"@context": withContext("https ://example.org/c")}, "context"},
		"a context that nobody knows":         {object{"@context": withContext("https://example.org/c")}, "unknown_context"},
		"a vocabulary of its own":             {object{"@context": withContext(object{"@vocab": "https://example.org/"}), "type": []any{"VerifiableCredential", "Club"}}, "invalid_context"},
		"a word that means no address":        {object{"@context": withContext(object{"Club": "https ://example.org/Club"}), "type": []any{"VerifiableCredential", "Club"}}, "invalid_context"},
		"a protected word anew":               {object{"@context": withContext(object{"VerifiableCredential": "https://example.org/V"})}, "protected_term"},
		"a word of its own anew":              {object{"@context": []any{contexts.CredentialsV2, object{"@protected": true, "Club": "urn:a:1"}, object{"Club": "urn:a:2"}}}, "protected_term"},
		"no type":                             {object{"type": nil}, "type"},
		"another type only":                   {object{"type": []any{"https://example.org/Club"}}, "type"},
		"a type without meaning":              {object{"type": []any{"VerifiableCredential", "Club"}}, "undefined"},
		"a type without meaning beside one":   {object{"@context": withContext(object{"Team": "urn:t"}), "type": []any{"VerifiableCredential", "Club"}}, "undefined"},
		"an id that is no address":            {object{"id": "https ://example.org/1"}, "iri"},
		"several ids":                         {object{"id": []any{"urn:a", "urn:b"}}, "iri"},
		"null as id":                          {object{"id": null}, "iri"},
		"no issuer":                           {object{"issuer": nil}, "iri"},
		"null as issuer":                      {object{"issuer": null}, "iri"},
		"a number as issuer":                  {object{"issuer": 5}, "iri"},
		"an issuer that is no address":        {object{"issuer": "Example Department"}, "iri"},
		"an issuer object without id":         {object{"issuer": object{"name": "x"}}, "iri"},
		"an issuer object with null":          {object{"issuer": object{"id": null}}, "iri"},
		"an issuer object with no address":    {object{"issuer": object{"id": "not an address"}}, "iri"},
		"an issuer's name with more":          {object{"issuer": object{"id": "did:example:i", "name": inLanguage("x", "en", object{"url": "u"})}}, "language"},
		"a name with more than its language":  {object{"name": inLanguage("x", "en", object{"url": "u"})}, "language"},
		"a description that is a number":      {object{"description": 5}, "text"},
		"no subject":                          {object{"credentialSubject": nil}, "required"},
		"a subject of whom nothing is said":   {object{"credentialSubject": object{}}, "required"},
		"one of two subjects without a claim": {object{"credentialSubject": []any{object{"id": "did:example:a"}, object{}}}, "required"},
		"a subject with two ids":              {object{"credentialSubject": object{"id": []any{"urn:a", "urn:b"}}}, "iri"},
		"a beginning that is no time":         {object{"validFrom": "yesterday"}, "date_time"},
		"a beginning without a zone":          {object{"validFrom": "2024-01-01T00:00:00"}, "date_time"},
		"an end that is a day":                {object{"validUntil": "2024-01-01"}, "date_time"},
		"an end before the beginning":         {object{"validFrom": "2024-01-02T00:00:00Z", "validUntil": "2024-01-01T00:00:00Z"}, "after_valid_from"},
		"a status without type":               {object{"credentialStatus": object{"id": "urn:s"}}, "type"},
		"a status that is no address":         {object{"credentialStatus": object{"id": "https ://s", "type": "https://example.org/S"}}, "iri"},
		"a status whose type means nothing":   {object{"credentialStatus": object{"id": "urn:s", "type": "Nothing"}}, "undefined_term"},
		"terms without type":                  {object{"termsOfUse": object{"id": "urn:t"}}, "type"},
		"evidence without type":               {object{"evidence": []any{object{"id": "urn:e"}}}, "type"},
		"a refresh service without type":      {object{"refreshService": object{"id": "urn:r"}}, "type"},
		"a refresh service at no address":     {object{"refreshService": object{"id": "r", "type": "https://example.org/R"}}, "iri"},
		"a schema without type":               {object{"credentialSchema": object{"id": "urn:s"}}, "type"},
		"a schema without id":                 {object{"credentialSchema": object{"type": "https://example.org/S"}}, "iri"},
		"a schema whose id is a number":       {object{"credentialSchema": object{"id": 5, "type": "https://example.org/S"}}, "iri"},
		"resources as texts":                  {object{"relatedResource": []any{"https://example.org/a"}}, "object"},
		"a resource without id":               {object{"relatedResource": object{"digestMultibase": digest}}, "iri"},
		"a resource without digest":           {object{"relatedResource": object{"id": "urn:r"}}, "digest"},
		"a resource twice":                    {object{"relatedResource": []any{object{"id": "urn:r", "digestMultibase": digest}, object{"id": "urn:r", "digestMultibase": digest}}}, "unique"},
		"a digest that is none":               {object{"relatedResource": object{"id": "urn:r", "digestMultibase": "uYSBwbGFpbiBzZW50ZW5jZQ"}}, "digest"},
		"a wrong digest of the base context":  {object{"relatedResource": object{"id": contexts.CredentialsV2, "digestMultibase": "uEiCz_-hthkwyAkxNESShHHBJdNN1BUVB541_Q3uPL1BlOA"}}, "digest_mismatch"},
		"a word without meaning":              {object{"credentialSubject": object{"id": "urn:s", "colour": "red"}}, "undefined_term"},
		"a proof that is there already":       {object{"proof": object{"type": "DataIntegrityProof"}}, "unsigned"},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, said := s.post(t, "", "/credentials/issue", object{"credential": plain(c.changes), "options": object{}})
			refused(t, code, text, said, c.code)
		})
	}
	for name, body := range map[string]any{
		"nothing": object{}, "a text": object{"credential": "x"}, "a list": []any{}, "options that are a text": object{"credential": plain(nil), "options": "x"},
		"an unknown cryptosuite": object{"credential": plain(nil), "options": object{"cryptosuite": "ecdsa-rdfc-2019"}},
		"an unknown purpose":     object{"credential": plain(nil), "options": object{"proofPurpose": "decoration"}},
		"a time that is none":    object{"credential": plain(nil), "options": object{"created": "yesterday"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, said := s.post(t, "", "/credentials/issue", body)
			refusedSomehow(t, code, text, said)
		})
	}
}
