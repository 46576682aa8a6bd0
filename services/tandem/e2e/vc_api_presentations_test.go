package e2e

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
)

func (s *suite) presentations(t *testing.T) {
	me, signed := s.holder.DID(), s.credential(t)
	authentication := dataintegrity.CreateOptions{Purpose: dataintegrity.Authentication}
	answering := dataintegrity.CreateOptions{Purpose: dataintegrity.Authentication, Challenge: "c", Domain: "example.org"}
	selfAsserted := plain(object{"issuer": me})
	tampered := maps.Clone(signed)
	tampered["credentialSubject"] = object{"id": "urn:other"}
	for name, c := range map[string]struct {
		changes object
		sign    *dataintegrity.CreateOptions
		options object
		code    string // empty: it is good
	}{
		"nothing shown":                         {object{"verifiableCredential": []any{}}, &authentication, nil, ""},
		"a credential, asked for nothing":       {object{"verifiableCredential": []any{signed}}, &authentication, object{"checks": []any{}}, ""},
		"several credentials":                   {object{"verifiableCredential": []any{signed, signed}, "holder": me}, &authentication, nil, ""},
		"a holder object":                       {object{"verifiableCredential": []any{signed}, "holder": object{"id": me}}, &authentication, nil, ""},
		"words of its own":                      {object{"@context": withContext(object{"Tour": "https://example.org/Tour"}), "type": []any{"VerifiablePresentation", "Tour"}}, &authentication, nil, ""},
		"an answer to a challenge":              {object{"verifiableCredential": []any{signed}}, &answering, object{"challenge": "c", "domain": "example.org"}, ""},
		"an answer that nobody asked for":       {object{"verifiableCredential": []any{signed}}, &answering, nil, ""},
		"the holder's own word":                 {object{"verifiableCredential": []any{selfAsserted}, "holder": me}, &authentication, nil, ""},
		"the holder's own word beside another":  {object{"verifiableCredential": []any{signed, selfAsserted}, "holder": object{"id": me}}, &authentication, nil, ""},
		"an answer to another challenge":        {object{}, &answering, object{"challenge": "other", "domain": "example.org"}, "challenge_wrong"},
		"an answer for another domain":          {object{}, &answering, object{"challenge": "c", "domain": "other.example.org"}, "domain_wrong"},
		"no answer":                             {object{}, &authentication, object{"challenge": "c"}, "challenge_wrong"},
		"unsigned":                              {object{"verifiableCredential": []any{signed}}, nil, nil, "proof_missing"},
		"signed to issue it":                    {object{}, &dataintegrity.CreateOptions{}, nil, "purpose_wrong"},
		"somebody's own word without a holder":  {object{"verifiableCredential": []any{selfAsserted}}, &authentication, nil, "proof_missing"},
		"the word of another":                   {object{"verifiableCredential": []any{plain(nil)}, "holder": me}, &authentication, nil, "proof_missing"},
		"a holder who did not sign":             {object{"holder": "did:example:holder"}, &authentication, nil, "method_foreign"},
		"the own word of who did not sign":      {object{"verifiableCredential": []any{plain(nil)}, "holder": "did:example:issuer"}, &authentication, nil, "method_foreign"},
		"a holder that is no address":           {object{"holder": "me"}, nil, nil, "iri"},
		"a credential that was changed":         {object{"verifiableCredential": []any{signed, tampered}}, &authentication, nil, "signature_wrong"},
		"a credential without a type":           {object{"verifiableCredential": []any{plain(object{"type": nil})}}, nil, nil, "type"},
		"a credential as a text":                {object{"verifiableCredential": []any{"urn:c"}}, nil, nil, "object"},
		"a context that is a number":            {object{"@context": withContext(5)}, nil, nil, "context"},
		"no context":                            {object{"@context": nil}, nil, nil, "context"},
		"another type only":                     {object{"type": []any{"https://example.org/Tour"}}, nil, nil, "type"},
		"a presentation inside a presentation":  {object{"verifiableCredential": []any{object{"@context": []any{contexts.CredentialsV2}, "type": []any{"VerifiablePresentation"}}}}, nil, nil, "type"},
		"no envelope where one is claimed":      {object{"verifiableCredential": []any{object{"@context": contexts.CredentialsV2, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,a"}}}, nil, nil, "data_url"},
		"the holder's word, of a wrong kind":    {object{"verifiableCredential": []any{plain(object{"issuer": me, "credentialSubject": object{}})}, "holder": me}, nil, nil, "required"},
		"the holder's word with an empty proof": {object{"verifiableCredential": []any{plain(object{"issuer": me, "proof": []any{}})}, "holder": me}, &authentication, nil, "proof_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := object{"@context": []any{contexts.CredentialsV2}, "type": []any{"VerifiablePresentation"}}
			maps.Copy(doc, c.changes)
			maps.DeleteFunc(doc, func(_ string, value any) bool { return value == nil })
			if c.sign != nil {
				doc = s.own(t, doc, *c.sign)
			}
			body := object{"verifiablePresentation": doc}
			if c.options != nil {
				body["options"] = c.options
			}
			code, text, said := s.post(t, "", "/presentations/verify", body)
			if c.code != "" {
				refused(t, code, text, said, c.code)
				return
			}
			require.Equal(t, http.StatusOK, code, text)
			require.Equal(t, true, said["verified"], text)
		})
	}
}
