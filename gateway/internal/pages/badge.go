package pages

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/munnerz/goautoneg"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

const credentialType = "application/vc+ld+json"

// badge answers /badges/{credential}: a page for people, the credential for
// programs.
func (h *Handler) badge(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	w.Header().Add("Vary", "Accept-Language")
	if wantsJSON(r) {
		h.raw(w, r, "credentials/"+r.PathValue("credential"))
		return
	}
	if view, ok := h.read(w, r); ok {
		h.Show(w, r, Page{Code: http.StatusOK, File: "badge.html", Title: view.title(), View: view, Lang: view.Lang, Card: view.card()})
	}
}

// read reads and checks the badge of an address, or answers why it cannot.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (badgeView, bool) {
	lang := languageOf(r)
	name := "credentials/" + r.PathValue("credential")
	check, err := h.credentials.CheckCredential(r.Context(), &badgesv1.CheckCredentialRequest{Name: name, Language: lang})
	if err != nil {
		h.fail(w, r, err)
		return badgeView{}, false
	}
	body, err := h.credentials.GetCredential(r.Context(), &badgesv1.GetCredentialRequest{Name: name})
	if err != nil {
		h.fail(w, r, err)
		return badgeView{}, false
	}
	view := newBadgeView(lang, check, body.GetData())
	view.addresses(h.opts.PublicURL, r.PathValue("credential"))
	return view, true
}

// raw answers with the credential, byte for byte.
func (h *Handler) raw(w http.ResponseWriter, r *http.Request, name string) {
	body, err := h.credentials.GetCredential(r.Context(), &badgesv1.GetCredentialRequest{Name: name})
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	media := body.GetContentType()
	if media == "" {
		media = credentialType
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(body.GetData()) // who has gone needs no answer
}

// wantsJSON tells whether the request asks for the credential itself.
func wantsJSON(r *http.Request) bool {
	if format := r.URL.Query().Get("format"); format != "" {
		return format == "json"
	}
	accept := r.Header.Get("Accept")
	if accept == "" {
		return false
	}
	best := goautoneg.Negotiate(accept, []string{"text/html", credentialType, "application/ld+json", "application/json"})
	return best != "" && best != "text/html"
}

// badgeView is a verified badge in words.
type badgeView struct {
	Lang         string
	Verdict      string // class of the banner: good, warn, bad
	Headline     string
	Explanation  string
	Badge        string
	Description  string
	Criteria     string
	School       string
	Issuer       string
	IssuerID     string
	Awarded      string
	ValidUntil   string
	CredentialID string
	Checked      string
	Steps        []stepView
	Parts        []partView // what a credential contains
	JSONURL      string     // empty for a credential that was handed in
	PageURL      string
	Path         string // of the page, without the machine
	Own          bool   // made here, so that all its forms are to be had
	Foreign      bool   // kept here for a school, of an issuer that is not known
	LinkedInURL  string
	awarded      time.Time
}

func (v badgeView) title() string {
	if v.School == "" {
		return v.Headline
	}
	return v.Badge + " – " + v.School
}

// stepView is one step of the verification.
type stepView struct {
	Class, Outcome, Title, Reason string
	Details                       []string // every broken rule
}

// facts are the parts of a credential that the page shows beside the steps.
type facts struct {
	Name      string          `json:"name"`
	Issuer    json.RawMessage `json:"issuer"`
	Awarded   string          `json:"awardedDate"`
	ValidFrom string          `json:"validFrom"`
	Until     string          `json:"validUntil"`
	Subject   json.RawMessage `json:"credentialSubject"`
}

type subjectFacts struct {
	Achievement struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Criteria    struct {
			Narrative string `json:"narrative"`
		} `json:"criteria"`
	} `json:"achievement"`
}

type issuerFacts struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// newBadgeView joins the answer of the verification with what the credential
// says. The credential may be anything: what cannot be read is left out.
func newBadgeView(lang string, check *badgesv1.Verification, credential []byte) badgeView {
	var doc facts
	var issuer issuerFacts
	var subject subjectFacts
	_ = json.Unmarshal(credential, &doc)
	if json.Unmarshal(doc.Issuer, &issuer) != nil {
		_ = json.Unmarshal(doc.Issuer, &issuer.ID)
	}
	_ = json.Unmarshal(doc.Subject, &subject)
	awarded, _ := time.Parse(time.RFC3339, first(doc.Awarded, doc.ValidFrom)) // zero for what is none
	v := badgeView{
		Lang:         lang,
		awarded:      awarded,
		Badge:        first(check.GetBadge(), subject.Achievement.Name, doc.Name, translate(lang, "Badge")),
		Description:  subject.Achievement.Description,
		Criteria:     subject.Achievement.Criteria.Narrative,
		School:       check.GetSchool(),
		Issuer:       first(check.GetRegisteredName(), issuer.Name, check.GetIssuerName(), check.GetIssuer(), issuer.ID),
		IssuerID:     first(check.GetIssuer(), issuer.ID),
		Awarded:      day(lang, first(doc.Awarded, doc.ValidFrom)),
		ValidUntil:   day(lang, doc.Until),
		CredentialID: check.GetCredentialId(),
		Checked:      dayIn(lang, check.GetVerifyTime().AsTime()) + check.GetVerifyTime().AsTime().UTC().Format(", 15:04 MST"),
	}
	v.Steps = stepsOf(lang, check.GetSteps())
	v.judge(check)
	v.Headline, v.Explanation = translate(lang, v.Headline), translate(lang, v.Explanation)
	return v
}

// judge says in one sentence what the steps come to.
func (v *badgeView) judge(check *badgesv1.Verification) {
	switch {
	case !check.GetValid():
		v.Verdict, v.Headline = "bad", "Do not rely on this badge"
		v.Explanation = "At least one check failed. Below you see which, and why."
	case slices.ContainsFunc(check.GetSteps(), func(s *badgesv1.VerificationStep) bool { return s.GetCode() == "issuer_imitates" }):
		v.Verdict, v.Headline, v.Foreign = "bad", "Do not rely on this badge", true
		v.Explanation = "Its issuer bears the name of an issuer known here, but is somebody else."
	case !check.GetIssuerKnown():
		v.Foreign = true
		v.Verdict, v.Headline = "warn", "The document is intact, but its issuer is not known here"
		v.Explanation = "Nobody has changed it since it was signed. Whether its issuer may give this badge is for you to judge."
	case slices.ContainsFunc(v.Steps, func(s stepView) bool { return s.Class == "warn" }):
		v.Verdict, v.Headline = "warn", "This badge is genuine, with a remark"
		v.Explanation = "It was signed by an issuer known here and nobody has changed it since. Below you see what else is worth knowing."
	default:
		v.Verdict, v.Headline = "good", "This badge is genuine and in force"
		v.Explanation = "It was signed by an issuer known here, nobody has changed it since, and it has been neither revoked nor left to lapse."
	}
}

func outcomeWords(outcome badgesv1.StepOutcome) (class, words string) {
	switch outcome {
	case badgesv1.StepOutcome_STEP_OUTCOME_PASSED:
		return "good", "In order"
	case badgesv1.StepOutcome_STEP_OUTCOME_FAILED:
		return "bad", "Not in order"
	case badgesv1.StepOutcome_STEP_OUTCOME_WARNING:
		return "warn", "Worth knowing"
	default:
		return "none", "Not checked"
	}
}

func first(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}

// day writes a time of a credential as a date; "" for what is none.
func day(lang, text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return dayIn(lang, at)
}
