package pages

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// fileLimit is the size of the biggest file: a picture or a certificate with its credential.
	fileLimit = 4 << 20
	// formLimit is that of a form with a file, or with a pasted credential of 1 MB, which may
	// take twice its size with its letters escaped.
	formLimit = fileLimit + 64<<10
)

// formView is the form with what was typed and what is wrong with it.
type formView struct{ Lang, Text, Error string }

func (h *Handler) form(w http.ResponseWriter, r *http.Request) {
	h.again(w, r, http.StatusOK, formView{})
}

// token is what a pasted VC-JWT looks like: three parts, of which the first is a JSON object.
var token = regexp.MustCompile(`^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// handed is what somebody handed in: a document, or where a badge of ours is.
type handed struct {
	document []byte
	text     string // what was typed, to show again
}

// verify answers the form: an address or number of ours leads to the badge's
// page, a document is checked here. Programs are answered in JSON.
func (h *Handler) verify(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	in, refusal := handedIn(r)
	switch {
	case refusal != nil && wantsJSON(r):
		problems.Error(w, r, refusal.problem())
	case refusal != nil:
		h.again(w, r, refusal.code, formView{Text: in.text, Error: refusal.says})
	case in.document == nil:
		h.lead(w, r, in.text)
	case wantsJSON(r):
		h.answer(w, r, in.document)
	default:
		h.result(w, r, in)
	}
}

// refusal is a form that cannot be answered, with the English text that says why.
type refusal struct {
	code int
	says string
}

func (f refusal) problem() error {
	return problem.Invalid(problem.Violation{Field: "credential", Rule: "document", Fix: f.says})
}

// handedIn reads a form with a file, one with a text, or a document that a program sent as the body.
func handedIn(r *http.Request) (handed, *refusal) {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	var in handed
	var err error
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "multipart/form-data":
		in, err = fromFile(r)
	case "application/x-www-form-urlencoded", "":
		if err = r.ParseForm(); err == nil {
			in.text = strings.TrimSpace(r.PostFormValue("credential"))
		}
	default:
		in.document, err = io.ReadAll(r.Body)
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large) || len(in.document) > fileLimit:
		return handed{}, &refusal{http.StatusRequestEntityTooLarge, "This is too much. Send one file of at most 4 MB, or paste one credential of at most 1 MB."}
	case err != nil:
		return handed{}, &refusal{http.StatusBadRequest, "The form did not arrive whole. Please send it again."}
	case in.document == nil && (strings.HasPrefix(in.text, "{") || token.MatchString(in.text)):
		in.document = []byte(in.text)
	}
	if len(in.document) == 0 && in.text == "" {
		return in, &refusal{http.StatusBadRequest, "Choose a file, paste a credential, or type the address or number of a badge."}
	}
	return in, nil
}

// fromFile reads a form with a file field, in memory: nothing that strangers send is written to a disk.
func fromFile(r *http.Request) (handed, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return handed{}, err
	}
	var in handed
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		if err != nil {
			return handed{}, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return handed{}, err
		}
		switch part.FormName() {
		case "file":
			if len(content) > 0 { // browsers send an empty one when none was chosen
				in.document = content
			}
		case "credential":
			in.text = strings.TrimSpace(string(content))
		}
	}
}

// answer tells a program what was found out.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, document []byte) {
	check, err := h.check(r, document)
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	raw, err := protojson.Marshal(check)
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(raw) //nolint:gosec // JSON, told as such; who has gone needs no answer
}

func (h *Handler) check(r *http.Request, document []byte) (*badgesv1.Verification, error) {
	return h.credentials.VerifyCredential(r.Context(), &badgesv1.VerifyCredentialRequest{Document: document, Language: languageOf(r)})
}

// result shows people what was found out.
func (h *Handler) result(w http.ResponseWriter, r *http.Request, in handed) {
	check, err := h.check(r, in.document)
	switch status.Code(err) {
	case codes.OK:
	case codes.InvalidArgument:
		h.again(w, r, http.StatusBadRequest, formView{Text: in.text, Error: status.Convert(err).Message()})
		return
	default:
		h.fail(w, r, err)
		return
	}
	lang := languageOf(r)
	view := newBadgeView(lang, check, readable(in.document))
	view.Parts = partsOf(lang, check.GetParts())
	h.Show(w, r, Page{Code: http.StatusOK, File: "badge.html", Title: view.title(), View: view, Lang: lang})
}

// readable is the JSON of a document for the facts beside the steps; a token has its own inside.
func readable(document []byte) []byte {
	parts := strings.Split(strings.TrimSpace(string(document)), ".")
	if len(parts) != 3 {
		return document
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !json.Valid(payload) {
		return document
	}
	return payload
}

// partView is what was found out about a credential inside another one.
type partView struct {
	Class, Verdict, Name, Issuer string
	Steps                        []stepView
	Parts                        []partView
}

func partsOf(lang string, parts []*badgesv1.Verification) []partView {
	out := make([]partView, len(parts))
	for i, p := range parts {
		v := partView{Class: "good", Verdict: "In order", Name: first(p.GetBadge(), p.GetCredentialId()), Issuer: first(p.GetRegisteredName(), p.GetIssuerName(), p.GetIssuer())}
		if !p.GetValid() {
			v.Class, v.Verdict = "bad", "Not in order"
		}
		v.Verdict = translate(lang, v.Verdict)
		v.Steps, v.Parts = stepsOf(lang, p.GetSteps()), partsOf(lang, p.GetParts())
		out[i] = v
	}
	return out
}

func stepsOf(lang string, steps []*badgesv1.VerificationStep) []stepView {
	out := make([]stepView, len(steps))
	for i, s := range steps {
		class, outcome := outcomeWords(s.GetOutcome())
		out[i] = stepView{Class: class, Outcome: translate(lang, outcome), Title: s.GetTitle(), Reason: s.GetReason()}
		for _, v := range s.GetViolations() {
			out[i].Details = append(out[i].Details, v.GetField()+": "+v.GetFix())
		}
	}
	return out
}

func (h *Handler) again(w http.ResponseWriter, r *http.Request, code int, view formView) {
	view.Lang = languageOf(r)
	view.Error = translate(view.Lang, view.Error)
	w.Header().Add("Vary", "Accept-Language")
	h.Show(w, r, Page{Code: code, File: "verify.html", Title: translate(view.Lang, "Verify a badge"), View: view, Lang: view.Lang})
}

// refuse says what is wrong with what was typed.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, text, says string) {
	wrong := refusal{http.StatusBadRequest, says}
	if wantsJSON(r) {
		problems.Error(w, r, wrong.problem())
		return
	}
	h.again(w, r, wrong.code, formView{Text: text, Error: wrong.says})
}

// lead sends on to the page of a badge given by number or by address. Only the
// last part of an address is used: the form never leads away from here.
func (h *Handler) lead(w http.ResponseWriter, r *http.Request, text string) {
	id := text
	if u, err := url.Parse(text); err == nil {
		if u.Host != "" && u.Host != r.Host && !strings.HasPrefix(text, h.opts.PublicURL+"/") {
			h.refuse(w, r, text, "This is an address of another website. Download the badge there, and choose the file here.")
			return
		}
		id = strings.TrimSuffix(u.Path, "/")
		id = id[strings.LastIndexByte(id, '/')+1:]
	}
	if !ids.ValidUser(id) {
		h.refuse(w, r, text, "This is neither a credential nor the address or number of a badge.")
		return
	}
	http.Redirect(w, r, "/badges/"+id, http.StatusSeeOther) // a path of ours: an id has no slash and no dot
}
