package statistics_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// table is a CSV file: what both the Go code and the R scripts read.
type table struct {
	names []string
	rows  [][]string
}

func readTable(t testing.TB, path string) *table {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	return &table{names: rows[0], rows: rows[1:]}
}

func (f *table) write(t testing.TB, path string) {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	w := csv.NewWriter(file)
	require.NoError(t, w.WriteAll(append([][]string{f.names}, f.rows...)))
}

// text is a column, "" where missing.
func (f *table) text(t testing.TB, name string) []string {
	t.Helper()
	c := slices.Index(f.names, name)
	require.GreaterOrEqual(t, c, 0, name)
	column := make([]string, len(f.rows))
	for i, row := range f.rows {
		if column[i] = row[c]; column[i] == "NA" {
			column[i] = ""
		}
	}
	return column
}

// number is a column, NaN where missing.
func (f *table) number(t testing.TB, name string) []float64 {
	t.Helper()
	column := make([]float64, len(f.rows))
	for i, x := range f.text(t, name) {
		column[i] = math.NaN()
		if x != "" {
			var err error
			column[i], err = strconv.ParseFloat(x, 64)
			require.NoError(t, err)
		}
	}
	return column
}

// maker draws invented data, always the same for a seed.
type maker struct{ *rand.Rand }

func (m maker) between(low, high int) int { return low + m.IntN(high-low+1) }

func (m maker) pick(from ...string) string { return from[m.IntN(len(from))] }

func (m maker) real(low, high float64) string {
	return strconv.FormatFloat(low+(high-low)*m.Float64(), 'g', -1, 64)
}

// maybe is missing with a chance.
func (m maker) maybe(missing float64, value string) string {
	if m.Float64() < missing {
		return ""
	}
	return value
}

// score is an answer from 1 to 5 around a level.
func (m maker) score(level float64) string {
	return strconv.Itoa(int(math.Max(1, math.Min(5, math.Round(level+1.1*m.NormFloat64())))))
}

// makeFixtures writes all input files of a seed into a folder.
func makeFixtures(t testing.TB, seed uint64, folder string) {
	m := maker{rand.New(rand.NewPCG(seed, 5))}
	require.NoError(t, os.MkdirAll(folder, 0o750))
	for _, f := range []struct {
		name string
		make func() *table
	}{
		{"simple.csv", m.simple},
		{"sample.csv", func() *table { return m.sample(2) }},
		{"lonely.csv", func() *table { return m.sample(1) }},
		{"items.csv", func() *table { return m.items(m.between(4, 8), m.between(40, 200), 0.05, m.loading) }},
		{"whole.csv", func() *table { return m.items(5, m.between(35, 120), 0, m.loading) }},
		{"weak.csv", func() *table { return m.items(4, 150, 0.1, func() float64 { return 0.35 + 0.25*m.Float64() }) }},
		{"pvalues.csv", m.pvalues},
		{"counts.csv", m.counts},
		{"ratings.csv", m.ratings},
	} {
		f.make().write(t, filepath.Join(folder, f.name))
	}
	sample := readTable(t, filepath.Join(folder, "sample.csv"))
	m.margins(t, sample).write(t, filepath.Join(folder, "margins.csv"))
}

// simple is a sample of people, a few strata with known populations.
func (m maker) simple() *table {
	f := &table{names: []string{"stratum", "population", "share", "score", "real", "size", "group", "answer", "success"}}
	for s := range m.between(2, 5) {
		n := m.between(6, 40)
		population := n + m.between(1, 300)
		level := 2.5 + m.Float64()
		for range n {
			f.rows = append(f.rows, []string{
				fmt.Sprintf("s%d", s), strconv.Itoa(population), strconv.FormatFloat(float64(n)/float64(population), 'g', -1, 64),
				m.maybe(0.08, m.score(level)), m.maybe(0.05, m.real(-1, 100)), m.real(1, 9), m.pick("a", "b", "c"),
				m.maybe(0.06, m.pick("never", "often", "sometimes")), m.maybe(0.07, m.pick("0", "1", "1")),
			})
		}
	}
	return f
}

// sample has strata of clusters; the first stratum has as few of them as wanted.
func (m maker) sample(fewest int) *table {
	f := &table{names: []string{
		"stratum", "cluster", "local", "weight", "psus", "score", "real", "size", "group", "answer", "success", "grade", "home",
	}}
	cluster := 0
	for s := range m.between(3, 6) {
		drawn := m.between(2, 6)
		if s == 0 {
			drawn = fewest
		}
		psus := drawn + m.between(1, 25)
		for c := range drawn {
			cluster++
			level := 2.2 + 1.5*m.Float64()
			for range m.between(3, 14) {
				weight := float64(psus) / float64(drawn) * (1 + 2*m.Float64())
				f.rows = append(f.rows, []string{
					fmt.Sprintf("s%d", s), fmt.Sprintf("c%d", cluster), fmt.Sprint(c), strconv.FormatFloat(weight, 'g', -1, 64), strconv.Itoa(psus),
					m.maybe(0.08, m.score(level)), m.maybe(0.05, m.real(-1, 100)), m.real(1, 9), m.pick("a", "b", "c"),
					m.maybe(0.06, m.pick("never", "often", "sometimes")), m.maybe(0.07, m.pick("0", "1", "1")),
					m.pick("k", "k", "m", "h"), m.pick("en", "en", "en", "es", "other"),
				})
			}
		}
	}
	return f
}

// margins are populations that the sample does not quite agree with.
func (m maker) margins(t testing.TB, sample *table) *table {
	f := &table{names: []string{"variable", "category", "total"}}
	weights := sample.number(t, "weight")
	population := 0.0
	for _, w := range weights {
		population += w
	}
	population = math.Round(population)
	for _, variable := range []string{"grade", "home"} {
		column := sample.text(t, variable)
		sums := map[string]float64{}
		for i, c := range column {
			sums[c] += weights[i]
		}
		names := slices.Sorted(maps.Keys(sums))
		total := 0.0
		for _, n := range names {
			sums[n] *= 0.7 + 0.6*m.Float64()
			total += sums[n]
		}
		left := population
		for i, n := range names {
			count := math.Round(sums[n] / total * population)
			if i == len(names)-1 {
				count = left
			}
			left -= count
			f.rows = append(f.rows, []string{variable, n, strconv.FormatFloat(count, 'g', -1, 64)})
		}
	}
	return f
}

func (m maker) loading() float64 { return 0.45 + 0.4*m.Float64() }

// items are answers to k items that one thing drives.
func (m maker) items(k, n int, missing float64, loading func() float64) *table {
	f := &table{}
	loadings := make([]float64, k)
	for i := range loadings {
		f.names = append(f.names, fmt.Sprintf("q%d", i+1))
		loadings[i] = loading()
	}
	for range n {
		factor := m.NormFloat64()
		row := make([]string, k)
		for i, l := range loadings {
			x := 3.2 + 1.2*(l*factor+math.Sqrt(1-l*l)*m.NormFloat64())
			row[i] = m.maybe(missing, strconv.Itoa(int(math.Max(1, math.Min(5, math.Round(x))))))
		}
		f.rows = append(f.rows, row)
	}
	return f
}

func (m maker) pvalues() *table {
	f := &table{names: []string{"p"}}
	for range m.between(15, 60) {
		p := m.Float64()
		if m.IntN(2) == 0 {
			p = math.Pow(p, 6)
		}
		f.rows = append(f.rows, []string{m.maybe(0.1, strconv.FormatFloat(p, 'g', -1, 64))})
	}
	return appended(f, "0.25", "0.25", "0", "1")
}

// appended adds values that tie, and both ends.
func appended(f *table, values ...string) *table {
	for _, v := range values {
		f.rows = append(f.rows, []string{v})
	}
	return f
}

func (m maker) counts() *table {
	f := &table{names: []string{"x1", "n1", "x2", "n2"}}
	for range 8 {
		n1, n2 := m.between(5, 400), m.between(5, 400)
		f.rows = append(f.rows, []string{strconv.Itoa(m.between(1, n1)), strconv.Itoa(n1), strconv.Itoa(m.between(0, n2-1)), strconv.Itoa(n2)})
	}
	return f
}

// ratings are four raters who rate the same things from 1 to 4.
func (m maker) ratings() *table {
	f := &table{names: []string{"r1", "r2", "r3", "r4"}}
	for range m.between(12, 60) {
		truth := 1.2 + 2.6*m.Float64()
		row := make([]string, 4)
		for r := range row {
			x := math.Round(truth + 0.7*m.NormFloat64() + 0.2*float64(r-1))
			row[r] = strconv.Itoa(int(math.Max(1, math.Min(4, x))))
		}
		f.rows = append(f.rows, row)
	}
	return f
}
