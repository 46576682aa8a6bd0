package e2e

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// issuer is oidc-provider in a process of its own, an implementation of OpenID
// Connect that shares nothing with ours.
type issuer struct {
	url string
}

// startIssuer runs the issuer with a client for each identity provider and with
// the accounts, claims by id.
func startIssuer(t *testing.T, door string, providers []string, accounts map[string]map[string]any) *issuer {
	t.Helper()
	folder := npmFolder(t)
	_, port, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	s := &issuer{url: "http://localhost:" + port} // another host than the instance's: no cookies in common
	var clients []map[string]any
	for _, id := range providers {
		clients = append(clients, map[string]any{
			"client_id": clientOf(id), "client_secret": secretOf(id),
			"redirect_uris":             []string{door + "/sign-in/" + id + "/callback"},
			"post_logout_redirect_uris": []string{door + "/signed-out"},
		})
	}
	setup, err := json.Marshal(map[string]any{"issuer": s.url, "clients": clients, "accounts": accounts})
	require.NoError(t, err)
	script, err := filepath.Abs(filepath.Join("testdata", "issuer.mjs"))
	require.NoError(t, err)
	p := start(t, []string{"TANDEM_NPM_VERIFY=" + folder, "SETUP=" + string(setup)}, "node", script)
	await(t, "the issuer", func() bool {
		require.True(t, p.running(), p.log.tail())
		resp, err := http.Get(s.url + "/.well-known/openid-configuration")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return s
}

func clientOf(provider string) string { return "tandem-" + provider }

func secretOf(provider string) string { return "canary-secret-of-" + provider }

// npmFolder is where oidc-provider is installed, as for the other comparisons
// with npm packages.
func npmFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TANDEM_NPM_VERIFY")
	if dir == "" {
		t.Skipf("skip: TANDEM_NPM_VERIFY names no folder with the npm package oidc-provider: sign-in not tried with it")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("skip: node is not installed: sign-in not tried with the npm package oidc-provider")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oidc-provider")); err != nil {
		t.Skipf("skip: oidc-provider is not installed in TANDEM_NPM_VERIFY: sign-in not tried with it")
	}
	return dir
}

// keys has the issuer take back the key that it signs with, or publish it again.
func (s *issuer) keys(t *testing.T, state string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/keys/"+state, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
}

var asks = regexp.MustCompile(`name="prompt" value="(login|consent)"`)

// reach begins a sign-in, gives the issuer what it asks for, and stops before the
// browser goes back: callback is where the issuer sends it.
func (b *browser) reach(begin, account string) (callback string) {
	b.t.Helper()
	b.stop = func(next *url.URL) bool { return strings.HasSuffix(next.Path, "/callback") }
	defer func() { b.stop = nil }()
	p := b.get(begin)
	for p.to == "" {
		asked := asks.FindStringSubmatch(p.body)
		require.NotEmpty(b.t, asked, "%s: %s", p.at, p.body)
		p = b.submit(p, url.Values{"login": {account}, "password": {"anything"}, "prompt": {asked[1]}})
	}
	return p.to
}
