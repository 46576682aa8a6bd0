package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
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

func (s *suite) status(t *testing.T) {
	doc := plain(object{"id": "urn:uuid:0f6a7d6e-54b1-4a37-8a0e-9cfe3a6d4b10"})
	signed := s.issue(t, doc, object{"credentialStatus": true})
	entries, _ := signed["credentialStatus"].([]any)
	require.NotEmpty(t, entries)
	verify := func(want int, contains string) {
		t.Helper()
		code, text, _ := s.post(t, "", "/credentials/verify", object{"verifiableCredential": signed})
		require.Equal(t, want, code, text)
		require.Contains(t, text, contains)
	}
	for _, purpose := range []string{"revocation", "suspension"} {
		change := object{"type": "BitstringStatusListEntry", "statusPurpose": purpose}
		code, text, _ := s.post(t, "", "/credentials/status", object{"credentialId": doc["id"], "credentialStatus": change})
		require.Equal(t, http.StatusOK, code, text)
		verify(http.StatusBadRequest, "STATUS_VERIFICATION_ERROR")
		if purpose == "suspension" || purpose == "revocation" {
			change["status"] = false
			code, text, _ = s.post(t, "", "/credentials/status", object{"credentialId": doc["id"], "credentialStatus": change})
			require.Equal(t, http.StatusOK, code, text)
			verify(http.StatusOK, `"verified":true`)
		}
	}
	for _, item := range entries {
		entry, _ := item.(object)
		require.Equal(t, "BitstringStatusListEntry", entry["type"])
		address, _ := entry["statusListCredential"].(string)
		list := fetch(t, address)
		code, text, _ := s.post(t, "", "/credentials/verify", object{"verifiableCredential": json.RawMessage(list)})
		require.Equal(t, http.StatusOK, code, text)
		require.True(t, strings.HasPrefix(address, s.url+"/v1/statusLists/"), address)
	}
	for name, body := range map[string]object{
		"no id":               {"credentialStatus": object{"statusPurpose": "revocation"}},
		"an unknown purpose":  {"credentialId": doc["id"], "credentialStatus": object{"statusPurpose": "decoration"}},
		"a status that means": {"credentialId": doc["id"], "credentialStatus": object{"statusPurpose": "revocation", "status": "perhaps"}},
		"several changes":     {"credentialId": doc["id"], "credentialStatus": []any{object{"statusPurpose": "revocation"}, object{"statusPurpose": "suspension"}}},
	} {
		code, text, said := s.post(t, "", "/credentials/status", body)
		require.Equal(t, http.StatusBadRequest, code, name+text)
		require.NotEmpty(t, said["errors"])
	}
	code, text, _ := s.post(t, "", "/credentials/status", object{"credentialId": "urn:uuid:unknown", "credentialStatus": object{"statusPurpose": "revocation"}})
	require.Equal(t, http.StatusNotFound, code, text)
	for name, credential := range map[string]object{"without an id": plain(nil), "with a status": plain(object{"id": "urn:uuid:2", "credentialStatus": object{"type": "https://example.org/S"}})} {
		code, text, said := s.post(t, "", "/credentials/issue", object{"credential": credential, "options": object{"credentialStatus": true}})
		refusedSomehow(t, code, name+text, said)
	}
	code, text, _ = s.post(t, "", "/credentials/issue", object{"credential": doc, "options": object{"credentialStatus": true}})
	require.Equal(t, http.StatusConflict, code, "an id is given once: "+text)
}
