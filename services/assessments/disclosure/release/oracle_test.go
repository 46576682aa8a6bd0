package release_test

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

// interval is what the script says of a number.
type interval struct {
	Key  []any    `json:"key"`
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// history publishes a random sequence of releases.
func history(t *testing.T, w *world, rule release.Rule) (truth []release.Table, told []release.Published, withdrawn int) {
	var earlier []release.Release
	round := 1
	for range 1 + w.random.IntN(4) {
		round = min(w.rounds, round+w.random.IntN(2))
		tables := w.release(round)
		published, summary, err := release.Protect(t.Context(), rule, tables, earlier)
		require.NoError(t, err)
		withdrawn += len(summary.Withdrawn)
		for i, p := range published {
			earlier = append(earlier, release.Release{Truth: tables[i], Published: p})
			told = append(told, p)
			truth = append(truth, tables[i])
		}
	}
	return truth, told, withdrawn
}

func TestScratch(t *testing.T) {
	python := "/usr/bin/python3"
	cmd := exec.CommandContext(t.Context(), python, "testdata/intervals.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	reader := bufio.NewReader(out)
	rule := release.Rule{Minimum: 6}
	gone, hidden, shown := 0, int64(0), int64(0)
	for seed := range uint64(60) {
		if seed%10 == 0 {
			t.Log(seed, time.Now())
		}
		w := newWorld(rand.New(rand.NewPCG(seed, 0)))
		truth, told, withdrawn := history(t, w, rule)
		gone += withdrawn
		line, err := json.Marshal(map[string]any{"published": told, "complete": map[string]int{"language": len(w.values["language"]), "grade": 2}})
		require.NoError(t, err)
		_, err = in.Write(append(line, '\n'))
		require.NoError(t, err)
		answer, err := reader.ReadString('\n')
		require.NoError(t, err)
		var found []interval
		require.NoError(t, json.Unmarshal([]byte(answer), &found))
		values := map[string]int64{}
		for _, tb := range truth {
			for i, p := range tb.Places {
				var sum int64
				for c, n := range tb.Counts[i] {
					k, _ := json.Marshal([]any{tb.Population, tb.Filter, tb.Round, p.ID, tb.Categories[c]})
					values[string(k)] = n
					sum += n
				}
				k, _ := json.Marshal([]any{"of " + tb.Of, tb.Filter, tb.Round, p.ID, ""})
				values[string(k)] = sum
			}
		}
		bad := 0
		for _, f := range found {
			k, _ := json.Marshal(f.Key)
			v, is := values[string(k)]
			if f.High == nil {
				continue
			}
			if is && rule.Protects(v) && *f.High-*f.Low < float64(rule.Width())-1e-6 {
				bad++
				if bad < 4 {
					t.Errorf("seed %d: %s = %d in [%v, %v]", seed, k, v, *f.Low, *f.High)
				}
			}
			if !is && strings.HasPrefix(f.Key[0].(string), "late") && *f.Low > 0.5 && *f.High < float64(rule.Minimum)-0.5 && *f.High-*f.Low < float64(rule.Width())-1e-6 {
				t.Errorf("seed %d: %s in [%v, %v]", seed, k, *f.Low, *f.High)
			}
		}
		summary, err := release.Audit(t.Context(), rule, told)
		require.NoError(t, err, seed)
		hidden += summary.Hidden
		shown += summary.Shown
		if !summary.Clean() {
			t.Errorf("seed %d: audit %+v", seed, summary)
		}
	}
	t.Log("withdrawn", gone, "hidden", hidden, "shown", shown)
}
