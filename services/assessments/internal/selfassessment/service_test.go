package selfassessment_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
)

const (
	year    = "cycles/2026"
	version = "frameworks/f/versions/1"
)

// memory keeps self-assessments, and knows one team, two cycles and a framework with the
// standards a (levels 0 to 3) and b (0 to 1), whose version 2 is a draft.
type memory struct {
	rows     map[string]selfassessment.Assessment
	opinions map[string][]selfassessment.Opinion
	settled  []string
	shares   map[selfassessment.Audience]selfassessment.Shares
}

func newMemory() *memory {
	return &memory{rows: map[string]selfassessment.Assessment{}, opinions: map[string][]selfassessment.Opinion{}}
}

func (m *memory) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (m *memory) AddAssessment(_ context.Context, a selfassessment.Assessment) error {
	if _, taken := m.rows[a.ID]; taken {
		return problem.AlreadyExists(a.Name())
	}
	m.rows[a.ID] = a
	return nil
}

func (m *memory) Assessment(_ context.Context, t selfassessment.Team, id string) (selfassessment.Assessment, error) {
	a, ok := m.rows[id]
	if !ok || a.Team != t {
		return a, problem.NotFound(selfassessment.Assessment{Team: t, ID: id}.Name())
	}
	a.Ratings = len(m.opinions[id])
	return a, nil
}

func (m *memory) Assessments(context.Context, selfassessment.Team, string, int) (out []selfassessment.Assessment, _ error) {
	for _, a := range m.rows {
		out = append(out, a)
	}
	return out, nil
}

func (m *memory) Rating(_ context.Context, t selfassessment.Team, cycle string) (selfassessment.Assessment, error) {
	for _, a := range m.rows {
		if a.Team == t && a.Cycle == cycle && a.State == selfassessment.Rating {
			return a, nil
		}
	}
	return selfassessment.Assessment{}, problem.NotFound("rating")
}

func (m *memory) SaveAssessment(_ context.Context, a selfassessment.Assessment) error {
	if m.rows[a.ID].Version != a.Version-1 {
		return problem.Stale(a.Name())
	}
	m.rows[a.ID] = a
	return nil
}

func (m *memory) Settled(_ context.Context, a selfassessment.Assessment) error {
	m.settled = append(m.settled, a.ID)
	return nil
}

func (m *memory) AddOpinion(_ context.Context, a selfassessment.Assessment, o selfassessment.Opinion) error {
	m.opinions[a.ID] = append(m.opinions[a.ID], o)
	return nil
}

func (m *memory) HasRated(_ context.Context, a selfassessment.Assessment, rater string) (bool, error) {
	return slices.ContainsFunc(m.opinions[a.ID], func(o selfassessment.Opinion) bool { return o.Rater == rater }), nil
}

func (m *memory) Opinions(_ context.Context, a selfassessment.Assessment, _ string, _ int) ([]selfassessment.Opinion, error) {
	return m.opinions[a.ID], nil
}

func (m *memory) HasTeam(_ context.Context, name string) (bool, error) {
	return name == team().Name(), nil
}

func (m *memory) HasCycle(_ context.Context, name string) (bool, error) {
	return name == year || name == "cycles/2027", nil
}

func (m *memory) Edition(_ context.Context, family, id string) (framework.Version, error) {
	if family != "f" {
		return framework.Version{}, problem.NotFound(family)
	}
	standard := func(id string, highest int) framework.Standard {
		var levels []framework.Level
		for l := range highest + 1 {
			levels = append(levels, framework.Level{Level: l})
		}
		low := framework.Indicator{ID: id + "-low", Levels: levels[:2]}
		return framework.Standard{ID: id, Goals: []framework.Goal{{Indicators: []framework.Indicator{{ID: id + "-1", Levels: levels}, {ID: id + "-2", Levels: levels}, low}}}}
	}
	v := framework.Version{State: edition.Published, Body: framework.Body{Standards: []framework.Standard{standard("a", 3), standard("b", 1)}}}
	if id == "2" {
		v.State = edition.Draft
	}
	return v, nil
}

func team() selfassessment.Team { return selfassessment.Team{District: "d", School: "s", ID: "t"} }

func service(m *memory) *selfassessment.Service {
	return selfassessment.NewService(m, m, m, m, clock.NewFake(time.Date(2026, 9, 1, 13, 14, 15, 0, time.UTC)))
}

func levels(a, b int) []selfassessment.Level {
	return []selfassessment.Level{{Standard: "a", Level: a}, {Standard: "b", Level: b}}
}

func opinion() selfassessment.Opinion { return selfassessment.Opinion{Levels: levels(1, 1), Group: 2} }

func open(t *testing.T, s *selfassessment.Service, id string) selfassessment.Assessment {
	t.Helper()
	a, err := s.Create(t.Context(), selfassessment.Assessment{Team: team(), ID: id, Cycle: year, FrameworkVersion: version})
	require.NoError(t, err)
	return a
}

// rules are "field rule" of a refusal of the kind.
func rules(t require.TestingT, err error, kind problem.Kind) []string {
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, p.Kind, "%v", err)
	var out []string
	for _, v := range p.Violations {
		require.NotEmpty(t, v.Fix)
		out = append(out, v.Field+" "+v.Rule)
	}
	return out
}

// TestEveryPathOfASelfAssessment makes random calls and compares with a model: each member rates
// once while rating lasts, two must have rated before the consensus, which stays for ever, and
// each self-assessment is settled in one event.
func TestEveryPathOfASelfAssessment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		s, ctx := service(m), context.Background()
		ids := rapid.SampledFrom([]string{"one", "two", "three"})
		people := rapid.SampledFrom([]string{"people/a", "people/b", "people/c"})
		rated, settled := map[string]map[string]bool{}, map[string]bool{}
		busy := func() bool {
			for id := range rated {
				if !settled[id] {
					return true
				}
			}
			return false
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				id := ids.Draw(t, "id")
				_, err := s.Create(ctx, selfassessment.Assessment{Team: team(), ID: id, Cycle: year, FrameworkVersion: version})
				require.Equal(t, !busy() && rated[id] == nil, err == nil, "%v", err)
				if err == nil {
					rated[id] = map[string]bool{}
				}
			},
			"rate": func(t *rapid.T) {
				id, who := ids.Draw(t, "id"), people.Draw(t, "who")
				_, err := s.Rate(ctx, team(), id, who, opinion())
				require.Equal(t, rated[id] != nil && !settled[id] && !rated[id][who], err == nil, "%v", err)
				if err == nil {
					rated[id][who] = true
				}
			},
			"settle": func(t *rapid.T) {
				id := ids.Draw(t, "id")
				_, err := s.Settle(ctx, team(), id, "", levels(rapid.IntRange(0, 3).Draw(t, "a"), 1), "")
				require.Equal(t, rated[id] != nil && !settled[id] && len(rated[id]) >= selfassessment.MinimumRatings, err == nil, "%v", err)
				settled[id] = settled[id] || err == nil
			},
			"read": func(t *rapid.T) {
				id, who := ids.Draw(t, "id"), people.Draw(t, "who")
				got, err := s.Opinions(ctx, team(), id, who, "", 10)
				require.Equal(t, rated[id] != nil, err == nil)
				if rated[id][who] || settled[id] {
					require.Len(t, got, len(rated[id]))
				} else {
					require.Empty(t, got, "who has not rated is not swayed")
				}
			},
			"": func(t *rapid.T) {
				require.Len(t, m.settled, len(slices.Compact(slices.Sorted(slices.Values(m.settled)))), "said once")
				for _, id := range m.settled {
					require.Equal(t, selfassessment.Settled, m.rows[id].State)
				}
				for id := range rated {
					require.Len(t, m.opinions[id], len(rated[id]))
				}
			},
		})
	})
}

func TestWhatIsWrongWithANewSelfAssessment(t *testing.T) {
	for name, tt := range map[string]struct {
		a    selfassessment.Assessment
		want []string
	}{
		"a cycle that does not exist": {
			selfassessment.Assessment{ID: "x", Cycle: "cycles/1", FrameworkVersion: version}, []string{"self_assessment.cycle cycle_exists"},
		},
		"a framework version that is a draft": {
			selfassessment.Assessment{ID: "x", Cycle: year, FrameworkVersion: "frameworks/f/versions/2"},
			[]string{"self_assessment.framework_version published_framework_version"},
		},
		"everything at once": {
			selfassessment.Assessment{ID: "X!", FrameworkVersion: "nonsense"},
			[]string{"self_assessment_id id_form", "self_assessment.cycle cycle_exists", "self_assessment.framework_version published_framework_version"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tt.a.Team = team()
			_, err := service(newMemory()).Create(t.Context(), tt.a)
			require.Equal(t, tt.want, rules(t, err, problem.KindInvalid))
		})
	}
	other := selfassessment.Team{District: "d", School: "s", ID: "none"}
	_, err := service(newMemory()).Create(t.Context(), selfassessment.Assessment{Team: other, ID: "X!"})
	require.Empty(t, rules(t, err, problem.KindNotFound), "a team that is not there comes before all else")
	_, err = service(newMemory()).List(t.Context(), other, "", 1)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestATeamRatesOnceAtATimeInEachCycle(t *testing.T) {
	m := newMemory()
	s := service(m)
	first := open(t, s, "one")
	_, err := s.Create(t.Context(), selfassessment.Assessment{Team: team(), ID: "two", Cycle: year, FrameworkVersion: version})
	require.Equal(t, []string{first.Name() + " one_at_a_time"}, rules(t, err, problem.KindPrecondition))
	_, err = s.Create(t.Context(), selfassessment.Assessment{Team: team(), ID: "two", Cycle: "cycles/2027", FrameworkVersion: version})
	require.NoError(t, err, "another cycle is another round")
}

func TestWhatIsWrongWithLevels(t *testing.T) {
	for name, tt := range map[string]struct {
		levels []selfassessment.Level
		want   []string
	}{
		"the highest of each":       {levels(3, 1), nil},
		"the lowest of each":        {levels(0, 0), nil},
		"none":                      {nil, []string{"%s every_standard", "%s every_standard"}},
		"one missing":               {levels(3, 1)[:1], []string{"%s every_standard"}},
		"above what the rubric has": {levels(3, 2), []string{"%s[1].level level_of_rubric"}},
		"below zero":                {levels(-1, 1), []string{"%s[0].level level_of_rubric"}},
		"one standard twice":        {append(levels(3, 1), selfassessment.Level{Standard: "a"}), []string{"%s[2].standard standard_once"}},
		"an unknown standard":       {append(levels(3, 1), selfassessment.Level{Standard: "z", Level: 99}), []string{"%s[2].standard standard_of_framework"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			s := service(m)
			open(t, s, "one")
			for _, who := range []string{"people/a", "people/b"} {
				_, err := s.Rate(t.Context(), team(), "one", who, opinion())
				require.NoError(t, err)
			}
			_, rateErr := s.Rate(t.Context(), team(), "one", "people/c", selfassessment.Opinion{Levels: tt.levels, Group: 1})
			_, settleErr := s.Settle(t.Context(), team(), "one", "", tt.levels, "")
			for path, err := range map[string]error{"rating.levels": rateErr, "consensus": settleErr} {
				if tt.want == nil {
					require.NoError(t, err)
					continue
				}
				var want []string
				for _, w := range tt.want {
					want = append(want, fmt.Sprintf(w, path))
				}
				require.Equal(t, want, rules(t, err, problem.KindInvalid))
			}
		})
	}
}

func TestARatingTellsNothingOfItsAuthor(t *testing.T) {
	m := newMemory()
	s := service(m)
	open(t, s, "one")
	_, err := s.Rate(t.Context(), team(), "one", "people/a", selfassessment.Opinion{ID: "No!", Levels: levels(1, 1)})
	require.Equal(t, []string{"rating_id id_form", "rating.group required"}, rules(t, err, problem.KindInvalid))
	o, err := s.Rate(t.Context(), team(), "one", "people/a", opinion())
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(o), "people")
	require.Equal(t, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), o.Day, "the day and no moment")
	require.Len(t, o.Rater, 64)

	_, err = s.Rate(t.Context(), team(), "one", "people/b", opinion())
	require.NoError(t, err)
	_, err = s.Settle(t.Context(), team(), "one", "", levels(1, 1), "")
	require.NoError(t, err)
	open(t, s, "two")
	again, err := s.Rate(t.Context(), team(), "two", "people/a", opinion())
	require.NoError(t, err)
	require.NotEqual(t, o.Rater, again.Rater, "one person cannot be followed through self-assessments")
}

func TestTheConsensusIsKeptWithItsNotesAndStays(t *testing.T) {
	m := newMemory()
	s := service(m)
	a := open(t, s, "one")
	_, err := s.Settle(t.Context(), team(), "one", etag.Of(9), levels(1, 1), "")
	require.True(t, problem.Is(err, problem.KindAborted))
	_, err = s.Settle(t.Context(), team(), "one", "", levels(1, 1), "")
	require.Equal(t, []string{a.Name() + " two_ratings"}, rules(t, err, problem.KindPrecondition))
	for _, who := range []string{"people/a", "people/b"} {
		_, err = s.Rate(t.Context(), team(), "one", who, opinion())
		require.NoError(t, err)
	}
	a, err = s.Settle(t.Context(), team(), "one", etag.Of(a.Version), levels(2, 0), "We talked.")
	require.NoError(t, err)
	require.Equal(t, levels(2, 0), a.Consensus)
	require.Equal(t, "We talked.", a.Notes)
	require.False(t, a.SettleTime.IsZero())
	for _, err := range []error{
		func() error { _, err := s.Settle(t.Context(), team(), "one", "", levels(3, 1), ""); return err }(),
		func() error { _, err := s.Rate(t.Context(), team(), "one", "people/c", opinion()); return err }(),
	} {
		require.Equal(t, []string{a.Name() + " not_settled"}, rules(t, err, problem.KindPrecondition))
	}
	got, err := s.Get(t.Context(), team(), "one")
	require.NoError(t, err)
	require.Equal(t, levels(2, 0), got.Consensus)
}
