package trail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/badges/internal/trail"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const won = memory.School + "/awards/w1"

// revised is an award won in the second round, after the first asked for a revision.
func revised(t *testing.T) *memory.Store {
	t.Helper()
	s := memory.Loaded(t)
	ctx := t.Context()
	const a = memory.Application
	require.NoError(t, s.InsertApplication(ctx, application.Application{
		Name: a, State: application.Awarded, Round: 2, Edition: memory.Edition, RubricVersion: memory.Guide, Snapshot: a + "/snapshots/2",
	}))
	for _, round := range []string{"1", "2"} {
		require.NoError(t, s.InsertSnapshot(ctx, application.Snapshot{Name: a + "/snapshots/" + round, Digest: "digest " + round}))
	}
	for _, r := range []review.Review{
		{Name: "1a", Reviewer: "people/r1", Round: 1, State: review.Final},
		{Name: "1b", Reviewer: "people/r2", Round: 1, State: review.Final},
		{Name: "2a", Reviewer: "people/r1", Round: 2, State: review.Final},
		{Name: "2b", Reviewer: "people/r3", Round: 2, State: review.Final},
		{Name: "2c", Reviewer: "people/r4", Round: 2, State: review.Recused},
		{Name: "2d", Reviewer: "people/r5", Round: 2, State: review.Scoring},
	} {
		r.Application = a
		require.NoError(t, s.InsertReview(ctx, r))
	}
	require.NoError(t, s.InsertDecision(ctx, decision.Decision{Name: a + "/decisions/d1", Application: a, Round: 1, Outcome: decision.Revise, Approved: true}))
	require.NoError(t, s.InsertDecision(ctx, decision.Decision{Name: a + "/decisions/d2", Application: a, Round: 2, Outcome: decision.Award, Approved: true}))
	require.NoError(t, s.InsertAward(ctx, award.Award{
		Name: won, Application: a, Decision: a + "/decisions/d2", Credential: "credentials/c1", Edition: memory.Edition,
	}))
	require.NoError(t, s.InsertCredential(ctx, award.Credential{Name: "credentials/c1", Award: won, Digest: "signed"}))
	return s
}

func TestTheTrailOfARevisedApplicationIsThatOfTheDecidingRound(t *testing.T) {
	s := revised(t)
	got, err := trail.NewReader(s).Read(t.Context(), caller.Caller{Staff: true}, won)
	require.NoError(t, err)
	require.Equal(t, won, got.Award.Name)
	require.Equal(t, "signed", got.Credential.Digest)
	require.Equal(t, memory.Application+"/decisions/d2", got.Decision.Name)
	require.Equal(t, "digest 2", got.Snapshot.Digest)
	require.Equal(t, memory.Edition, got.Edition.Name)
	require.Equal(t, memory.Guide, got.Guide.Name)
	var reviews, reviewers []string
	for _, r := range got.Reviews {
		reviews, reviewers = append(reviews, r.Name), append(reviewers, r.Reviewer)
	}
	require.Equal(t, []string{"2a", "2b"}, reviews, "final ones of the deciding round only")
	require.Equal(t, []string{"people/r1", "people/r3"}, reviewers)
}

func TestWhoReviewedIsToldToTheOfficeOnly(t *testing.T) {
	s := revised(t)
	got, err := trail.NewReader(s).Read(t.Context(), caller.Caller{Person: "people/pat", Reader: true}, won)
	require.NoError(t, err)
	require.Len(t, got.Reviews, 2)
	for _, r := range got.Reviews {
		require.Empty(t, r.Reviewer)
	}
	kept, err := s.Review(t.Context(), "2a")
	require.NoError(t, err)
	require.Equal(t, "people/r1", kept.Reviewer, "what is stored stays")
}

func TestATrailWithAGapIsAnErrorAndNotHalfATrail(t *testing.T) {
	_, err := trail.NewReader(memory.New()).Read(t.Context(), caller.Caller{}, won)
	require.True(t, problem.Is(err, problem.KindNotFound))
	for name, lost := range map[string]award.Award{
		"application": {Application: "gone", Credential: "credentials/c1", Decision: memory.Application + "/decisions/d2", Edition: memory.Edition},
		"credential":  {Application: memory.Application, Credential: "gone", Decision: memory.Application + "/decisions/d2", Edition: memory.Edition},
		"decision":    {Application: memory.Application, Credential: "credentials/c1", Decision: "gone", Edition: memory.Edition},
		"edition":     {Application: memory.Application, Credential: "credentials/c1", Decision: memory.Application + "/decisions/d2", Edition: "gone"},
	} {
		s := revised(t)
		lost.Name = won + name
		require.NoError(t, s.InsertAward(t.Context(), lost))
		_, err := trail.NewReader(s).Read(t.Context(), caller.Caller{}, lost.Name)
		require.True(t, problem.Is(err, problem.KindNotFound), name)
	}
}
