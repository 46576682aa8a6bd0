package signin

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const shownSessions = 100

type accountView struct {
	Subject, Name string
	Roles         []roleView
	Sessions      []sessionView
}

type roleView struct{ Role, Where, Until string }

type sessionView struct {
	ID, Device, Since, Used, Ends string
	Current                       bool
}

// Viewer returns who looks at a page, nil for nobody. A page that can do without
// is shown even when the schools service cannot say the name.
func (h *Handler) Viewer(r *http.Request) *pages.Viewer {
	s, found, err := h.opts.Sessions.Current(r)
	if err != nil || !found {
		return nil
	}
	viewer := &pages.Viewer{Name: "Your account"}
	if u, err := url.Parse(s.EndSession); err == nil && u.Host != "" {
		viewer.LeavesTo = u.Scheme + "://" + u.Host
	}
	person, known, err := h.opts.People.Person(r.Context(), s.Subject)
	if err == nil && (!known || person.Disabled) {
		return nil
	}
	viewer.Name = cmp.Or(person.DisplayName, viewer.Name)
	return viewer
}

// account shows people who they are and where they are signed in.
func (h *Handler) account(w http.ResponseWriter, r *http.Request) {
	s, person, ok := h.signedIn(w, r)
	if !ok {
		return
	}
	view := accountView{Subject: s.Subject, Name: cmp.Or(person.DisplayName, s.Subject)}
	now := h.opts.Now()
	for _, g := range person.Grants {
		if start := g.GetStartTime(); start != nil && start.AsTime().After(now) {
			continue
		}
		end := g.GetEndTime()
		if end != nil && !end.AsTime().After(now) {
			continue
		}
		view.Roles = append(view.Roles, roleOf(g))
	}
	sessions, err := h.opts.Sessions.List(r.Context(), s.Subject, "", shownSessions)
	if err != nil {
		h.refuse(w, r, "", failed(err))
		return
	}
	for _, one := range sessions {
		view.Sessions = append(view.Sessions, sessionView{
			ID: one.ID, Device: one.Device, Current: one.ID == s.ID,
			Since: moment(one.Created), Used: moment(one.Used), Ends: moment(one.Expires),
		})
	}
	h.opts.Pages.Show(w, r, pages.Page{Code: http.StatusOK, File: "account.html", Title: "Your account", View: view})
}

// signedIn returns who is signed in, or sends them to sign in first.
func (h *Handler) signedIn(w http.ResponseWriter, r *http.Request) (session.Session, Person, bool) {
	s, found, err := h.opts.Sessions.Current(r)
	var person Person
	if err == nil && found {
		person, found, err = h.opts.People.Person(r.Context(), s.Subject)
	}
	if err == nil && found && !person.Disabled {
		err = h.opts.Sessions.Use(r.Context(), s)
	}
	switch {
	case err != nil:
		h.refuse(w, r, "", failed(err))
	case !found:
		http.Redirect(w, r, signInPath, http.StatusSeeOther)
	case person.Disabled:
		h.refuse(w, r, s.Provider, refused(disabledPerson))
	default:
		return s, person, true
	}
	return session.Session{}, Person{}, false
}

// endSession ends one session from the account page.
func (h *Handler) endSession(w http.ResponseWriter, r *http.Request) {
	s, _, ok := h.signedIn(w, r)
	if !ok {
		return
	}
	err := h.opts.Sessions.End(acting(r, s, "sessions.end"), s.Subject, r.PostFormValue("session"))
	h.back(w, r, err)
}

// endSessions ends all sessions but this one.
func (h *Handler) endSessions(w http.ResponseWriter, r *http.Request) {
	s, _, ok := h.signedIn(w, r)
	if !ok {
		return
	}
	_, err := h.opts.Sessions.EndAll(acting(r, s, "sessions.endAll"), s.Subject, s.ID)
	h.back(w, r, err)
}

// acting is the context of what somebody does on a page, for the records.
func acting(r *http.Request, s session.Session, action string) context.Context {
	return audit.Work(access.WithIdentity(r.Context(), access.Identity{Subject: s.Subject, Session: s.ID}), action, "")
}

// back shows the account page again. A session that is over already is as well.
func (h *Handler) back(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil && !problem.Is(err, problem.KindNotFound) {
		h.refuse(w, r, "", failed(err))
		return
	}
	http.Redirect(w, r, accountPath, http.StatusSeeOther)
}

// moment is a time as people read it.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 MST") }

// roleOf says a grant in words.
func roleOf(g *schoolsv1.Grant) roleView {
	view := roleView{Role: roleWords(g.GetRole()), Where: whereWords(g.GetNode())}
	if end := g.GetEndTime(); end != nil {
		view.Until = moment(end.AsTime())
	}
	return view
}

func roleWords(role accessv1.Role) string {
	switch role {
	case accessv1.Role_ROLE_STATE_ADMIN:
		return "Administrator"
	case accessv1.Role_ROLE_STATE_ANALYST:
		return "Analyst"
	case accessv1.Role_ROLE_OUTSIDE_EVALUATOR:
		return "Outside evaluator"
	default:
		words := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(role.String(), "ROLE_"), "_", " "))
		return strings.ToUpper(words[:1]) + words[1:]
	}
}

// whereWords says where a role holds: "at school oak in district 0880".
func whereWords(node string) string {
	parts := strings.Split(node, "/")
	switch {
	case node == "":
		return "for the whole state"
	case len(parts) == 4:
		return "at school " + parts[3] + " in district " + parts[1]
	case len(parts) == 2:
		return "in district " + parts[1]
	default:
		return "at " + node
	}
}
