package survey

import (
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// save keeps what was answered so far and shows how to come back. What cannot be read as an answer yet
// is not kept, and the page says so.
func (h *Handler) save(f filled) {
	answers, bad := read(f.form, f.given)
	id := responseID(f.given)
	saved, err := h.responses.SaveResponse(f.r.Context(), &assessmentsv1.SaveResponseRequest{
		Code: f.code, ResponseId: id, Language: f.form.GetLanguage(), Answers: answers, ResumeKey: f.given.Get("resume_key"),
	})
	if err != nil {
		h.notTaken(f, answers, err)
		return
	}
	lang := chrome(f.form.GetLanguage())
	h.show(f.w, f.r, page{code: http.StatusOK, file: "saved.html", title: translate(lang, "Saved"), lang: lang, view: draft{
		Title: f.form.GetTitle(), Path: "/s/" + f.code, Key: saved.GetResumeKey(), Link: "/s/" + f.code + "#resume=" + saved.GetResumeKey(),
		Language: f.form.GetLanguage(), Unread: len(bad) > 0, Other: otherThan(lang, f.form),
	}})
}

// draft is what one needs to come back.
type draft struct {
	Title, Path, Key, Link, Language, Other string
	Unread                                  bool
}

// begin sends who opens the address of saved answers without a key to the form.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/s/"+url.PathEscape(r.PathValue("code")), http.StatusSeeOther)
}

// resume shows a form with the answers that were saved. The key comes in a form: browsers send no
// fragment of an address, and a query would stand in logs and histories.
func (h *Handler) resume(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		h.sorry(w, r, http.StatusBadRequest, ownLanguage(r), unreadable())
		return
	}
	f := filled{w: w, r: r, code: r.PathValue("code")}
	key := strings.TrimSpace(r.PostForm.Get("resume_key"))
	form, err := h.load(r, f.code, r.PostForm.Get("language"))
	if err != nil {
		h.refuse(w, r, ownLanguage(r), err)
		return
	}
	f.form = form
	if h.closed(w, r, form) {
		return
	}
	saved, err := h.resumed(r, f.code, key)
	if err != nil {
		h.noDraft(f, err)
		return
	}
	if asked := r.PostForm.Get("language"); asked == "" && saved.GetLanguage() != "" && saved.GetLanguage() != form.GetLanguage() {
		if again, err := h.load(r, f.code, saved.GetLanguage()); err == nil {
			f.form = again
		}
	}
	f.given = write(f.form, saved.GetAnswers())
	f.given.Set("response_id", saved.GetResponseId())
	f.given.Set("resume_key", key)
	h.again(f, http.StatusOK, nil, func(v *questionnaire) {
		v.Message = translate(chrome(f.form.GetLanguage()), "Here are the answers that you saved.")
	})
}

func (h *Handler) resumed(r *http.Request, code, key string) (*assessmentsv1.ResumeResponseResponse, error) {
	const longest = 128
	if key == "" || len(key) > longest {
		return nil, status.Error(codes.NotFound, "no such key")
	}
	return h.responses.ResumeResponse(r.Context(), &assessmentsv1.ResumeResponseRequest{Code: code, ResumeKey: key})
}

// noDraft shows an empty form and why: a key that is wrong and one that is spent look the same.
func (h *Handler) noDraft(f filled, err error) {
	if c := status.Code(err); c != codes.NotFound && c != codes.InvalidArgument {
		h.trouble(f, err)
		return
	}
	h.again(f, http.StatusNotFound, nil, func(v *questionnaire) {
		v.Alarm = translate(chrome(f.form.GetLanguage()),
			"Nothing is saved under this key. Check that it is complete; a key ends when its answers are sent or the survey closes.")
	})
}
