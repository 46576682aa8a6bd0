// Package apierr turns errors into the statuses that callers see, in one place.
//
// Domain packages return errors of package problem, validation those of
// protovalidate, peers a status, the runtime context errors; ToStatus gives
// each one canonical code, a reason from the proto enum in ErrorInfo, and the
// details of its kind. The gateway makes RFC 9457 problems of the same details.
//
// Anything unknown becomes INTERNAL with a fixed text. Its cause goes to the
// log under the request id, which every error carries, and nowhere else.
package apierr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// Domain is the domain of every ErrorInfo of the product.
const Domain = "tandem"

// ReadOnlyText begins the text of a refusal for read-only mode; the reason follows.
const ReadOnlyText = "Nothing can be changed at the moment, while everything can be looked at. "

const internalText = "Something went wrong on our side. Try again later; if it stays, report the request id."

// ToStatus returns the status error of err, and nil for nil.
func ToStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var invalid *protovalidate.ValidationError
	switch e, isProblem := problem.As(err); {
	case isProblem:
		return fromProblem(ctx, e)
	case errors.As(err, &invalid):
		return fromProblem(ctx, &problem.Error{
			Kind: problem.KindInvalid, Reason: problem.ReasonFieldInvalid, Violations: Violations(invalid),
		})
	}
	if s, ok := peerStatus(err); ok {
		return fromStatus(ctx, s)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return build(ctx, codes.DeadlineExceeded, problem.ReasonDeadlineExceeded, deadlineText)
	case errors.Is(err, context.Canceled):
		return build(ctx, codes.Canceled, problem.ReasonCancelled, cancelledText)
	default:
		return build(ctx, codes.Internal, problem.ReasonInternal, internalText)
	}
}

const (
	deadlineText  = "The deadline passed before the answer was ready. Try again, with a longer deadline if it stays."
	cancelledText = "The call was cancelled by its caller."
)

func fromProblem(ctx context.Context, e *problem.Error) error {
	details := []protoadapt.MessageV1{}
	switch e.Kind {
	case problem.KindInvalid:
		details = append(details, badRequest(e.Violations))
	case problem.KindPrecondition:
		details = append(details, preconditionFailure(e.Violations))
	case problem.KindNotFound, problem.KindAlreadyExists:
		details = append(details, &errdetails.ResourceInfo{ResourceType: resourceType(e.Name), ResourceName: e.Name})
	}
	if e.Retry > 0 {
		details = append(details, retryInfo(e.Retry))
	}
	return build(ctx, codeOf(e.Kind), reasonOf(e), textOf(e), details...)
}

func codeOf(kind problem.Kind) codes.Code {
	switch kind {
	case problem.KindInvalid:
		return codes.InvalidArgument
	case problem.KindNotFound:
		return codes.NotFound
	case problem.KindAlreadyExists:
		return codes.AlreadyExists
	case problem.KindPrecondition:
		return codes.FailedPrecondition
	case problem.KindAborted:
		return codes.Aborted
	case problem.KindDenied:
		return codes.PermissionDenied
	case problem.KindUnauthenticated:
		return codes.Unauthenticated
	case problem.KindExhausted:
		return codes.ResourceExhausted
	case problem.KindUnavailable:
		return codes.Unavailable
	default:
		return codes.Internal
	}
}

func reasonOf(e *problem.Error) problem.Reason {
	if e.Kind == problem.KindInternal || e.Reason == "" {
		return problem.ReasonInternal
	}
	return e.Reason
}

// textOf is the one sentence for people; programs read the details.
func textOf(e *problem.Error) string {
	switch e.Kind {
	case problem.KindInvalid:
		return "The request breaks a rule. " + fixes(e.Violations)
	case problem.KindPrecondition:
		return "This cannot be done now. " + fixes(e.Violations)
	case problem.KindNotFound:
		return fmt.Sprintf("There is no %q.", e.Name)
	case problem.KindAlreadyExists:
		return fmt.Sprintf("%q exists already. Choose another id.", e.Name)
	case problem.KindAborted:
		if e.Reason == problem.ReasonEtagStale {
			return fmt.Sprintf("%q has changed since its etag was read. Read it again and repeat the change.", e.Name)
		}
		return "Another change was made at the same time. Repeat the call."
	case problem.KindDenied:
		return fmt.Sprintf("None of your roles here allows %q. Ask who runs the program in your district.", e.Name)
	case problem.KindUnauthenticated:
		return unauthenticatedText(e.Reason)
	case problem.KindExhausted:
		return fmt.Sprintf("The limit %q is reached. Use less of it, or try again later.", e.Name)
	case problem.KindUnavailable:
		if e.Reason == problem.ReasonReadOnly {
			return ReadOnlyText + e.Name
		}
		return "A part of the service does not answer at the moment. Try again in a moment."
	default:
		return internalText
	}
}

func unauthenticatedText(reason problem.Reason) string {
	if reason == problem.ReasonTokenInvalid {
		return "The token is not valid, or no longer. Sign in again."
	}
	return "This call needs an identity. Sign in and send the token as bearer authorization."
}

func fixes(violations []problem.Violation) string {
	sentences := make([]string, len(violations))
	for i, v := range violations {
		sentences[i] = v.Field + ": " + v.Fix
	}
	return strings.Join(sentences, " ")
}

// resourceType is the collection a resource lies in: its last but one segment.
func resourceType(name string) string {
	segments := strings.Split(name, "/")
	if len(segments) < 2 {
		return ""
	}
	return segments[len(segments)-2]
}

func badRequest(violations []problem.Violation) *errdetails.BadRequest {
	detail := &errdetails.BadRequest{}
	for _, v := range violations {
		detail.FieldViolations = append(detail.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: v.Field, Reason: v.Rule, Description: v.Fix,
		})
	}
	return detail
}

func preconditionFailure(violations []problem.Violation) *errdetails.PreconditionFailure {
	detail := &errdetails.PreconditionFailure{}
	for _, v := range violations {
		detail.Violations = append(detail.Violations, &errdetails.PreconditionFailure_Violation{
			Type: v.Rule, Subject: v.Field, Description: v.Fix,
		})
	}
	return detail
}

func retryInfo(after time.Duration) *errdetails.RetryInfo {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(after)}
}

// build makes the status; ErrorInfo comes first and RequestInfo last.
func build(ctx context.Context, code codes.Code, reason problem.Reason, text string, details ...protoadapt.MessageV1) error {
	all := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: string(reason), Domain: Domain}}
	all = append(all, details...)
	if id := requestid.From(ctx); id != "" {
		all = append(all, &errdetails.RequestInfo{RequestId: id})
	}
	s := status.New(code, text)
	if detailed, err := s.WithDetails(all...); err == nil { // fails for codes.OK only
		s = detailed
	}
	return s.Err()
}
