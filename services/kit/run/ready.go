package run

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// probeTimeout bounds one check, so that a hanging dependency shows as failed.
const probeTimeout = 2 * time.Second

// Results of a check, as /readyz shows them.
const (
	ResultOK     = "ok"
	ResultFailed = "failed"
	// ResultDegraded is that of a check that answered before and need not always.
	ResultDegraded = "degraded"
)

// Readiness knows all checks of the process. It is safe for concurrent use.
type Readiness struct {
	log      *slog.Logger
	draining chan struct{}
	drain    sync.Once
	starting atomic.Bool

	mu     sync.Mutex
	checks []Check
	seen   map[string]bool // checks that have answered, by name
}

// NewReadiness returns a registry without checks.
func NewReadiness(log *slog.Logger) *Readiness {
	return &Readiness{log: log, draining: make(chan struct{}), seen: map[string]bool{}}
}

// Add registers a check.
func (r *Readiness) Add(checks ...Check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checks = append(r.checks, checks...)
}

// Drain makes the process not ready for good: it is about to stop.
func (r *Readiness) Drain() {
	r.drain.Do(func() { close(r.draining) })
}

// Draining is closed when the process is about to stop. Answers without an end,
// such as event streams, watch it: a server waits for what is in flight.
func (r *Readiness) Draining() <-chan struct{} { return r.draining }

// Starting tells whether the process is still being put together.
func (r *Readiness) Starting() bool { return r.starting.Load() }

func (r *Readiness) isDraining() bool {
	select {
	case <-r.draining:
		return true
	default:
		return false
	}
}

// CheckResult is the outcome of one check: ResultOK, ResultFailed or ResultDegraded.
type CheckResult struct {
	Name   string `json:"name"`
	Result string `json:"result"`
}

// Report is the answer of /readyz.
type Report struct {
	Ready    bool          `json:"ready"`
	Starting bool          `json:"starting,omitempty"`
	Draining bool          `json:"draining,omitempty"`
	Checks   []CheckResult `json:"checks"`
}

// Report runs all checks side by side and says how each went.
func (r *Readiness) Report(ctx context.Context) Report {
	r.mu.Lock()
	checks := append([]Check(nil), r.checks...)
	r.mu.Unlock()

	report := Report{Ready: true, Starting: r.starting.Load(), Draining: r.isDraining(), Checks: make([]CheckResult, len(checks))}
	var wg sync.WaitGroup
	for i, check := range checks {
		wg.Go(func() { report.Checks[i] = r.remember(check, r.probe(ctx, check)) })
	}
	wg.Wait()
	for _, result := range report.Checks {
		report.Ready = report.Ready && result.Result != ResultFailed
	}
	report.Ready = report.Ready && !report.Starting && !report.Draining
	return report
}

// remember makes a failure less than that where it is enough to have answered once.
func (r *Readiness) remember(check Check, result CheckResult) CheckResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case result.Result == ResultOK:
		r.seen[check.Name] = true
	case check.Once && r.seen[check.Name]:
		result.Result = ResultDegraded
	}
	return result
}

// probe gives up on a check that does not heed its deadline: its goroutine
// ends whenever the probe does.
func (r *Readiness) probe(ctx context.Context, check Check) CheckResult {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- check.Probe(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		return CheckResult{Name: check.Name, Result: ResultOK}
	}
	if !errors.Is(err, context.Canceled) {
		r.log.WarnContext(ctx, "readiness check failed", "check", check.Name, "error", err)
	}
	return CheckResult{Name: check.Name, Result: ResultFailed}
}

// CloseWhenDraining has clients open a new connection for their next request once
// the process is about to stop, which takes them to another replica. Closing their
// idle connections instead would cut off requests that are under way to here.
func (r *Readiness) CloseWhenDraining(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.isDraining() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, req)
	})
}

// Handler answers 200 when no check has failed and 503 otherwise, with the
// result of each and nothing about why.
func (r *Readiness) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		report := r.Report(req.Context())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !report.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if err := json.NewEncoder(w).Encode(report); err != nil {
			r.log.DebugContext(req.Context(), "readiness answer not sent", "error", err)
		}
	})
}

// Live answers 200 as long as the process answers at all.
func Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte("{\"live\":true}\n"))
	})
}

// OperatorHandler serves /metrics, /healthz and /readyz for the operator's
// port, which is not for the public.
func OperatorHandler(metrics http.Handler, ready *Readiness) http.Handler {
	mux := http.NewServeMux()
	if metrics != nil {
		mux.Handle("GET /metrics", metrics)
	}
	mux.Handle("GET /healthz", Live())
	mux.Handle("GET /readyz", ready.Handler())
	return mux
}
