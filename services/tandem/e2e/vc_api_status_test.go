package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	lists "github.com/tandem-badges/tandem/services/badges/credential/status"
)

// listed reads the published list of an entry, which must verify as a credential of its own, and
// tells whether the entry's bit is set.
func (s *suite) listed(t *testing.T, entry lists.Entry) bool {
	t.Helper()
	require.True(t, strings.HasPrefix(entry.List, s.url+"/v1/statusLists/"), entry.List)
	raw := fetch(t, entry.List)
	code, text, _ := s.post(t, "", "/credentials/verify", object{"verifiableCredential": json.RawMessage(raw)})
	require.Equal(t, http.StatusOK, code, text)
	doc, err := jsonld.Decode(raw)
	require.NoError(t, err)
	list, err := lists.Open(doc)
	require.NoError(t, err)
	set, err := list.Bits.Get(entry.Index)
	require.NoError(t, err)
	return set
}

func (s *suite) status(t *testing.T) {
	const id = "urn:uuid:0f6a7d6e-54b1-4a37-8a0e-9cfe3a6d4b10"
	signed := s.issue(t, plain(object{"id": id}), object{"credentialStatus": true})
	entries, err := lists.Entries(signed)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	change := func(purpose string, status any) {
		asked := object{"type": lists.TypeEntry, "statusPurpose": purpose}
		if status != nil {
			asked["status"] = status
		}
		code, text, _ := s.post(t, "", "/credentials/status", object{"credentialId": id, "credentialStatus": asked})
		require.Equal(t, http.StatusOK, code, text)
	}
	for _, entry := range entries {
		require.False(t, s.listed(t, entry))
		change(entry.Purpose, nil)
		require.True(t, s.listed(t, entry), "the list changes at once")
		code, text, _ := s.post(t, "", "/credentials/verify", object{"verifiableCredential": signed})
		require.Equal(t, http.StatusBadRequest, code, text)
		require.Contains(t, text, "STATUS_VERIFICATION_ERROR")
		change(entry.Purpose, false)
		require.False(t, s.listed(t, entry))
		code, text, _ = s.post(t, "", "/credentials/verify", object{"verifiableCredential": signed})
		require.Equal(t, http.StatusOK, code, text)
	}
	t.Run("refusals", s.refusesStatus(id))
}

func (s *suite) refusesStatus(id string) func(t *testing.T) {
	return func(t *testing.T) {
		for name, c := range map[string]struct {
			path string
			body object
			code int
		}{
			"no id":               {"/credentials/status", object{"credentialStatus": object{"statusPurpose": "revocation"}}, http.StatusBadRequest},
			"an unknown purpose":  {"/credentials/status", object{"credentialId": id, "credentialStatus": object{"statusPurpose": "decoration"}}, http.StatusBadRequest},
			"neither on nor off":  {"/credentials/status", object{"credentialId": id, "credentialStatus": object{"statusPurpose": "revocation", "status": "perhaps"}}, http.StatusBadRequest},
			"several changes":     {"/credentials/status", object{"credentialId": id, "credentialStatus": []any{object{"statusPurpose": "revocation"}, object{"statusPurpose": "suspension"}}}, http.StatusBadRequest},
			"an unknown id":       {"/credentials/status", object{"credentialId": "urn:uuid:unknown", "credentialStatus": object{"statusPurpose": "revocation"}}, http.StatusNotFound},
			"no id to change":     {"/credentials/issue", object{"credential": plain(nil), "options": object{"credentialStatus": true}}, http.StatusBadRequest},
			"a status of its own": {"/credentials/issue", object{"credential": plain(object{"id": "urn:uuid:2", "credentialStatus": object{"type": "https://example.org/S"}}), "options": object{"credentialStatus": true}}, http.StatusBadRequest},
			"an id given before":  {"/credentials/issue", object{"credential": plain(object{"id": id}), "options": object{"credentialStatus": true}}, http.StatusConflict},
		} {
			t.Run(name, func(t *testing.T) {
				code, text, said := s.post(t, "", c.path, c.body)
				require.Equal(t, c.code, code, text)
				require.NotEmpty(t, said["errors"])
			})
		}
	}
}
