package problem_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestEachConstructorSetsKindAndReason(t *testing.T) {
	violation := problem.Violation{Field: "title", Rule: "required", Fix: "Give a title."}
	cases := map[string]struct {
		err    error
		kind   problem.Kind
		reason problem.Reason
		name   string
		retry  time.Duration
	}{
		"invalid":         {problem.Invalid(violation), problem.KindInvalid, problem.ReasonFieldInvalid, "", 0},
		"not found":       {problem.NotFound("teams/t"), problem.KindNotFound, problem.ReasonResourceNotFound, "teams/t", 0},
		"exists":          {problem.AlreadyExists("teams/t"), problem.KindAlreadyExists, problem.ReasonResourceExists, "teams/t", 0},
		"precondition":    {problem.Precondition(problem.ReasonHasChildren, violation), problem.KindPrecondition, problem.ReasonHasChildren, "", 0},
		"stale":           {problem.Stale("teams/t"), problem.KindAborted, problem.ReasonEtagStale, "teams/t", 0},
		"conflict":        {problem.Conflict("busy"), problem.KindAborted, problem.ReasonConflict, "busy", 100 * time.Millisecond},
		"denied":          {problem.Denied("teams.create"), problem.KindDenied, problem.ReasonRoleInsufficient, "teams.create", 0},
		"unauthenticated": {problem.Unauthenticated(problem.ReasonTokenInvalid), problem.KindUnauthenticated, problem.ReasonTokenInvalid, "", 0},
		"exhausted":       {problem.Exhausted("uploads", time.Minute), problem.KindExhausted, problem.ReasonLimitExceeded, "uploads", time.Minute},
		"unavailable":     {problem.Unavailable("bus"), problem.KindUnavailable, problem.ReasonUnavailable, "bus", time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			wrapped := fmt.Errorf("form team: %w", c.err)
			e, ok := problem.As(wrapped)
			require.True(t, ok)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, c.reason, e.Reason)
			require.Equal(t, c.name, e.Name)
			require.Equal(t, c.retry, e.Retry)
			require.True(t, problem.Is(wrapped, c.kind))
			require.False(t, problem.Is(wrapped, problem.KindInternal))
		})
	}
}

func TestAllViolationsAreKept(t *testing.T) {
	err := problem.Invalid(
		problem.Violation{Field: "title", Rule: "required", Fix: "Give a title."},
		problem.Violation{Field: "goal.text", Rule: "too_long", Fix: "Use up to 500 characters."},
	)
	e, _ := problem.As(err)
	require.Len(t, e.Violations, 2)
	require.Equal(t, `field_invalid: title breaks required; goal.text breaks too_long`, err.Error())
}

func TestCauseIsAttachedToACopyAndFound(t *testing.T) {
	cause := errors.New("disk full")
	original := problem.NotFound("teams/t")

	err := problem.WithCause(fmt.Errorf("read: %w", original), cause)
	require.ErrorIs(t, err, cause)
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.NotErrorIs(t, original, cause)
	require.Equal(t, `resource_not_found "teams/t": disk full`, err.Error())

	foreign := problem.WithCause(errors.New("other"), cause)
	require.ErrorIs(t, foreign, cause)
	require.False(t, problem.Is(foreign, problem.KindNotFound))
}

func TestOtherErrorsAreNotDomainErrors(t *testing.T) {
	_, ok := problem.As(errors.New("other"))
	require.False(t, ok)
	require.False(t, problem.Is(nil, problem.KindInvalid))
}
