package statistics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// Expected values are computed by hand from AAPOR's formulas.
func TestRatesOfResponse(t *testing.T) {
	d := statistics.Dispositions{
		Complete: 400, Partial: 50, Refusal: 100, NonContact: 150, Other: 20, UnknownHousehold: 60, UnknownOther: 20, Ineligible: 80,
	}
	e := ok[float64](t)(d.Eligibility())
	require.InDelta(t, 0.9, e, 1e-15)
	r := ok[statistics.Rates](t)(d.Rates(e))
	for name, c := range map[string]struct{ want, got float64 }{
		"RR1": {400.0 / 800, r.RR1}, "RR2": {450.0 / 800, r.RR2}, "RR3": {400.0 / 792, r.RR3}, "RR4": {450.0 / 792, r.RR4},
		"RR5": {400.0 / 720, r.RR5}, "RR6": {450.0 / 720, r.RR6},
		"COOP1": {400.0 / 570, r.COOP1}, "COOP2": {450.0 / 570, r.COOP2}, "COOP3": {400.0 / 550, r.COOP3}, "COOP4": {450.0 / 550, r.COOP4},
		"REF1": {100.0 / 800, r.REF1}, "REF2": {100.0 / 792, r.REF2}, "REF3": {100.0 / 720, r.REF3},
		"CON1": {570.0 / 800, r.CON1}, "CON2": {570.0 / 792, r.CON2}, "CON3": {570.0 / 720, r.CON3},
	} {
		require.InDelta(t, c.want, c.got, 1e-15, name)
	}
	none := ok[statistics.Rates](t)(statistics.Dispositions{UnknownOther: 5}.Rates(0))
	require.Zero(t, none, "nobody answered, and nothing is divided by zero")
}

func TestABiasAnalysisIsDueBelowTheBound(t *testing.T) {
	for name, c := range map[string]struct {
		rate     float64
		universe bool
		due      bool
	}{
		"a sample at the bound":          {0.85, false, false},
		"a sample just below":            {0.8499, false, true},
		"everybody at the sample's mark": {0.85, true, true},
		"everybody at the bound":         {0.90, true, false},
		"nobody":                         {0, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			due := ok[statistics.Due](t)(statistics.BiasAnalysisDue(c.rate, c.universe))
			require.Equal(t, c.due, due.Due)
			require.Contains(t, due.Reason, "%")
		})
	}
}

func TestABiasIsNotableWhenAllBoundsArePassed(t *testing.T) {
	share := func(value, se float64, n int) statistics.Estimate {
		return statistics.Estimate{Value: value, SE: se, N: n}
	}
	for name, c := range map[string]struct {
		characteristic statistics.Characteristic
		notable        bool
		says           string
	}{
		"large and sure":          {statistics.Characteristic{Respondents: share(0.24, 0.02, 200), All: 0.2, Share: true}, true, "20.0%, more than 10%"},
		"not large for its value": {statistics.Characteristic{Respondents: share(0.54, 0.02, 200), All: 0.5, Share: true}, false, "8.0%, not more than 10%"},
		"less than a point":       {statistics.Characteristic{Respondents: share(0.03, 0.001, 200), All: 0.025, Share: true}, false, "0.5 points, not more than 1 point"},
		"unsure":                  {statistics.Characteristic{Respondents: share(0.24, 0.04, 200), All: 0.2, Share: true}, false, "16.7%, not below 15%"},
		"few people":              {statistics.Characteristic{Respondents: share(0.24, 0.02, 29), All: 0.2, Share: true}, false, "29 people are behind it, fewer than 30"},
		"a mean has no points":    {statistics.Characteristic{Respondents: share(3.4, 0.1, 50), All: 3.0}, true, "50 people"},
		"none among all":          {statistics.Characteristic{Respondents: share(0.05, 0.005, 50), All: 0, Share: true}, true, "+Inf%"},
		"the same":                {statistics.Characteristic{Respondents: share(0, 0, 50), All: 0, Share: true}, false, "0.0%, not more than 10%"},
	} {
		t.Run(name, func(t *testing.T) {
			found := ok[[]statistics.Bias](t)(statistics.NonresponseBias(c.characteristic))
			require.Equal(t, c.notable, found[0].Notable, found[0].Reasons)
			require.Contains(t, joined(found[0].Reasons), c.says)
		})
	}
}

func joined(lines []string) string {
	text := ""
	for _, l := range lines {
		text += l + " "
	}
	return text
}

func TestNonrespondentsAreStoodForByTheirClass(t *testing.T) {
	base := []float64{2, 2, 4, 1, 3}
	weights, classes, err := statistics.AdjustForNonresponse(base, []string{"b", "b", "b", "a", "a"}, []bool{true, false, true, true, true})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{2 * 8 / 6.0, 0, 4 * 8 / 6.0, 1, 3}, weights, 1e-12)
	require.Equal(t, []statistics.ResponseClass{
		{Name: "a", Eligible: 2, Respondents: 2, Factor: 1}, {Name: "b", Eligible: 3, Respondents: 2, Factor: 8 / 6.0},
	}, classes)
}

func TestManySchoolsAreComparedAtOnce(t *testing.T) {
	estimate := func(value, se, df float64) statistics.Estimate {
		return statistics.Estimate{Value: value, SE: se, DF: df}
	}
	units := []statistics.Wave{
		{Name: "clear", Before: estimate(3, 0.05, 80), After: estimate(3.6, 0.05, 90)},
		{Name: "chance", Before: estimate(3, 0.3, 20), After: estimate(3.5, 0.3, 20)},
		{Name: "tiny", Before: estimate(3, 0.005, 900), After: estimate(3.05, 0.005, 900)},
		{Name: "silent", Before: estimate(3, 0, 0), After: estimate(4, 0, 0)},
	}
	changes := ok[[]statistics.Change](t)(statistics.Changes(units, statistics.Holm, statistics.Practice{Level: 0.05, Least: 0.2}, 0.95))
	findings := map[string]statistics.Finding{}
	for _, c := range changes {
		findings[c.Name] = c.Finding
	}
	require.Equal(t, map[string]statistics.Finding{
		"clear": statistics.Notable, "chance": statistics.Noise, "tiny": statistics.Small, "silent": statistics.Noise,
	}, findings)
	require.InDelta(t, 0.6, changes[0].Difference, 1e-12, "after less before")
	require.True(t, math.IsNaN(changes[3].Adjusted))
	require.ErrorAs(t, changes[3].Refused, new(*statistics.RefusedError))
	require.InEpsilon(t, 2*changes[2].P, changes[2].Adjusted, 1e-9, "the second of three: the refused one does not count")
	_, err := statistics.Changes(units, statistics.Holm, statistics.Practice{Level: 5}, 0.95)
	require.ErrorAs(t, err, new(*statistics.InputError))
}

func TestEffectSizes(t *testing.T) {
	d := ok[float64](t)(statistics.CohenD(statistics.Spread{N: 10, Mean: 5, SD: 2}, statistics.Spread{N: 20, Mean: 4, SD: 1}))
	require.InDelta(t, 1/math.Sqrt((9*4+19*1)/28.0), d, 1e-12)
	h := ok[float64](t)(statistics.CohenH(1, 0))
	require.InDelta(t, math.Pi, h, 1e-12)
	_, err := statistics.CohenD(statistics.Spread{N: 2}, statistics.Spread{N: 2})
	require.ErrorAs(t, err, new(*statistics.RefusedError))
	_, err = statistics.CohenH(0.5, 1.5)
	require.ErrorAs(t, err, new(*statistics.InputError))
}

// Everybody of a stratum was asked and answered, so nothing is left to chance.
func TestACensusHasNoError(t *testing.T) {
	d := design(t, 3, statistics.Columns{Population: []float64{3, 3, 3}})
	e := ok[statistics.Estimate](t)(d.Mean([]float64{1, 2, 5}))
	require.Zero(t, e.SE)
	i := ok[statistics.Interval](t)(e.Interval(0.95))
	require.Equal(t, statistics.Interval{Low: e.Value, High: e.Value, Confidence: 0.95}, i)
	share := ok[statistics.Estimate](t)(d.Share([]float64{1, 0, 1}))
	i = ok[statistics.Interval](t)(share.ShareInterval(statistics.Wilson, 0.95))
	require.Equal(t, share.Value, i.Low)
}

// Rounding must not pass for an error where all answered the same.
func TestTheSameAnswerOfAllHasNoError(t *testing.T) {
	n := 1000
	x, weights := make([]float64, n), make([]float64, n)
	var m statistics.Moments
	for i := range x {
		x[i], weights[i] = 3.1, 1/float64(i+3)
		m.Add(weights[i], x[i], 1)
	}
	e := ok[statistics.Estimate](t)(design(t, n, statistics.Columns{Weights: weights}).Mean(x))
	require.Equal(t, 3.1, e.Value)
	require.Zero(t, e.SE)
	sums := ok[statistics.Estimate](t)(statistics.RatioOfStrata(statistics.LonelyFail, statistics.Stratum{Moments: m}))
	require.Zero(t, sums.SE)
	items := ok[*statistics.Items](t)(statistics.ItemsOf(x, weights, x))
	_, err := items.Reliability(statistics.Scale{})
	require.ErrorAs(t, err, new(*statistics.RefusedError), "one item varies")
}

// Weights may be so different in size that plain sums lose the small ones.
func TestSumsAreCompensated(t *testing.T) {
	x := []float64{1e16, 1, -1e16, 1, 1, 1}
	d := design(t, len(x), statistics.Columns{})
	require.InDelta(t, 4, ok[statistics.Estimate](t)(d.Total(x)).Value, 1e-9)
}

func TestKappaOfFullAgreementAndOfItsOpposite(t *testing.T) {
	a, b := []string{"1", "2", "1", "2", ""}, []string{"2", "1", "2", "1", "1"}
	levels := []string{"1", "2"}
	k := ok[statistics.Kappa](t)(statistics.CohenKappa(a, a, levels, statistics.Nominal))
	require.InDelta(t, 1, k.Value, 1e-12)
	require.Equal(t, 4, k.N)
	k = ok[statistics.Kappa](t)(statistics.CohenKappa(a, b, levels, statistics.Linear))
	require.InDelta(t, -1, k.Value, 1e-12)
	i := ok[statistics.Interval](t)(k.Interval(0.95))
	require.GreaterOrEqual(t, i.Low, -1.0)
}
