package framework_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

func valid() framework.Body {
	levels := []framework.Level{{Level: 0, Title: "Not yet"}, {Level: 1, Title: "Emerging"}}
	return framework.Body{Standards: []framework.Standard{{
		ID: "welcome", Title: "Welcome", Goals: []framework.Goal{{ID: "g1", Title: "Goal", Indicators: []framework.Indicator{{ID: "i1", Title: "Sign", Levels: levels}}}},
	}}}
}

func broken(bad check.List) []string {
	var out []string
	for _, v := range bad {
		out = append(out, v.Field+" "+v.Rule)
	}
	return out
}

func TestWhatKeepsAFrameworkFromBeingPublished(t *testing.T) {
	tests := map[string]struct {
		change func(b *framework.Body)
		want   []string
	}{
		"nothing":      {func(*framework.Body) {}, nil},
		"no standards": {func(b *framework.Body) { b.Standards = nil }, []string{"v.standards required"}},
		"a standard without a goal": {
			func(b *framework.Body) { b.Standards[0].Goals = nil }, []string{"v.standards[0].goals required"},
		},
		"a goal without an indicator": {
			func(b *framework.Body) { b.Standards[0].Goals[0].Indicators = nil }, []string{"v.standards[0].goals[0].indicators required"},
		},
		"a standard twice, with all below it": {
			func(b *framework.Body) { b.Standards = append(b.Standards, b.Standards[0]) },
			[]string{"v.standards[1].id id_unique", "v.standards[1].goals[0].id id_unique", "v.standards[1].goals[0].indicators[0].id id_unique"},
		},
		"an id in capitals and an empty title": {
			func(b *framework.Body) { b.Standards[0].ID, b.Standards[0].Title = "Welcome", " " },
			[]string{"v.standards[0].id id_form", "v.standards[0].title required"},
		},
		"levels that begin at 1": {
			func(b *framework.Body) {
				b.Standards[0].Goals[0].Indicators[0].Levels = []framework.Level{{Level: 1, Title: "a"}, {Level: 2, Title: "b"}}
			},
			[]string{"v.standards[0].goals[0].indicators[0].levels[0].level levels_rise_from_zero", "v.standards[0].goals[0].indicators[0].levels[1].level levels_rise_from_zero"},
		},
		"one level": {
			func(b *framework.Body) {
				b.Standards[0].Goals[0].Indicators[0].Levels = b.Standards[0].Goals[0].Indicators[0].Levels[:1]
			},
			[]string{"v.standards[0].goals[0].indicators[0].levels two_levels"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := valid()
			tt.change(&b)
			require.Equal(t, tt.want, broken(b.Check("v")))
		})
	}
}

func TestTheHighestLevelOfAStandard(t *testing.T) {
	require.Equal(t, 1, valid().Standards[0].MaxLevel())
	_, ok := valid().Standard("none")
	require.False(t, ok)
	require.True(t, valid().Standards[0].HasIndicator("i1"))
	require.False(t, valid().Standards[0].HasIndicator(fmt.Sprint("i", 2)))
}
