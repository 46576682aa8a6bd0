package portfolio_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
)

// memory is a store of one journey.
type memory struct {
	version   int64
	items     []portfolio.Item
	manifests []portfolio.Manifest
	events    []any
}

func (m *memory) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (m *memory) Version(context.Context, portfolio.Journey) (int64, error) { return m.version, nil }

func (m *memory) Items(context.Context, portfolio.Journey) ([]portfolio.Item, error) {
	return slices.Clone(m.items), nil
}

func (m *memory) Newest(context.Context, portfolio.Journey) (portfolio.Manifest, bool, error) {
	if len(m.manifests) == 0 {
		return portfolio.Manifest{}, false, nil
	}
	return m.manifests[len(m.manifests)-1], true, nil
}

func (m *memory) AddManifest(_ context.Context, manifest portfolio.Manifest) error {
	m.manifests, m.version = append(m.manifests, manifest), m.version+1
	return nil
}

func (m *memory) Manifest(_ context.Context, _ portfolio.Journey, id string) (portfolio.Manifest, error) {
	for _, one := range m.manifests {
		if one.ID == id {
			return one, nil
		}
	}
	return portfolio.Manifest{}, problem.NotFound(id)
}

func (m *memory) Manifests(context.Context, portfolio.Journey, int64, int) ([]portfolio.Manifest, error) {
	return m.manifests, nil
}

func (m *memory) Emit(_ context.Context, event any) error {
	m.events = append(m.events, event)
	return nil
}

// journeys are those that exist.
type journeys []string

func (j journeys) HasJourney(_ context.Context, name string) (bool, error) {
	return slices.Contains(j, name), nil
}

func journey() portfolio.Journey {
	return portfolio.Journey{District: "0880", School: "0010", Team: "t", ID: "j"}
}

func service(m *memory) *portfolio.Service {
	return portfolio.NewService(m, journeys{journey().Name()}, clock.NewFake(time.Date(2026, 9, 1, 15, 0, 0, 0, time.UTC)))
}

func item(n int, date string, groups ...int) portfolio.Item {
	e := sample(n)
	e.OccurDate, e.Indicator = date, "welcome-"+strconv.Itoa(n%2)
	return portfolio.Item{Entry: e, Groups: groups}
}

func TestPortfolioTellsWhatTheEvidenceCovers(t *testing.T) {
	m := &memory{version: 3, items: []portfolio.Item{item(2, "2026-08-20", 2, 3), item(1, "2026-08-01", 2), item(3, "2026-08-30", 1)}}
	p, err := service(m).Get(t.Context(), journey())
	require.NoError(t, err)
	require.Equal(t, portfolio.Portfolio{
		Journey: journey(), Artifacts: 3, FirstDate: "2026-08-01", LastDate: "2026-08-30", Steps: []string{sample(0).Step},
		Indicators: []string{"welcome-0", "welcome-1"}, Groups: []int{1, 2, 3}, Version: 3,
	}, p)
}

func TestPortfolioOfAJourneyWithoutEvidenceIsEmpty(t *testing.T) {
	p, err := service(&memory{}).Get(t.Context(), journey())
	require.NoError(t, err)
	require.Equal(t, portfolio.Portfolio{Journey: journey()}, p)
}

func TestNothingOfAJourneyThatDoesNotExistIsFound(t *testing.T) {
	s, unknown := service(&memory{}), portfolio.Journey{District: "0880", School: "0010", Team: "t", ID: "none"}
	_, err := s.Get(t.Context(), unknown)
	require.Equal(t, problem.NotFound(unknown.Portfolio()), err)
	_, err = s.Freeze(t.Context(), unknown, "")
	require.Equal(t, problem.NotFound(unknown.Portfolio()), err)
	_, err = s.Manifests(t.Context(), unknown, 0, 10)
	require.Equal(t, problem.NotFound(unknown.Portfolio()), err)
}

func TestEmptyPortfolioIsNotFrozen(t *testing.T) {
	m := &memory{}
	_, err := service(m).Freeze(t.Context(), journey(), "")
	e, ok := problem.As(err)
	require.True(t, ok)
	require.Equal(t, problem.ReasonNotEligible, e.Reason)
	require.Equal(t, "evidence-exists", e.Violations[0].Rule)
	require.Empty(t, m.manifests)
	require.Empty(t, m.events)
}

func TestManifestsAreChainedAndRepeatedOnlyAfterAChange(t *testing.T) {
	m := &memory{version: 1, items: []portfolio.Item{item(1, "2026-08-01", 2)}}
	s := service(m)
	first, err := s.Freeze(t.Context(), journey(), "")
	require.NoError(t, err)
	require.Empty(t, first.Previous)
	again, err := s.Freeze(t.Context(), journey(), "")
	require.NoError(t, err)
	require.Equal(t, first, again)

	m.items = append(m.items, item(0, "2026-08-02", 1))
	second, err := s.Freeze(t.Context(), journey(), "")
	require.NoError(t, err)
	require.Equal(t, first.Digest, second.Previous)
	require.NotEqual(t, first.Digest, second.Digest)
	require.Equal(t, []any{portfolio.FrozenEvent{Manifest: first}, portfolio.FrozenEvent{Manifest: second}}, m.events)

	m.items = m.items[:1]
	third, err := s.Freeze(t.Context(), journey(), "")
	require.NoError(t, err)
	require.Equal(t, first.Digest, third.Digest, "what is listed is the same again")
	require.Equal(t, second.Digest, third.Previous, "but the history goes on")
}

func TestStaleEtagFreezesNothing(t *testing.T) {
	m := &memory{version: 2, items: []portfolio.Item{item(1, "2026-08-01", 2)}}
	_, err := service(m).Freeze(t.Context(), journey(), `"1"`)
	require.Equal(t, problem.Stale(journey().Portfolio()), err)
	require.Empty(t, m.manifests)
}

func TestManifestDoesNotDependOnTheOrderOfRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var items []portfolio.Item
		for _, e := range drawEntries(t) {
			items = append(items, portfolio.Item{Entry: e})
		}
		one := &memory{version: 1, items: items}
		other := &memory{version: 1, items: rapid.Permutation(items).Draw(t, "order")}
		a, err := service(one).Freeze(t.Context(), journey(), "")
		require.NoError(t, err)
		b, err := service(other).Freeze(t.Context(), journey(), "")
		require.NoError(t, err)
		require.Equal(t, a.Digest, b.Digest)
		require.Equal(t, a.Entries, b.Entries)
	})
}
