package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// usage is what a process took.
type usage struct {
	memory int64 // proportional set size, bytes
	peak   int64
	cpu    time.Duration
}

// clockTicks of /proc a second; Linux has had this number on every platform we ship for.
const clockTicks = 100

func usageOf(b testing.TB, pid int) usage {
	b.Helper()
	folder := fmt.Sprintf("/proc/%d", pid)
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	require.NoError(b, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest) // state is the first, user and system time the 12th and 13th
	var ticks int64
	for _, field := range fields[11:15] { // with those of children that have ended
		n, err := strconv.ParseInt(field, 10, 64)
		require.NoError(b, err)
		ticks += n
	}
	return usage{
		memory: kilobytes(filepath.Join(folder, "smaps_rollup"), "Pss:"), peak: kilobytes(filepath.Join(folder, "status"), "VmHWM:"),
		cpu: time.Duration(ticks) * time.Second / clockTicks,
	}
}

// kilobytes reads one line of a file of /proc; 0 where it cannot be read.
func kilobytes(path, name string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n * 1024
		}
	}
	return 0
}

// usageOfPostgres sums up the server's main process and all that it has started.
func usageOfPostgres(b testing.TB, db *sql.DB) usage {
	b.Helper()
	var backend int
	require.NoError(b, db.QueryRowContext(b.Context(), `SELECT pg_backend_pid()`).Scan(&backend))
	server := parent(backend)
	total := usageOf(b, server)
	total.peak = 0
	folders, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(b, err)
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		require.NoError(b, err)
		if parent(pid) == server {
			one := usageOf(b, pid)
			total.memory, total.cpu = total.memory+one.memory, total.cpu+one.cpu
		}
	}
	return total
}

func parent(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	n, _ := strconv.Atoi(fields[1])
	return n
}

// measure prints what every process took while something was done.
func (s *sizing) measure(what string, during time.Duration, do func() int) {
	before := map[string]usage{}
	for name, meter := range s.meters {
		before[name] = meter()
	}
	requests := do()
	_, _ = fmt.Fprintf(figuresOut, "%-14s %10s %10s %10s %14s\n", what, "memory MB", "peak MB", "CPU cores", "CPU ms/request")
	var names []string
	for name := range s.meters {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		now := s.meters[name]()
		spent := now.cpu - before[name].cpu
		each := 0.0
		if requests > 0 {
			each = spent.Seconds() * 1000 / float64(requests)
		}
		_, _ = fmt.Fprintf(figuresOut, "%-14s %10.0f %10.0f %10.3f %14.2f\n", name, mb(now.memory), mb(now.peak), spent.Seconds()/during.Seconds(), each)
	}
}

// times collects how long requests took.
type times struct {
	mu  sync.Mutex
	all []time.Duration
}

func newTimes() *times { return &times{} }

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, d)
}

func trimmed(text string) string { return strings.TrimSpace(text) }

func (c operatorClient) post(b testing.TB, path string, in map[string]any, out any) {
	at, query, _ := strings.Cut(path, "?")
	name, value, _ := strings.Cut(query, "=")
	values := map[string][]string{}
	if name != "" {
		values[name] = []string{value}
	}
	if err := c.Post(b.Context(), at, values, in, out); err != nil {
		b.Errorf("%s: %v", path, err)
	}
}

// prepare makes what all districts ask with and when.
func (c operatorClient) prepare(b testing.TB, items []map[string]any) {
	c.post(b, "/v1/instruments?instrumentId=bench", map[string]any{"title": "Bench"}, nil)
	c.post(b, "/v1/instruments/bench/versions?instrumentVersionId=1", map[string]any{
		"title": "Bench", "frameworkVersion": "frameworks/national-standards/versions/2022", "languages": []string{"en"}, "items": items,
	}, nil)
	c.post(b, "/v1/instruments/bench/versions/1:publish", map[string]any{}, nil)
	c.post(b, "/v1/cycles?cycleId=bench", map[string]any{
		"title": "Bench", "startDate": "2026-08-01", "endDate": "2027-06-30",
		"terms": []map[string]any{{"title": "Fall", "startDate": "2026-08-01", "endDate": "2026-12-31"}},
	}, nil)
}

// wait waits until every event has left its outbox.
func (c operatorClient) wait(b testing.TB) {
	b.Helper()
	await(b, "the events to leave", func() bool {
		for _, schema := range []string{"schools", "assessments", "evidence", "badges"} {
			var n int
			if c.db.QueryRowContext(b.Context(), `SELECT count(*) FROM `+schema+`.outbox WHERE sent_at IS NULL`).Scan(&n) != nil || n > 0 {
				return false
			}
		}
		return true
	})
}
