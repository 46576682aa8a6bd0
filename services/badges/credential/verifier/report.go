package verifier

import (
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// Outcome of a step of a verification.
type Outcome string

// The outcomes. A warning does not make a credential invalid; what was skipped was not checked.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
	Warning Outcome = "warning"
)

// The steps of a verification in their order.
const (
	StepRead         = "read"
	StepSchema       = "schema"
	StepProof        = "proof"
	StepIssuer       = "issuer"
	StepStatus       = "status"
	StepDates        = "dates"
	StepRecipient    = "recipient"
	StepContents     = "contents"
	StepEndorsements = "endorsements"
	StepLog          = "log"
	StepRefresh      = "refresh"
)

// Steps lists the ids of all steps in their order.
func Steps() []string {
	return []string{
		StepRead, StepSchema, StepProof, StepIssuer, StepStatus, StepDates,
		StepRecipient, StepContents, StepEndorsements, StepLog, StepRefresh,
	}
}

// Roles of a report that is part of another one.
const (
	RoleBadge       = "badge"       // a badge that a learner record contains
	RoleCredential  = "credential"  // a credential that a presentation shows
	RoleEndorsement = "endorsement" // what somebody else says about the badge
)

// Step is one check with its outcome and the reason in plain words.
type Step struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason"`
	// Code is a stable word for the reason of what did not pass, for programs.
	Code string `json:"code,omitempty"`
	// Violations are set when the structure is wrong.
	Violations []vc.Violation `json:"violations,omitempty"`
}

// Proof describes a proof that holds.
type Proof struct {
	Suite              string     `json:"suite"`
	VerificationMethod string     `json:"verification_method"`
	Created            *time.Time `json:"created,omitempty"`
}

// Report is the answer of a verification. What it repeats from the document (names, ids, dates) is
// the document's own claim, and to be trusted only when Valid is true; RegisteredName is the registry's.
type Report struct {
	// Role says what a part is for its whole; empty for the whole.
	Role string `json:"role,omitempty"`
	// Valid: the document is complete, unchanged since its issuer signed it, and in force now.
	Valid bool `json:"valid"`
	// IssuerKnown: the issuer is in the list of issuers that the verifier was given.
	IssuerKnown bool `json:"issuer_known"`
	// Form in which it came: json, jwt, envelope, png, svg or pdf.
	Form  string   `json:"form,omitempty"`
	Types []string `json:"types,omitempty"`
	ID    string   `json:"id,omitempty"`
	Name  string   `json:"name,omitempty"`

	IssuerID       string `json:"issuer_id,omitempty"`
	IssuerName     string `json:"issuer_name,omitempty"`
	RegisteredName string `json:"registered_name,omitempty"`
	School         string `json:"school,omitempty"`
	SchoolID       string `json:"school_id,omitempty"`
	ValidFrom      string `json:"valid_from,omitempty"`
	ValidUntil     string `json:"valid_until,omitempty"`

	// Time is the time for which it was checked.
	Time   time.Time `json:"time"`
	Proofs []Proof   `json:"proofs,omitempty"`
	Steps  []Step    `json:"steps"`
	// Parts are the reports on what the document contains.
	Parts []Report `json:"parts,omitempty"`
	// Digests are the SHA-256 in hex of the document as it came and as our issuer writes it; none
	// for a signed token, which is another form of what was issued.
	Digests []string `json:"-"`

	language Language
}

// Step returns the step with the given id.
func (r Report) Step(id string) Step {
	if i := r.index(id); i >= 0 {
		return r.Steps[i]
	}
	return Step{ID: id, Title: title(r.language, id), Outcome: Skipped, Reason: say(r.language, "not_reached")}
}

// Tell puts another outcome in the place of a step, when somebody knows better: an issuer knows
// whether its own credential still stands. The code names the words, which take the arguments.
func (r *Report) Tell(id string, outcome Outcome, code string, args ...any) {
	r.put(id, outcome, code, args...)
	r.conclude()
}

func (r *Report) put(id string, outcome Outcome, code string, args ...any) {
	step := Step{ID: id, Title: title(r.language, id), Outcome: outcome, Reason: say(r.language, code, args...)}
	if outcome != Passed {
		step.Code = code
	}
	if i := r.index(id); i >= 0 {
		r.Steps[i] = step
	} else {
		r.Steps = append(r.Steps, step)
	}
}

// Weigh judges what the document contains anew, after something was told of its parts.
func (r *Report) Weigh() {
	r.weighed()
	r.conclude()
}

func (r *Report) weighed() {
	switch r.Step(StepContents).Code {
	case "", "contents_invalid", "contents_subject", "contents_warning":
	default:
		return // it was refused for what it is, not for its parts
	}
	var inside []Report
	for _, p := range r.Parts {
		if p.Role != RoleEndorsement {
			inside = append(inside, p)
		}
	}
	if len(inside) == 0 {
		return
	}
	outcome, code, args := r.weigh(inside)
	r.put(StepContents, outcome, code, args...)
}

// weigh says what the document is worth by its parts: as much as the worst of them.
func (r *Report) weigh(parts []Report) (Outcome, string, []any) {
	for _, p := range parts {
		if step, bad := p.problem(); bad {
			return Failed, "contents_invalid", []any{p.label(), step.Title + ": " + step.Reason}
		}
	}
	for _, p := range parts {
		if p.Role == RoleBadge && p.SchoolID != "" && r.SchoolID != "" && p.SchoolID != r.SchoolID {
			return Warning, "contents_subject", []any{p.label()}
		}
		if step := p.Step(StepStatus); step.Outcome == Warning {
			return Warning, "contents_warning", []any{p.label(), step.Reason}
		}
	}
	return Passed, "contents_ok", []any{len(parts)}
}

func (r Report) label() string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

func (r Report) index(id string) int {
	return slices.IndexFunc(r.Steps, func(s Step) bool { return s.ID == id })
}

// pass, fail, warn and skip record a step; the key or code names its words.
func (r *Report) pass(id, key string, args ...any) {
	r.add(id, Passed, "", say(r.language, key, args...))
}

func (r *Report) fail(id, code string, args ...any) *Step {
	return r.add(id, Failed, code, say(r.language, code, args...))
}

func (r *Report) warn(id, code string, args ...any) {
	r.add(id, Warning, code, say(r.language, code, args...))
}

func (r *Report) skip(id, key string, args ...any) {
	r.add(id, Skipped, "", say(r.language, key, args...))
}

func (r *Report) add(id string, outcome Outcome, code, reason string) *Step {
	r.Steps = append(r.Steps, Step{ID: id, Title: title(r.language, id), Outcome: outcome, Reason: reason, Code: code})
	return &r.Steps[len(r.Steps)-1]
}

// conclude sets Valid: the signature was checked and holds, and no other step failed. Steps that
// were not reached are told as such, so that every report has all of them.
func (r *Report) conclude() {
	for _, id := range Steps() {
		if r.index(id) < 0 {
			r.skip(id, "earlier_failed")
		}
	}
	order := Steps()
	slices.SortStableFunc(r.Steps, func(a, b Step) int { return slices.Index(order, a.ID) - slices.Index(order, b.ID) })
	failed := func(s Step) bool { return s.Outcome == Failed }
	r.Valid = r.Step(StepProof).Outcome == Passed && !slices.ContainsFunc(r.Steps, failed)
}

// problem returns the first step that failed.
func (r Report) problem() (Step, bool) {
	i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Outcome == Failed })
	if i < 0 {
		return Step{}, false
	}
	return r.Steps[i], true
}
