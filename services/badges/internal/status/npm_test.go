package status_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	lists "github.com/tandem-badges/tandem/services/badges/credential/status"
)

// answer is what another implementation says of a credential's status.
type answer struct {
	Verified bool
	Statuses map[string]bool
	Error    string
}

// npmFolder is where the npm library is installed, or skips the test.
func npmFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TANDEM_NPM_VERIFY")
	if dir == "" {
		t.Skipf("skip: TANDEM_NPM_VERIFY names no folder with npm libraries: status lists not read by another implementation")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("skip: node is not installed: status lists not read by another implementation")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@digitalbazaar", "vc-bitstring-status-list")); err != nil {
		t.Skipf("skip: @digitalbazaar/vc-bitstring-status-list is not installed in TANDEM_NPM_VERIFY")
	}
	return dir
}

// asked has the npm library read the status of a credential from published lists.
func (s *shelf) asked(t *testing.T, dir string, entries []lists.Entry, change func(list map[string]any)) (out answer) {
	t.Helper()
	signer, err := s.office.Signer(t.Context(), issuer)
	require.NoError(t, err)
	var status []any
	served := map[string]any{}
	for _, e := range entries {
		status = append(status, e.JSON())
		if e.Type != lists.TypeEntry {
			continue
		}
		_, p := s.open(t, s.Book, e.List)
		var doc map[string]any
		require.NoError(t, json.Unmarshal(p.Document, &doc))
		change(doc)
		served[e.List] = doc
	}
	raw, err := json.Marshal(map[string]any{"lists": served, "credential": map[string]any{
		"@context": []string{contexts.CredentialsV2}, "type": []string{"VerifiableCredential"}, "issuer": signer.DID(),
		"credentialSubject": map[string]any{"id": "https://example.org/school"}, "credentialStatus": status,
	}})
	require.NoError(t, err)
	input := filepath.Join(t.TempDir(), "input.json")
	require.NoError(t, os.WriteFile(input, raw, 0o600))
	script, err := os.ReadFile(filepath.Join("testdata", "status.mjs"))
	require.NoError(t, err)
	node := exec.CommandContext(t.Context(), "node", "--input-type=module", "-")
	node.Dir, node.Stdin, node.Env = dir, strings.NewReader(string(script)), append(os.Environ(), "INPUT="+input)
	text, err := node.Output()
	require.NoError(t, err, string(text))
	require.NoError(t, json.Unmarshal(text, &out), string(text))
	return out
}

// TestAnotherImplementationReadsOurLists has the library of Digital Bazaar verify lists and read bits, beside the entry
// of 1EdTech, which it does not know.
func TestAnotherImplementationReadsOurLists(t *testing.T) {
	dir := npmFolder(t)
	s := onSQLite(t)
	s.clock.Set(time.Now()) // the library has no other clock
	e := s.issued(t, "credentials/c1")
	s.issued(t, "credentials/c2")
	asIs := func(map[string]any) {}
	require.Equal(t, answer{Verified: true, Statuses: map[string]bool{"revocation": false, "suspension": false}}, s.asked(t, dir, e, asIs))
	s.set(t, "credentials/c1", "suspension", true)
	s.set(t, "credentials/c2", "revocation", true)
	require.Equal(t, answer{Verified: true, Statuses: map[string]bool{"revocation": false, "suspension": true}}, s.asked(t, dir, e, asIs))
	s.set(t, "credentials/c1", "revocation", true)
	require.True(t, s.asked(t, dir, e, asIs).Statuses["revocation"])

	bits, err := lists.NewBits(lists.MinEntries)
	require.NoError(t, err)
	none, err := bits.Encode()
	require.NoError(t, err)
	forged := s.asked(t, dir, e, func(list map[string]any) { list["credentialSubject"].(map[string]any)["encodedList"] = none })
	require.False(t, forged.Verified)
	require.Contains(t, forged.Error, "not verified")
}
