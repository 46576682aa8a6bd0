package rollup

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

// asked is a tree of one district with two schools, where 70 and 40 % are favorable;
// asked is how many each asked, 0 where it is not known.
func asked(t *testing.T, oak, elm int) (*Tree, Edition) {
	t.Helper()
	b := instrument.Body{Items: []instrument.Item{{
		ID: "q1", Type: instrument.Scale, Standard: "welcome", Required: true,
		Options: []instrument.Option{{ID: "1", Score: 1}, {ID: "2", Score: 2}, {ID: "3", Score: 3, Favorable: true}, {ID: "4", Score: 4, Favorable: true}, {ID: "na", NotApplicable: true}},
	}}, Scales: []instrument.Measure{{ID: "s", Kind: instrument.Reflective, Items: []string{"q1"}}}}
	c, err := NewCounter(b)
	require.NoError(t, err)
	for school, counts := range map[string][]int{"oak": {60, 90, 150, 200, 20}, "elm": {100, 140, 90, 70, 40}} {
		for k, n := range counts {
			for i := range n {
				require.NoError(t, c.Add(Answer{School: school, Language: []byte([]string{"en", "es"}[i%2]), Options: []byte(`{"q1":"` + []string{"1", "2", "3", "4", "na"}[k] + `"}`)}))
			}
		}
	}
	all := c.Finish()
	part := Part{Campaign: campaign.Campaign{District: "d1", ID: "fall", Schools: []campaign.School{{ID: "oak"}, {ID: "elm"}}}, Snapshot: First(campaign.Campaign{}, all, 10)}
	if oak > 0 {
		part.Units = map[string]Units{"oak": {Asked: oak}, "elm": {Asked: elm}}
	}
	part.Scales = all.Scales
	questions := Questions(b)
	return DistrictTree(part, Plan{}, questions), Edition{Questions: questions, Scales: b.Scales, Standards: []string{"welcome"}}
}

func pagesWithNoise(t *testing.T, tree *Tree, e Edition, budget release.Epsilon, random *rand.ChaCha8) map[string]Page {
	t.Helper()
	told, noise, err := draw(tree.Tables(Wave{Instrument: "i", Cycle: "cycles/c", Number: 1}), budget, random)
	require.NoError(t, err)
	list, err := Pages(tree, told, noise, e, policy.Policy{TopBottomCode: true}.InForce())
	require.NoError(t, err)
	out := map[string]Page{}
	for _, p := range list {
		out[p.Table] = p
	}
	return out
}

func TestNoisyPagesShowEverythingAndAddUp(t *testing.T) {
	tree, e := asked(t, 0, 0)
	changed := 0
	for seed := range byte(20) {
		pages := pagesWithNoise(t, tree, e, release.One, rand.NewChaCha8([32]byte{seed}))
		district, oak, elm := pages["district-d1"], pages["school-oak"], pages["school-elm"]
		require.Equal(t, district.Responses.Value, oak.Responses.Value+elm.Responses.Value)
		for k, o := range district.Items[0].Options {
			require.True(t, o.Count.Shown)
			require.GreaterOrEqual(t, oak.Items[0].Options[k].Count.Value, 0)
			require.Equal(t, o.Count.Value, oak.Items[0].Options[k].Count.Value+elm.Items[0].Options[k].Count.Value)
			if int64(o.Count.Value) != tree.Places[0].Counts.Cells[0][k] {
				changed++
			}
		}
		require.True(t, district.Items[0].Share.SE.Shown)
		require.Contains(t, district.Notes[len(district.Notes)-1], "noisy")
		require.Len(t, district.Groups, 2)
		require.Equal(t, Measure{Reason: noWholeAnswers}, district.Scales[0].Alpha)
		require.Equal(t, Measure{Reason: noWholeAnswers}, district.Scales[0].Omega)
	}
	require.Greater(t, changed, 40, "of 80 counts")
}

// TestTheErrorOfNoisyEstimatesHoldsTheirNoise draws many times from the same answers:
// the estimates scatter by no more than the noise that was added to their errors, and
// not by much less where a place is not weighted.
func TestTheErrorOfNoisyEstimatesHoldsTheirNoise(t *testing.T) {
	for name, units := range map[string][2]int{"not weighted": {0, 0}, "weighted": {800, 3000}} {
		t.Run(name, func(t *testing.T) {
			tree, e := asked(t, units[0], units[1])
			tables := tree.Tables(Wave{Instrument: "i", Cycle: "cycles/c", Number: 1})
			random := rand.NewChaCha8([32]byte{7})
			const draws = 600
			for _, p := range []parts{shareParts, meanParts} {
				var values []float64
				var added float64
				for range draws {
					told, noise, err := draw(tables, release.One/2, random)
					require.NoError(t, err)
					v, err := newView(tree, told)
					require.NoError(t, err)
					v.noise = noise
					n := v.estimate(0, 0, p, hiddenShare)
					require.True(t, n.ok())
					values = append(values, n.Value)
					added += v.noiseOf(0, 0, p, n.Value) / draws
				}
				found := varianceOf(values)
				require.Less(t, found, 1.2*added)
				if units[0] == 0 {
					require.Greater(t, found, 0.8*added)
				}
			}
			require.Len(t, e.Questions, 1)
		})
	}
}

// TestTheGapOfAGroupHoldsTheNoiseOfBoth does the same for a group and the others.
func TestTheGapOfAGroupHoldsTheNoiseOfBoth(t *testing.T) {
	tree, _ := asked(t, 0, 0)
	tables := tree.Tables(Wave{Instrument: "i", Cycle: "cycles/c", Number: 1})
	random := rand.NewChaCha8([32]byte{8})
	exact, _, err := draw(tables, 1000*release.One, random) // as good as exact
	require.NoError(t, err)
	v, err := newView(tree, exact)
	require.NoError(t, err)
	alone := v.groupEstimates(0)[0].Gap.SE.Value
	var gaps []float64
	var variance float64
	const draws = 600
	for range draws {
		told, noise, err := draw(tables, release.One/2, random)
		require.NoError(t, err)
		v, err := newView(tree, told)
		require.NoError(t, err)
		v.noise = noise
		g := v.groupEstimates(0)[0].Gap
		require.True(t, g.SE.Shown)
		gaps = append(gaps, g.Value.Value)
		variance += (g.SE.Value*g.SE.Value - alone*alone) / draws
	}
	found := varianceOf(gaps)
	require.InDelta(t, 1, found/variance, 0.25)
}

func varianceOf(values []float64) float64 {
	var mean, sum float64
	for _, x := range values {
		mean += x / float64(len(values))
	}
	for _, x := range values {
		sum += (x - mean) * (x - mean)
	}
	return sum / float64(len(values)-1)
}

func TestTheMarginHolds95Percent(t *testing.T) {
	for _, rate := range []float64{0.01, 0.1, 0.5, 2, 10} {
		s := spread{rate}
		p := math.Exp(-rate)
		beyond := func(x int) float64 { return 2 * math.Pow(p, float64(x+1)) / (1 + p) }
		require.LessOrEqual(t, beyond(s.margin()), 0.05+1e-12)
		if m := s.margin(); m > 0 {
			require.Greater(t, beyond(m-1), 0.05)
		}
	}
}

// TestABudgetIsSharedByAllThatIsToldOfAPerson adds up what one person's answers are in.
func TestABudgetIsSharedByAllThatIsToldOfAPerson(t *testing.T) {
	tree, _ := asked(t, 0, 0)
	_, noise, err := draw(tree.Tables(Wave{}), release.One, rand.NewChaCha8([32]byte{}))
	require.NoError(t, err)
	require.InDelta(t, 1, 2*noise.whole.rate+1*noise.groups.rate, 1e-6, "two levels of everybody, and a language in one")
}
