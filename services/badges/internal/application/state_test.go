package application_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func steps() []application.Step {
	return []application.Step{
		application.Submit, application.Resubmit, application.Withdraw, application.AssignReviewers,
		application.FinishReviews, application.Award, application.Revise, application.Decline,
	}
}

// legal is the state machine once more, written down as a person would draw it.
func legal() map[application.State]map[application.Step]application.State {
	return map[application.State]map[application.Step]application.State{
		application.Draft: {application.Submit: application.InSubmission, application.Withdraw: application.WithdrawnState},
		application.InSubmission: {
			application.AssignReviewers: application.InReview, application.Withdraw: application.WithdrawnState,
		},
		application.InReview: {
			application.AssignReviewers: application.InReview, application.FinishReviews: application.Reviewed,
			application.Withdraw: application.WithdrawnState,
		},
		application.Reviewed: {
			application.Award: application.Awarded, application.Revise: application.RevisionRequested,
			application.Decline: application.Declined, application.Withdraw: application.WithdrawnState,
		},
		application.RevisionRequested: {
			application.Resubmit: application.InSubmission, application.Withdraw: application.WithdrawnState,
		},
		application.Awarded: {}, application.Declined: {}, application.WithdrawnState: {},
	}
}

func TestOnlyLegalStepsHappenAndRefusedOnesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := application.Application{Name: "districts/d/schools/s/applications/a", State: application.Draft}
		for _, step := range rapid.SliceOfN(rapid.SampledFrom(steps()), 1, 30).Draw(t, "steps") {
			before := a
			to, allowed := legal()[a.State][step]
			require.Equal(t, allowed, a.Allow(step) == nil)
			require.Equal(t, before, a, "asking changes nothing")
			err := a.Move(step)
			if allowed {
				require.NoError(t, err)
				require.Equal(t, to, a.State)
				continue
			}
			p, ok := problem.As(err)
			require.True(t, ok)
			require.Equal(t, problem.ReasonStateWrong, p.Reason)
			require.Contains(t, p.Violations[0].Fix, string(step))
			require.Equal(t, before, a)
		}
	})
}

func TestStepsListsWhatTheStateAllows(t *testing.T) {
	for state, allowed := range legal() {
		require.Len(t, state.Steps(), len(allowed), state)
		for _, step := range state.Steps() {
			require.Contains(t, allowed, step)
		}
		require.Equal(t, len(allowed) == 0, state.Closed(), state)
	}
}

func TestNothingLeadsOutOfAClosedState(t *testing.T) {
	for state := range legal() {
		if state.Closed() {
			require.False(t, slices.ContainsFunc(steps(), func(s application.Step) bool {
				return application.Application{State: state}.Allow(s) == nil
			}), state)
		}
	}
}
