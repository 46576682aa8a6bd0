package vcapi

import (
	"encoding/json"
	"net/http"

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

// typeOf is the type of the problem of a step of the verification.
func typeOf(step string) string {
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

// tell answers with a verification: 200 when the document is valid, else 400.
func tell(w http.ResponseWriter, report *badgesv1.Verification) {
	v := verdict{Verified: report.GetValid(), Checks: []string{}, Warnings: []finding{}, Errors: []finding{}}
	for _, step := range report.GetSteps() {
		f := finding{Type: typeOf(step.GetId()), Code: step.GetCode(), Title: step.GetReason(), Check: step.GetId()}
		switch step.GetOutcome() {
		case badgesv1.StepOutcome_STEP_OUTCOME_FAILED:
			v.Errors = append(v.Errors, f)
		case badgesv1.StepOutcome_STEP_OUTCOME_WARNING:
			v.Warnings = append(v.Warnings, f)
		}
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
	switch st.Code() {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return http.StatusBadRequest, findings
	case codes.Unauthenticated:
		return http.StatusUnauthorized, findings
	case codes.PermissionDenied:
		return http.StatusForbidden, findings
	case codes.NotFound, codes.Unimplemented:
		return http.StatusNotFound, findings
	case codes.AlreadyExists, codes.Aborted:
		return http.StatusConflict, findings
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests, findings
	default:
		return http.StatusServiceUnavailable, []finding{{Code: "unavailable", Title: "This cannot be answered at the moment: try again."}}
	}
}
