package e2e

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// browser is a client with cookies that fills in forms and follows redirects. It
// runs no scripts: signing in needs none.
type browser struct {
	t    *testing.T
	http *http.Client
	// stop is asked before each redirect whether to stay where it is.
	stop func(next *url.URL) bool
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := &browser{t: t}
	b.http = &http.Client{Jar: jar, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if b.stop != nil && b.stop(next.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return b
}

// page is what a browser has before it.
type page struct {
	at   *url.URL
	code int
	body string
	to   string // where it would go on to, had it not been stopped
	head http.Header
}

func (b *browser) get(address string) page {
	b.t.Helper()
	return b.send(http.MethodGet, address, nil, "")
}

// submit sends the form of a page with its hidden fields and what is typed.
func (b *browser) submit(p page, typed url.Values) page {
	b.t.Helper()
	action := regexp.MustCompile(`<form[^>]* action="([^"]*)"`).FindStringSubmatch(p.body)
	require.NotEmpty(b.t, action, "a form on %s: %s", p.at, p.body)
	to, err := p.at.Parse(html.UnescapeString(action[1]))
	require.NoError(b.t, err)
	form := url.Values{}
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(p.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	for name, values := range typed {
		form[name] = values
	}
	return b.send(http.MethodPost, to.String(), form, p.at.Scheme+"://"+p.at.Host)
}

func (b *browser) send(method, address string, form url.Values, origin string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", origin)
	}
	resp, err := b.http.Do(req)
	require.NoError(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return page{resp.Request.URL, resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header}
}

// read asks the API as whoever is signed in.
func (b *browser) read(address string, out any) {
	b.t.Helper()
	p := b.get(address)
	require.Equal(b.t, http.StatusOK, p.code, p.body)
	require.NoError(b.t, json.Unmarshal([]byte(p.body), out))
}

// cookies are those a browser would send to an address.
func (b *browser) cookies(address string) []*http.Cookie {
	b.t.Helper()
	u, err := url.Parse(address)
	require.NoError(b.t, err)
	return b.http.Jar.Cookies(u)
}

// copied is another browser that has come by the cookies of this one.
func (b *browser) copied(address string) *browser {
	b.t.Helper()
	other := newBrowser(b.t)
	u, err := url.Parse(address)
	require.NoError(b.t, err)
	other.http.Jar.SetCookies(u, slices.Clone(b.cookies(address)))
	return other
}
