package result_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

var (
	monday  = time.Date(2026, 9, 7, 0, 0, 0, 0, time.UTC)
	tuesday = monday.AddDate(0, 0, 1)
)

// facts stands for the stores and the schools service.
type facts struct {
	result.Store
	survey   *result.Result
	assessed *result.Assessment
	asked    string // framework version asked of the self-assessments
	notes    map[string]int
}

func (f *facts) NewestSufficient(context.Context, string, string) (result.Result, error) {
	if f.survey == nil {
		return result.Result{}, problem.NotFound("results/-")
	}
	return *f.survey, nil
}

func (f *facts) NewestSettled(_ context.Context, _, _, _, version string) (result.Assessment, error) {
	f.asked = version
	if f.assessed == nil {
		return result.Assessment{}, problem.NotFound("selfAssessments/-")
	}
	return *f.assessed, nil
}

func (f *facts) HasDistrict(_ context.Context, name string) (bool, error) {
	return name == "districts/d1", nil
}

func (f *facts) Notes(context.Context, string, string) (map[string]int, error) { return f.notes, nil }

func (f *facts) HasSchool(_ context.Context, name string) (bool, error) {
	return name == "districts/d1/schools/oak", nil
}

func (f *facts) Edition(context.Context, string, string) (framework.Version, error) {
	levels := []framework.Level{{Level: 0}, {Level: 1}, {Level: 2}, {Level: 3}, {Level: 4}}
	var body framework.Body
	for _, id := range []string{"a", "b", "c"} {
		body.Standards = append(body.Standards, framework.Standard{ID: id, Goals: []framework.Goal{{Indicators: []framework.Indicator{{Levels: levels}}}}})
	}
	return framework.Version{Body: body, State: edition.Published}, nil
}

func surveyed(standards ...result.StandardResult) *result.Result {
	return &result.Result{District: "d1", School: "oak", ID: "r", FrameworkVersion: "frameworks/f/versions/1", CreateTime: monday, Table: result.Table{Standards: standards}}
}

func shown(v float64) result.Measure { return result.Measure{Shown: true, Value: v} }

func TestRankNeeds(t *testing.T) {
	hidden := result.Measure{Reason: "Few."}
	assessed := &result.Assessment{Name: "sa", FrameworkVersion: "frameworks/f/versions/1", SettleTime: tuesday, Levels: map[string]int{"a": 4, "b": 0, "c": 3}}
	tests := map[string]struct {
		facts facts
		order string
		needs []float64
		asOf  time.Time
		first string
	}{
		"nothing known ranks nothing": {},
		"both parts count half": {
			facts: facts{assessed: assessed, survey: surveyed(
				result.StandardResult{Standard: "a", FavorableShare: shown(0.2)}, result.StandardResult{Standard: "b", FavorableShare: shown(0.7)},
				result.StandardResult{Standard: "c", FavorableShare: shown(0.9)})},
			order: "bac", needs: []float64{0.65, 0.4, 0.175}, asOf: tuesday,
			first: "Survey: 1 − favorable share 0.70 = 0.30. Self-assessment: 1 − level 0 of 4 = 1.00. Notes: none. No note speaks to one standard alone. Need: (0.4 × 0.30 + 0.4 × 1.00) / 0.8 = 0.65.",
		},
		"a hidden share falls back on the mean": {
			facts: facts{survey: surveyed(result.StandardResult{Standard: "c", FavorableShare: hidden, MeanScore: shown(4), Low: 1, High: 5})},
			order: "cab", needs: []float64{0.25, 0, 0}, asOf: monday,
			first: "Survey: the share is hidden, so (5 − mean 4.00) / (5 − 1) = 0.25. Self-assessment: none. There is no settled self-assessment. Notes: none. No note speaks to one standard alone. Need: (0.4 × 0.25) / 0.4 = 0.25.",
		},
		"without a survey the self-assessment stands alone": {
			facts: facts{assessed: assessed}, order: "bca", needs: []float64{1, 0.25, 0}, asOf: tuesday,
			first: "Survey: none. There is no published survey result with enough answers. Self-assessment: 1 − level 0 of 4 = 1.00. Notes: none. No note speaks to one standard alone. Need: (0.4 × 1.00) / 0.4 = 1.00.",
		},
		"notes count a fifth, and most where most speak of it": {
			facts: facts{notes: map[string]int{"a": 4, "c": 1}, assessed: assessed, survey: surveyed(
				result.StandardResult{Standard: "a", FavorableShare: shown(0.2)}, result.StandardResult{Standard: "b", FavorableShare: shown(0.7)},
				result.StandardResult{Standard: "c", FavorableShare: shown(0.9)})},
			order: "abc", needs: []float64{0.52, 0.52, 0.19}, asOf: tuesday,
			first: "Survey: 1 − favorable share 0.20 = 0.80. Self-assessment: 1 − level 4 of 4 = 0.00. Notes: 4 of at most 4 for one standard = 1.00. " +
				"Need: (0.4 × 0.80 + 0.4 × 0.00 + 0.2 × 1.00) / 1.0 = 0.52.",
		},
		"notes alone show no need": {
			facts: facts{notes: map[string]int{"c": 3}, survey: surveyed(result.StandardResult{Standard: "a", FavorableShare: shown(0.5)})},
			order: "abc", needs: []float64{0.333333, 0, 0}, asOf: monday,
		},
		"equal needs keep the order of the framework, and unknown ones come last": {
			facts: facts{survey: surveyed(
				result.StandardResult{Standard: "a", FavorableShare: hidden, MeanScore: hidden},
				result.StandardResult{Standard: "b", FavorableShare: shown(1)}, result.StandardResult{Standard: "c", FavorableShare: shown(1)})},
			order: "bca", needs: []float64{0, 0, 0}, asOf: monday,
			first: "Survey: 1 − favorable share 1.00 = 0.00. Self-assessment: none. There is no settled self-assessment. Notes: none. No note speaks to one standard alone. Need: (0.4 × 0.00) / 0.4 = 0.00.",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := tt.facts
			r, err := result.NewService(&f, nil, nil, &f, &f, directory{&f}, clock.NewFake(tuesday)).RankNeeds(t.Context(), "d1", "oak", "")
			require.NoError(t, err)
			order, needs := "", []float64(nil)
			for i, n := range r.Needs {
				require.Equal(t, i+1, n.Rank)
				order += n.Standard
				needs = append(needs, n.Need.Value)
			}
			require.Equal(t, tt.order, order)
			require.Equal(t, tt.needs, needs)
			require.Equal(t, tt.asOf, r.AsOf)
			if tt.first != "" {
				require.Equal(t, tt.first, r.Needs[0].Explanation)
			}
		})
	}
}

func TestNeedsOfOneFrameworkVersionOnly(t *testing.T) {
	f := &facts{survey: surveyed()}
	_, err := result.NewService(f, nil, nil, f, f, directory{f}, clock.NewFake(tuesday)).RankNeeds(t.Context(), "d1", "oak", "core")
	require.NoError(t, err)
	require.Equal(t, "frameworks/f/versions/1", f.asked, "levels of another edition would be compared with this survey")
}

func TestASchoolThatDoesNotExistHasNoNeeds(t *testing.T) {
	f := &facts{survey: surveyed()}
	_, err := result.NewService(f, nil, nil, f, f, directory{f}, clock.NewFake(tuesday)).RankNeeds(t.Context(), "d1", "none", "")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

// directory is the schools service of facts.
type directory struct{ *facts }

func (directory) Plan(_ context.Context, districts []string) (rollup.Plan, error) {
	return rollup.Plan{Districts: []rollup.PlannedDistrict{{ID: districts[0], Title: "The district"}}}, nil
}
