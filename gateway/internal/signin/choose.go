package signin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/gateway/internal/pages"
)

const (
	manyChoices  = 8  // more need a search
	shownChoices = 25 // at once
	maxQuery     = 100
)

// choice is one way to sign in.
type choice struct{ Title, Hint, URL string }

type chooseView struct {
	Viewer, Query, To string
	Search, More      bool
	Choices           []choice
}

// choose offers the ways to sign in. With one only it is still a page: a browser
// is never sent to another site without a click.
func (h *Handler) choose(w http.ResponseWriter, r *http.Request) {
	all, err := h.choices(r)
	if err != nil {
		h.refuse(w, r, "", failed(err))
		return
	}
	view := chooseView{Query: strings.TrimSpace(r.URL.Query().Get("q")), To: r.URL.Query().Get("to"), Search: len(all) > manyChoices}
	if len(view.Query) > maxQuery {
		view.Query = ""
	}
	if localPath(view.To) == accountPath {
		view.To = ""
	}
	wanted := strings.ToLower(view.Query)
	view.Choices = slices.DeleteFunc(all, func(c choice) bool { return !strings.Contains(strings.ToLower(c.Title), wanted) })
	if view.More = len(view.Choices) > shownChoices; view.More {
		view.Choices = view.Choices[:shownChoices]
	}
	if viewer := h.Viewer(r); viewer != nil {
		view.Viewer = viewer.Name
	}
	h.opts.Pages.Show(w, r, pages.Page{Code: http.StatusOK, File: "sign-in.html", Title: "Sign in", View: view})
}

// choices are the issuers people may sign in with, by title.
func (h *Handler) choices(r *http.Request) ([]choice, error) {
	suffix := ""
	if to := localPath(r.URL.Query().Get("to")); to != accountPath {
		suffix = "?" + url.Values{"to": {to}}.Encode()
	}
	found, err := h.opts.Providers.List(r.Context(), "", maxListed)
	if err != nil {
		return nil, err
	}
	var all []choice
	for _, p := range found {
		if p.Disabled {
			continue
		}
		hint := "State office"
		if district, ok := strings.CutPrefix(p.Tenant, "districts/"); ok {
			hint = "District " + district
		}
		all = append(all, choice{Title: p.Title, Hint: hint, URL: signInPath + "/" + p.ID() + suffix})
	}
	slices.SortStableFunc(all, func(a, b choice) int { return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	if b := h.opts.BuiltIn; b != nil {
		all = append([]choice{{Title: b.Provider.Title, Hint: "Invented people, no password", URL: signInPath + "/" + b.Provider.ID() + suffix}}, all...)
	}
	return all, nil
}
