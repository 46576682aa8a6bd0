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

// fromValidation makes the violations of protovalidate those of the domain:
// the rule is the rule's id, the fix its message.
func fromValidation(invalid *protovalidate.ValidationError) *problem.Error {
	e := &problem.Error{Kind: problem.KindInvalid, Reason: problem.ReasonFieldInvalid}
	for _, v := range invalid.Violations {
		e.Violations = append(e.Violations, problem.Violation{
			Field: protovalidate.FieldPathString(v.Proto.GetField()),
			Rule:  v.Proto.GetRuleId(),
			Fix:   sentence(v.Proto.GetMessage()),
		})
	}
	return e
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
