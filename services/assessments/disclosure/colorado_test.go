package disclosure

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func colorado(t testing.TB) *System {
	folder := os.Getenv("TANDEM_SHARED")
	if folder == "" {
		folder = "../../../../shared"
	}
	file, err := os.Open(filepath.Join(folder, "data", "colorado-schools-2024.csv"))
	if err != nil {
		t.Skipf("skip: TANDEM_SHARED not found: the table of Colorado's schools not run: %v", err)
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	s := &System{Rule: Rule{Minimum: 10}}
	cell := func(label string, v int64) int {
		s.Cells = append(s.Cells, Cell{Value: v, Label: label})
		return len(s.Cells) - 1
	}
	const columns = 8
	state, districts, schools := make([]int, columns), map[string][]int{}, map[string][][]int{}
	var order []string
	for _, l := range lines[1:] {
		var row []int
		for k, c := range []int{5, 6, 7, 8, 9, 10, 11, 12} {
			v, err := strconv.ParseInt(l[c], 10, 64)
			require.NoError(t, err)
			row = append(row, cell("school "+l[2]+" "+lines[0][5+k], v))
		}
		s.Sums = append(s.Sums, Sum{Total: row[0], Parts: row[1:]})
		if schools[l[0]] == nil {
			order = append(order, l[0])
		}
		schools[l[0]] = append(schools[l[0]], row)
	}
	total := func(label string, rows [][]int) []int {
		var all []int
		for k := range columns {
			var parts []int
			var v int64
			for _, r := range rows {
				parts = append(parts, r[k])
				v += s.Cells[r[k]].Value
			}
			all = append(all, cell(label+" "+lines[0][5+k], v))
			s.Sums = append(s.Sums, Sum{Total: all[k], Parts: parts})
		}
		s.Sums = append(s.Sums, Sum{Total: all[0], Parts: all[1:]})
		return all
	}
	var all [][]int
	for _, d := range order {
		districts[d] = total("district "+d, schools[d])
		all = append(all, districts[d])
	}
	copy(state, total("state", all))
	return s
}

func TestColorado(t *testing.T) {
	for _, least := range []int64{1, 9} {
		s := colorado(t)
		s.Rule.Least = least
		start := time.Now()
		o, err := s.Protect(context.Background())
		require.NoError(t, err)
		start2 := time.Now()
		r, err := s.Audit(context.Background())
		require.NoError(t, err)
		t.Log("audit", time.Since(start2), r.Recoverable, r.TooNarrow, r.Exposed, *r.Narrowest)
		for i := range s.Cells {
			if s.Cells[i].Status == Hidden {
				s.Cells[i].Value = 0
			}
		}
		start2 = time.Now()
		r2, err := s.AuditUnknown(context.Background())
		require.NoError(t, err)
		t.Log("audit unknown", time.Since(start2), r2.Recoverable, r2.TooNarrow, r2.Exposed, *r2.Narrowest)
		for i := range r.Intervals {
			require.Equal(t, r.Intervals[i].Low, r2.Intervals[i].Low)
			require.Equal(t, r.Intervals[i].High, r2.Intervals[i].High)
		}
		t.Log(least, o.Primary, o.Secondary, o.Ratio(), time.Since(start), len(o.Narrow))
	}
}
