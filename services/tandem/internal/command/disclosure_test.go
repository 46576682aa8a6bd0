package command

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// schoolCounts are invented: s1 has one small cell, d2 one school.
const schoolCounts = "district,school,yes,no,all\nd1,s1,3,20,23\nd1,s2,12,15,27\nd1,s3,40,11,51\nd2,s4,6,30,36\n"

func countsFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func protectCounts(t *testing.T, minimum int64) string {
	t.Helper()
	p := DisclosureProtect{
		File: countsFile(t, "raw.csv", schoolCounts), Rows: "school", Groups: []string{"district"}, Cells: []string{"yes", "no"},
		Minimum: minimum, Total: "all", Output: filepath.Join(t.TempDir(), "public.csv"),
	}
	require.NoError(t, p.Run(t.Context()))
	return p.Output
}

func TestAProtectedFilePassesItsAudit(t *testing.T) {
	path := protectCounts(t, 10)
	var out bytes.Buffer
	clean, err := (&AuditDisclosure{File: path, Top: 3}).run(t.Context(), &out)
	require.NoError(t, err)
	require.True(t, clean)
	require.Contains(t, out.String(), "0 can be found exactly, 0 are too narrow, 0 are shown although protected.\nThe rule holds.\n")

	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing half written is left behind")
}

func TestAStricterRuleFailsTheSameFile(t *testing.T) {
	path := protectCounts(t, 10)
	var out bytes.Buffer
	clean, err := (&AuditDisclosure{File: path, Minimum: 200, JSON: true}).run(t.Context(), &out)
	require.NoError(t, err)
	require.False(t, clean)
	var report struct {
		Clean     bool
		Exposed   int
		TooNarrow int `json:"too_narrow"`
		Hidden    int
		Numbers   []struct {
			Number    string
			Low, High int64
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &report))
	require.False(t, report.Clean)
	require.Positive(t, report.Exposed)
	require.Positive(t, report.TooNarrow)
	require.Len(t, report.Numbers, report.Hidden)
}

func TestPrimarySuppressionFailsTheAudit(t *testing.T) {
	path := countsFile(t, "primary.csv", "# tandem-table/1 rows=school groups=district cells=yes,no total=all minimum=10 zeros=false\n"+
		"district,school,yes,no,all\nd1,s1,*,20,23\nd1,s2,12,15,27\nd1,s3,40,11,51\nd2,s4,*,30,36\nd1,,55,46,101\nd2,,*,30,36\n,,61,76,137\n")
	var out bytes.Buffer
	clean, err := (&AuditDisclosure{File: path, Top: 10}).run(t.Context(), &out)
	require.NoError(t, err)
	require.False(t, clean)
	require.Contains(t, out.String(), "school s1, yes    3 exactly  0\n")
	require.Contains(t, out.String(), "3 hidden numbers; minimum 10, width 9: 3 can be found exactly, 3 are too narrow")
	require.Equal(t, ExitError{Code: exitDisclosed}, (&AuditDisclosure{File: path}).Run(t.Context()))
}

func TestFilesThatCannotBeAuditedEndWithACodeOfTheirOwn(t *testing.T) {
	path := protectCounts(t, 10)
	other := countsFile(t, "other.csv", "# tandem-table/1 rows=school cells=yes minimum=10\nschool,yes\ns3,41\n")
	for name, a := range map[string]AuditDisclosure{
		"absent":         {File: "absent.csv"},
		"raw":            {File: countsFile(t, "raw.csv", schoolCounts)},
		"contradictions": {File: path, Earlier: []string{other}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.run(t.Context(), io.Discard)
			require.Error(t, err)
			require.Equal(t, ExitError{Code: exitNoTable}, a.Run(t.Context()))
		})
	}
}

func TestAWrongFileWritesNothing(t *testing.T) {
	p := DisclosureProtect{
		File: countsFile(t, "raw.csv", strings.Replace(schoolCounts, "12", "-12", 1)), Rows: "school", Groups: []string{"district"},
		Cells: []string{"yes", "no"}, Minimum: 10, Total: "all", Output: filepath.Join(t.TempDir(), "public.csv"),
	}
	require.ErrorContains(t, p.Run(t.Context()), `line 3, column yes: "-12" is not a whole number of zero or more`)
	require.NoFileExists(t, p.Output)
}

// TestTheTableOfColorado is the promise for a real table: nothing small can be
// found, at a bounded price.
func TestTheTableOfColorado(t *testing.T) {
	shared := os.Getenv("TANDEM_SHARED")
	if shared == "" {
		shared = "../../../../../shared"
	}
	path := filepath.Join(shared, "data", "colorado-schools-2024.csv")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skip: TANDEM_SHARED not found: the table of Colorado's schools not run: %v", err)
	}
	cells := []string{"native_american", "asian", "black", "hispanic", "white", "pacific_islander", "multiracial"}
	for width, atMost := range map[int64]float64{1: 1.12, 9: 1.28} {
		p := DisclosureProtect{
			File: path, Rows: "school_id", Groups: []string{"district_id"}, Cells: cells, Minimum: 10, Width: width,
			Total: "total", Output: filepath.Join(t.TempDir(), "public.csv"),
		}
		require.NoError(t, p.Run(t.Context()))
		clean, err := (&AuditDisclosure{File: p.Output}).run(t.Context(), io.Discard)
		require.NoError(t, err)
		require.True(t, clean)
		primary, hidden := withheld(t, path, p.Output, cells)
		require.Equal(t, 4775, primary)
		require.LessOrEqual(t, float64(hidden), atMost*float64(primary), "width %d", width)
	}
}

// withheld counts from the files alone: small numbers in the table with all its
// totals, and marks in what was published.
func withheld(t *testing.T, raw, published string, cells []string) (primary, hidden int) {
	t.Helper()
	rows := csvLines(t, raw)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	sums := map[[2]string]int{}
	for _, r := range rows[1:] {
		for _, c := range append([]string{"total"}, cells...) {
			var n int
			require.NoError(t, json.Unmarshal([]byte(r[column[c]]), &n))
			sums[[2]string{"school " + r[column["school_id"]], c}] += n
			sums[[2]string{"district " + r[column["district_id"]], c}] += n
			sums[[2]string{"state", c}] += n
		}
	}
	for _, n := range sums {
		if n > 0 && n < 10 {
			primary++
		}
	}
	for _, r := range csvLines(t, published)[1:] {
		for _, field := range r {
			if field == "*" {
				hidden++
			}
		}
	}
	return primary, hidden
}

func csvLines(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	reader := csv.NewReader(file)
	reader.Comment = '#'
	lines, err := reader.ReadAll()
	require.NoError(t, err)
	return lines
}

func TestASecondFileIsProtectedWithTheFirst(t *testing.T) {
	districts := countsFile(t, "districts.csv", "district,yes,no\nd1,55,46\nd2,6,30\n")
	second := DisclosureProtect{
		File: districts, Rows: "district", Cells: []string{"yes", "no"}, Minimum: 10, Total: "all",
		Output: filepath.Join(t.TempDir(), "districts.csv"),
	}
	require.NoError(t, second.Run(t.Context()))
	second.Rows, second.File, second.Groups = "school", countsFile(t, "raw.csv", schoolCounts), []string{"district"}
	second.Earlier = []string{second.Output}
	second.Output = filepath.Join(t.TempDir(), "schools.csv")
	require.NoError(t, second.Run(t.Context()))
	clean, err := (&AuditDisclosure{File: second.Output, Earlier: second.Earlier}).run(t.Context(), io.Discard)
	require.NoError(t, err)
	require.True(t, clean)
}
