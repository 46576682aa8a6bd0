package survey

import (
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// optOutView is the page for who wants no more mail.
type optOutView struct {
	Path, Title, School string
	Other               string // language of the title, where it is not the page's
	Done, All           bool
}

// optOutForm asks which mails to end. It changes nothing: programs that look at links in mails open it.
func (h *Handler) optOutForm(w http.ResponseWriter, r *http.Request) {
	view, lang := optOutView{Path: "/s/" + r.PathValue("code")}, ownLanguage(r)
	form, err := h.load(r, r.PathValue("code"), "")
	switch {
	case err == nil:
		lang = chrome(form.GetLanguage())
		view.Title, view.School, view.Other = form.GetTitle(), form.GetSchoolTitle(), otherThan(lang, form)
	case status.Code(err) != codes.FailedPrecondition: // a survey that is over has no form, and opting out is still possible
		h.refuse(w, r, lang, err)
		return
	}
	h.show(w, r, page{code: http.StatusOK, file: "opt-out.html", title: translate(lang, "No more mail"), lang: lang, view: view})
}

// optOut ends mails: those of this survey, or of all surveys of the district. Mail programs send the
// form of RFC 8058 by themselves, when somebody presses their button: that is one survey's.
func (h *Handler) optOut(w http.ResponseWriter, r *http.Request) {
	lang := ownLanguage(r)
	if err := r.ParseForm(); err != nil {
		h.sorry(w, r, http.StatusBadRequest, lang, unreadable())
		return
	}
	if spoken := r.PostForm.Get("language"); spoken != "" {
		lang = chrome(spoken)
	}
	all := r.PostForm.Get("which") == "all"
	if _, err := h.recipients.OptOut(r.Context(), &assessmentsv1.OptOutRequest{Code: r.PathValue("code"), AllSurveys: all}); err != nil {
		h.refuse(w, r, lang, err)
		return
	}
	h.show(w, r, page{
		code: http.StatusOK, file: "opt-out.html", title: translate(lang, "No more mail"), lang: lang,
		view: optOutView{Path: "/s/" + r.PathValue("code"), Done: true, All: all},
	})
}
