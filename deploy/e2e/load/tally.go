package load

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Tally is what became of a load.
type Tally struct {
	Requests   int            `json:"requests"`
	Unexpected int            `json:"unexpected"`
	Acked      int            `json:"acked"` // writes
	Again      int            `json:"again"` // requests that the HTTP client sent a second time
	Settled    int            `json:"settled"`
	P50        time.Duration  `json:"p50"`
	P99        time.Duration  `json:"p99"`
	Worst      time.Duration  `json:"worst"`
	Why        map[string]int `json:"why"` // of what was unexpected: kind, status and reason

	micros []int64
}

func newTally() *Tally { return &Tally{Why: map[string]int{}} }

func (t *Tally) add(r Record) {
	if r.Acked {
		t.Acked++
	}
	if r.Settled {
		t.Settled++
		return
	}
	t.Requests++
	t.Again += r.Again
	if !r.Expected {
		t.Unexpected++
		t.Why[fmt.Sprintf("%s %d %s", r.Kind, r.Status, brief(r.Note))]++
	}
	if r.Status != 0 {
		t.micros = append(t.micros, r.Micros)
	}
}

// Close computes what needs all records.
func (t *Tally) Close() *Tally {
	if len(t.micros) == 0 {
		return t
	}
	slices.Sort(t.micros)
	at := func(share float64) time.Duration {
		return time.Duration(t.micros[int(share*float64(len(t.micros)-1))]) * time.Microsecond
	}
	t.P50, t.P99, t.Worst = at(0.5), at(0.99), at(1)
	return t
}

// String is one line.
func (t *Tally) String() string {
	return fmt.Sprintf("%d requests, %d not as expected, %d writes acknowledged, p50 %s, p99 %s, longest %s%s", t.Requests, t.Unexpected, t.Acked,
		t.P50.Round(100*time.Microsecond), t.P99.Round(time.Millisecond), t.Worst.Round(time.Millisecond), t.repeats())
}

func (t *Tally) repeats() string {
	text := ""
	if t.Again > 0 {
		text += fmt.Sprintf(", %d reads sent again by the HTTP client", t.Again)
	}
	if t.Settled > 0 {
		text += fmt.Sprintf(", %d writes sent again afterwards", t.Settled)
	}
	return text
}

// Reasons lists what was unexpected, the most frequent first.
func (t *Tally) Reasons(most int) []string {
	kinds := slices.Collect(maps.Keys(t.Why))
	slices.SortFunc(kinds, func(a, b string) int { return t.Why[b] - t.Why[a] })
	var lines []string
	for _, kind := range kinds[:min(most, len(kinds))] {
		lines = append(lines, fmt.Sprintf("%d x %s", t.Why[kind], kind))
	}
	return lines
}

// brief is what a refusal says, without what is different in each.
func brief(note string) string {
	var problem struct{ Reason, Detail string }
	if json.Unmarshal([]byte(note), &problem) == nil && problem.Reason != "" {
		return problem.Reason + " " + problem.Detail
	}
	note, _, _ = strings.Cut(note, "\n")
	return note
}

// ReadRecords calls each with the records of a run.
func ReadRecords(r io.Reader, each func(Record)) error {
	for d := json.NewDecoder(r); ; {
		var rec Record
		switch err := d.Decode(&rec); err {
		case nil:
			each(rec)
		case io.EOF:
			return nil
		default:
			return fmt.Errorf("records of the load: %w", err)
		}
	}
}
