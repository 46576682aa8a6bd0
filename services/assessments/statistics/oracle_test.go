package statistics_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The expected values come from R. They are stored in testdata/seed-N beside the
// inputs, so that tests pass without R; where R is, it computes them again, and
// for inputs that are stored nowhere too. To store inputs and values anew:
//
//	go test . -run TestNumbersEqualR -update
var update = flag.Bool("update", false, "draw the input files again and store what R computes of them")

const (
	tolerance      = 1e-6 // relative
	omegaTolerance = 1e-3 // R's minimizer stops earlier
)

// stored and fresh are seeds of inputs; fresh ones are drawn only where R is.
var (
	stored = []uint64{1, 2, 3}
	fresh  = []uint64{11, 12}
)

var scripts = map[string]func(t testing.TB, folder string) values{
	"survey":      surveyValues,
	"weights":     weightValues,
	"reliability": reliabilityValues,
	"comparisons": comparisonValues,
	"agreement":   agreementValues,
}

// values are numbers by name, as the scripts of R write them.
type values map[string][]float64

func (v values) put(name string, numbers ...float64) { v[name] = numbers }

func TestNumbersEqualR(t *testing.T) {
	if *update {
		requireR(t)
		for _, seed := range stored {
			makeFixtures(t, seed, seedFolder(seed))
		}
		for script := range scripts {
			runR(t, script, seedFolders()...)
		}
	}
	for script, compute := range scripts {
		for _, seed := range stored {
			t.Run(fmt.Sprintf("%s of seed %d", script, seed), func(t *testing.T) {
				requireEqual(t, readValues(t, filepath.Join(seedFolder(seed), script+".json")), compute(t, seedFolder(seed)))
			})
		}
	}
}

func TestStoredInputsAreThoseOfTheirSeeds(t *testing.T) {
	for _, seed := range stored {
		folder := t.TempDir()
		makeFixtures(t, seed, folder)
		files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			drawn, err := os.ReadFile(file)
			require.NoError(t, err)
			kept, err := os.ReadFile(filepath.Join(seedFolder(seed), filepath.Base(file)))
			require.NoError(t, err)
			require.Equal(t, string(kept), string(drawn), file)
		}
	}
}

// Where R is, it confirms the stored values and meets inputs that nobody tuned for.
func TestNumbersEqualRThatRunsNow(t *testing.T) {
	requireR(t)
	root := t.TempDir()
	var folders []string
	for _, seed := range slices.Concat(stored, fresh) {
		folder := filepath.Join(root, fmt.Sprintf("seed-%d", seed))
		makeFixtures(t, seed, folder)
		folders = append(folders, folder)
	}
	for script, compute := range scripts {
		t.Run(script, func(t *testing.T) {
			runR(t, script, folders...)
			for i, folder := range folders {
				now := readValues(t, filepath.Join(folder, script+".json"))
				requireEqual(t, now, compute(t, folder))
				if i < len(stored) {
					requireEqual(t, readValues(t, filepath.Join(seedFolder(stored[i]), script+".json")), now)
				}
			}
		})
	}
}

func seedFolder(seed uint64) string { return filepath.Join("testdata", fmt.Sprintf("seed-%d", seed)) }

func seedFolders() []string {
	var folders []string
	for _, seed := range stored {
		folders = append(folders, seedFolder(seed))
	}
	return folders
}

// requireR skips where R or its packages are not installed.
func requireR(t *testing.T) {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "Rscript", "-e", "library(survey); library(psych); library(GPArotation)").Run(); err != nil {
		t.Skipf("Rscript with the packages survey, psych and GPArotation is needed (Debian: r-cran-survey r-cran-psych r-cran-gparotation): %v", err)
	}
}

func runR(t testing.TB, script string, folders ...string) {
	t.Helper()
	arguments := append([]string{filepath.Join("testdata", "r", script+".R")}, folders...)
	out, err := exec.CommandContext(t.Context(), "Rscript", arguments...).CombinedOutput()
	require.NoError(t, err, string(out))
}

func readValues(t testing.TB, path string) values {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var file struct {
		Session string
		Values  map[string][]*float64
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.Session)
	v := values{}
	for name, numbers := range file.Values {
		v[name] = make([]float64, len(numbers))
		for i, x := range numbers {
			if v[name][i] = math.NaN(); x != nil {
				v[name][i] = *x
			}
		}
	}
	return v
}

// requireEqual wants the same names, and the same numbers within the tolerance.
func requireEqual(t testing.TB, want, got values) {
	t.Helper()
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	for name, numbers := range want {
		require.Len(t, got[name], len(numbers), name)
		allowed := tolerance
		if strings.HasSuffix(name, ".omega") {
			allowed = omegaTolerance
		}
		for i, x := range numbers {
			y := got[name][i]
			if math.IsNaN(x) || math.IsNaN(y) {
				require.True(t, math.IsNaN(x) && math.IsNaN(y), "%s[%d]: R has %v, we have %v", name, i, x, y)
				continue
			}
			if math.Abs(x-y) > allowed*math.Max(math.Abs(x), 1e-9) {
				require.Failf(t, "not R's number", "%s[%d]: R has %.15g, we have %.15g", name, i, x, y)
			}
		}
	}
}
