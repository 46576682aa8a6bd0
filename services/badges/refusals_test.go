package badges_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// broken is one violation of a refusal.
type broken struct{ field, rule string }

// refused checks code and reason of a refusal and returns its violations.
func refused(t testing.TB, err error, code codes.Code, reason problem.Reason) []broken {
	t.Helper()
	require.Error(t, err)
	st := status.Convert(err)
	require.Equal(t, code, st.Code(), st.Message())
	require.Equal(t, reason, apierr.Reason(err), st.Message())
	var out []broken
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				require.NotEmpty(t, v.GetDescription(), "a fix for %s", v.GetField())
				out = append(out, broken{v.GetField(), v.GetReason()})
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				require.NotEmpty(t, v.GetDescription(), "a fix for %s", v.GetSubject())
				out = append(out, broken{v.GetSubject(), v.GetType()})
			}
		}
	}
	return out
}

func invalid(t testing.TB, err error, want ...broken) {
	t.Helper()
	require.ElementsMatch(t, want, refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid))
}

func wrongState(t testing.TB, err error, rule string) {
	t.Helper()
	got := refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong)
	require.Len(t, got, 1)
	require.Equal(t, rule, got[0].rule)
}

func conflictOfInterest(t testing.TB, err error, rules ...string) {
	t.Helper()
	got := refused(t, err, codes.FailedPrecondition, problem.ReasonConflictOfInterest)
	require.Len(t, got, len(rules))
	for i, rule := range rules {
		require.Equal(t, rule, got[i].rule)
	}
}

func unknown(t testing.TB, err error) {
	t.Helper()
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
}

func denied(t testing.TB, err error) {
	t.Helper()
	refused(t, err, codes.PermissionDenied, problem.ReasonRoleInsufficient)
}

func stale(t testing.TB, err error) {
	t.Helper()
	refused(t, err, codes.Aborted, problem.ReasonEtagStale)
}
