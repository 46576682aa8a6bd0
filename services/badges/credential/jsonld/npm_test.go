package jsonld_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// The npm library jsonld.js is an independent implementation: what it and ours both accept
// must have the same canonical form, or a badge signed here would not verify elsewhere.
func TestCanonicalFormsEqualThoseOfJSONLDJS(t *testing.T) {
	dir := os.Getenv("TANDEM_NPM_VERIFY")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "jsonld")); dir == "" || err != nil {
		t.Skipf("skip: jsonld is not installed in TANDEM_NPM_VERIFY: cross-check not run")
	}
	set, err := contexts.Standard()
	require.NoError(t, err)
	known := map[string]any{}
	for _, address := range set.Addresses() {
		known[address], _ = set.Document(address)
	}
	var lines bytes.Buffer
	var documents, want []string
	p := jsonld.New(set)
	for n := uint64(0); len(want) < 250; n++ {
		g := &generator{rand.New(rand.NewPCG(11, n)), []int{0, 12}[n%2]}
		document := g.document()
		result, err := p.Canonicalize(document, rdfc.Options{})
		if err != nil {
			continue
		}
		sum := sha256.Sum256([]byte(result.NQuads))
		want = append(want, hex.EncodeToString(sum[:]))
		raw, err := json.Marshal(document)
		require.NoError(t, err)
		documents = append(documents, string(raw)+"\n"+result.NQuads)
		lines.Write(append(raw, '\n'))
	}
	got := jsonldJS(t, dir, lines.Bytes(), known)
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i], documents[i])
	}
}

func jsonldJS(t *testing.T, dir string, lines []byte, known map[string]any) []string {
	t.Helper()
	folder := t.TempDir()
	raw, err := json.Marshal(known)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "contexts.json"), raw, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "documents.jsonl"), lines, 0o600))
	script, err := os.Open(filepath.Join("testdata", "canonize.mjs"))
	require.NoError(t, err)
	defer func() { require.NoError(t, script.Close()) }()
	node := exec.CommandContext(t.Context(), "node", "--input-type=module", "-")
	node.Dir, node.Stdin = dir, script
	node.Env = append(os.Environ(), "DOCUMENTS="+filepath.Join(folder, "documents.jsonl"), "CONTEXTS="+filepath.Join(folder, "contexts.json"))
	out, err := node.Output()
	require.NoError(t, err, string(out))
	return strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(out)), " ", "_"))
}
