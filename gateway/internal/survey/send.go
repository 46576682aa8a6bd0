package survey

import (
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// What the buttons of a form do: send is what pressing Enter does.
const (
	doSave     = "save"
	doLanguage = "language:" // and the language
)

// filled is a form as somebody has filled it in, and who answers its request.
type filled struct {
	w     http.ResponseWriter
	r     *http.Request
	code  string
	form  *assessmentsv1.Form
	given url.Values
}

// post takes a form in: to be sent, to be saved, or to be shown in another language. Its answer is a page
// and no redirect, which would have to carry what was answered in an address; a reload sends the same id
// again, and that is stored once.
func (h *Handler) post(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		h.sorry(w, r, http.StatusBadRequest, ownLanguage(r), unreadable())
		return
	}
	f := filled{w: w, r: r, code: r.PathValue("code"), given: r.PostForm}
	lang, switched := strings.CutPrefix(f.given.Get("do"), doLanguage)
	if !switched {
		lang = f.given.Get("language")
	}
	var err error
	if f.form, err = h.load(r, f.code, lang); err != nil {
		h.refuse(w, r, chrome(lang), err)
		return
	}
	sending := !switched && f.given.Get("do") != doSave
	if !sending && h.closed(w, r, f.form) {
		return
	}
	switch {
	case sending: // also when it is shut: an answer that was stored and comes again gets its receipt
		h.send(f)
	case switched:
		h.again(f, http.StatusOK, nil, nil)
	default:
		h.save(f)
	}
}

// again shows the form with all that was answered; change may add what is to be said.
func (h *Handler) again(f filled, code int, errors map[string]string, change func(*questionnaire)) {
	v := h.draw(f.form, f.code, f.given, errors)
	v.ResumeKey = f.given.Get("resume_key")
	if change != nil {
		change(&v)
	}
	h.showForm(f.w, f.r, code, f.form, v)
}

// send hands the answer in, when it is whole.
func (h *Handler) send(f filled) {
	answers, bad := read(f.form, f.given)
	asked := h.rules.asked(f.form, answers)
	if fresh := h.unseen(f, asked); len(fresh) > 0 {
		h.again(f, http.StatusOK, nil, func(v *questionnaire) {
			v.Message = translate(chrome(f.form.GetLanguage()), "Your answers lead to more questions. Please answer them, then send.")
			v.Links = fresh
		})
		return
	}
	answers = kept(answers, asked)
	if wrong := h.wrong(f.form, asked, answers, bad); len(wrong) > 0 || len(answers) == 0 {
		h.complain(f, wrong)
		return
	}
	receipt, err := h.responses.SubmitResponse(f.r.Context(), &assessmentsv1.SubmitResponseRequest{
		Code: f.code, ResponseId: responseID(f.given), Language: f.form.GetLanguage(), Answers: answers, ResumeKey: f.given.Get("resume_key"),
	})
	if err != nil {
		h.notTaken(f, answers, err)
		return
	}
	h.thank(f, receipt)
}

// unseen are the questions that the answers lead to and that were not on the page.
func (h *Handler) unseen(f filled, asked map[string]bool) (fresh []complaint) {
	shown := map[string]bool{}
	for _, id := range f.given["shown"] {
		shown[id] = true
	}
	for _, item := range f.form.GetItems() {
		if asked[item.GetId()] && !shown[item.GetId()] {
			fresh = append(fresh, complaint{Question: item.GetId(), Lang: item.GetLanguage(), Text: item.GetText()})
		}
	}
	return fresh
}

// kept are the answers to items that are asked.
func kept(answers []*assessmentsv1.Answer, asked map[string]bool) (out []*assessmentsv1.Answer) {
	for _, a := range answers {
		if asked[a.GetItem()] {
			out = append(out, a)
		}
	}
	return out
}

// wrong tells by item what can be told without the API: what could not be read, and what is missing.
func (h *Handler) wrong(form *assessmentsv1.Form, asked map[string]bool, answers []*assessmentsv1.Answer, bad map[string]string) map[string]string {
	lang, given := chrome(form.GetLanguage()), map[string]*assessmentsv1.Answer{}
	for _, a := range answers {
		given[a.GetItem()] = a
	}
	errors := map[string]string{}
	for _, item := range form.GetItems() {
		id := item.GetId()
		switch {
		case !asked[id]:
		case bad[id] != "":
			errors[id] = translate(lang, bad[id])
		case item.GetType() == assessmentsv1.ItemType_ITEM_TYPE_MATRIX:
			if missesRow(item, given[id]) {
				errors[id] = translate(lang, "Please answer each line that needs an answer.")
			}
		case item.GetRequired() && given[id] == nil:
			errors[id] = translate(lang, "Please answer this question.")
		}
	}
	return errors
}

func missesRow(item *assessmentsv1.FormItem, a *assessmentsv1.Answer) bool {
	for _, row := range item.GetRows() {
		if (item.GetRequired() || row.GetRequired()) && a.GetRows()[row.GetId()] == "" {
			return true
		}
	}
	return false
}

// complain shows the form with what is wrong, first all of it, then each at its place.
func (h *Handler) complain(f filled, errors map[string]string) {
	if h.closed(f.w, f.r, f.form) {
		return
	}
	lang := chrome(f.form.GetLanguage())
	h.again(f, http.StatusUnprocessableEntity, errors, func(v *questionnaire) {
		v.Alarm = translate(lang, "Nothing was sent yet: please look at these answers.")
		if len(errors) == 0 {
			v.Alarm = translate(lang, "Nothing was sent yet: please answer at least one question.")
		}
		for _, item := range f.form.GetItems() {
			if text := errors[item.GetId()]; text != "" {
				v.Links = append(v.Links, complaint{Question: item.GetId(), Text: text})
			}
		}
	})
}

// notTaken tells why an answer was not stored, and keeps it in the form.
func (h *Handler) notTaken(f filled, answers []*assessmentsv1.Answer, err error) {
	switch status.Code(err) {
	case codes.InvalidArgument:
		h.complain(f, faults(f.form, answers, f.r, err))
	case codes.FailedPrecondition, codes.NotFound:
		h.over(f, err)
	default:
		h.trouble(f, err)
	}
}

// over looks again at a survey that takes no answer any more.
func (h *Handler) over(f filled, err error) {
	form, again := h.load(f.r, f.code, f.form.GetLanguage())
	if again != nil {
		h.refuse(f.w, f.r, chrome(f.form.GetLanguage()), again)
		return
	}
	if !h.closed(f.w, f.r, form) {
		h.trouble(f, err)
	}
}

// thank shows that the answer is stored.
func (h *Handler) thank(f filled, receipt *assessmentsv1.SubmitResponseResponse) {
	lang := chrome(f.form.GetLanguage())
	h.show(f.w, f.r, page{
		code: http.StatusOK, file: "thanks.html", title: translate(lang, "Thank you"), lang: lang,
		kiosk: f.form.GetKind() == assessmentsv1.LinkKind_LINK_KIND_KIOSK,
		view: thanks{
			Title: f.form.GetTitle(), School: f.form.GetSchoolTitle(), Receipt: receipt.GetReceipt(), Path: "/s/" + f.code,
			Anonymity: f.form.GetAnonymity(), Kiosk: f.form.GetKind() == assessmentsv1.LinkKind_LINK_KIND_KIOSK,
			Again: f.form.GetKind() == assessmentsv1.LinkKind_LINK_KIND_WEB, Other: otherThan(lang, f.form),
		},
	})
}

type thanks struct {
	Title, School, Receipt, Path, Anonymity string
	Other                                   string // language of the title, where it is not the page's
	Kiosk, Again                            bool
}

// otherThan is the language of the form where it is not that of the page.
func otherThan(lang string, form *assessmentsv1.Form) string {
	if form.GetLanguage() == lang {
		return ""
	}
	return form.GetLanguage()
}
