package accessmatrix

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
)

//go:embed testdata/matrix.csv
var table string

// Table is what each caller meets at each of Places, by RPC and by name of caller.
type Table map[string]map[string][]Outcome

// Expected is the committed table: what was read and signed off, not what the
// policies say today.
func Expected() (Table, error) {
	lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("expected table: %w", err)
	}
	expected := Table{}
	for _, line := range lines[1:] {
		rpc, callers := line[0], line[len(line)-1]
		if expected[rpc] == nil {
			expected[rpc] = map[string][]Outcome{}
		}
		var outcomes []Outcome
		for _, outcome := range line[2 : len(line)-1] {
			outcomes = append(outcomes, Outcome(outcome))
		}
		for _, caller := range strings.Split(callers, "; ") {
			expected[rpc][caller] = outcomes
		}
	}
	return expected, nil
}
