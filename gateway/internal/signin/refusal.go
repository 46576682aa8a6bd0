package signin

import (
	"context"
	"errors"
	"net/http"
	"strings"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

// reason is why somebody was not signed in, as logs name it.
type reason string

// The reasons.
const (
	stale           reason = "stale"
	otherBrowser    reason = "other_browser"
	mixedUp         reason = "mixed_up"
	cancelled       reason = "cancelled"
	issuerRefused   reason = "issuer_refused"
	badAnswer       reason = "bad_answer"
	codeRefused     reason = "code_refused"
	tokenRefused    reason = "token_refused"
	wrongTenant     reason = "wrong_tenant"
	unknownPerson   reason = "unknown_person"
	unverifiedMail  reason = "unverified_mail"
	ambiguousMail   reason = "ambiguous_mail"
	linkedElsewhere reason = "linked_elsewhere"
	disabledPerson  reason = "disabled_person"
	unknownProvider reason = "unknown_provider"
	issuerDown      reason = "issuer_away"
	broke           reason = "failed"
)

// refusal is a sign-in that came to nothing.
type refusal struct {
	reason reason
	detail []any // for the log: an issuer's word or a broken rule, never about a person
	cause  error // ours, for the log
}

func refused(why reason) *refusal { return &refusal{reason: why} }

func (f *refusal) because(detail ...any) *refusal {
	f.detail = detail
	return f
}

func failed(err error) *refusal { return &refusal{reason: broke, cause: err} }

func issuerAway(err error) *refusal { return &refusal{reason: issuerDown, cause: err} }

// notGranted is the refusal for an error that the issuer sent the browser back with.
func notGranted(code string) *refusal {
	if code == "access_denied" {
		return refused(cancelled)
	}
	return refused(issuerRefused).because("issuer_error", plainWord(code))
}

func reasonOf(why schoolsv1.SignInAccountResponse_Refusal) reason {
	switch why {
	case schoolsv1.SignInAccountResponse_REFUSAL_EMAIL_UNVERIFIED:
		return unverifiedMail
	case schoolsv1.SignInAccountResponse_REFUSAL_AMBIGUOUS:
		return ambiguousMail
	case schoolsv1.SignInAccountResponse_REFUSAL_LINKED_ELSEWHERE:
		return linkedElsewhere
	case schoolsv1.SignInAccountResponse_REFUSAL_DISABLED:
		return disabledPerson
	default:
		return unknownPerson
	}
}

// words are what a page says about a reason.
func (f *refusal) words() (code int, heading, text string) {
	switch f.reason {
	case stale:
		return http.StatusBadRequest, "This sign-in is over", "It was finished before, or it took longer than ten minutes. Please sign in again."
	case otherBrowser:
		return http.StatusBadRequest, "This sign-in was begun in another browser", "Sign in again in this browser. If somebody sent you a link that led here, do not follow it again."
	case mixedUp, badAnswer, codeRefused, tokenRefused:
		return http.StatusBadRequest, "We could not trust this answer", "What came back from your sign-in page was not in order, so nobody was signed in. Please try again; if it happens twice, tell your administrator."
	case cancelled:
		return http.StatusForbidden, "You are not signed in", "You cancelled, or your sign-in page did not let you through."
	case issuerRefused:
		return http.StatusForbidden, "Your sign-in page said no", "It did not say why in a way that we can show. Please try again; if it happens twice, tell your administrator."
	case wrongTenant:
		return http.StatusForbidden, "This account belongs to another organization", "You chose a district or office that this account is not part of. Sign out of it on its own page, or choose your own district."
	case unknownPerson:
		return http.StatusForbidden, "We do not know you here yet", "Your sign-in worked, but the roster of the district or office you chose has nobody with your mail address. Ask your coordinator to add you."
	case unverifiedMail:
		return http.StatusForbidden, "Your mail address is not confirmed", "Your sign-in page does not vouch for your mail address, so we cannot tell who you are here. Confirm the address there, or ask your administrator."
	case ambiguousMail:
		return http.StatusForbidden, "We cannot tell who you are", "Several people in the roster have your mail address. Ask your coordinator to put that right."
	case linkedElsewhere:
		return http.StatusForbidden, "You sign in with another account", "The person in the roster with your mail address uses another account of this sign-in page. Use that one, or ask your coordinator."
	case disabledPerson:
		return http.StatusForbidden, "You cannot sign in any more", "Your access here was ended. If that is a mistake, ask your coordinator."
	case unknownProvider:
		return http.StatusNotFound, "There is no such way to sign in", "It was closed, or the link is wrong. Choose your district again."
	case issuerDown:
		return http.StatusBadGateway, "Your sign-in page cannot be reached", "Please try again in a minute. Nothing is wrong with your account here."
	default:
		return http.StatusServiceUnavailable, "Signing in does not work at the moment", "Please try again in a minute."
	}
}

// refuse shows and logs a refusal.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, provider string, f *refusal) {
	if f.cause != nil && errors.Is(f.cause, context.Canceled) {
		return // who has gone needs no answer
	}
	code, heading, text := f.words()
	if why, after, readOnly := problems.ReadOnly(r.Context(), f.cause); readOnly { // a first sign-in, which links the account
		w.Header().Set("Retry-After", after)
		heading, text = "You cannot sign in for the first time at the moment", why
	}
	args := append([]any{"reason", string(f.reason), "provider", provider}, f.detail...)
	if f.cause != nil {
		h.opts.Log.WarnContext(r.Context(), "sign-in failed", append(args, "cause", f.cause)...)
	} else {
		h.opts.Log.InfoContext(r.Context(), "sign-in refused", args...)
	}
	h.opts.Pages.Trouble(w, r, code, heading, text, signInPath, "Sign in")
}

// plainWord keeps an issuer's error code for logs, and nothing that is none.
func plainWord(code string) string {
	const longest = 60
	strange := strings.ContainsFunc(code, func(c rune) bool { return c != '_' && c != '-' && (c < 'a' || c > 'z') })
	if strange || len(code) > longest {
		return "other"
	}
	return code
}
