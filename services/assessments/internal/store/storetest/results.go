package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

// resultOf is a result of d1 in a release.
func resultOf(id, release, c, school string, sufficient bool, at time.Time) result.Result {
	return result.Result{
		District: "d1", School: school, ID: id, Release: release, Campaign: c, Cycle: "cycles/2026", Wave: 1, FrameworkVersion: "frameworks/f/versions/1",
		Digest: "d" + id, CreateTime: at, Minimum: 12,
		Table: result.Table{Responses: result.Count{Shown: sufficient, Value: 12}, Standards: []result.StandardResult{{Standard: "a", Low: 1, High: 5}}},
	}
}

func results(t *testing.T, db *sqldb.DB) {
	s := store.NewResults(db, clock.NewFake(now))
	openCampaign(t, db, "c1")
	openCampaign(t, db, "c2")
	release := func(id, c string, round int, at time.Time, results ...result.Result) {
		t.Helper()
		r := result.Release{District: "d1", ID: id, Campaign: c, Round: round, Schools: len(results), Minimum: 12, Epsilon: 250_000, Digest: "x", CreateTime: at}
		in(t, db, func(ctx context.Context) error { return s.AddRelease(ctx, r, results) })
		got, err := s.GetRelease(kittest.All(t), "d1", id)
		require.NoError(t, err)
		require.Equal(t, r, got)
	}
	_, err := s.NewestSufficient(kittest.All(t), "d1", "oak")
	kind(t, problem.KindNotFound, err)

	first, second := now.Add(time.Hour), now.Add(2*time.Hour)
	r1 := resultOf("r1", "rel1", "c1", "oak", true, first)
	release("rel1", "c1", 1, first, r1, resultOf("r2", "rel1", "c1", "elm", false, first))
	got, err := s.Result(kittest.All(t), "d1", "oak", "r1")
	require.NoError(t, err)
	require.Equal(t, r1, got)
	in(t, db, func(ctx context.Context) error { return s.Released(ctx, got) })
	require.Equal(t, 1, outboxed(t, db, "ResultsReleased"))
	kind(t, problem.KindAlreadyExists, db.Tx(kittest.All(t), func(ctx context.Context) error {
		return s.AddRelease(ctx, result.Release{District: "d1", ID: "again", Campaign: "c1", Round: 1}, nil)
	}))

	release("rel2", "c2", 1, second, resultOf("r0", "rel2", "c2", "oak", false, second))
	release("rel3", "c1", 2, second, resultOf("r3", "rel3", "c1", "elm", true, second))
	list, err := s.Results(kittest.All(t), "d1", "oak", result.Position{}, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"r0", "r1"}, []string{list[0].ID, list[1].ID}, "the newest first")
	list, err = s.Results(kittest.All(t), "d1", "oak", result.Position{CreateTime: list[0].CreateTime, ID: list[0].ID}, 10)
	require.NoError(t, err)
	require.Equal(t, []result.Result{r1}, list)
	for school, want := range map[string]string{"oak": "r1", "elm": "r3"} {
		newest, err := s.NewestSufficient(kittest.All(t), "d1", school)
		require.NoError(t, err)
		require.Equal(t, want, newest.ID)
	}
	seen := func(school, after string) (ids []string) {
		list, err := s.Releases(kittest.All(t), "d1", campaign.Viewer{Schools: []string{school}}, after, 10)
		require.NoError(t, err)
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		return ids
	}
	require.Equal(t, []string{"rel2", "rel3"}, seen("oak", "rel1"))
	require.Empty(t, seen("ash", ""))
}
