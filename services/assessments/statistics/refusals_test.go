package statistics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

var nan, inf = math.NaN(), math.Inf(1)

// design is one of n rows that has to be right.
func design(t testing.TB, n int, c statistics.Columns) *statistics.Design {
	t.Helper()
	return ok[*statistics.Design](t)(statistics.NewDesign(n, c))
}

func failure[T any](_ T, err error) error { return err }

func TestWrongInputIsNamed(t *testing.T) {
	d := design(t, 4, statistics.Columns{})
	none := statistics.Columns{}
	for name, c := range map[string]struct {
		err   error
		field string
		row   int
	}{
		"no rows":                        {failure(statistics.NewDesign(0, none)), "rows", -1},
		"a weight that is no number":     {failure(statistics.NewDesign(2, statistics.Columns{Weights: []float64{1, nan}})), "weights", 1},
		"a negative weight":              {failure(statistics.NewDesign(2, statistics.Columns{Weights: []float64{-1, 1}})), "weights", 0},
		"an infinite weight":             {failure(statistics.NewDesign(2, statistics.Columns{Weights: []float64{1, inf}})), "weights", 1},
		"no weight above zero":           {failure(statistics.NewDesign(2, statistics.Columns{Weights: []float64{0, 0}})), "weights", -1},
		"fewer weights than rows":        {failure(statistics.NewDesign(2, statistics.Columns{Weights: []float64{1}})), "weights", -1},
		"fewer strata than rows":         {failure(statistics.NewDesign(2, statistics.Columns{Strata: []string{"a"}})), "strata", -1},
		"more drawn than there are":      {failure(statistics.NewDesign(3, statistics.Columns{Population: []float64{2, 2, 2}})), "population", 0},
		"two populations of one stratum": {failure(statistics.NewDesign(2, statistics.Columns{Population: []float64{10, 11}})), "population", 1},
		"shares mixed with numbers":      {failure(statistics.NewDesign(2, statistics.Columns{Population: []float64{0.5, 10}})), "population", 1},
		"a population of nobody":         {failure(statistics.NewDesign(2, statistics.Columns{Population: []float64{2, 0}})), "population", 1},
		"a cluster in two strata":        {failure(statistics.NewDesign(2, statistics.Columns{Strata: []string{"a", "b"}, Clusters: []string{"x", "x"}})), "clusters", 1},
		"an unknown lonely rule":         {failure(statistics.NewDesign(2, statistics.Columns{Lonely: 9})), "lonely", -1},
		"a column that is too short":     {failure(d.Mean([]float64{1})), "values", -1},
		"an infinite value":              {failure(d.Mean([]float64{1, 2, inf, 3})), "values", 2},
		"no value at all":                {failure(d.Mean([]float64{nan, nan, nan, nan})), "values", -1},
		"a share that is neither":        {failure(d.Share([]float64{0, 1, 0.5, 1})), "success", 2},
		"an answer that is no option":    {failure(d.Distribution([]string{"a", "b", "", "c"}, []string{"a", "b"})), "answers", 3},
		"a domain without rows":          {failure(d.Domain(make([]bool, 4))), "domain", -1},
		"a group without values":         {failure(d.TTest([]float64{1, 2, nan, nan}, []string{"a", "a", "b", "b"}, "a", "b", 0.95)), "groups", -1},
		"a group with itself":            {failure(d.TTest([]float64{1, 2, 3, 4}, []string{"a", "a", "b", "b"}, "a", "a", 0.95)), "groups", -1},
		"a confidence of one":            {failure(statistics.Estimate{}.Margin(1)), "confidence", -1},
		"more successes than answers":    {failure(statistics.WilsonInterval(5, 4, 0, 0.95)), "successes", -1},
		"a population below n":           {failure(statistics.WilsonInterval(2, 4, 3, 0.95)), "population", -1},
		"a p value above one":            {failure(statistics.AdjustP([]float64{0.1, 1.1}, statistics.Holm)), "p", 1},
		"an unknown adjustment":          {failure(statistics.AdjustP([]float64{0.1}, "bonferroni")), "method", -1},
		"a bound below the other":        {failure(statistics.TrimWeights([]float64{1, 2}, statistics.Bounds{Lower: 3, Upper: 2})), "bounds", -1},
		"a negative disposition":         {failure(statistics.Dispositions{Complete: 1, Refusal: -1}.Rates(1)), "dispositions", -1},
		"nobody asked":                   {failure(statistics.Dispositions{Ineligible: 3}.Rates(1)), "dispositions", -1},
		"an eligibility above one":       {failure(statistics.Dispositions{Complete: 1}.Rates(1.5)), "eligibility", -1},
		"a rating that is no level":      {failure(statistics.CohenKappa([]string{"a", "x"}, []string{"a", "a"}, []string{"a", "b"}, statistics.Nominal)), "ratings", 1},
		"a rater who left a gap":         {failure(statistics.IntraclassCorrelations([][]float64{{1, 2}, {3, nan}}, 0.95)), "ratings", 1},
		"a stratum overfull":             {failure(statistics.RatioOfStrata(0, statistics.Stratum{Population: 1, Moments: moments(1, 2, 3)})), "population", -1},
		"strata without answers":         {failure(statistics.RatioOfStrata(0, statistics.Stratum{})), "strata", -1},
		"an empty cell of a bias table":  {failure(statistics.NonresponseBias(statistics.Characteristic{})), "characteristics", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var input *statistics.InputError
			require.ErrorAs(t, c.err, &input)
			require.Equal(t, c.field, input.Field)
			require.Equal(t, c.row, input.Row)
			require.NotEmpty(t, input.Rule)
		})
	}
}

// moments are those of rows that all answered with weight 1.
func moments(y ...float64) statistics.Moments {
	var m statistics.Moments
	for _, v := range y {
		m.Add(1, v, 1)
	}
	return m
}

func TestWhatWouldMisleadIsRefused(t *testing.T) {
	lonely := design(t, 3, statistics.Columns{Strata: []string{"a", "a", "b"}})
	oneCluster := design(t, 2, statistics.Columns{Clusters: []string{"x", "x"}})
	four := design(t, 4, statistics.Columns{})
	items := ok[*statistics.Items](t)(statistics.ItemsOf(
		[]float64{1, 2, 3, 4, 5, 1, 2, 3}, []float64{2, 2, 3, 4, 4, 1, 2, 3}, []float64{1, 3, 3, 5, 5, 2, 2, 2}))
	two := ok[*statistics.Items](t)(statistics.ItemsOf([]float64{1, 2, 3, 4}, []float64{2, 2, 3, 4}))
	for name, err := range map[string]error{
		"the error of a lonely unit":     failure(lonely.Mean([]float64{1, 2, 3})),
		"the error of one cluster":       failure(oneCluster.Mean([]float64{1, 2})),
		"an interval of one row":         failure(statistics.Estimate{Value: 1, SE: 1}.Interval(0.95)),
		"log odds of all":                failure(statistics.Estimate{Value: 1, DF: 3}.ShareInterval(statistics.Logit, 0.95)),
		"Clopper and Pearson of nobody":  failure(statistics.Estimate{Value: 0, DF: 3}.ShareInterval(statistics.Beta, 0.95)),
		"alpha of a composite":           failure(items.Reliability(statistics.Scale{Composite: true})),
		"omega of a composite":           failure(items.Omega(statistics.Scale{Composite: true})),
		"alpha of few people":            failure(items.Reliability(statistics.Scale{})),
		"omega of two items":             failure(two.Omega(statistics.Scale{Minimum: 3})),
		"two waves without errors":       failure(statistics.Difference(statistics.Estimate{}, statistics.Estimate{}, 0.95)),
		"shares that do not vary":        failure(statistics.TwoProportions(statistics.Count{N: 3}, statistics.Count{N: 4}, 0.95)),
		"a sample of one":                failure(statistics.SampleOf([]float64{3, nan})),
		"pairs that all moved alike":     failure(statistics.PairedDifference([]float64{1, 2}, []float64{2, 3}, 0.95)),
		"a table of one row":             failure(four.ChiSquare([]string{"x", "x", "x", "x"}, []string{"a", "a", "b", "b"})),
		"a class in which nobody spoke":  failureOfAdjustment([]float64{1, 1}, []string{"a", "b"}, []bool{true, false}),
		"bounds below the mean":          failure(statistics.TrimWeights([]float64{4, 6}, statistics.Bounds{Upper: 4.5, Strict: true})),
		"raters on one level":            failure(statistics.CohenKappa([]string{"a", "a"}, []string{"a", "a"}, []string{"a", "b"}, statistics.Nominal)),
		"raters without any error":       failure(statistics.IntraclassCorrelations([][]float64{{1, 2}, {3, 4}, {5, 6}}, 0.95)),
		"eligibility nobody knows":       failure(statistics.Dispositions{UnknownOther: 4}.Eligibility()),
		"a sum that lonely rows make up": failure(statistics.RatioOfStrata(statistics.LonelyFail, statistics.Stratum{Moments: moments(1)}, statistics.Stratum{Moments: moments(1, 2)})),
	} {
		t.Run(name, func(t *testing.T) {
			var no *statistics.RefusedError
			require.ErrorAs(t, err, &no)
			require.NotEmpty(t, no.Statistic)
			require.NotEmpty(t, no.Reason)
		})
	}
}

func failureOfAdjustment(base []float64, class []string, responded []bool) error {
	_, _, err := statistics.AdjustForNonresponse(base, class, responded)
	return err
}

func TestMarginsThatCannotBeMetAreRefused(t *testing.T) {
	d := design(t, 4, statistics.Columns{})
	grade := statistics.Margin{Name: "grade", Categories: []string{"k", "k", "m", "m"}, Totals: map[string]float64{"k": 50, "m": 50}}
	with := func(change func(m *statistics.Margin)) statistics.Margin {
		m := grade
		m.Totals = map[string]float64{"k": 50, "m": 50}
		change(&m)
		return m
	}
	for name, c := range map[string]struct {
		margins []statistics.Margin
		says    string
	}{
		"none":                        {nil, "there are none"},
		"a category without a total":  {[]statistics.Margin{with(func(m *statistics.Margin) { m.Totals = map[string]float64{"k": 50} })}, "no total"},
		"a total that nobody fills":   {[]statistics.Margin{with(func(m *statistics.Margin) { m.Totals["h"] = 9 })}, "join it"},
		"a negative total":            {[]statistics.Margin{with(func(m *statistics.Margin) { m.Totals["k"] = -1 })}, "zero or more"},
		"two sizes of one population": {[]statistics.Margin{grade, with(func(m *statistics.Margin) { m.Totals["k"] = 60 })}, "one population"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := d.Rake(c.margins, statistics.RakeOptions{})
			require.ErrorContains(t, err, c.says)
		})
	}
	other := with(func(m *statistics.Margin) { m.Totals = map[string]float64{"k": 30, "m": 90} })
	raked, report, err := d.Rake([]statistics.Margin{other}, statistics.RakeOptions{Rescale: true, Epsilon: 1e-9})
	require.NoError(t, err)
	require.True(t, report.Converged)
	require.InDeltaSlice(t, []float64{15, 15, 45, 45}, raked.Weights(), 1e-9)
}

// A design stays what it was, whatever is made of it.
func TestDesignsDoNotChange(t *testing.T) {
	d := design(t, 4, statistics.Columns{Weights: []float64{1, 2, 3, 4}})
	m := statistics.Margin{Name: "m", Categories: []string{"a", "a", "b", "b"}, Totals: map[string]float64{"a": 6, "b": 4}}
	raked, _, err := d.Rake([]statistics.Margin{m}, statistics.RakeOptions{})
	require.NoError(t, err)
	_ = ok[*statistics.Design](t)(raked.Trim(statistics.Bounds{Upper: 3}))
	_ = ok[*statistics.Design](t)(d.PostStratify(m))
	domain := ok[*statistics.Design](t)(d.Domain([]bool{true, false, true, true}))
	require.Equal(t, []float64{1, 0, 3, 4}, domain.Weights())
	require.Equal(t, []float64{1, 2, 3, 4}, d.Weights())
	_, _, err = domain.Rake([]statistics.Margin{m}, statistics.RakeOptions{})
	require.ErrorContains(t, err, "then take the domain")
}
