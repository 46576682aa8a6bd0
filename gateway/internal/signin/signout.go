package signin

import (
	"net/http"
	"net/url"

	"github.com/tandem-badges/tandem/gateway/internal/pages"
)

// own lets a form through that a page of ours sent.
func (h *Handler) own(next http.HandlerFunc) http.HandlerFunc {
	const formLimit = 8 << 10
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h.opts.Sessions.SameOrigin(r); err != nil {
			h.opts.Pages.Trouble(w, r, http.StatusForbidden, "This did not come from our page",
				"Another site tried to do something in your name, so nothing was done. If it was you, start from your account page.", accountPath, "Your account")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, formLimit)
		if err := r.ParseForm(); err != nil {
			h.opts.Pages.Trouble(w, r, http.StatusBadRequest, "This form cannot be read", "Please try again.", accountPath, "Your account")
			return
		}
		next(w, r)
	}
}

// signOut ends the session here and goes on to the issuer, which ends its own.
func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) {
	s, idToken, err := h.opts.Sessions.SignOut(w, r)
	if err != nil {
		h.refuse(w, r, "", failed(err))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r, h.leave(s.EndSession, idToken), http.StatusSeeOther)
}

// leave is where somebody goes who signed out: to the issuer and from there back
// to us, or to a page of ours where the issuer knows no signing out.
func (h *Handler) leave(endSession, idToken string) string {
	u, err := url.Parse(endSession)
	if err != nil || endSession == "" || idToken == "" {
		return signedOutPath
	}
	q := u.Query()
	q.Set("id_token_hint", idToken)
	q.Set("post_logout_redirect_uri", h.opts.PublicURL+signedOutPath)
	u.RawQuery = q.Encode()
	return u.String()
}

func (h *Handler) signedOut(w http.ResponseWriter, r *http.Request) {
	h.opts.Pages.Show(w, r, pages.Page{Code: http.StatusOK, File: "signed-out.html", Title: "Signed out"})
}
