package vcapi

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
)

// finding is one error or warning: a problem in the sense of RFC 9457, as the VC Data Model asks for.
type finding struct {
	Type  string `json:"type"`
	Code  string `json:"code"`
	Title string `json:"title"`
	Check string `json:"check,omitempty"`
}

// dataModel is where the VC Data Model 2.0 lists the types of its problems (section 7.1, Problem Details).
const dataModel = "https://www.w3.org/TR/vc-data-model#"

// statusList is where Bitstring Status List 1.0 lists its own (section 3.4, Processing Errors).
const statusList = "https://www.w3.org/ns/credentials/status-list#"

// dataIntegrity is where Data Integrity 1.0 lists its own (section 4.7, Processing Errors).
const dataIntegrity = "https://w3id.org/security#"

// typeOf is the type of the problem that a step of the verification found: the most exact one that
// the specifications have a name for.
func typeOf(step, code string) string {
	switch code {
	case "undefined_term", "dropped_value", "relative_iri", "direction_unsigned":
		return dataIntegrity + "DATA_LOSS_DETECTION_ERROR"
	case "domain_wrong":
		return dataIntegrity + "INVALID_DOMAIN_ERROR"
	case "challenge_wrong":
		return dataIntegrity + "INVALID_CHALLENGE_ERROR"
	case "status_range":
		return dataModel + "RANGE_ERROR"
	case "status_malformed":
		return dataModel + "MALFORMED_VALUE_ERROR"
	case "status_list_short":
		return statusList + "STATUS_LIST_LENGTH_ERROR"
	case "status_unreachable":
		return statusList + "STATUS_RETRIEVAL_ERROR"
	}
	switch step {
	case "read", "parse":
		return dataModel + "PARSING_ERROR"
	case "proof":
		return dataModel + "CRYPTOGRAPHIC_SECURITY_ERROR"
	case "status":
		return statusList + "STATUS_VERIFICATION_ERROR"
	default:
		return dataModel + "MALFORMED_VALUE_ERROR"
	}
}

// verdict is the answer of a verification.
type verdict struct {
	Verified bool      `json:"verified"`
	Checks   []string  `json:"checks"`
	Warnings []finding `json:"warnings"`
	Errors   []finding `json:"errors"`
}

// presentationType is what tells a presentation from a credential.
const presentationType = "VerifiablePresentation"

// tell answers with a verification: 200 when the document is valid and of the kind that was asked
// about, else 400.
func tell(w http.ResponseWriter, report *badgesv1.Verification, presentation bool) {
	v := verdict{Verified: report.GetValid(), Checks: []string{}, Warnings: []finding{}, Errors: []finding{}}
	v.add(report)
	if shown := slices.Contains(report.GetTypes(), presentationType); v.Verified && shown != presentation {
		v.Verified = false
		v.Errors = append(v.Errors, finding{
			Type: dataModel + "MALFORMED_VALUE_ERROR", Code: "other_kind", Title: "A credential is verified at /credentials/verify, a presentation at /presentations/verify.",
		})
	}
	for _, step := range report.GetSteps() {
		if step.GetOutcome() != badgesv1.StepOutcome_STEP_OUTCOME_SKIPPED {
			v.Checks = append(v.Checks, step.GetId())
		}
	}
	code := http.StatusOK
	if !v.Verified {
		code = http.StatusBadRequest
	}
	send(w, code, v)
}

// add takes in what is wrong or doubtful with a document and with all that it contains.
func (v *verdict) add(report *badgesv1.Verification) {
	for _, step := range report.GetSteps() {
		f := finding{Type: typeOf(step.GetId(), step.GetCode()), Code: step.GetCode(), Title: step.GetReason(), Check: step.GetId()}
		switch step.GetOutcome() {
		case badgesv1.StepOutcome_STEP_OUTCOME_FAILED:
			v.Errors = append(v.Errors, f)
		case badgesv1.StepOutcome_STEP_OUTCOME_WARNING:
			v.Warnings = append(v.Warnings, f)
		}
	}
	for _, part := range report.GetParts() {
		v.add(part)
	}
}

// refuse answers a call that came to nothing.
func refuse(w http.ResponseWriter, code int, findings ...finding) {
	for i := range findings {
		if findings[i].Type == "" {
			findings[i].Type = dataModel + "MALFORMED_VALUE_ERROR"
		}
	}
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	send(w, code, verdict{Checks: []string{}, Warnings: []finding{}, Errors: findings})
}

func send(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // who has gone needs no answer
}

// explain is an error of the service as a code and what to say.
func explain(err error) (int, []finding) {
	st := status.Convert(err)
	var findings []finding
	for _, detail := range st.Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				findings = append(findings, finding{Code: v.GetReason(), Title: v.GetField() + ": " + v.GetDescription()})
			}
		}
	}
	if len(findings) == 0 {
		findings = []finding{{Code: st.Code().String(), Title: st.Message()}}
	}
	switch code := runtime.HTTPStatusFromCode(st.Code()); {
	case st.Code() == codes.Unimplemented: // turned off in the service
		return http.StatusNotFound, findings
	case code >= http.StatusInternalServerError:
		return http.StatusServiceUnavailable, []finding{{Code: "unavailable", Title: "This cannot be answered at the moment: try again."}}
	default:
		return code, findings
	}
}
