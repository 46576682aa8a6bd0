package result_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/builtin"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

// closedCampaign stores a closed campaign with 12 answers for each of n schools,
// and returns the service that publishes it.
func closedCampaign(t *testing.T, n int) (*result.Service, *store.Results) {
	t.Helper()
	db, c := kittest.SQLite(t, "assessments", store.Migrations()), clock.NewFake(monday)
	frameworks, instruments := store.NewFrameworks(db, c), store.NewInstruments(db, c)
	require.NoError(t, builtin.Load(kittest.All(t), framework.NewService(frameworks, c), instrument.NewService(instruments, frameworks, c)))
	wave := campaign.Campaign{
		District: "d1", ID: "fall", Title: "Fall", InstrumentVersion: "instruments/family-survey/versions/1",
		FrameworkVersion: "frameworks/national-standards/versions/2022", Cycle: "cycles/2026-27", Wave: 1, Mode: campaign.Token, State: campaign.Closed, Version: 1,
	}
	var records []response.Record
	for s := range n {
		school := fmt.Sprintf("s%d", s)
		wave.Schools = append(wave.Schools, campaign.School{ID: school, Title: school})
		for i := range 12 {
			id := fmt.Sprintf("%s-%d", school, i)
			records = append(records, response.Record{
				ID: id, District: "d1", Campaign: "fall", School: school, ReceiptKey: id, Receipt: id, Day: monday,
				Answers: []response.Answer{{Item: "welcome-q1", Option: "4"}},
			})
		}
	}
	require.NoError(t, store.NewCampaigns(db, c).AddCampaign(kittest.All(t), wave))
	answers := store.NewResponses(db, c)
	require.NoError(t, answers.Tx(kittest.All(t), func(ctx context.Context) error { return answers.Save(ctx, records) }))
	results := store.NewResults(db, c)
	maker := rollup.NewMaker(store.NewRollUps(db, c), instruments, frameworks, policy.NewService(store.NewPolicies(db, c), c))
	return result.NewService(results, maker, instruments, frameworks, store.NewSelfAssessments(db, c), directory{&facts{}}, c), results
}

func TestPublishingBeginsAgainUntilTheReleaseIsReadable(t *testing.T) {
	const schools = 4
	s, kept := closedCampaign(t, schools)
	c, err := kept.Campaign(kittest.All(t), "d1", "fall")
	require.NoError(t, err)
	require.NoError(t, s.Prepare(kittest.All(t), c, "op"))
	crash := errors.New("the process ended")
	released := 0
	finish := func(context.Context, result.Release) error { released++; return nil }
	goOn := func(string, int, int, int64) error { return nil }

	for _, at := range []string{rollup.Counting, rollup.Protecting, rollup.Auditing, rollup.Writing} {
		_, err := s.Publish(kittest.All(t), "d1", "fall", "op", func(phase string, _, _ int, _ int64) error {
			if phase == at {
				return crash
			}
			return nil
		}, finish)
		require.ErrorIs(t, err, crash, at)
	}
	_, err = s.Publish(kittest.All(t), "d1", "fall", "op", goOn, func(context.Context, result.Release) error { return crash })
	require.ErrorIs(t, err, crash)
	_, err = kept.NewestSufficient(kittest.All(t), "d1", "s0")
	require.True(t, problem.Is(err, problem.KindNotFound), "nothing can be read before the release")

	r, err := s.Publish(kittest.All(t), "d1", "fall", "op", goOn, finish)
	require.NoError(t, err)
	require.Equal(t, 1, released)
	require.Equal(t, 1, r.Round)
	again, err := s.Publish(kittest.All(t), "d1", "fall", "op", nil, nil)
	require.NoError(t, err)
	require.Equal(t, r, again, "published once")
	got, err := kept.NewestSufficient(kittest.All(t), "d1", "s0")
	require.NoError(t, err)
	require.Equal(t, r.ID, got.Release)
	require.True(t, got.Table.UnitProven)
	require.Equal(t, result.Count{Shown: true, Value: 12}, got.Table.Responses)
	require.Equal(t, result.Measure{Shown: true, Value: 1}, got.Table.Items[0].FavorableShare, "all twelve agree with the first item")

	_, err = s.Publishable(kittest.All(t), "d1", "fall", "")
	require.True(t, problem.Is(err, problem.KindPrecondition), "nobody answered since")
}
