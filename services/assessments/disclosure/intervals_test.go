package disclosure_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

var (
	update  = flag.Bool("update", false, "write the stored intervals anew, with scipy")
	systems = flag.Int("systems", 60, "how many random systems are compared with scipy")
)

const (
	oracle = "testdata/intervals.py"
	stored = "testdata/intervals.jsonl"
	python = "/usr/bin/python3"
)

// question is a system as the oracle reads it, and its answer.
type question struct {
	Values []int64       `json:"values"`
	Hidden []int         `json:"hidden"`
	Sums   [][]int       `json:"sums"`
	Answer [][2]*float64 `json:"answer,omitempty"`
}

func questionOf(s *disclosure.System) question {
	var q question
	for i, c := range s.Cells {
		q.Values = append(q.Values, c.Value)
		if c.Status != disclosure.Shown {
			q.Hidden = append(q.Hidden, i)
		}
	}
	for _, sum := range s.Sums {
		q.Sums = append(q.Sums, append([]int{sum.Total}, sum.Parts...))
	}
	return q
}

func (q question) system() *disclosure.System {
	s := &disclosure.System{Rule: disclosure.Rule{Minimum: 10}}
	for _, v := range q.Values {
		s.Cells = append(s.Cells, disclosure.Cell{Value: v})
	}
	for _, h := range q.Hidden {
		s.Cells[h].Status = disclosure.Hidden
	}
	for _, sum := range q.Sums {
		s.Sums = append(s.Sums, disclosure.Sum{Total: sum[0], Parts: sum[1:]})
	}
	return s
}

// draw makes random systems with some cells hidden, the same in every run.
func draw(n int) []question {
	var all []question
	one := rapid.Custom(func(t *rapid.T) question {
		s := anySystem().Draw(t, "system")
		conceal(t, s)
		return questionOf(s)
	})
	for i := range n {
		if q := one.Example(i); len(q.Hidden) > 0 {
			all = append(all, q)
		}
	}
	return all
}

// ask lets scipy answer, and skips where it is not installed.
func ask(t *testing.T, questions []question) []question {
	if exec.Command(python, "-c", "import scipy").Run() != nil {
		t.Skipf("skip: %s with scipy not found: intervals not compared with linprog", python)
	}
	var input bytes.Buffer
	for _, q := range questions {
		require.NoError(t, json.NewEncoder(&input).Encode(q))
	}
	command := exec.CommandContext(t.Context(), python, oracle)
	command.Stdin, command.Stderr = &input, os.Stderr
	output, err := command.Output()
	require.NoError(t, err)
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	require.Len(t, lines, len(questions))
	for i, line := range lines {
		require.NoError(t, json.Unmarshal(line, &questions[i].Answer), "%s", line)
	}
	return questions
}

// TestIntervalsAreThoseOfTheOracle compares with linprog's answers: stored ones
// everywhere, and more where scipy is installed.
func TestIntervalsAreThoseOfTheOracle(t *testing.T) {
	if *update {
		var out bytes.Buffer
		for _, q := range ask(t, draw(250)) {
			require.NoError(t, json.NewEncoder(&out).Encode(q))
		}
		require.NoError(t, os.WriteFile(stored, out.Bytes(), 0o600))
	}
	t.Run("stored", func(t *testing.T) {
		file, err := os.Open(stored)
		require.NoError(t, err)
		defer func() { _ = file.Close() }()
		n := 0
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for ; lines.Scan(); n++ {
			var q question
			require.NoError(t, json.Unmarshal(lines.Bytes(), &q))
			requireAnswer(t, q)
		}
		require.Greater(t, n, 200)
	})
	t.Run("drawn", func(t *testing.T) {
		for _, q := range ask(t, draw(*systems)) {
			requireAnswer(t, q)
		}
	})
}

// requireAnswer audits both ways: with the values, and without them.
func requireAnswer(t *testing.T, q question) {
	t.Helper()
	s := q.system()
	known, err := s.Audit(t.Context())
	require.NoError(t, err)
	for _, h := range q.Hidden {
		s.Cells[h].Value = -1 // not looked at
	}
	unknown, err := s.AuditUnknown(t.Context())
	require.NoError(t, err)
	require.Len(t, q.Answer, len(q.Hidden))
	for i, want := range q.Answer {
		for _, got := range []disclosure.Interval{known.Intervals[i], unknown.Intervals[i]} {
			require.Equal(t, q.Hidden[i], got.Cell)
			require.InDelta(t, *want[0], got.LowReal, 1e-6)
			require.InDelta(t, *want[0], float64(got.Low), 1, "rounded inwards")
			require.GreaterOrEqual(t, float64(got.Low), got.LowReal-1e-6)
			if want[1] == nil {
				require.True(t, math.IsInf(got.HighReal, 1))
				require.EqualValues(t, disclosure.Unbounded, got.High)
				continue
			}
			require.InDelta(t, *want[1], got.HighReal, 1e-6)
			require.LessOrEqual(t, float64(got.High), got.HighReal+1e-6)
		}
	}
}
