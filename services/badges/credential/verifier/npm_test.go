package verifier_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
)

// TestTheNPMVerifiersAgree asks two independent verifiers about what is issued here, in every form
// that they read, and about every change of it.
func TestTheNPMVerifiersAgree(t *testing.T) {
	dir := npmFolder(t)
	holder := key(t, 7)
	badge := issued(t)
	presentation := sign(t, shown(holder.DID(), decoded(t, badge)), holder,
		dataintegrity.CreateOptions{Purpose: dataintegrity.Authentication, Challenge: "c1"})
	good := map[string][]byte{
		"a badge": badge, "a presentation": presentation, "a record": sign(t, record(t, nil), state(t), dataintegrity.CreateOptions{}),
	}
	var names, texts []string
	want := map[string]bool{}
	ask := func(name string, raw []byte, verified bool) {
		names, texts = append(names, name), append(texts, string(raw))
		want[name] = verified
	}
	for name, raw := range good {
		ask(name, raw, true)
	}
	for _, e := range append(signedFields(), hostile()...) {
		if e.change != nil && !moreStrict(e.name) {
			ask(e.name, e.of(t, badge), false)
		}
	}
	for _, library := range []string{"@digitalbazaar/vc", "@digitalcredentials/vc"} {
		t.Run(library, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, "node_modules", library)); err != nil {
				t.Skipf("skip: %s is not installed in TANDEM_NPM_VERIFY: cross-check not run", library)
			}
			var differ []string
			for i, answer := range npmVerify(t, dir, library, texts) {
				if answer.Verified != want[names[i]] {
					differ = append(differ, names[i]+": "+answer.Error)
				}
			}
			require.Empty(t, differ)
		})
	}
}

// moreStrict names what is refused here and not there, or would keep them busy without an end.
func moreStrict(name string) bool {
	switch name {
	case "the order of the contexts", "a vocabulary injected", "a graph of alike nodes", "a null", "nine proofs":
		return true
	}
	return false
}

func npmFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TANDEM_NPM_VERIFY")
	if dir == "" {
		t.Skipf("skip: TANDEM_NPM_VERIFY names no folder with the npm verifiers: cross-check not run")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("skip: node is not installed: cross-check with the npm verifiers not run")
	}
	return dir
}

type npmAnswer struct {
	Verified bool
	Error    string
}

func npmVerify(t *testing.T, dir, library string, texts []string) []npmAnswer {
	t.Helper()
	raw, err := json.Marshal(texts)
	require.NoError(t, err)
	documents := filepath.Join(t.TempDir(), "documents.json")
	require.NoError(t, os.WriteFile(documents, raw, 0o600))
	contexts, err := filepath.Abs("../contexts/files")
	require.NoError(t, err)
	script, err := os.Open(filepath.Join("testdata", "verify.mjs"))
	require.NoError(t, err)
	defer func() { require.NoError(t, script.Close()) }()
	node := exec.CommandContext(t.Context(), "node", "--input-type=module", "-")
	node.Dir, node.Stdin = dir, script
	node.Env = append(os.Environ(), "DOCUMENTS="+documents, "CONTEXTS="+contexts, "LIBRARY="+library, "CHALLENGE=c1", "NOW="+now().Format(time.RFC3339))
	out, err := node.Output()
	require.NoError(t, err, string(out))
	var answers []npmAnswer
	require.NoError(t, json.Unmarshal(out, &answers), string(out))
	require.Len(t, answers, len(texts))
	return answers
}
