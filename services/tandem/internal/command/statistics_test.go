package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/config"
)

const fixtures = "../../../assessments/statistics/testdata/seed-1"

// parsed is a command as somebody types it.
func parsed(t *testing.T, args ...string) (*CLI, error) {
	t.Helper()
	var cli CLI
	_, err := config.Parse(&cli, "tandem", "", append([]string{"statistics"}, args...))
	return &cli, err
}

// statisticsOf runs a command and returns what it printed and noted.
func statisticsOf(t *testing.T, args ...string) (out, notes string, err error) {
	t.Helper()
	cli, err := parsed(t, args...)
	require.NoError(t, err)
	var printed, noted bytes.Buffer
	s := &cli.Statistics
	switch args[0] {
	case "mean":
		err = s.Mean.run(&printed, &noted)
	case "proportion":
		err = s.Proportion.run(&printed, &noted)
	case "distribution":
		err = s.Distribution.run(&printed, &noted)
	case "rake":
		err = s.Rake.run(&printed, &noted)
	case "reliability":
		err = s.Reliability.run(&printed, &noted)
	case "agreement":
		err = s.Agreement.run(&printed)
	case "compare":
		err = s.Compare.run(&printed, &noted)
	case "two-proportion":
		err = s.Proportions.run(&printed, &noted)
	case "adjust":
		err = s.Adjust.run(&printed)
	case "response-rate":
		err = s.ResponseRate.run(&printed)
	}
	return printed.String(), noted.String(), err
}

// storedR are the values that R computed of the fixtures.
func storedR(t *testing.T, script string) map[string][]float64 {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(fixtures, script+".json"))
	require.NoError(t, err)
	var file struct{ Values map[string][]float64 }
	require.NoError(t, json.Unmarshal(raw, &file))
	return file.Values
}

func fixture(name string) string { return filepath.Join(fixtures, name) }

// file writes a CSV file for a test.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input.csv")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestStatisticsOnFilesEqualR(t *testing.T) {
	survey, weights, comparisons := storedR(t, "survey"), storedR(t, "weights"), storedR(t, "comparisons")
	reliability, agreement := storedR(t, "reliability"), storedR(t, "agreement")
	full := []string{"--weight", "weight", "--strata", "stratum", "--cluster", "cluster", "--fpc", "psus", fixture("sample.csv")}
	rake := append([]string{"rake", "--margins", fixture("margins.csv"), "--epsilon", "1e-9", "--maxit", "100", "--value", "score"}, full...)
	for name, c := range map[string]struct {
		args []string
		path []string // in the JSON
		want float64
	}{
		"mean":               {append([]string{"mean", "--value", "score"}, full...), []string{"0", "estimate"}, survey["full.mean"][0]},
		"its error":          {append([]string{"mean", "--value", "score"}, full...), []string{"0", "se"}, survey["full.mean"][1]},
		"its interval":       {append([]string{"mean", "--value", "score"}, full...), []string{"0", "interval", "high"}, survey["full.mean"][3]},
		"a group":            {append([]string{"mean", "--value", "score", "--by", "group"}, full...), []string{"1", "estimate"}, survey["full.by"][1]},
		"a group's interval": {append([]string{"mean", "--value", "score", "--by", "group"}, full...), []string{"1", "interval", "low"}, survey["full.by.interval"][2]},
		"total":              {append([]string{"mean", "--total", "--value", "size"}, full...), []string{"0", "se"}, survey["full.total"][1]},
		"ratio":              {append([]string{"mean", "--per", "size", "--value", "real"}, full...), []string{"0", "se"}, survey["full.ratio"][1]},
		"nested":             {[]string{"mean", "--value", "score", "--weight", "weight", "--strata", "stratum", "--cluster", "local", "--nest", fixture("sample.csv")}, []string{"0", "se"}, survey["nested.mean"][1]},
		"lonely":             {[]string{"mean", "--value", "score", "--weight", "weight", "--strata", "stratum", "--cluster", "cluster", "--fpc", "psus", "--lonely", "adjust", fixture("lonely.csv")}, []string{"0", "se"}, survey["lonely.adjust.mean"][1]},
		"share by log odds":  {append([]string{"proportion", "--value", "success", "--success", "1", "--method", "logit"}, full...), []string{"0", "interval", "low"}, survey["full.share.logit.0.95"][2]},
		"share by beta":      {append([]string{"proportion", "--value", "success", "--success", "1", "--method", "beta"}, full...), []string{"0", "interval", "high"}, survey["full.share.beta.0.95"][3]},
		"distribution":       {append([]string{"distribution", "--value", "answer"}, full...), []string{"2", "se"}, survey["full.distribution"][5]},
		"raked mean":         {append(rake, "--json"), []string{"means", "0", "estimate"}, weights["rake.fine.mean"][0]},
		"raked error":        {append(rake, "--json"), []string{"means", "0", "se"}, weights["rake.fine.mean"][1]},
		"raked weight":       {append(rake, "--json"), []string{"weights", "7"}, weights["rake.fine.weights"][7]},
		"alpha":              {[]string{"reliability", "--items", "q1,q2,q3,q4,q5", fixture("whole.csv")}, []string{"alpha"}, reliability["whole.total"][0]},
		"alpha without one":  {[]string{"reliability", "--items", "q1,q2,q3,q4,q5", fixture("whole.csv")}, []string{"items", "1", "alpha_if_dropped"}, reliability["whole.drop"][6]},
		"item and rest":      {[]string{"reliability", "--items", "q1,q2,q3,q4,q5", fixture("whole.csv")}, []string{"items", "1", "item_rest_correlation"}, reliability["whole.items"][7]},
		"kappa":              {[]string{"agreement", "--raters", "r1,r2", "--levels", "1,2,3,4", fixture("ratings.csv")}, []string{"0", "value"}, agreement["kappa"][0]},
		"correlation":        {[]string{"agreement", "--raters", "r1,r2,r3,r4", fixture("ratings.csv")}, []string{"1", "interval", "low"}, agreement["icc"][12]},
		"Welch":              {[]string{"compare", "--value", "score", "--group", "group", "--groups", "a,b", fixture("simple.csv")}, []string{"p"}, comparisons["welch"][2]},
		"paired":             {[]string{"compare", "--value", "real", "--with", "size", fixture("simple.csv")}, []string{"statistic"}, comparisons["paired"][0]},
		"design":             {append([]string{"compare", "--value", "score", "--group", "group", "--groups", "b,a"}, full...), []string{"p"}, survey["full.ttest"][2]},
		"chi-square":         {append([]string{"compare", "--value", "answer", "--group", "group", "--test", "chisq"}, full...), []string{"p"}, survey["full.chisq"][3]},
		"Holm":               {[]string{"adjust", "--p", "p", "--method", "holm", fixture("pvalues.csv")}, []string{"adjusted", "0"}, comparisons["holm"][0]},
		"Benjamini-Hochberg": {[]string{"adjust", "--p", "p", "--method", "bh", fixture("pvalues.csv")}, []string{"adjusted", "1"}, comparisons["bh"][1]},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := statisticsOf(t, append(c.args, "--json")...)
			require.NoError(t, err)
			require.InEpsilon(t, c.want, at(t, out, c.path...), 1e-6)
			table, _, err := statisticsOf(t, strip(c.args)...)
			require.NoError(t, err)
			require.NotEmpty(t, table)
		})
	}
}

// strip leaves --json out.
func strip(args []string) []string {
	var kept []string
	for _, a := range args {
		if a != "--json" {
			kept = append(kept, a)
		}
	}
	return kept
}

// at finds a number in JSON.
func at(t *testing.T, text string, path ...string) float64 {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	for _, step := range path {
		switch x := v.(type) {
		case map[string]any:
			require.Contains(t, x, step)
			v = x[step]
		case []any:
			var i int
			require.NoError(t, json.Unmarshal([]byte(step), &i))
			require.Greater(t, len(x), i)
			v = x[i]
		}
	}
	number, isNumber := v.(float64)
	require.True(t, isNumber, "%v is %v", path, v)
	return number
}

func TestProportionsOfAFile(t *testing.T) {
	answers := file(t, "q1,q2\n5,yes\n4,no\n9,yes\n2,\n1,NA\n5,yes\n")
	out, _, err := statisticsOf(t, "proportion", "--value", "q1", "--success", "4,5", "--except", "9", "--json", answers)
	require.NoError(t, err)
	require.InDelta(t, 0.6, at(t, out, "0", "estimate"), 1e-12)
	require.InDelta(t, 5, at(t, out, "0", "n"), 0)
	require.InDelta(t, 1, at(t, out, "0", "missing"), 0)
	// proportion_confint(3, 5, method="wilson") of statsmodels 0.13.5.
	require.InEpsilon(t, 0.2307242812760129, at(t, out, "0", "interval", "low"), 1e-6)
	require.InEpsilon(t, 0.8823792257673522, at(t, out, "0", "interval", "high"), 1e-6)
	_, notes, err := statisticsOf(t, "proportion", "--value", "q1", "--success", "often", answers)
	require.NoError(t, err)
	require.Contains(t, notes, "nobody gave one of the answers")
	out, notes, err = statisticsOf(t, "proportion", "--value", "q1", "--success", "1,2,4,5,9", "--method", "logit", "--json", answers)
	require.NoError(t, err)
	require.Contains(t, out, `"low": null`)
	require.Contains(t, notes, "Wilson")
}

func TestWeightsAreWrittenBesideTheRows(t *testing.T) {
	rows := file(t, "name,grade,w\n\"A, B\",k,1\nC,m,1\nD,m,2\n")
	margin := file(t, "category,total\nk,10\nm,30\n")
	out, notes, err := statisticsOf(t, "rake", "--weight", "w", "--margin", "grade="+margin, "--epsilon", "1e-9", rows)
	require.NoError(t, err)
	require.Equal(t, "name,grade,w,raked_weight\n\"A, B\",k,1,10\nC,m,1,10\nD,m,2,20\n", out)
	require.Contains(t, notes, "design effect")
	written := filepath.Join(t.TempDir(), "out.csv")
	out, _, err = statisticsOf(t, "rake", "--margin", "grade="+margin, "--trim-upper", "12", "--output", written, rows)
	require.NoError(t, err)
	require.Contains(t, out, "design effect")
	raw, err := os.ReadFile(written)
	require.NoError(t, err)
	require.Contains(t, string(raw), "C,m,1,12\n", "15 is cut to 12")
	_, notes, err = statisticsOf(t, "rake", "--weight", "w", "--margin", "grade="+margin, "--epsilon", "1e-9", "--maxit", "1", rows)
	require.Equal(t, ExitError{Code: 1}, err)
	require.Contains(t, notes, "did not converge in 1 rounds")
}

func TestResponseRatesOfAFile(t *testing.T) {
	counts := file(t, "disposition,count\ncomplete,400\nPartial,50\nR,100\nNC,170\nunknown other,80\nineligible,80\n")
	out, _, err := statisticsOf(t, "response-rate", "--dispositions", counts, "--json")
	require.NoError(t, err)
	require.InDelta(t, 0.9, at(t, out, "e"), 1e-12)
	require.InDelta(t, 0.5, at(t, out, "rates", "RR1"), 1e-12)
	require.InDelta(t, 400.0/792, at(t, out, "rates", "RR3"), 1e-12)
	out, _, err = statisticsOf(t, "response-rate", "--dispositions", counts, "--eligibility", "0")
	require.NoError(t, err)
	require.Contains(t, out, "An analysis of nonresponse bias is due")
	one := file(t, "disposition\ncomplete\ncomplete\nrefusal\n")
	out, _, err = statisticsOf(t, "response-rate", "--dispositions", one, "--json")
	require.NoError(t, err)
	require.InDelta(t, 2.0/3, at(t, out, "rates", "RR1"), 1e-12)
}

func TestSharesAreComparedFromCountsAndFromFiles(t *testing.T) {
	out, _, err := statisticsOf(t, "two-proportion", "12/40", "30/50", "--json")
	require.NoError(t, err)
	// prop.test(c(12, 30), c(40, 50), correct = FALSE) in R 4.2.2.
	require.InEpsilon(t, 8.03571428571429, at(t, out, "pearson"), 1e-6)
	require.InEpsilon(t, 0.00458639208025348, at(t, out, "p"), 1e-6)
	rows := "group,answer\n" + strings.Repeat("a,yes\n", 12) + strings.Repeat("a,no\n", 28) + strings.Repeat("b,yes\n", 30) + strings.Repeat("b,no\n", 20) + ",yes\nb,\n"
	again, _, err := statisticsOf(t, "compare", "--value", "answer", "--success", "yes", "--group", "group", "--least", "0.2", "--json", file(t, rows))
	require.NoError(t, err)
	require.InDelta(t, at(t, out, "p"), at(t, again, "p"), 1e-15)
	require.Contains(t, again, `"finding": "notable"`)
	again, _, err = statisticsOf(t, "compare", "--value", "answer", "--success", "yes", "--group", "group", "--least", "0.4", "--json", file(t, rows))
	require.NoError(t, err)
	require.Contains(t, again, `"finding": "small"`)
	_, notes, err := statisticsOf(t, "two-proportion", "1/5", "3/5")
	require.NoError(t, err)
	require.Contains(t, notes, "fewer than 5")
}

func TestErrorsOfFilesSayWhere(t *testing.T) {
	good := "a,b,g,w\n1,2,x,1\n2,3,x,1\n3,4,y,2\n"
	for name, c := range map[string]struct {
		text string
		args []string
		says string
	}{
		"a word for a number":      {"a,b\n1,2\n\"x\",3\n", []string{"mean", "--value", "a"}, `line 3, column 1 (a): "x" is no number`},
		"infinity":                 {"a,b\n1,2\n2,Inf\n", []string{"mean", "--value", "b"}, "line 3, column 3 (b)"},
		"a missing weight":         {"a,w\n1,2\n2,\n", []string{"mean", "--value", "a", "--weight", "w"}, "line 3, column 3 (w): is missing"},
		"a negative weight":        {"a,w\n1,2\n2,-1\n", []string{"mean", "--value", "a", "--weight", "w"}, "line 3 (weights): a weight is a finite number"},
		"a row that is too long":   {"a,b\n1,2,3\n", []string{"mean", "--value", "a"}, "line 2"},
		"a column that is not":     {good, []string{"mean", "--value", "c"}, `has no column "c": it has a, b, g, w`},
		"a column that is twice":   {"a,a\n1,2\n", []string{"mean", "--value", "a"}, `the column "a" twice`},
		"no rows":                  {"a,b\n", []string{"mean", "--value", "a"}, "no rows"},
		"nothing":                  {"", []string{"mean", "--value", "a"}, "first line"},
		"a quote left open":        {"a,b\n\"1,2\n", []string{"mean", "--value", "a"}, "line 2"},
		"all missing":              {"a,b\nNA,2\n,3\n", []string{"mean", "--value", "a"}, "no row has a value"},
		"more groups than two":     {"a,g\n1,x\n2,y\n3,z\n", []string{"compare", "--value", "a", "--group", "g"}, "3 groups with values, x, y, z"},
		"a group that is not":      {good, []string{"compare", "--value", "a", "--group", "g", "--groups", "x,q"}, `nobody of "q"`},
		"Welch with weights":       {good, []string{"compare", "--value", "a", "--group", "g", "--test", "welch", "--weight", "w"}, "take design"},
		"paired with nothing":      {good, []string{"compare", "--value", "a", "--test", "paired"}, "--with"},
		"nested without strata":    {good, []string{"mean", "--value", "a", "--nest"}, "--nest needs"},
		"totals and ratios":        {good, []string{"mean", "--value", "a", "--total", "--per", "b"}, "choose one"},
		"few people for alpha":     {good, []string{"reliability", "--items", "a,b"}, "3 people answered both"},
		"alpha of a composite":     {good, []string{"reliability", "--items", "a,b", "--composite"}, "composite"},
		"three raters for kappa":   {good, []string{"agreement", "--raters", "a,b,w", "--levels", "1,2"}, "kappa compares two"},
		"a p value of two":         {good, []string{"adjust", "--p", "a"}, "line 3 (p)"},
		"no margins":               {good, []string{"rake"}, "--margins FILE"},
		"a margin without a file":  {good, []string{"rake", "--margin", "g"}, "COL=FILE"},
		"a category without total": {good, []string{"rake", "--margin", "g=" + file(t, "category,total\nx,5\n")}, `line 4 (margin g): "y" has no total`},
		"a category that is twice": {good, []string{"rake", "--margin", "g=" + file(t, "category,total\nx,5\nx,6\n")}, `line 3: "x" of g stands there twice`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := statisticsOf(t, append(c.args, file(t, c.text))...)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, _, err := statisticsOf(t, "response-rate", "--dispositions", file(t, "disposition,count\nasleep,3\n"))
	require.ErrorContains(t, err, `line 2: "asleep" is no disposition`)
	_, _, err = statisticsOf(t, "response-rate", "--dispositions", file(t, "disposition,count\nrefusal,\n"))
	require.ErrorContains(t, err, "line 2: the count")
	_, _, err = statisticsOf(t, "two-proportion", "12", "1/2")
	require.ErrorContains(t, err, "SUCCESSES/N")
	_, err = parsed(t, "mean", "--value", "a", "--lonely", "guess", "x.csv")
	require.ErrorContains(t, err, "lonely")
}

func TestColumnsAreFoundBehindAByteOrderMarkAndUsedTwice(t *testing.T) {
	out, _, err := statisticsOf(t, "mean", "--value", "w,b", "--weight", "w", "--json", file(t, "\ufeffw,b\n1,10\n3,20\n"))
	require.NoError(t, err)
	require.InDelta(t, 2.5, at(t, out, "0", "estimate"), 1e-12)
	require.InDelta(t, 17.5, at(t, out, "1", "estimate"), 1e-12)
}
