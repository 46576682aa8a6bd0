package statistics_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// asked is a design with the columns that are asked about.
type asked struct {
	design            *statistics.Design
	score, real, size []float64
	success           []float64
	group, answer     []string
}

func ask(t testing.TB, f *table, c statistics.Columns) asked {
	t.Helper()
	d, err := statistics.NewDesign(len(f.rows), c)
	require.NoError(t, err)
	return asked{
		design: d, score: f.number(t, "score"), real: f.number(t, "real"), size: f.number(t, "size"),
		success: f.number(t, "success"), group: f.text(t, "group"), answer: f.text(t, "answer"),
	}
}

// ok unwraps a result.
func ok[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

func estimate(t testing.TB) func(statistics.Estimate, error) statistics.Estimate {
	return ok[statistics.Estimate](t)
}

func interval(t testing.TB, e statistics.Estimate, confidence float64) []float64 {
	t.Helper()
	i := ok[statistics.Interval](t)(e.Interval(confidence))
	return []float64{i.Low, i.High}
}

// answers asks a design all that testdata/r/survey.R asks.
func (a asked) answers(t testing.TB, name string, v values) {
	d, get := a.design, estimate(t)
	mean := get(d.Mean(a.score))
	v.put(name+".df", mean.DF)
	v.put(name+".mean", append([]float64{mean.Value, mean.SE}, interval(t, mean, 0.95)...)...)
	v.put(name+".mean90", interval(t, mean, 0.9)...)
	for suffix, e := range map[string]statistics.Estimate{
		".real": get(d.Mean(a.real)), ".total": get(d.Total(a.size)), ".total.missing": get(d.Total(a.real)), ".ratio": get(d.Ratio(a.real, a.size)),
	} {
		v.put(name+suffix, e.Value, e.SE)
	}
	groups, intervals := a.by(t, a.score)
	v.put(name+".by", groups...)
	v.put(name+".by.interval", intervals...)
	v.put(name+".domain", a.domain(t)...)
	v.put(name+".by.share", a.byShare(t)...)
	v.put(name+".distribution", flatten(ok[[]statistics.Group](t)(d.Distribution(a.answer, []string{"never", "often", "sometimes"})))...)
	v.put(name+".deff", ok[float64](t)(d.DesignEffect(a.score, true)))
}

func flatten(groups []statistics.Group) []float64 {
	var flat []float64
	for _, g := range groups {
		flat = append(flat, g.Value, g.SE)
	}
	return flat
}

// by are values then standard errors, and the intervals, as R's svyby gives them.
func (a asked) by(t testing.TB, x []float64) (numbers, intervals []float64) {
	groups := ok[[]statistics.Group](t)(a.design.By(x, a.group))
	var errors []float64
	for _, g := range groups {
		numbers, errors = append(numbers, g.Value), append(errors, g.SE)
		intervals = append(intervals, interval(t, g.Estimate, 0.95)...)
	}
	return append(numbers, errors...), intervals
}

// byShare are shares and their intervals by log odds.
func (a asked) byShare(t testing.TB) []float64 {
	var numbers []float64
	for _, g := range ok[[]statistics.Group](t)(a.design.ShareBy(a.success, a.group)) {
		i := ok[statistics.Interval](t)(g.ShareInterval(statistics.Logit, 0.95))
		numbers = append(numbers, g.Value, i.Low, i.High)
	}
	return numbers
}

func (a asked) domain(t testing.TB) []float64 {
	in := make([]bool, len(a.group))
	for i, g := range a.group {
		in[i] = g == "a"
	}
	d := ok[*statistics.Design](t)(a.design.Domain(in))
	e := estimate(t)(d.Mean(a.score))
	return append([]float64{e.Value, e.SE, e.DF}, interval(t, e, 0.95)...)
}

func (a asked) shares(t testing.TB, name string, v values) {
	for _, method := range []statistics.Method{statistics.Logit, statistics.Beta} {
		for _, confidence := range []float64{0.9, 0.95} {
			e := estimate(t)(a.design.Share(a.success))
			i := ok[statistics.Interval](t)(e.ShareInterval(method, confidence))
			v.put(fmt.Sprintf("%s.share.%s.%g", name, method, confidence), e.Value, e.SE, i.Low, i.High)
		}
	}
}

func (a asked) tests(t testing.TB, name string, v values) {
	test := ok[statistics.Test](t)(a.design.TTest(a.score, a.group, "b", "a", 0.95))
	v.put(name+".ttest", test.Statistic, test.DF, test.P, test.Difference, test.Interval.Low, test.Interval.High)
	v.put(name+".chisq", a.chiSquare(t, a.answer)...)
	v.put(name+".chisq.two", a.chiSquare(t, textOf(a.success))...)
}

func (a asked) chiSquare(t testing.TB, rows []string) []float64 {
	x := ok[statistics.ChiSquareTest](t)(a.design.ChiSquare(rows, a.group))
	return []float64{x.F, x.DF1, x.DF2, x.P}
}

func textOf(numbers []float64) []string {
	text := make([]string, len(numbers))
	for i, x := range numbers {
		if !math.IsNaN(x) {
			text[i] = fmt.Sprint(x)
		}
	}
	return text
}

func surveyValues(t testing.TB, folder string) values {
	simple := readTable(t, filepath.Join(folder, "simple.csv"))
	sample := readTable(t, filepath.Join(folder, "sample.csv"))
	lonely := readTable(t, filepath.Join(folder, "lonely.csv"))
	weights, strata, clusters, psus := sample.number(t, "weight"), sample.text(t, "stratum"), sample.text(t, "cluster"), sample.number(t, "psus")
	v := values{}
	for name, a := range map[string]asked{
		"plain":      ask(t, simple, statistics.Columns{}),
		"stratified": ask(t, simple, statistics.Columns{Strata: simple.text(t, "stratum"), Population: simple.number(t, "population")}),
		"fraction":   ask(t, simple, statistics.Columns{Strata: simple.text(t, "stratum"), Population: simple.number(t, "share")}),
		"clustered":  ask(t, sample, statistics.Columns{Weights: weights, Clusters: clusters}),
		"full":       ask(t, sample, statistics.Columns{Weights: weights, Strata: strata, Clusters: clusters, Population: psus}),
		"nested":     ask(t, sample, statistics.Columns{Weights: weights, Strata: strata, Clusters: sample.text(t, "local"), Nest: true}),
	} {
		a.answers(t, name, v)
		a.shares(t, name, v)
		a.tests(t, name, v)
	}
	for name, rule := range map[string]statistics.LonelyRule{
		"remove": statistics.LonelyRemove, "adjust": statistics.LonelyAdjust, "average": statistics.LonelyAverage,
	} {
		ask(t, lonely, statistics.Columns{
			Weights: lonely.number(t, "weight"), Strata: lonely.text(t, "stratum"), Clusters: lonely.text(t, "cluster"),
			Population: lonely.number(t, "psus"), Lonely: rule,
		}).answers(t, "lonely."+name, v)
	}
	return v
}

func weightValues(t testing.TB, folder string) values {
	sample := readTable(t, filepath.Join(folder, "sample.csv"))
	totals := readTable(t, filepath.Join(folder, "margins.csv"))
	margin := func(variable string) statistics.Margin { return marginOf(t, totals, sample, variable) }
	weights := sample.number(t, "weight")
	full := ask(t, sample, statistics.Columns{
		Weights: weights, Strata: sample.text(t, "stratum"), Clusters: sample.text(t, "cluster"), Population: sample.number(t, "psus"),
	})
	plain := ask(t, sample, statistics.Columns{Weights: weights})
	v := values{}
	rake := func(name string, of asked, o statistics.RakeOptions, margins ...statistics.Margin) asked {
		d, report, err := of.design.Rake(margins, o)
		require.NoError(t, err)
		require.Equal(t, o.Rounds != 1, report.Converged)
		of.design = d
		of.after(t, name, v)
		return of
	}
	rake("rake.coarse", full, statistics.RakeOptions{}, margin("grade"), margin("home"))
	rake("rake.fine", full, statistics.RakeOptions{Epsilon: 1e-9, Rounds: 100}, margin("grade"), margin("home"))
	raked := rake("rake.short", full, statistics.RakeOptions{Epsilon: 1e-9, Rounds: 1}, margin("grade"), margin("home"))
	rake("rake.plain", plain, statistics.RakeOptions{Epsilon: 1e-9, Rounds: 100}, margin("home"), margin("grade"))
	post := full
	post.design = ok[*statistics.Design](t)(full.design.PostStratify(margin("home")))
	post.after(t, "post", v)
	e := ok[statistics.WeightEffect](t)(statistics.EffectOfWeights(raked.design.Weights()))
	v.put("kish", e.Effect)
	bounds := statistics.Bounds{Upper: 1.6 * e.Sum / float64(e.N), Lower: 0.5 * e.Sum / float64(e.N)}
	trimmed := raked
	trimmed.design = ok[*statistics.Design](t)(raked.design.Trim(bounds))
	trimmed.after(t, "trim", v)
	bounds = statistics.Bounds{Upper: math.Ceil(bounds.Upper), Lower: math.Floor(bounds.Lower), Strict: true}
	v.put("trim.strict.weights", ok[*statistics.Design](t)(raked.design.Trim(bounds)).Weights()...)
	return v
}

func marginOf(t testing.TB, totals, sample *table, variable string) statistics.Margin {
	m := statistics.Margin{Name: variable, Categories: sample.text(t, variable), Totals: map[string]float64{}}
	numbers := totals.number(t, "total")
	for i, name := range totals.text(t, "variable") {
		if name == variable {
			m.Totals[totals.text(t, "category")[i]] = numbers[i]
		}
	}
	return m
}

// after asks a calibrated design all that testdata/r/weights.R asks.
func (a asked) after(t testing.TB, name string, v values) {
	get := estimate(t)
	v.put(name+".weights", a.design.Weights()...)
	mean := get(a.design.Mean(a.score))
	v.put(name+".mean", append([]float64{mean.Value, mean.SE}, interval(t, mean, 0.95)...)...)
	total, ratio, share := get(a.design.Total(a.size)), get(a.design.Ratio(a.real, a.size)), get(a.design.Share(a.success))
	i := ok[statistics.Interval](t)(share.ShareInterval(statistics.Logit, 0.95))
	v.put(name+".total", total.Value, total.SE)
	v.put(name+".share", share.Value, share.SE, i.Low, i.High)
	v.put(name+".ratio", ratio.Value, ratio.SE)
	by, _ := a.by(t, a.score)
	v.put(name+".by", by...)
	test := ok[statistics.Test](t)(a.design.TTest(a.score, a.group, "b", "a", 0.95))
	v.put(name+".ttest", test.Statistic, test.DF, test.P)
	v.put(name+".chisq", a.chiSquare(t, a.answer)...)
}
