package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
)

const badgePath = "/badges/" + credentialID

// document is a page as a browser reads it.
type document struct {
	t    *testing.T
	root *html.Node
}

// page reads an HTML answer and checks what holds for all pages: a language, a
// title, one first heading, no script, no inline style, nothing from elsewhere,
// labels for fields and names for sections.
func (a answer) page(t *testing.T) document {
	t.Helper()
	return a.pageIn(t, "en")
}

// pageIn is page for one in another language.
func (a answer) pageIn(t *testing.T, lang string) document {
	t.Helper()
	require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
	root, err := html.Parse(strings.NewReader(a.body))
	require.NoError(t, err)
	d := document{t, root}
	require.Equal(t, lang, attr(d.all("html")[0], "lang"))
	require.NotEmpty(t, d.text("title"))
	require.Len(t, d.all("h1"), 1)
	require.Len(t, d.all("main"), 1)
	require.Empty(t, d.all("script"))
	require.Empty(t, d.all("style"))
	ids := map[string]bool{}
	for _, n := range d.all("") {
		require.Empty(t, attr(n, "style"))
		if id := attr(n, "id"); id != "" {
			require.False(t, ids[id], "id %s twice", id)
			ids[id] = true
		}
		if attr(n, "rel") == "external noopener noreferrer" {
			continue // a link that says it leads away
		}
		for _, name := range []string{"href", "src", "action"} {
			require.NotContains(t, attr(n, name), "://", "nothing comes from elsewhere")
		}
	}
	for _, field := range append(d.all("textarea"), d.all("section")...) {
		if label := attr(field, "aria-labelledby"); label != "" {
			require.True(t, ids[label])
			continue
		}
		require.Contains(t, a.body, `<label for="`+attr(field, "id")+`"`)
	}
	for _, picture := range d.all("img") {
		require.True(t, has(picture, "alt"), "pictures have a text that stands for them")
	}
	for _, icon := range d.all("svg") {
		require.Equal(t, "true", attr(icon, "aria-hidden"), "icons only repeat what is said in words")
	}
	return d
}

// all returns the elements of a name, every element for none.
func (d document) all(name string) []*html.Node {
	var found []*html.Node
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			found = append(found, n)
		}
	}
	return found
}

// text returns the text of all elements of a name.
func (d document) text(name string) string {
	var b strings.Builder
	for _, element := range d.all(name) {
		for n := range element.Descendants() {
			if n.Type == html.TextNode {
				b.WriteString(n.Data + " ")
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestABadgePageSaysInWordsWhatWasFound(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		outcome badgesv1.StepOutcome
		unknown bool
		verdict string
		step    string
	}{
		"a good one":                {badgesv1.StepOutcome_STEP_OUTCOME_PASSED, false, "This badge is genuine and in force", "Revocation In order As the register says."},
		"a revoked one":             {badgesv1.StepOutcome_STEP_OUTCOME_FAILED, false, "Do not rely on this badge", "Revocation Not in order As the register says."},
		"one in its days of grace":  {badgesv1.StepOutcome_STEP_OUTCOME_WARNING, false, "This badge is genuine, with a remark", "Revocation Worth knowing As the register says."},
		"one of an unknown issuer":  {badgesv1.StepOutcome_STEP_OUTCOME_PASSED, true, "its issuer is not known here", "Revocation In order As the register says."},
		"a bad one of somebody odd": {badgesv1.StepOutcome_STEP_OUTCOME_FAILED, true, "Do not rely on this badge", "Revocation Not in order As the register says."},
	} {
		t.Run(name, func(t *testing.T) {
			w.badges.set(c.outcome, c.unknown, false)
			a := w.do("GET", badgePath, "", "Accept: text/html")
			require.Equal(t, http.StatusOK, a.status)
			d := a.page(t)
			require.Equal(t, "Welcome all families", d.text("h1"))
			require.Equal(t, "Welcome all families – Oak & Elm Elementary · Tandem", d.text("title"))
			body := d.text("main")
			require.Contains(t, body, c.verdict)
			require.Contains(t, d.text("ol"), c.step)
			require.Contains(t, d.text("ol"), "Dates Not checked There was no need.")
			require.Contains(t, body, "School Oak & Elm Elementary")
			require.Contains(t, body, "Given for A year of work with families.")
			require.Contains(t, body, "Awarded on 20 May 2026")
			require.Contains(t, body, "Given until 20 May 2029")
			require.Contains(t, body, "Issued by Office of <Family> Partnership did:key:z6MkExample")
			require.Contains(t, body, "tandem verify --online https://badges.example.org"+badgePath)
			require.Contains(t, body, "Checked on 1 June 2026, 12:00 UTC.")
			require.Contains(t, a.body, `href="/v1/credentials/`+credentialID+`"`)
			require.Contains(t, a.header.Values("Vary"), "Accept")
		})
	}
}

func TestABadgeIsTheCredentialForPrograms(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		accept, query string
		json          bool
	}{
		"the type of credentials":         {"application/vc+ld+json", "", true},
		"plain JSON":                      {"application/json", "", true},
		"linked data":                     {"application/ld+json", "", true},
		"JSON rather than pages":          {"text/html;q=0.5, application/json", "", true},
		"said in the address":             {"text/html", "?format=json", true},
		"a browser":                       {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", false},
		"anything":                        {"*/*", "", false},
		"a page, said in the address":     {"application/json", "?format=html", false},
		"something else":                  {"image/png", "", false},
		"a header that cannot be read":    {";;;,", "", false},
		"no preference, which means page": {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do("GET", badgePath+c.query, "", "Accept: "+c.accept)
			require.Equal(t, http.StatusOK, a.status, a.body)
			if c.json {
				require.Equal(t, "application/vc+ld+json", a.header.Get("Content-Type"))
				require.Equal(t, credential, a.body)
				return
			}
			a.page(t)
		})
	}
}

func TestABadgeThatNeverWasIsAPageThatSaysSo(t *testing.T) {
	w := start(t)
	a := w.do("GET", "/badges/nothing", "", "Accept: text/html")
	require.Equal(t, http.StatusNotFound, a.status)
	require.Equal(t, "There is no such badge here", a.page(t).text("h1"))
	program := w.do("GET", "/badges/nothing", "", "Accept: application/json")
	require.Equal(t, http.StatusNotFound, program.status)
	require.Equal(t, "RESOURCE_NOT_FOUND", program.problem(t).Reason)
}

func TestABadgeThatCannotBeCheckedNowIsNotCalledBad(t *testing.T) {
	w := start(t)
	w.badges.set(badgesv1.StepOutcome_STEP_OUTCOME_PASSED, false, true)
	a := w.do("GET", badgePath, "", "Accept: text/html")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Contains(t, a.page(t).text("main"), "Nothing is wrong with the badge.")
}

func TestTheHomePageLeadsOn(t *testing.T) {
	w := start(t)
	a := w.do("GET", "/", "")
	d := a.page(t)
	var links []string
	for _, link := range d.all("a") {
		links = append(links, attr(link, "href"))
	}
	require.Subset(t, links, []string{"/verify", "/docs", "/openapi.json"})
	for _, link := range d.all("link") {
		style := w.do("GET", attr(link, "href"), "")
		require.Equal(t, http.StatusOK, style.status)
		require.Equal(t, "text/css; charset=utf-8", style.header.Get("Content-Type"))
		require.Contains(t, style.header.Get("Cache-Control"), "immutable")
	}
	require.Equal(t, http.StatusOK, w.do("HEAD", "/", "").status)
}
