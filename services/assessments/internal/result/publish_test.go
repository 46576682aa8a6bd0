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
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
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
	return result.NewService(results, instruments, frameworks, store.NewSelfAssessments(db, c), &facts{}, c), results
}

func TestPublishingGoesOnAfterTheLastSchool(t *testing.T) {
	const schools = 4
	s, kept := closedCampaign(t, schools)
	crash := errors.New("the process ended")
	released := 0
	finish := func(context.Context, result.Release) error { released++; return nil }
	counted := func() int {
		ids, err := kept.Counted(kittest.All(t), "d1", "fall")
		require.NoError(t, err)
		return len(ids)
	}

	steps := 0
	_, err := s.Publish(kittest.All(t), "d1", "fall", func(_ context.Context, done, total int) error {
		require.Equal(t, schools, total)
		if done == 3 {
			return crash
		}
		steps++
		return nil
	}, finish)
	require.ErrorIs(t, err, crash)
	require.Equal(t, 2, counted(), "the school whose progress was not recorded has no result")
	_, err = kept.NewestSufficient(kittest.All(t), "d1", "s0")
	require.True(t, problem.Is(err, problem.KindNotFound), "nothing can be read before the release")

	_, err = s.Publish(kittest.All(t), "d1", "fall", func(context.Context, int, int) error { steps++; return nil },
		func(context.Context, result.Release) error { return crash })
	require.ErrorIs(t, err, crash)
	require.Equal(t, schools, counted())

	r, err := s.Publish(kittest.All(t), "d1", "fall", func(context.Context, int, int) error { steps++; return nil }, finish)
	require.NoError(t, err)
	require.Equal(t, schools, steps, "each school was counted once")
	require.Equal(t, 1, released)
	again, err := s.Publish(kittest.All(t), "d1", "fall", nil, nil)
	require.NoError(t, err)
	require.Equal(t, r, again, "published once")
	got, err := kept.NewestSufficient(kittest.All(t), "d1", "s0")
	require.NoError(t, err)
	require.Equal(t, r.ID, got.Release)
	require.True(t, got.Table.UnitProven)
}
