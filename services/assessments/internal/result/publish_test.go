package result_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
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
	return closedCampaignBy(t, n, policy.Policy{}.InForce(), nil)
}

// rules are a policy that nobody changes.
type rules policy.Policy

func (r rules) Policy(context.Context) (policy.Policy, error) { return policy.Policy(r), nil }

// closedCampaignBy is published by these rules, with noise of this source.
func closedCampaignBy(t *testing.T, n int, p policy.Policy, random io.Reader) (*result.Service, *store.Results) {
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
	maker := rollup.NewMaker(store.NewRollUps(db, c), instruments, frameworks, rules(p)).WithRandomness(random)
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

// broken has no randomness.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

// TestNoiseIsKeptWithTheReleaseOrNotAtAll cuts noisy publications off at every point.
func TestNoiseIsKeptWithTheReleaseOrNotAtAll(t *testing.T) {
	noisy := policy.Policy{EpsilonTotal: 3}.InForce()
	begin := func(random io.Reader) (*result.Service, *store.Results) {
		s, kept := closedCampaignBy(t, 3, noisy, random)
		c, err := kept.Campaign(kittest.All(t), "d1", "fall")
		require.NoError(t, err)
		require.NoError(t, s.Prepare(kittest.All(t), c, "op"))
		return s, kept
	}
	goOn := func(string, int, int, int64) error { return nil }
	finish := func(context.Context, result.Release) error { return nil }
	spent := func(kept *store.Results) rollup.Spent {
		out, err := kept.Spent(kittest.All(t), "d1", "fall")
		require.NoError(t, err)
		return out
	}

	s, kept := begin(broken{})
	_, err := s.Publish(kittest.All(t), "d1", "fall", "op", goOn, finish)
	require.ErrorContains(t, err, "no entropy")
	require.Zero(t, spent(kept))

	s, kept = begin(rand.NewChaCha8([32]byte{1}))
	crash := errors.New("the process ended")
	_, err = s.Publish(kittest.All(t), "d1", "fall", "op", goOn, func(context.Context, result.Release) error { return crash })
	require.ErrorIs(t, err, crash)
	require.Zero(t, spent(kept), "nothing is spent on what nobody can read")
	r, err := s.Publish(kittest.All(t), "d1", "fall", "op", goOn, finish)
	require.NoError(t, err)
	require.Equal(t, release.One, r.Epsilon)
	require.Equal(t, rollup.Spent{All: release.One, Own: release.One}, spent(kept))
	before, err := kept.Pages(kittest.All(t), "d1", r.ID)
	require.NoError(t, err)
	again, err := s.Publish(kittest.All(t), "d1", "fall", "op", goOn, finish)
	require.NoError(t, err)
	require.Equal(t, r, again)
	after, err := kept.Pages(kittest.All(t), "d1", r.ID)
	require.NoError(t, err)
	require.Equal(t, before, after, "drawn once")
	require.Equal(t, release.One, spent(kept).All)

	s, kept = begin(nil)
	_, err = s.Publish(kittest.All(t), "d1", "fall", "op", func(phase string, _, _ int, _ int64) error {
		if phase != rollup.Writing {
			return nil
		}
		return kept.Spend(kittest.All(t), "other", []rollup.Charge{{District: "d1", Campaign: "fall", Epsilon: 3 * release.One, Statewide: true}})
	}, finish)
	require.True(t, problem.Is(err, problem.KindPrecondition), "another release spent it in between: %v", err)
	_, err = kept.NewestSufficient(kittest.All(t), "d1", "s0")
	require.True(t, problem.Is(err, problem.KindNotFound))
}
