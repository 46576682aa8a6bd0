package survey

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// notice is a page that says why there is no form, and what to do. Its texts are in English and known to
// the catalogs.
type notice struct {
	Heading, Text, Help string
	Why                 string // in the words of whoever runs the platform
	RequestID           string
	AskCode             bool
	Title, School       string // of a survey that is known
	Other               string // language of its title, where it is not the page's
}

func unreadable() notice {
	return notice{Heading: "This could not be read", Text: "Please go back and try again. Your answers are still in the form."}
}

func (h *Handler) sorry(w http.ResponseWriter, r *http.Request, code int, lang string, n notice) {
	n.RequestID = requestid.From(r.Context())
	h.show(w, r, page{code: code, file: "notice.html", title: translate(lang, n.Heading), lang: lang, view: n})
}

// closed answers a form that takes no answers: it was answered with this code, or it is not open.
func (h *Handler) closed(w http.ResponseWriter, r *http.Request, form *assessmentsv1.Form) bool {
	n := notice{Title: form.GetTitle(), School: form.GetSchoolTitle(), Other: otherThan(chrome(form.GetLanguage()), form)}
	switch {
	case form.GetAnswered():
		n.Heading = "This code was used"
		n.Text = "A survey was answered with this code, and it takes one answer. If that was you: thank you, there is nothing left to do."
		n.Help = "If it was not you, ask the school for a new code."
	case !form.GetOpen():
		n.Heading = "This survey is not open"
		n.Text = "It takes no answers now: it has not begun, or it is over."
		n.Help = "If you think that it should be open, ask the school."
	default:
		return false
	}
	h.sorry(w, r, http.StatusGone, chrome(form.GetLanguage()), n)
	return true
}

// refuse answers a code that leads to no form. A code that never was and one that is not for here look
// the same.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, lang string, err error) {
	switch status.Code(err) {
	case codes.NotFound, codes.InvalidArgument:
		h.sorry(w, r, http.StatusNotFound, lang, notice{
			Heading: "There is no survey with this code", AskCode: true,
			Text: "Check each letter against your letter or message: the codes have the letters a to z and the digits 2 to 7, and no 0, 1, 8 or 9.",
			Help: "If it stays so, ask the school for a new code.",
		})
	case codes.FailedPrecondition:
		h.sorry(w, r, http.StatusGone, lang, notice{
			Heading: "This survey is not open", Text: "It takes no answers now: it has not begun, or it is over.",
			Help: "If you think that it should be open, ask the school.",
		})
	case codes.ResourceExhausted:
		w.Header().Set("Retry-After", retryAfter)
		h.sorry(w, r, http.StatusTooManyRequests, lang, notice{
			Heading: "Very many people are answering", Text: "Please wait a minute, then load this page again. What you have filled in is not lost: use the back button of your browser.",
		})
	default:
		h.note(r.Context(), err)
		w.Header().Set("Retry-After", retryAfter)
		if why, after, readOnly := problems.ReadOnly(r.Context(), err); readOnly {
			w.Header().Set("Retry-After", after)
			h.sorry(w, r, http.StatusServiceUnavailable, lang, notice{
				Heading: "Nothing can be stored at the moment", Why: why,
				Text: "The platform can be looked at, and takes nothing in for a while. Please come back later.",
			})
			return
		}
		h.sorry(w, r, http.StatusServiceUnavailable, lang, notice{
			Heading: "The survey cannot be reached at the moment", Text: "Please wait a minute, then load this page again. What you have filled in is not lost: use the back button of your browser.",
		})
	}
}

// retryAfter are the seconds after which to come back.
const retryAfter = "30"

// trouble shows the form with all answers, when they could not be stored now.
func (h *Handler) trouble(f filled, err error) {
	code := http.StatusServiceUnavailable
	if status.Code(err) == codes.ResourceExhausted {
		code = http.StatusTooManyRequests
	}
	h.note(f.r.Context(), err)
	f.w.Header().Set("Retry-After", retryAfter)
	why, after, readOnly := problems.ReadOnly(f.r.Context(), err)
	if readOnly {
		f.w.Header().Set("Retry-After", after)
	}
	h.again(f, code, nil, func(v *questionnaire) {
		lang := chrome(f.form.GetLanguage())
		v.Alarm = translate(lang, "Your answers could not be stored right now. They are still here: please wait a minute, then send again.")
		if readOnly {
			v.Alarm = translate(lang, "Your answers cannot be stored for a while. They are still here: please send them again later.")
			v.Why = why
		}
	})
}

// note writes down that a service did not answer; never what was asked.
func (h *Handler) note(ctx context.Context, err error) {
	if !errors.Is(err, context.Canceled) && status.Code(err) != codes.Canceled {
		h.log.WarnContext(ctx, "survey page without its service", "code", status.Code(err).String())
	}
}

var answerIndex = regexp.MustCompile(`^answers\[(\d+)\]`)

// faults are what the API finds wrong, by item and in the language of the page where we have words for it.
func faults(form *assessmentsv1.Form, answers []*assessmentsv1.Answer, r *http.Request, err error) map[string]string {
	lang, out := chrome(form.GetLanguage()), map[string]string{}
	for _, v := range problems.FromError(r.Context(), err).Violations {
		item := blamed(form, answers, v)
		if item == nil {
			continue
		}
		if _, told := out[item.GetId()]; !told {
			out[item.GetId()] = words(lang, item, v.Rule)
		}
	}
	return out
}

// blamed is the item of a violation: that of the answer, or one whose id stands in the sentence.
func blamed(form *assessmentsv1.Form, answers []*assessmentsv1.Answer, v problems.Violation) *assessmentsv1.FormItem {
	id := ""
	if m := answerIndex.FindStringSubmatch(v.Field); m != nil {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(answers) {
			id = answers[i].GetItem()
		}
	}
	for _, item := range form.GetItems() {
		if item.GetId() == id || id == "" && strings.Contains(v.Fix, `"`+item.GetId()+`"`) {
			return item
		}
	}
	return nil
}
