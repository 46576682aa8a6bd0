// Package storetest is the contract of the store: what the nouns may rely on,
// whatever database is behind it.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/scope"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const (
	d1     = "districts/0880"
	d2     = "districts/a-town"
	school = d1 + "/schools/1"
	aTeam  = school + "/teams/t"
	j1     = aTeam + "/journeys/j"
)

// now has microseconds, which both databases keep.
func now() time.Time { return time.Date(2026, 9, 1, 8, 0, 0, 123456000, time.UTC) }

func meta() record.Meta { return record.NewMeta(now()) }

// Run holds a store to the contract; open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *store.Store){
		"resources come back as they were written": roundTrips,
		"a stale version changes nothing":          staleVersions,
		"a taken name is refused":                  takenNames,
		"lists page by key":                        pages,
		"lists hold what the nodes cover":          scopes,
		"filters find schools":                     filters,
		"a school is in one feeder system":         feeders,
		"members who left are history":             departures,
		"announcements are kept once":              announcements,
		"nothing is left of a failed transaction":  rollbacks,
		"older events never overwrite newer ones":  projections,
		"the edition defined last is in force":     editions,
		"awards remember what they were":           awards,
		"a grant holds within its time":            holding,
		"an account has one person":                links,
		"what is lifted is known of":               lifted,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// crud is what all resources have.
func crud[T any](t *testing.T, v T, name string, m func(*T) *record.Meta,
	insert func(context.Context, T) error, get func(context.Context, string) (T, error), update func(context.Context, T) error,
) {
	t.Helper()
	ctx := kittest.All(t)
	_, err := get(ctx, name)
	require.True(t, problem.Is(err, problem.KindNotFound), "%s before it exists: %v", name, err)
	require.NoError(t, insert(ctx, v))
	got, err := get(ctx, name)
	require.NoError(t, err)
	require.Equal(t, v, got)
	err = insert(ctx, v)
	require.True(t, problem.Is(err, problem.KindAlreadyExists), "%s twice: %v", name, err)
	if update == nil {
		return
	}
	m(&v).Touch(now().Add(time.Minute))
	require.NoError(t, update(ctx, v))
	got, err = get(ctx, name)
	require.NoError(t, err)
	require.Equal(t, v, got)
	err = update(ctx, v) // as if read before that change
	require.True(t, problem.Is(err, problem.KindAborted), "stale %s: %v", name, err)
}

func staleVersions(t *testing.T, s *store.Store) {
	d := district.District{Name: d1, Meta: meta()}
	require.NoError(t, s.InsertDistrict(kittest.All(t), d))
	d.Touch(now())
	require.NoError(t, s.UpdateDistrict(kittest.All(t), d))
	late := d
	late.Title = "lost"
	require.True(t, problem.Is(s.UpdateDistrict(kittest.All(t), late), problem.KindAborted))
	got, err := s.District(kittest.All(t), d1)
	require.NoError(t, err)
	require.Equal(t, d, got)
}

func takenNames(t *testing.T, s *store.Store) {
	require.NoError(t, s.InsertDistrict(kittest.All(t), district.District{Name: d1, Meta: meta()}))
	err := s.InsertDistrict(kittest.All(t), district.District{Name: d1, Meta: meta()})
	p, ok := problem.As(err)
	require.True(t, ok)
	require.Equal(t, d1, p.Name)
	require.Equal(t, problem.KindAlreadyExists, p.Kind)
}

func insertSchools(t *testing.T, s *store.Store) {
	t.Helper()
	for _, d := range []string{d1, d2} {
		require.NoError(t, s.InsertDistrict(kittest.All(t), district.District{Name: d, Meta: meta()}))
		for i := range 3 {
			require.NoError(t, s.InsertSchool(kittest.All(t), district.School{
				Name: fmt.Sprintf("%s/schools/%d", d, i), State: district.Open, Meta: meta(),
				SchoolFields: district.SchoolFields{Title: fmt.Sprintf("Oak_%d%% Hill", i), TitleOne: i == 1},
			}))
		}
	}
}

func schoolNames(list []district.School) []string {
	names := []string{}
	for _, v := range list {
		names = append(names, v.Name)
	}
	return names
}

func pages(t *testing.T, s *store.Store) {
	insertSchools(t, s)
	var seen []string
	r := record.Range{Limit: 2}
	for {
		list, err := s.ListSchools(kittest.All(t), district.SchoolQuery{Scope: scope.Of("")}, r)
		require.NoError(t, err)
		seen = append(seen, schoolNames(list)...)
		if len(list) < r.Limit {
			break
		}
		last := list[len(list)-1].Name
		_, _, id := record.Split(last)
		r.After = []string{record.District(last), id}
	}
	require.Equal(t, []string{
		d1 + "/schools/0", d1 + "/schools/1", d1 + "/schools/2", d2 + "/schools/0", d2 + "/schools/1", d2 + "/schools/2",
	}, seen)

	for _, year := range []string{"2025", "2027", "2026"} {
		require.NoError(t, s.InsertCycle(kittest.All(t), cycle.Cycle{Name: "cycles/" + year, Fields: cycle.Fields{StartDate: year + "-08-01"}, Meta: meta()}))
	}
	cycles, err := s.ListCycles(kittest.All(t), record.Range{Limit: 1, After: []string{"2027-08-01", "cycles/2027"}})
	require.NoError(t, err)
	require.Equal(t, "cycles/2026", cycles[0].Name)
}

func scopes(t *testing.T, s *store.Store) {
	insertSchools(t, s)
	for name, c := range map[string]struct {
		nodes     []string
		districts int
		schools   []string
	}{
		"the state":               {[]string{""}, 2, []string{d1 + "/schools/0", d1 + "/schools/1", d1 + "/schools/2", d2 + "/schools/0", d2 + "/schools/1", d2 + "/schools/2"}},
		"a district":              {[]string{d2}, 1, []string{d2 + "/schools/0", d2 + "/schools/1", d2 + "/schools/2"}},
		"schools of two":          {[]string{d1 + "/schools/2", d2 + "/schools/0"}, 2, []string{d1 + "/schools/2", d2 + "/schools/0"}},
		"nothing":                 {nil, 0, []string{}},
		"a school that is not":    {[]string{d1 + "/schools/9"}, 1, []string{}},
		"a district and a school": {[]string{d1, d2 + "/schools/1"}, 2, []string{d1 + "/schools/0", d1 + "/schools/1", d1 + "/schools/2", d2 + "/schools/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			districts, err := s.ListDistricts(kittest.All(t), scope.Of(c.nodes...), record.Range{})
			require.NoError(t, err)
			require.Len(t, districts, c.districts)
			list, err := s.ListSchools(kittest.All(t), district.SchoolQuery{Scope: scope.Of(c.nodes...)}, record.Range{})
			require.NoError(t, err)
			require.Equal(t, c.schools, schoolNames(list))
		})
	}
}

func filters(t *testing.T, s *store.Store) {
	insertSchools(t, s)
	is := func(op district.Op, field string, value any) *district.Condition {
		return &district.Condition{Op: op, Field: field, Value: value}
	}
	for name, c := range map[string]struct {
		filter *district.Condition
		want   int
	}{
		"part of a title, any case":   {is(district.Has, "title", "oak"), 3},
		"percent is only a character": {is(district.Has, "title", "%0"), 0},
		"underscore too":              {is(district.Has, "title", "k_1"), 1},
		"a flag":                      {is(district.Equal, "title_one", true), 1},
		"not a flag":                  {&district.Condition{Op: district.Not, Args: []*district.Condition{is(district.Equal, "title_one", true)}}, 2},
		"either":                      {&district.Condition{Op: district.Or, Args: []*district.Condition{is(district.Has, "title", "0"), is(district.Has, "title", "2")}}, 2},
		"both":                        {&district.Condition{Op: district.And, Args: []*district.Condition{is(district.Has, "title", "0"), is(district.Has, "title", "2")}}, 0},
		"other than":                  {is(district.NotEqual, "state", "closed"), 3},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := s.ListSchools(kittest.All(t), district.SchoolQuery{District: d1, Scope: scope.Of(""), Filter: c.filter}, record.Range{})
			require.NoError(t, err)
			require.Len(t, list, c.want)
		})
	}
}

func feeders(t *testing.T, s *store.Store) {
	ctx := kittest.All(t)
	a := district.Feeder{Name: d1 + "/feederSystems/a", FeederFields: district.FeederFields{Schools: []string{school}}, Meta: meta()}
	b := district.Feeder{Name: d1 + "/feederSystems/b", FeederFields: district.FeederFields{Schools: []string{school}}, Meta: meta()}
	require.NoError(t, s.InsertFeeder(ctx, a))
	err := s.Tx(ctx, func(ctx context.Context) error { return s.InsertFeeder(ctx, b) })
	require.True(t, problem.Is(err, problem.KindAlreadyExists), "%v", err)
	of, err := s.FeederOf(ctx, school)
	require.NoError(t, err)
	require.Equal(t, a.Name, of)
	require.NoError(t, s.DeleteFeeder(ctx, a))
	require.NoError(t, s.InsertFeeder(ctx, b))
	list, err := s.ListFeeders(ctx, d1, record.Range{})
	require.NoError(t, err)
	require.Equal(t, []district.Feeder{b}, list)
}

func departures(t *testing.T, s *store.Store) {
	ctx := kittest.All(t)
	require.NoError(t, s.InsertTeam(ctx, team.Team{Name: aTeam, Meta: meta()}))
	m := team.Member{Name: aTeam + "/members/m", MemberFields: team.MemberFields{Person: d1 + "/people/p", Group: team.Staff}, Confirmed: true, Meta: meta()}
	require.NoError(t, s.InsertMember(ctx, m))
	got, err := s.Team(ctx, aTeam)
	require.NoError(t, err)
	require.Equal(t, []team.Group{team.Staff}, got.Groups)
	of, err := s.MemberOf(ctx, aTeam, m.Person)
	require.NoError(t, err)
	require.Equal(t, m.Name, of)

	m.Departed = true
	m.Touch(now())
	require.NoError(t, s.UpdateMember(ctx, m))
	_, err = s.Member(ctx, m.Name)
	require.True(t, problem.Is(err, problem.KindNotFound))
	list, err := s.ListMembers(ctx, aTeam, record.Range{})
	require.NoError(t, err)
	require.Empty(t, list)
	counts, err := s.MemberCounts(ctx, aTeam)
	require.NoError(t, err)
	require.Empty(t, counts)
	require.True(t, problem.Is(s.InsertMember(ctx, m), problem.KindAlreadyExists), "the row is still there")
}

func announcements(t *testing.T, s *store.Store) {
	a := cycle.Announcement{Cycle: "cycles/c", Phase: phase.Forming, Start: now(), Opened: true}
	require.NoError(t, s.SaveAnnouncement(kittest.All(t), a))
	a.Closed = true
	require.NoError(t, s.SaveAnnouncement(kittest.All(t), a))
	got, err := s.Announcements(kittest.All(t), "cycles/c")
	require.NoError(t, err)
	require.Equal(t, []cycle.Announcement{a}, got)
}

func rollbacks(t *testing.T, s *store.Store) {
	err := s.Tx(kittest.All(t), func(ctx context.Context) error {
		require.NoError(t, s.InsertDistrict(ctx, district.District{Name: d1, Meta: meta()}))
		require.NoError(t, s.Emit(ctx, district.Registered{Name: d1}))
		return problem.NotFound("something")
	})
	require.True(t, problem.Is(err, problem.KindNotFound))
	found, err := s.HasNode(kittest.All(t), d1)
	require.NoError(t, err)
	require.False(t, found)
	require.ErrorContains(t, s.Emit(kittest.All(t), district.Registered{Name: d1}), "outside a transaction")
	require.ErrorContains(t, s.Emit(kittest.All(t), 7), "has no message")
}
