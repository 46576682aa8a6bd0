package issuer

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/tandem-badges/tandem/gateway/internal/pages"
)

const formLimit = 16 << 10

// asked is what a relying party asks for.
type asked struct {
	redirect, state, nonce, challenge string
}

// passed on from the page to its form.
var passed = []string{"client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "response_mode"}

type listView struct {
	Action string
	Hidden map[string]string
	People []Person
}

// authorize shows whom one can be.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if _, ok := i.parse(w, r, q); !ok {
		return
	}
	people, err := i.opts.People(r.Context())
	if err != nil {
		i.opts.Log.WarnContext(r.Context(), "demonstration people not listed", "cause", err)
		i.trouble(w, r, http.StatusServiceUnavailable, "The demonstration people cannot be listed at the moment", "Please try again in a minute.")
		return
	}
	view := listView{Action: i.path + "/authorize", Hidden: map[string]string{}, People: people}
	for _, name := range passed {
		if q.Has(name) {
			view.Hidden[name] = q.Get(name)
		}
	}
	i.opts.Pages.Show(w, r, pages.Page{Code: http.StatusOK, File: "demonstration.html", Title: "This is a demonstration", View: view})
}

// choose takes who was chosen and sends the browser back with a code.
func (i *Issuer) choose(w http.ResponseWriter, r *http.Request) {
	if err := i.guard.Check(r); err != nil {
		i.trouble(w, r, http.StatusForbidden, "This did not come from our page", "Please sign in again.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		i.trouble(w, r, http.StatusBadRequest, "This form cannot be read", "Please sign in again.")
		return
	}
	ask, ok := i.parse(w, r, r.PostForm)
	if !ok {
		return
	}
	people, err := i.opts.People(r.Context())
	at := slices.IndexFunc(people, func(p Person) bool { return p.Name == r.PostFormValue("person") })
	if err != nil || at < 0 {
		i.trouble(w, r, http.StatusBadRequest, "There is no such person in the demonstration", "Please sign in again and choose one of the list.")
		return
	}
	code := i.grants.issue(grant{person: people[at], nonce: ask.nonce, challenge: ask.challenge, redirect: ask.redirect})
	if code == "" {
		i.back(w, r, ask, url.Values{"error": {"temporarily_unavailable"}})
		return
	}
	i.back(w, r, ask, url.Values{"code": {code}})
}

// parse checks a request. Until client and redirect are known good, the browser is
// not sent anywhere: mistakes there are shown, others go back to the client.
func (i *Issuer) parse(w http.ResponseWriter, r *http.Request, q url.Values) (asked, bool) {
	if q.Get("client_id") != i.opts.ClientID || q.Get("redirect_uri") != i.opts.RedirectURI {
		i.trouble(w, r, http.StatusBadRequest, "This is no way to sign in", "The page that sent you here is not known to the demonstration.")
		return asked{}, false
	}
	ask := asked{redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge")}
	wrong := ""
	switch {
	case q.Get("response_type") != "code":
		wrong = "unsupported_response_type"
	case !slices.Contains(splitWords(q.Get("scope")), "openid"):
		wrong = "invalid_scope"
	case ask.challenge == "" || q.Get("code_challenge_method") != "S256" || cmp.Or(q.Get("response_mode"), "query") != "query":
		wrong = "invalid_request"
	}
	if wrong != "" {
		i.back(w, r, ask, url.Values{"error": {wrong}})
		return asked{}, false
	}
	return ask, true
}

// back sends the browser back to the client.
func (i *Issuer) back(w http.ResponseWriter, r *http.Request, ask asked, answer url.Values) {
	answer.Set("iss", i.url)
	if ask.state != "" {
		answer.Set("state", ask.state)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, ask.redirect+"?"+answer.Encode(), http.StatusSeeOther)
}

func (i *Issuer) trouble(w http.ResponseWriter, r *http.Request, code int, heading, text string) {
	i.opts.Pages.Trouble(w, r, code, heading, text, "/sign-in", "Sign in")
}
