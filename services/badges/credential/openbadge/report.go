package openbadge

import "slices"

// Outcome of a step of a verification.
type Outcome string

// The outcomes. A warning does not make a badge invalid.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
	Warning Outcome = "warning"
)

// The steps of a verification in their order.
const (
	StepParse     = "parse"
	StepStructure = "structure"
	StepProof     = "proof"
	StepIssuer    = "issuer"
	StepStatus    = "status"
	StepDates     = "dates"
)

// Step is one check with its outcome and the reason in plain words.
type Step struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason"`
	// Code is a stable word for the reason of a failure, for programs.
	Code string `json:"code,omitempty"`
	// Violations are set when the structure is wrong.
	Violations []Violation `json:"violations,omitempty"`
}

// Report is the answer of a verification. Badge and Issuer repeat what the document says, and
// are to be trusted only when Valid is true.
type Report struct {
	// Valid: the document is a complete badge, unchanged since its issuer signed it, and in force now.
	Valid bool `json:"valid"`
	// IssuerKnown: the issuer is in the list of issuers that the verifier was given.
	IssuerKnown bool   `json:"issuer_known"`
	ID          string `json:"id,omitempty"`
	Name        string `json:"name,omitempty"`
	IssuerID    string `json:"issuer_id,omitempty"`
	IssuerName  string `json:"issuer_name,omitempty"`
	Steps       []Step `json:"steps"`
}

// Step returns the step with the given id.
func (r Report) Step(id string) Step {
	for _, s := range r.Steps {
		if s.ID == id {
			return s
		}
	}
	return Step{ID: id, Title: title(id), Outcome: Skipped, Reason: "This step was not reached."}
}

func (r *Report) add(id string, outcome Outcome, code, reason string) *Step {
	r.Steps = append(r.Steps, Step{ID: id, Title: title(id), Outcome: outcome, Reason: reason, Code: code})
	return &r.Steps[len(r.Steps)-1]
}

func (r *Report) skip(ids ...string) {
	for _, id := range ids {
		r.add(id, Skipped, "", "Not checked, because an earlier step failed.")
	}
}

// conclude sets Valid: the signature was checked and holds, and no other step failed.
func (r *Report) conclude() Report {
	failed := func(s Step) bool { return s.Outcome == Failed }
	r.Valid = r.Step(StepProof).Outcome == Passed && !slices.ContainsFunc(r.Steps, failed)
	return *r
}

func title(id string) string {
	switch id {
	case StepParse:
		return "The file can be read"
	case StepStructure:
		return "It is a complete Open Badge"
	case StepProof:
		return "The signature holds"
	case StepIssuer:
		return "The issuer is known"
	case StepStatus:
		return "It was not withdrawn"
	case StepDates:
		return "It is in force today"
	}
	return id
}
