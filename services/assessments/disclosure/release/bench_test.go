package release_test

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

// state are schools in districts in regions: Colorado's where the shared data is,
// otherwise as many invented ones.
func state(tb testing.TB) []release.Place {
	places := []release.Place{{ID: "state", Parent: -1}}
	at := map[string]int{}
	add := func(d, s string) {
		if _, is := at[d]; !is {
			r := fmt.Sprintf("region-%d", len(at)%20)
			if _, is := at[r]; !is {
				at[r] = len(places)
				places = append(places, release.Place{ID: r, Parent: 0})
			}
			at[d] = len(places)
			places = append(places, release.Place{ID: d, Parent: at[r]})
		}
		places = append(places, release.Place{ID: s, Parent: at[d]})
	}
	file, err := os.Open(filepath.Join(os.Getenv("TANDEM_SHARED"), "data", "colorado-schools-2024.csv"))
	if err != nil {
		for i := range 1907 {
			add(fmt.Sprintf("district-%d", i*i%186), fmt.Sprintf("school-%d", i))
		}
		return places
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(tb, err)
	for _, row := range rows[1:] {
		add("d-"+row[0], "s-"+row[2])
	}
	return places
}

// survey counts so many answers to items with five options and none.
func survey(places []release.Place, items, answers int) []release.Table {
	r := rand.New(rand.NewPCG(1, 2))
	inner := map[int]bool{}
	for _, p := range places {
		inner[p.Parent] = true
	}
	var schools []int
	var weights []float64
	var sum float64
	for i := range places {
		if !inner[i] {
			schools = append(schools, i)
			weights = append(weights, r.ExpFloat64())
			sum += weights[len(weights)-1]
		}
	}
	tables := make([]release.Table, items)
	for i := range tables {
		tables[i] = release.Table{
			Population: fmt.Sprintf("%s/%d", waves[0], i), Of: waves[0], Round: 1, Places: places,
			Categories: []string{"never", "seldom", "sometimes", "often", "always", "none"}, Counts: make([][]int64, len(places)),
		}
		for p := range places {
			tables[i].Counts[p] = make([]int64, 6)
		}
	}
	for n, s := range schools {
		size := int(weights[n]/sum*float64(answers)) + 1
		for i := range tables {
			for range size {
				c := min(int(r.NormFloat64()*1.2+3+float64(i%3)/2), 4)
				if c < 0 {
					c = 5
				}
				for p := s; p >= 0; p = places[p].Parent {
					tables[i].Counts[p][c]++
				}
			}
		}
	}
	return tables
}

func BenchmarkStatewide(b *testing.B) {
	places := state(b)
	for _, answers := range []int{10_000, 100_000, 850_000} {
		tables := survey(places, 3, answers)
		b.Run(fmt.Sprintf("protect/%d", answers), func(b *testing.B) {
			for b.Loop() {
				_, summary, err := release.Protect(b.Context(), release.Rule{Minimum: 10}, tables, nil)
				require.NoError(b, err)
				b.ReportMetric(float64(summary.Hidden)/float64(summary.Hidden+summary.Shown), "hidden/cell")
				b.ReportMetric(float64(summary.Hidden)/float64(summary.Primary), "hidden/primary")
			}
		})
		published, _, err := release.Protect(b.Context(), release.Rule{Minimum: 10}, tables, nil)
		require.NoError(b, err)
		b.Run(fmt.Sprintf("audit/%d", answers), func(b *testing.B) {
			for b.Loop() {
				summary, err := release.Audit(b.Context(), release.Rule{Minimum: 10}, published)
				require.NoError(b, err)
				require.True(b, summary.Clean(), "%+v", summary)
			}
		})
	}
}
