package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

var wave = rollup.Wave{Instrument: "i", Cycle: "cycles/2026", Number: 1}

func snapshots(t *testing.T, db *sqldb.DB) {
	s := store.NewRollUps(db, clock.NewFake(now))
	none, err := s.Snapshot(kittest.All(t), "d1", "c1")
	require.NoError(t, err)
	require.Equal(t, rollup.Snapshot{District: "d1", Campaign: "c1"}, none)
	snap := rollup.Snapshot{District: "d1", Campaign: "c1", Round: 1, Schools: map[string]rollup.SnapshotSchool{
		"oak": {Round: 1, Pooled: true, SchoolCounts: rollup.SchoolCounts{
			Counts: rollup.Counts{Answers: 3, Cells: [][]int64{{1, 2}}}, Groups: map[string]rollup.Counts{"language=es": {Answers: 1, Cells: [][]int64{{0, 1}}}},
		}},
	}}
	require.NoError(t, s.SaveSnapshot(kittest.All(t), snap))
	kind(t, problem.KindAlreadyExists, s.SaveSnapshot(kittest.All(t), snap))
	snap.Round = 2
	require.NoError(t, s.SaveSnapshot(kittest.All(t), snap))
	got, err := s.Snapshot(kittest.All(t), "d1", "c1")
	require.NoError(t, err)
	require.Equal(t, snap, got, "the newest")

	plan := rollup.Plan{Round: 2, Districts: []rollup.PlannedDistrict{{ID: "d1", Title: "One", Region: "West", Feeders: []rollup.PlannedFeeder{{ID: "f", Title: "F", Schools: []string{"oak"}}}}}}
	require.NoError(t, s.SavePlan(kittest.All(t), "d1", "op", plan))
	kept, err := s.Plan(kittest.All(t), "d1", "op")
	require.NoError(t, err)
	require.Equal(t, plan, kept)
	_, err = s.Plan(kittest.All(t), "d2", "op")
	kind(t, problem.KindNotFound, err)
}

// cellsOf is a release of two questions, the second with a group.
func cellsOf(district, id string) rollup.Cells {
	whole := []release.Place{{ID: district, Parent: -1, Round: 1}, {ID: district + "/oak", Parent: 0, Round: 1}}
	table := func(question, filter string, places []release.Place, counts ...[]int64) release.Table {
		return release.Table{Population: wave.String() + "/" + question, Of: wave.String(), Filter: filter, Round: 1, Places: places, Categories: []string{"a", "b"}, Counts: counts}
	}
	truth := []release.Table{
		table("q1", "", whole, []int64{4, 20}, []int64{4, 20}), table("q2", "", whole, []int64{12, 12}, []int64{12, 12}),
		table("q2", "language=es", whole[:1], []int64{3, 11}),
	}
	c := rollup.Cells{District: district, Release: id, Wave: wave, Rule: release.Rule{Minimum: 10}, Truth: truth}
	for _, t := range truth {
		p := release.Published{Table: t}
		p.Counts = nil
		for _, row := range t.Counts {
			p.Counts, p.Totals = append(p.Counts, []int64{release.Withheld, row[1]}), append(p.Totals, row[0]+row[1])
		}
		c.Published = append(c.Published, p)
	}
	return c
}

func shelf(t *testing.T, db *sqldb.DB) {
	s := store.NewRollUps(db, clock.NewFake(now))
	one, two := cellsOf("d1", "rel1"), cellsOf("d2", "rel2")
	for _, c := range []rollup.Cells{one, two} {
		in(t, db, func(ctx context.Context) error { return s.SaveCells(ctx, c) })
	}
	got, err := s.Cells(kittest.All(t), "d1", "rel1")
	require.NoError(t, err)
	require.Equal(t, rollup.Cells{District: "d1", Release: "rel1", WaveKey: "i/2026/1", Rule: one.Rule, Published: one.Published}, got, "nothing of what is true")
	_, err = s.Cells(kittest.All(t), "d2", "rel1")
	kind(t, problem.KindNotFound, err)

	own := tenant.With(t.Context(), "d1") // publishing a district takes in what others released
	history, n, err := s.History(own, wave)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Len(t, history, 6)
	require.Equal(t, release.Release{Truth: one.Truth[0], Published: one.Published[0]}, history[0])
	require.Equal(t, release.Release{Truth: two.Truth[2], Published: two.Published[2]}, history[5])
	n, err = s.HistorySize(own, wave)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	told, n, err := s.Told(own, wave.String())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, append(one.Published, two.Published...), told)
	other := wave
	other.Number = 2
	n, err = s.HistorySize(own, other)
	require.NoError(t, err)
	require.Zero(t, n)
}

func ledger(t *testing.T, db *sqldb.DB) {
	s := store.NewRollUps(db, clock.NewFake(now))
	own := tenant.With(t.Context(), "d1") // a district's ledger holds what the state spent of it
	kinds, err := s.Kinds(own, wave)
	require.NoError(t, err)
	require.Equal(t, rollup.Kinds{}, kinds)
	noisy := cellsOf("d2", "rel2")
	noisy.Epsilon = 250_000
	in(t, db, func(ctx context.Context) error { return s.SaveCells(ctx, noisy) })
	got, err := s.Cells(kittest.All(t), "d2", "rel2")
	require.NoError(t, err)
	require.Equal(t, noisy.Epsilon, got.Epsilon)
	kinds, err = s.Kinds(own, wave)
	require.NoError(t, err)
	require.Equal(t, rollup.Kinds{Noisy: true}, kinds, "of whichever district")
	in(t, db, func(ctx context.Context) error { return s.SaveCells(ctx, cellsOf("d1", "rel1")) })
	kinds, err = s.Kinds(own, wave)
	require.NoError(t, err)
	require.Equal(t, rollup.Kinds{Noisy: true, Exact: true}, kinds)
	other := wave
	other.Number = 2
	kinds, err = s.Kinds(own, other)
	require.NoError(t, err)
	require.Equal(t, rollup.Kinds{}, kinds)

	none, err := s.Spent(own, "d1", "fall")
	require.NoError(t, err)
	require.Zero(t, none)
	spend := func(release string, charges ...rollup.Charge) {
		in(t, db, func(ctx context.Context) error { return s.Spend(ctx, release, charges) })
	}
	spend("exact")
	spend("r1", rollup.Charge{District: "d1", Campaign: "fall", Epsilon: 5})
	spend("r2", rollup.Charge{District: "d2", Campaign: "fall", Epsilon: 7})
	spend("state", rollup.Charge{District: "d1", Campaign: "fall", Epsilon: 100, Statewide: true}, rollup.Charge{District: "d2", Campaign: "fall", Epsilon: 100, Statewide: true})
	kind(t, problem.KindAlreadyExists, s.Spend(kittest.All(t), "r1", []rollup.Charge{{District: "d1", Campaign: "fall", Epsilon: 5}}))
	spent, err := s.Spent(own, "d1", "fall")
	require.NoError(t, err)
	require.Equal(t, rollup.Spent{All: 105, Own: 5}, spent)
	for release, want := range map[string]release.Epsilon{"r1": 105, "r2": 107, "state": 107, "exact": 0} {
		most, err := s.SpentOn(own, release)
		require.NoError(t, err)
		require.Equal(t, want, most, release)
	}
}

func pages(t *testing.T, db *sqldb.DB) {
	s := store.NewRollUps(db, clock.NewFake(now))
	page := func(table, parent string, level rollup.Level) rollup.Page {
		return rollup.Page{Table: table, Parent: parent, Level: level, Title: "T " + table, Responses: rollup.Count{Shown: true, Value: 30}, Notes: []string{"n"}}
	}
	list := []rollup.Page{page("district-d1", "", rollup.District), page("feeder-f", "district-d1", rollup.Feeder)}
	for i := range 300 { // more than fit in one statement
		list = append(list, page(fmt.Sprintf("school-%03d", i), "feeder-f", rollup.School))
	}
	in(t, db, func(ctx context.Context) error { return s.SavePages(ctx, "d1", "rel1", list) })
	got, err := s.Page(kittest.All(t), "d1", "rel1", "feeder-f")
	require.NoError(t, err)
	require.Equal(t, list[1], got)
	_, err = s.Page(kittest.All(t), "d2", "rel1", "feeder-f")
	kind(t, problem.KindNotFound, err)
	all, err := s.Pages(kittest.All(t), "d1", "rel1")
	require.NoError(t, err)
	require.ElementsMatch(t, list, all)

	lines := func(q rollup.Select) (ids []string) {
		list, err := s.Lines(kittest.All(t), "d1", "rel1", q)
		require.NoError(t, err)
		for _, l := range list {
			ids = append(ids, l.Table)
		}
		return ids
	}
	require.Equal(t, []string{"feeder-f"}, lines(rollup.Select{Under: "district-d1", Limit: 9}))
	require.Equal(t, []string{"district-d1"}, lines(rollup.Select{Level: rollup.District, Limit: 9}))
	require.Equal(t, []string{"school-100", "school-101"}, lines(rollup.Select{Under: "feeder-f", Level: rollup.School, After: "school-099", Limit: 2}))
	require.Len(t, lines(rollup.Select{Limit: 1000}), 302)
}

func stateReleases(t *testing.T, db *sqldb.DB) {
	s := store.NewRollUps(db, clock.NewFake(now))
	none, err := s.LatestRound(kittest.All(t), wave)
	require.NoError(t, err)
	require.Zero(t, none.Round)
	add := func(id string, round int, at time.Time) rollup.Release {
		r := rollup.Release{
			ID: id, Instrument: "instruments/i", InstrumentVersion: "instruments/i/versions/1", FrameworkVersion: "frameworks/f/versions/1", Cycle: wave.Cycle, Wave: 1,
			Round: round, Districts: 2, Schools: 3, Minimum: 10, Digest: "x", CreateTime: at, Audit: rollup.Audit{Method: "m", Earlier: 1, Summary: release.Summary{Shown: 7, Narrowest: -1}},
		}
		in(t, db, func(ctx context.Context) error { return s.AddRelease(ctx, r, wave) })
		return r
	}
	a, b := add("a", 1, now), add("b", 2, now.Add(time.Hour))
	got, err := s.Release(tenant.With(t.Context(), "d1"), "a")
	require.NoError(t, err)
	require.Equal(t, a, got, "everybody reads what the state publishes")
	list, err := s.Releases(kittest.All(t), rollup.Position{}, 10)
	require.NoError(t, err)
	require.Equal(t, []rollup.Release{b, a}, list)
	list, err = s.Releases(kittest.All(t), rollup.Position{CreateTime: b.CreateTime, ID: "b"}, 10)
	require.NoError(t, err)
	require.Equal(t, []rollup.Release{a}, list)
	latest, err := s.LatestRound(kittest.All(t), wave)
	require.NoError(t, err)
	require.Equal(t, b, latest)
}

// waves are releases of districts and of the state, found by wave.
func waves(t *testing.T, db *sqldb.DB) {
	s, r := store.NewRollUps(db, clock.NewFake(now)), store.NewResults(db, clock.NewFake(now))
	found, err := s.Latest(kittest.All(t), "d1", wave)
	require.NoError(t, err)
	require.Empty(t, found)
	for n, state := range []campaign.State{campaign.Published, campaign.Open, campaign.Closed} {
		c := asked(fmt.Sprintf("c%d", n+1), "oak")
		c.State, c.Wave = state, n/2+1
		require.NoError(t, store.NewCampaigns(db, clock.NewFake(now)).AddCampaign(kittest.All(t), c))
	}
	list, err := s.WaveCampaigns(tenant.With(t.Context()), wave)
	require.NoError(t, err)
	require.Len(t, list, 1, "the open one waits")
	require.Equal(t, "c1", list[0].ID)
	require.Equal(t, []campaign.School{{ID: "oak"}}, list[0].Schools)

	in(t, db, func(ctx context.Context) error {
		return r.AddRelease(ctx, result.Release{District: "d1", ID: "rel1", Campaign: "c1", Round: 1, CreateTime: now}, nil)
	})
	in(t, db, func(ctx context.Context) error {
		return s.SavePages(ctx, "d1", "rel1", []rollup.Page{{Table: "district-d1", Level: rollup.District}})
	})
	found, err = s.Latest(kittest.All(t), "d1", wave)
	require.NoError(t, err)
	require.Equal(t, "rel1", found)
	for district, want := range map[string]string{"d1": "rel1", "d2": ""} {
		before, err := s.Before(kittest.All(t), district, rollup.Wave{Instrument: "i", Cycle: wave.Cycle, Number: 2})
		require.NoError(t, err)
		require.Equal(t, want, before)
	}
	before, err := s.Before(kittest.All(t), "d1", wave)
	require.NoError(t, err)
	require.Empty(t, before, "a release is not before itself")
}
