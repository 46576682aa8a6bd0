package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestAReviewMovesOnlyAlongItsWay(t *testing.T) {
	legal := map[review.State]map[review.Step]review.State{
		review.Assigned: {review.DeclareNone: review.Scoring, review.DeclareConflict: review.Recused},
		review.Scoring:  {review.DeclareConflict: review.Recused, review.Update: review.Scoring, review.Finalize: review.Final},
		review.Final:    {}, review.Recused: {},
	}
	steps := []review.Step{review.DeclareNone, review.DeclareConflict, review.Update, review.Finalize}
	rapid.Check(t, func(t *rapid.T) {
		r := review.Review{Name: "r", State: review.Assigned}
		declared := false
		for _, step := range rapid.SliceOfN(rapid.SampledFrom(steps), 1, 12).Draw(t, "steps") {
			before := r
			require.Len(t, r.State.Steps(), len(legal[r.State]))
			to, allowed := legal[r.State][step]
			err := r.Move(step)
			if !allowed {
				require.True(t, problem.Is(err, problem.KindPrecondition))
				require.Equal(t, before, r)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, to, r.State)
			declared = declared || step == review.DeclareNone
			require.True(t, declared || r.State == review.Recused, "nothing is scored before the declaration")
		}
	})
}

func TestPointsAreCollectedByCriterion(t *testing.T) {
	points := review.Points([]string{"a", "b"}, []review.Review{
		{Scores: []review.Score{{Criterion: "b", Points: 1}, {Criterion: "a", Points: 3}}},
		{Scores: []review.Score{{Criterion: "a", Points: 2}, {Criterion: "gone", Points: 9}}},
	})
	require.Equal(t, [][]int{{3, 2}, {1}}, points)
}
