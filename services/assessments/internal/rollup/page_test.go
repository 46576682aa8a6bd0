package rollup_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// spread gives every option equally often.
func spread(_ string, i, _, bound int) int { return i % bound }

func plan(regions ...string) rollup.Plan {
	var p rollup.Plan
	for i, region := range regions {
		p.Districts = append(p.Districts, rollup.PlannedDistrict{ID: fmt.Sprintf("d%d", i+1), Title: fmt.Sprintf("District %d", i+1), Region: region})
	}
	p.Districts[0].Feeders = []rollup.PlannedFeeder{{ID: "north", Title: "North", Schools: []string{"oak", "elm"}}}
	return p
}

func TestATreeOfTheState(t *testing.T) {
	f := form()
	parts := []rollup.Part{
		part(t, f, "d1", map[string]int{"oak": 40, "elm": 60, "fir": 80, "yew": 5, "ash": 6}, spread), part(t, f, "d2", map[string]int{"oak": 100}, spread),
		part(t, f, "d3", map[string]int{"oak": 100, "elm": 9}, spread),
	}
	tree := rollup.StateTree(parts, plan("West", "West", ""), f.Questions)
	pages := pagesOf(t, tree, published(t, tree), f, rules())
	got := map[string]string{}
	for id, p := range pages {
		got[id] = fmt.Sprintf("%d %s %d %d", p.Level, p.Parent, p.Responses.Value, p.Children)
	}
	require.Equal(t, map[string]string{
		"state": "5  391 2", "region-west": "4 state 291 2", "district-d1": "3 region-west 191 3", "feeder-d1.north": "2 district-d1 100 2",
		"school-d1.oak": "1 feeder-d1.north 40 0", "school-d1.elm": "1 feeder-d1.north 60 0", "school-d1.fir": "1 district-d1 80 0",
		"school-d1.small-schools": "1 district-d1 11 0", "district-d2": "3 region-west 100 1", "school-d2.oak": "1 district-d2 100 0",
		"district-d3": "3 state 100 1", "school-d3.oak": "1 district-d3 100 0",
	}, got)
	require.Equal(t, "districts/d1/schools/oak", pages["school-d1.oak"].Place)
	require.Equal(t, "districts/d1/feederSystems/north", pages["feeder-d1.north"].Place)
}

func TestTwoCampaignsOfADistrictStandBetweenItAndTheirSchools(t *testing.T) {
	f := form()
	a, b := part(t, f, "d1", map[string]int{"oak": 40, "elm": 40}, spread), part(t, f, "d1", map[string]int{"fir": 50, "yew": 50}, spread)
	b.Campaign.ID = "winter"
	alone, state := rollup.DistrictTree(a, plan(""), f.Questions), rollup.StateTree([]rollup.Part{a, b}, plan(""), f.Questions)
	keys := map[string]bool{}
	for _, p := range state.Places {
		keys[p.Key] = true
	}
	for _, p := range alone.Places {
		require.True(t, keys[p.Key], "what was released of one campaign is a place of the state's tables: %s", p.Table)
	}
	pages := pagesOf(t, state, published(t, state), f, rules())
	require.Equal(t, 180, pages["district-d1"].Responses.Value)
	require.Equal(t, 3, pages["district-d1"].Children, "the feeder system and two schools")
}

func TestEstimatesOfAPlace(t *testing.T) {
	f := form()
	p := part(t, f, "d1", map[string]int{"oak": 200}, spread)
	tree := rollup.DistrictTree(p, rollup.Plan{}, f.Questions)
	page := pagesOf(t, tree, published(t, tree), f, rules())["district-d1"]
	q := item(t, page, "q1") // 40 of each option, the last of them not scored
	require.Equal(t, rollup.Count{Shown: true, Value: 160}, q.Answers)
	require.Equal(t, rollup.Count{Shown: true, Value: 40}, q.NotScored)
	want, err := statistics.WilsonInterval(80, 160, 0, 0.95)
	require.NoError(t, err)
	require.InDelta(t, 0.5, q.Share.Value.Value, 1e-9)
	require.InDelta(t, want.Low, q.Share.Low.Value, 0.002)
	require.InDelta(t, math.Sqrt(0.25/159), q.Share.SE.Value, 0.002)
	require.InDelta(t, 2.5, q.Mean.Value.Value, 1e-9)
	require.Equal(t, []rollup.OptionCount{
		{Option: "1", Count: rollup.Count{Shown: true, Value: 40}},
		{Option: "2", Count: rollup.Count{Shown: true, Value: 40}},
		{Option: "3", Count: rollup.Count{Shown: true, Value: 40}},
		{Option: "4", Count: rollup.Count{Shown: true, Value: 40}},
	}, q.Options)
	require.Equal(t, 2, page.Standards[0].Items)
	require.InDelta(t, 0.5, page.Standards[0].Share.Value.Value, 1e-9)
	require.True(t, page.Scales[0].Alpha.Shown)
	require.False(t, page.Scales[1].Alpha.Shown, "a composite")
	require.False(t, page.ResponseRate.Shown)
	require.Len(t, page.Groups, 4*4, "two languages and two grades; two items and two rows")
}

func TestUnitsMakeRatesAndWeights(t *testing.T) {
	f := form()
	pick := func(school string, i, q, bound int) int {
		if school == "oak" {
			return 3 // all agree
		}
		return i % 2 // nobody does
	}
	p := part(t, f, "d1", map[string]int{"oak": 50, "elm": 100}, func(s string, i, q, bound int) int { return min(pick(s, i, q, bound), bound-1) })
	p.Units = map[string]rollup.Units{"oak": {Asked: 400}, "elm": {Asked: 200}}
	tree := rollup.DistrictTree(p, rollup.Plan{}, f.Questions)
	pages := pagesOf(t, tree, published(t, tree), f, rules())
	district := pages["district-d1"]
	require.True(t, district.Weighted)
	require.InDelta(t, 150.0/600, district.ResponseRate.Value, 1e-9)
	require.InDelta(t, 400.0/600, item(t, district, "q2").Share.Value.Value, 1e-4, "each school counts by the families it asked, not by those who answered")
	require.InDelta(t, 50.0/400, pages["school-oak"].ResponseRate.Value, 1e-9)
	require.Contains(t, district.Notes[0], "is below 90%")

	half := p
	half.Units = map[string]rollup.Units{"oak": {Asked: 400}}
	tree = rollup.DistrictTree(half, rollup.Plan{}, f.Questions)
	district = pagesOf(t, tree, published(t, tree), f, rules())["district-d1"]
	require.False(t, district.Weighted, "it is not known how many elm asked")
	require.InDelta(t, 50.0/150, item(t, district, "q2").Share.Value.Value, 1e-4)
}

func TestEverybodyAskedLeavesNoError(t *testing.T) {
	f := form()
	p := part(t, f, "d1", map[string]int{"oak": 100}, spread)
	p.Units = map[string]rollup.Units{"oak": {Asked: 100}}
	tree := rollup.DistrictTree(p, rollup.Plan{}, f.Questions)
	share := item(t, pagesOf(t, tree, published(t, tree), f, rules())["school-oak"], "q1").Share
	require.True(t, share.SE.Shown)
	require.Zero(t, share.SE.Value, "the finite population correction")
}

func TestSharesNearAnEndAreCoded(t *testing.T) {
	f := form()
	p := part(t, f, "d1", map[string]int{"oak": 200}, func(_ string, i, q, bound int) int { return min(3, bound-1) })
	r := rules()
	r.TopBottomCode = true
	tree := rollup.DistrictTree(p, rollup.Plan{}, f.Questions)
	q := item(t, pagesOf(t, tree, published(t, tree), f, r)["school-oak"], "q1")
	require.True(t, q.Share.AtLeast)
	require.InDelta(t, 0.98, q.Share.Value.Value, 1e-9)
	require.False(t, q.Answers.Shown || q.Share.SE.Shown || q.Mean.Value.Shown || q.Options[3].Count.Shown, "numerator and denominator go with it")
}

// TestHiddenCountsChangeNothingThatIsPrinted replaces all exact counts by others and
// computes the pages of the same published tables again.
func TestHiddenCountsChangeNothingThatIsPrinted(t *testing.T) {
	f := shortForm()
	for seed := range uint64(20) { // each takes in the engine and its audit
		random := rand.New(rand.NewPCG(seed, 1))
		skew := 1 + random.IntN(6)
		pick := func(_ string, _, _, bound int) int {
			out := bound - 1
			for range skew {
				out = min(out, random.IntN(bound))
			}
			return out
		}
		schools := map[string]int{}
		for i := range 1 + random.IntN(5) {
			schools[fmt.Sprintf("s%d", i)] = 1 + random.IntN(120)
		}
		parts := []rollup.Part{part(t, f, "d1", schools, pick), part(t, f, "d2", map[string]int{"oak": 60, "elm": 35}, pick)}
		tree := rollup.StateTree(parts, plan("West", ""), f.Questions)
		told := published(t, tree)
		before := pagesOf(t, tree, told, f, rules())

		other := rollup.StateTree(parts, plan("West", ""), f.Questions)
		for i := range other.Places {
			garble(random, &other.Places[i].Counts.Counts)
			for _, key := range slices.Sorted(keysOf(other.Places[i].Counts.Groups)) {
				c := other.Places[i].Counts.Groups[key]
				garble(random, &c)
				other.Places[i].Counts.Groups[key] = c
			}
		}
		require.Equal(t, before, pagesOf(t, other, told, f, rules()))
		require.Equal(t, shownIn(told) > 0, anyCount(before), "what is shown is printed")
	}
}

func garble(r *rand.Rand, c *rollup.Counts) {
	c.Answers = int64(r.IntN(1000))
	cells := make([][]int64, len(c.Cells))
	for i, row := range c.Cells {
		cells[i] = make([]int64, len(row))
		for k := range row {
			cells[i][k] = int64(r.IntN(1000))
		}
	}
	c.Cells = cells
}

func keysOf(m map[string]rollup.Counts) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func shownIn(told []release.Published) (n int) {
	for _, p := range told {
		for _, row := range p.Counts {
			for _, c := range row {
				if c > 0 {
					n++
				}
			}
		}
	}
	return n
}

func anyCount(pages map[string]rollup.Page) bool {
	for _, p := range pages {
		for _, i := range p.Items {
			for _, o := range i.Options {
				if o.Count.Shown && o.Count.Value > 0 || i.NotScored.Shown && i.NotScored.Value > 0 {
					return true
				}
			}
		}
	}
	return false
}

func TestEditionsThatCountTheSame(t *testing.T) {
	a, b := form().Body, form().Body
	require.True(t, rollup.Comparable(a, b))
	b.Items = slices.Clone(b.Items)
	b.Items[0].Text = map[string]string{"en": "In other words"}
	require.True(t, rollup.Comparable(a, b))
	for name, change := range map[string]func(i *instrument.Item){
		"another option": func(i *instrument.Item) { i.Options = i.Options[:3] }, "another score": func(i *instrument.Item) { i.Options = scale(); i.Options[0].Score = 7 },
		"another standard": func(i *instrument.Item) { i.Standard = "share" }, "another id": func(i *instrument.Item) { i.ID = "q9" },
	} {
		b := form().Body
		change(&b.Items[0])
		require.False(t, rollup.Comparable(a, b), name)
	}
}
