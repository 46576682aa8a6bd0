package statistics_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

const (
	python       = "/usr/bin/python3"
	pythonScript = "testdata/python/statsmodels.py"
)

// What R does not have, or has otherwise: Wilson's interval under its name, and
// the standard error of weighted kappa.
func TestNumbersEqualStatsmodels(t *testing.T) {
	if *update {
		runPython(t, seedFolders()...)
	}
	for _, seed := range stored {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			requireEqual(t, readValues(t, filepath.Join(seedFolder(seed), "statsmodels.json")), pythonValues(t, seedFolder(seed)))
		})
	}
}

func TestNumbersEqualStatsmodelsThatRunsNow(t *testing.T) {
	for _, seed := range fresh {
		folder := t.TempDir()
		makeFixtures(t, seed, folder)
		runPython(t, folder)
		requireEqual(t, readValues(t, filepath.Join(folder, "statsmodels.json")), pythonValues(t, folder))
	}
}

func runPython(t *testing.T, folders ...string) {
	t.Helper()
	if err := exec.CommandContext(t.Context(), python, "-c", "import statsmodels.api").Run(); err != nil {
		t.Skipf("%s with statsmodels is needed (Debian: python3-statsmodels): %v", python, err)
	}
	out, err := exec.CommandContext(t.Context(), python, append([]string{pythonScript}, folders...)...).CombinedOutput()
	if err != nil {
		t.Fatal(string(out))
	}
}

func pythonValues(t *testing.T, folder string) values {
	v := values{}
	counts := readTable(t, filepath.Join(folder, "counts.csv"))
	n := counts.number(t, "n1")
	for i, x := range counts.number(t, "x1") {
		for name, confidence := range map[string]float64{"95": 0.95, "90": 0.9} {
			w := ok[statistics.Interval](t)(statistics.WilsonInterval(int(x), int(n[i]), 0, confidence))
			v.put(fmt.Sprintf("wilson.%s.%d", name, i+1), w.Low, w.High)
		}
	}
	ratings := readTable(t, filepath.Join(folder, "ratings.csv"))
	for _, kind := range []statistics.Disagreement{statistics.Nominal, statistics.Linear, statistics.Quadratic} {
		k := ok[statistics.Kappa](t)(statistics.CohenKappa(ratings.text(t, "r1"), ratings.text(t, "r2"), []string{"1", "2", "3", "4"}, kind))
		v.put("kappa."+string(kind), k.Value, k.SE)
	}
	welch := comparisonValues(t, folder)["welch"]
	v.put("welch", welch[0], welch[2])
	return v
}
