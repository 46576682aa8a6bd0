package statistics_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

const apiFile = "testdata/api.json"

// published are the values that the survey package's own documentation shows.
var published = map[string]struct {
	at    int
	value float64
	half  float64 // half of the last digit shown
}{
	"strat.mean":  {0, 662.29, 0.005},
	"raked.mean":  {0, 641.23, 0.005},
	"raked.error": {1, 23.704, 0.0005},
	"strat.error": {1, 9.4089, 0.00005},
	"strat.low":   {2, 643.7322, 0.00005},
	"strat.high":  {3, 680.8425, 0.00005},
}

func TestStoredValuesOfTheAPIDataAreThePublishedOnes(t *testing.T) {
	v := readValues(t, apiFile)
	for name, p := range published {
		require.InDelta(t, p.value, v[name[:5]+".mean"][p.at], p.half, name)
	}
	require.InDeltaSlice(t, []float64{674.43, 625.82, 636.60, 12.38248, 14.93713, 16.21471}, v["strat.by"], 0.005)
}

// The data are part of R's package and come from there, so this needs R.
func TestNumbersEqualROnTheAPIData(t *testing.T) {
	requireR(t)
	folder := t.TempDir()
	runR(t, "api", folder)
	if *update {
		raw, err := os.ReadFile(filepath.Join(folder, "api.json"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(apiFile, raw, 0o600))
	}
	got := apiValues(t, folder)
	requireEqual(t, readValues(t, apiFile), got)
	requireEqual(t, readValues(t, filepath.Join(folder, "api.json")), got)
}

func apiValues(t testing.TB, folder string) values {
	v := values{}
	get := estimate(t)
	strat := readTable(t, filepath.Join(folder, "apistrat.csv"))
	d := ok[*statistics.Design](t)(statistics.NewDesign(len(strat.rows), statistics.Columns{
		Weights: strat.number(t, "pw"), Strata: strat.text(t, "stype"), Population: strat.number(t, "fpc"),
	}))
	api, wide, types := strat.number(t, "api00"), strat.text(t, "sch.wide"), strat.text(t, "stype")
	m := get(d.Mean(api))
	v.put("strat.mean", append(append([]float64{m.Value, m.SE}, interval(t, m, 0.95)...), m.DF)...)
	by, _ := asked{design: d, group: types}.by(t, api)
	v.put("strat.by", by...)
	total, ratio := get(d.Total(strat.number(t, "enroll"))), get(d.Ratio(api, strat.number(t, "api99")))
	v.put("strat.total", total.Value, total.SE)
	v.put("strat.ratio", ratio.Value, ratio.SE)
	yes := make([]float64, len(wide))
	for i := range wide {
		if wide[i] == "Yes" {
			yes[i] = 1
		}
	}
	for _, method := range []statistics.Method{statistics.Logit, statistics.Beta} {
		share := get(d.Share(yes))
		i := ok[statistics.Interval](t)(share.ShareInterval(method, 0.95))
		v.put("strat.share."+string(method), share.Value, i.Low, i.High)
	}
	test := ok[statistics.Test](t)(d.TTest(api, wide, "Yes", "No", 0.95))
	v.put("strat.ttest", test.Statistic, test.DF, test.P, test.Interval.Low, test.Interval.High)
	v.put("strat.chisq", asked{design: d, group: types}.chiSquare(t, wide)...)
	apiClusters(t, folder, v)
	return v
}

func apiClusters(t testing.TB, folder string, v values) {
	get := estimate(t)
	clus := readTable(t, filepath.Join(folder, "apiclus1.csv"))
	d := ok[*statistics.Design](t)(statistics.NewDesign(len(clus.rows), statistics.Columns{
		Weights: clus.number(t, "pw"), Clusters: clus.text(t, "dnum"), Population: clus.number(t, "fpc"),
	}))
	api, enroll := clus.number(t, "api00"), clus.number(t, "enroll")
	m := get(d.Mean(api))
	v.put("clus.mean", append(append([]float64{m.Value, m.SE}, interval(t, m, 0.95)...), m.DF)...)
	total := get(d.Total(enroll))
	v.put("clus.total", total.Value, total.SE)
	v.put("clus.chisq", asked{design: d, group: clus.text(t, "stype")}.chiSquare(t, clus.text(t, "sch.wide"))...)
	types := statistics.Margin{Name: "stype", Categories: clus.text(t, "stype"), Totals: map[string]float64{"E": 4421, "H": 755, "M": 1018}}
	wide := statistics.Margin{Name: "sch.wide", Categories: clus.text(t, "sch.wide"), Totals: map[string]float64{"No": 1072, "Yes": 5122}}
	raked, report, err := d.Rake([]statistics.Margin{types, wide}, statistics.RakeOptions{})
	require.NoError(t, err)
	require.True(t, report.Converged)
	m, total = get(raked.Mean(api)), get(raked.Total(enroll))
	v.put("raked.mean", m.Value, m.SE)
	v.put("raked.total", total.Value, total.SE)
	v.put("raked.weights", spread(raked.Weights())...)
	trimmed := ok[*statistics.Design](t)(raked.Trim(statistics.Bounds{Lower: 20, Upper: 45}))
	v.put("trimmed.weights", spread(trimmed.Weights())...)
	m = get(trimmed.Mean(api))
	v.put("trimmed.mean", m.Value, m.SE)
	m = get(ok[*statistics.Design](t)(d.PostStratify(types)).Mean(api))
	v.put("post.mean", m.Value, m.SE)
}

// spread is the smallest and largest weight, and the sum of squares.
func spread(weights []float64) []float64 {
	squares := 0.0
	for _, w := range weights {
		squares += w * w
	}
	return []float64{slices.Min(weights), slices.Max(weights), squares}
}
