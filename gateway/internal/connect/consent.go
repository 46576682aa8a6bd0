package connect

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/ory/fosite"

	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

const maxForm = 16 << 10

// passed on from the page to its form.
var passed = []string{"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"}

// consentView is the page that asks.
type consentView struct {
	Action  string
	Hidden  map[string]string
	Program string
	Host    string // where the browser goes then: what a program calls itself is its own claim
	URI     string
	Terms   string
	Policy  string
	Wishes  []string
	Schools []School
}

// authorize asks who is signed in whether a program may act for a school.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	request, err := s.oauth2.NewAuthorizeRequest(r.Context(), r)
	if err != nil {
		s.wrong(w, r, request, err)
		return
	}
	person, found, err := s.opts.Who(r)
	switch {
	case err != nil:
		s.away(w, r, err)
		return
	case !found:
		http.Redirect(w, r, "/sign-in?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	case len(person.Schools) == 0:
		s.trouble(w, r, http.StatusForbidden, "You cannot connect a program", "Only the principal and the team lead of a school let a program act for it. Ask one of them, or sign in with another account.")
		return
	}
	program, err := s.opts.Store.Program(r.Context(), request.GetClient().GetID())
	if err != nil {
		s.away(w, r, err)
		return
	}
	view := consentView{
		Action: AuthorizePath, Hidden: map[string]string{}, Program: program.Name, Host: request.GetRedirectURI().Host,
		URI: program.URI, Terms: program.TermsURI, Policy: program.PolicyURI, Schools: person.Schools, Wishes: wishes(request.GetRequestedScopes()),
	}
	for _, name := range passed {
		if request.GetRequestForm().Has(name) {
			view.Hidden[name] = request.GetRequestForm().Get(name)
		}
	}
	s.opts.Pages.Show(w, r, pages.Page{Code: http.StatusOK, File: "connect.html", Title: "Connect a program", View: view, FormsTo: []string{origin(request.GetRedirectURI())}})
}

// wishes says what scopes are for, in the order of the page.
func wishes(scopes []string) []string {
	words := Scopes()
	var out []string
	for _, scope := range []string{ProfileReadonly, CredentialReadonly, CredentialUpsert, ProfileUpdate, OfflineAccess} {
		if slices.Contains(scopes, scope) {
			out = append(out, words[scope])
		}
	}
	return out
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// consent takes the answer and sends the browser back to the program.
func (s *Server) consent(w http.ResponseWriter, r *http.Request) {
	if err := s.opts.SameOrigin(r); err != nil {
		s.trouble(w, r, http.StatusForbidden, "This did not come from our page", "Please start again in the program.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	request, err := s.oauth2.NewAuthorizeRequest(r.Context(), r)
	if err != nil {
		s.wrong(w, r, request, err)
		return
	}
	person, found, err := s.opts.Who(r)
	if err != nil {
		s.away(w, r, err)
		return
	}
	school := r.PostFormValue("school")
	if !found || !slices.ContainsFunc(person.Schools, func(o School) bool { return o.Name == school }) && r.PostFormValue("answer") == "yes" {
		s.trouble(w, r, http.StatusForbidden, "You cannot connect a program to this school", "Please start again in the program, signed in as the principal or team lead of the school.")
		return
	}
	if r.PostFormValue("answer") != "yes" {
		s.oauth2.WriteAuthorizeError(r.Context(), w, request, fosite.ErrAccessDenied.WithHint("The person said no."))
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	response, err := s.oauth2.NewAuthorizeResponse(r.Context(), request, newSession(person.Name, school))
	if err != nil {
		s.note(r, "no code for a program", err)
		s.oauth2.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.oauth2.WriteAuthorizeResponse(r.Context(), w, request, response)
}

// wrong answers a request that is none. Until program and redirect address are known
// good, the browser is sent nowhere: the mistake is shown.
func (s *Server) wrong(w http.ResponseWriter, r *http.Request, request fosite.AuthorizeRequester, err error) {
	s.note(r, "program not connected", err)
	if broken(err) {
		s.away(w, r, err)
		return
	}
	if request != nil && request.IsRedirectURIValid() {
		s.oauth2.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	s.trouble(w, r, http.StatusBadRequest, "This program cannot be connected", "It is not registered here, or it wants to be answered at an address that it did not register. Tell whoever made it.")
}

func (s *Server) away(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, r.Context().Err()) {
		s.opts.Log.WarnContext(r.Context(), "page of programs without what it needs", "cause", err)
	}
	if text, after, readOnly := problems.ReadOnly(r.Context(), err); readOnly {
		w.Header().Set("Retry-After", after)
		s.trouble(w, r, http.StatusServiceUnavailable, "Nothing can be changed at the moment", text)
		return
	}
	s.trouble(w, r, http.StatusServiceUnavailable, "This does not work at the moment", "Please try again in a minute.")
}

func (s *Server) trouble(w http.ResponseWriter, r *http.Request, code int, heading, text string) {
	s.opts.Pages.Trouble(w, r, code, heading, text, "/", "Home")
}

// connectionView is one program on the page of programs.
type connectionView struct {
	Grant, Program, School, Since string
	Wishes                        []string
}

// programs shows people what they connected.
func (s *Server) programs(w http.ResponseWriter, r *http.Request) {
	person, ok := s.signedIn(w, r)
	if !ok {
		return
	}
	found, err := s.opts.Store.Connections(r.Context(), person.Name, s.opts.Clock.Now())
	var view []connectionView
	for _, c := range found {
		p, perr := s.opts.Store.Program(r.Context(), c.Program)
		err = errors.Join(err, perr)
		view = append(view, connectionView{
			Grant: c.Grant, Program: p.Name, School: title(person.Schools, c.School), Since: c.CreateTime.UTC().Format("2 January 2006"), Wishes: wishes(c.Scopes),
		})
	}
	if err != nil {
		s.away(w, r, err)
		return
	}
	s.opts.Pages.Show(w, r, pages.Page{Code: http.StatusOK, File: "programs.html", Title: "Connected programs", View: view})
}

func title(schools []School, name string) string {
	for _, o := range schools {
		if o.Name == name {
			return o.Title
		}
	}
	return name
}

// end ends what a person connected.
func (s *Server) end(w http.ResponseWriter, r *http.Request) {
	if err := s.opts.SameOrigin(r); err != nil {
		s.trouble(w, r, http.StatusForbidden, "This did not come from our page", "Please try again from the page of your programs.")
		return
	}
	person, ok := s.signedIn(w, r)
	if !ok {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	found, err := s.opts.Store.Connections(r.Context(), person.Name, s.opts.Clock.Now())
	for _, c := range found {
		if c.Grant == r.PostFormValue("grant") {
			err = errors.Join(err, s.opts.Store.EndGrant(r.Context(), c.Grant, Code, Proof, Access, Refresh))
		}
	}
	if err != nil {
		s.away(w, r, err)
		return
	}
	http.Redirect(w, r, programsPath, http.StatusSeeOther)
}

func (s *Server) signedIn(w http.ResponseWriter, r *http.Request) (Person, bool) {
	person, found, err := s.opts.Who(r)
	switch {
	case err != nil:
		s.away(w, r, err)
	case !found:
		http.Redirect(w, r, "/sign-in?to="+url.QueryEscape(programsPath), http.StatusSeeOther)
	}
	return person, found && err == nil
}
