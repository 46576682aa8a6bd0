package apierr

import (
	"context"
	"errors"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Violations makes the violations of protovalidate those of the domain: the
// rule is the rule's id, the fix its message in words.
func Violations(invalid *protovalidate.ValidationError) []problem.Violation {
	out := make([]problem.Violation, len(invalid.Violations))
	for i, v := range invalid.Violations {
		out[i] = problem.Violation{
			Field: protovalidate.FieldPathString(v.Proto.GetField()),
			Rule:  v.Proto.GetRuleId(),
			Fix:   fixOf(v),
		}
	}
	return out
}

// formsInWords are the patterns of the API that people meet most.
var formsInWords = map[string]string{
	`^([0-9]{4}-[0-9]{2}-[0-9]{2})?$`:    "Write the date as YYYY-MM-DD.",
	`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`:       "Write the date as YYYY-MM-DD.",
	`^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$`: "Use lower-case letters, digits and hyphens, with a letter or digit at both ends.",
	`^[a-z0-9-]{8,64}$`:                  "Use 8 to 64 lower-case letters, digits and hyphens.",
}

// fixOf says what to do. A pattern is no sentence: it stays in the API's
// description.
func fixOf(v *protovalidate.Violation) string {
	if v.Proto.GetRuleId() != "string.pattern" {
		return sentence(v.Proto.GetMessage())
	}
	if words, ok := formsInWords[v.RuleValue.String()]; ok {
		return words
	}
	return "Use the form that the description of the API gives for this field."
}

// sentence gives a rule's message the form of all other fixes.
func sentence(message string) string {
	if message == "" {
		return "Give a value that keeps the rule."
	}
	message = strings.ToUpper(message[:1]) + message[1:]
	if !strings.HasSuffix(message, ".") {
		message += "."
	}
	return message
}

// peerStatus finds the status of a peer's answer in an error's chain. A plain
// context error, which gRPC could also present as a status, is not one.
func peerStatus(err error) (*status.Status, bool) {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) || carrier.GRPCStatus() == nil {
		return nil, false
	}
	s := carrier.GRPCStatus()
	return s, s.Code() != codes.OK
}

// fromStatus passes on what a peer of the product said as it is: its words are
// made for callers. A status made by the transport names hosts and internals,
// so that only its meaning is kept.
func fromStatus(ctx context.Context, s *status.Status) error {
	if ours(s) {
		return s.Err()
	}
	switch s.Code() {
	case codes.Unavailable:
		return ToStatus(ctx, problem.Unavailable("peer"))
	case codes.DeadlineExceeded:
		return build(ctx, codes.DeadlineExceeded, problem.ReasonDeadlineExceeded, deadlineText)
	case codes.Canceled:
		return build(ctx, codes.Canceled, problem.ReasonCancelled, cancelledText)
	case codes.Unimplemented:
		return build(ctx, codes.Unimplemented, problem.ReasonMethodUnknown, "There is no such method here.")
	case codes.ResourceExhausted:
		return build(ctx, codes.ResourceExhausted, problem.ReasonLimitExceeded, "The message is too big. Send it in smaller parts.")
	default:
		return build(ctx, codes.Internal, problem.ReasonInternal, internalText)
	}
}

func ours(s *status.Status) bool {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return true
		}
	}
	return false
}

// Reason returns the reason a status error carries, or "" if it has none of
// ours: for clients that act on it.
func Reason(err error) problem.Reason {
	s, ok := status.FromError(err)
	if !ok {
		return ""
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return problem.Reason(info.GetReason())
		}
	}
	return ""
}
