package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser answers on the pages of the running program: in English, Spanish and Arabic, by a link, a token,
// after a pause and at a kiosk, and every page is held to WCAG. More of the pages, such as a connection that
// comes and goes, is tried in package survey of the gateway.
func TestABrowserAnswersInThreeLanguages(t *testing.T) {
	chromium, dir := browserParts(t)
	f, p := newField(t)
	open, single := f.campaign("open", "CAMPAIGN_MODE_OPEN_LINK", 1), f.campaign("single", "CAMPAIGN_MODE_TOKEN", 2)
	tokens := f.tokens(single, 6)
	codes, err := json.Marshal(map[string]any{
		"web": f.link(open, "WEB"), "kiosk": f.link(open, "KIOSK"),
		"tokens": map[string][]string{"en": tokens[:2], "es": tokens[2:4], "ar": tokens[4:]},
	})
	require.NoError(t, err)
	script, err := os.Open(filepath.Join("testdata", "survey.mjs"))
	require.NoError(t, err)
	defer func() { _ = script.Close() }()
	run := exec.CommandContext(t.Context(), "node", "--input-type=module", "-", f.url, chromium, string(codes))
	run.Dir, run.Stdin = dir, script
	out, err := run.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, token := range tokens {
		require.True(t, f.form(token, "en").GetAnswered())
	}
	for _, secret := range f.secret {
		require.NotContains(t, p.log.all(), secret)
	}
}

// browserParts finds a browser, and the folder of packages that drive and check it.
func browserParts(t *testing.T) (chromium, dir string) {
	t.Helper()
	for _, name := range []string{"google-chrome", "chromium-browser", "chromium"} {
		if found, err := exec.LookPath(name); err == nil {
			chromium = found
		}
	}
	if chromium == "" {
		t.Skipf("skip: no Chromium is installed: pages not tried in a browser")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("skip: node is not installed: pages not tried in a browser")
	}
	dir = os.Getenv("TANDEM_NPM_VERIFY")
	for _, name := range []string{"playwright-core", "axe-core"} {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", name)); dir == "" || err != nil {
			t.Skipf("skip: %s is not installed in TANDEM_NPM_VERIFY: pages not tried in a browser", name)
		}
	}
	return chromium, dir
}
