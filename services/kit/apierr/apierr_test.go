package apierr_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"buf.build/go/protovalidate"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

func withID() context.Context { return requestid.With(context.Background(), "r1") }

// TestErrorMap has a row for each row of the error map.
func TestErrorMap(t *testing.T) {
	title := problem.Violation{Field: "title", Rule: "required", Fix: "Give a title."}
	goal := problem.Violation{Field: "goal.text", Rule: "max_len", Fix: "Use up to 500 characters."}
	const team = "districts/d/schools/s/teams/t"
	cases := map[string]struct {
		err    error
		code   codes.Code
		reason problem.Reason
		text   string
		more   []proto.Message
	}{
		"broken field rules, all of them": {
			problem.Invalid(title, goal), codes.InvalidArgument, problem.ReasonFieldInvalid,
			"The request breaks a rule. title: Give a title. goal.text: Use up to 500 characters.",
			[]proto.Message{&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
				{Field: "title", Reason: "required", Description: "Give a title."},
				{Field: "goal.text", Reason: "max_len", Description: "Use up to 500 characters."},
			}}},
		},
		"not found, or outside the caller's scope": {
			problem.NotFound(team), codes.NotFound, problem.ReasonResourceNotFound, `There is no "` + team + `".`,
			[]proto.Message{&errdetails.ResourceInfo{ResourceType: "teams", ResourceName: team}},
		},
		"read-only mode": {
			problem.ReadOnly("The platform moves to another building.", time.Minute), codes.Unavailable, problem.ReasonReadOnly,
			"Nothing can be changed at the moment, while everything can be looked at. The platform moves to another building.",
			[]proto.Message{&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Minute)}},
		},
		"a taken name": {
			problem.AlreadyExists(team), codes.AlreadyExists, problem.ReasonResourceExists, `"` + team + `" exists already. Choose another id.`,
			[]proto.Message{&errdetails.ResourceInfo{ResourceType: "teams", ResourceName: team}},
		},
		"a wrong state": {
			problem.Precondition(problem.ReasonNotEligible, problem.Violation{Field: team, Rule: "two_groups", Fix: "Add a family member."}),
			codes.FailedPrecondition, problem.ReasonNotEligible, "This cannot be done now. " + team + ": Add a family member.",
			[]proto.Message{&errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{
				{Type: "two_groups", Subject: team, Description: "Add a family member."},
			}}},
		},
		"a stale etag": {
			problem.Stale(team), codes.Aborted, problem.ReasonEtagStale,
			`"` + team + `" has changed since its etag was read. Read it again and repeat the change.`, nil,
		},
		"a serialization failure": {
			problem.Conflict("40001"), codes.Aborted, problem.ReasonConflict, "Another change was made at the same time. Repeat the call.",
			[]proto.Message{&errdetails.RetryInfo{RetryDelay: durationpb.New(100 * time.Millisecond)}},
		},
		"a role that does not allow it": {
			problem.Denied("teams.create"), codes.PermissionDenied, problem.ReasonRoleInsufficient,
			`None of your roles here allows "teams.create". Ask who runs the program in your district.`, nil,
		},
		"no identity": {
			problem.Unauthenticated(problem.ReasonIdentityMissing), codes.Unauthenticated, problem.ReasonIdentityMissing,
			"This call needs an identity. Sign in and send the token as bearer authorization.", nil,
		},
		"a bad identity": {
			problem.Unauthenticated(problem.ReasonTokenInvalid), codes.Unauthenticated, problem.ReasonTokenInvalid,
			"The token is not valid, or no longer. Sign in again.", nil,
		},
		"a reached limit": {
			problem.Exhausted("uploads per hour", time.Minute), codes.ResourceExhausted, problem.ReasonLimitExceeded,
			`The limit "uploads per hour" is reached. Use less of it, or try again later.`,
			[]proto.Message{&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Minute)}},
		},
		"a dependency that is away": {
			problem.Unavailable("bus at 10.0.0.7"), codes.Unavailable, problem.ReasonUnavailable,
			"A part of the service does not answer at the moment. Try again in a moment.",
			[]proto.Message{&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}},
		},
		"a passed deadline": {
			fmt.Errorf("read rows: %w", context.DeadlineExceeded), codes.DeadlineExceeded, problem.ReasonDeadlineExceeded,
			"The deadline passed before the answer was ready. Try again, with a longer deadline if it stays.", nil,
		},
		"a cancelled call": {
			fmt.Errorf("read rows: %w", context.Canceled), codes.Canceled, problem.ReasonCancelled, "The call was cancelled by its caller.", nil,
		},
		"anything else": {
			errors.New("pq: password authentication failed for user x"), codes.Internal, problem.ReasonInternal,
			"Something went wrong on our side. Try again later; if it stays, report the request id.", nil,
		},
		"a domain error without a kind": {
			&problem.Error{Name: "secret"}, codes.Internal, problem.ReasonInternal,
			"Something went wrong on our side. Try again later; if it stays, report the request id.", nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := status.Convert(apierr.ToStatus(withID(), fmt.Errorf("form team: %w", c.err)))
			require.Equal(t, c.code, s.Code())
			require.Equal(t, c.text, s.Message())
			want := []any{&errdetails.ErrorInfo{Reason: string(c.reason), Domain: "tandem"}}
			for _, detail := range c.more {
				want = append(want, detail)
			}
			want = append(want, &errdetails.RequestInfo{RequestId: "r1"})
			require.Empty(t, cmp.Diff(want, s.Details(), protocmp.Transform()))
		})
	}
}

func TestNoErrorIsNoStatus(t *testing.T) {
	require.NoError(t, apierr.ToStatus(withID(), nil))
}

func TestCausesStayInside(t *testing.T) {
	err := problem.WithCause(problem.Unavailable("database"), errors.New("dial tcp 10.0.0.7:5432"))
	require.NotContains(t, status.Convert(apierr.ToStatus(withID(), err)).Proto().String(), "10.0.0.7")
}

func TestBrokenProtoRulesBecomeFieldViolations(t *testing.T) {
	invalid := protovalidate.Validate(echo.New(t, `{"text": "far too long"}`))
	require.Error(t, invalid)

	s := status.Convert(apierr.ToStatus(withID(), invalid))
	require.Equal(t, codes.InvalidArgument, s.Code())
	bad, ok := s.Details()[1].(*errdetails.BadRequest)
	require.True(t, ok)
	require.Len(t, bad.GetFieldViolations(), 1)
	require.Equal(t, "text", bad.GetFieldViolations()[0].GetField())
	require.Equal(t, "string.max_len", bad.GetFieldViolations()[0].GetReason())
	require.Equal(t, "Must be at most 10 characters.", bad.GetFieldViolations()[0].GetDescription())
}

func TestStatusesOfPeers(t *testing.T) {
	ours := apierr.ToStatus(withID(), problem.NotFound("teams/t"))
	cases := map[string]struct {
		err    error
		code   codes.Code
		reason problem.Reason
	}{
		"what a peer of the product says is passed on": {fmt.Errorf("ask schools: %w", ours), codes.NotFound, problem.ReasonResourceNotFound},
		"a connection that fails":                      {status.Error(codes.Unavailable, "dial tcp 10.0.0.7:9001"), codes.Unavailable, problem.ReasonUnavailable},
		"a deadline of the transport":                  {status.Error(codes.DeadlineExceeded, "10.0.0.7"), codes.DeadlineExceeded, problem.ReasonDeadlineExceeded},
		"a cancellation of the transport":              {status.Error(codes.Canceled, "10.0.0.7"), codes.Canceled, problem.ReasonCancelled},
		"a method the peer has not":                    {status.Error(codes.Unimplemented, "10.0.0.7"), codes.Unimplemented, problem.ReasonMethodUnknown},
		"a message over the limit":                     {status.Error(codes.ResourceExhausted, "10.0.0.7"), codes.ResourceExhausted, problem.ReasonLimitExceeded},
		"a status that is not of the product":          {status.Error(codes.NotFound, "10.0.0.7"), codes.Internal, problem.ReasonInternal},
		"an unknown error of a peer":                   {status.Error(codes.Unknown, "10.0.0.7"), codes.Internal, problem.ReasonInternal},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := apierr.ToStatus(withID(), c.err)
			require.Equal(t, c.code, status.Code(err))
			require.Equal(t, c.reason, apierr.Reason(err))
			require.NotContains(t, status.Convert(err).Proto().String(), "10.0.0.7")
		})
	}
}

func TestReasonOfForeignErrorsIsEmpty(t *testing.T) {
	require.Empty(t, apierr.Reason(nil))
	require.Empty(t, apierr.Reason(errors.New("x")))
	require.Empty(t, apierr.Reason(status.Error(codes.NotFound, "x")))
}

func TestReasonsEqualThePublishedOnes(t *testing.T) {
	published := map[string]bool{}
	for number, name := range typev1.ErrorReason_name {
		if number != 0 {
			published[name] = true
		}
	}
	known := map[string]bool{}
	for _, reason := range problem.Reasons() {
		known["ERROR_REASON_"+string(reason)] = true
	}
	require.Equal(t, published, known)
}
