package webhook

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// claim is how long a try may take before another replica takes over: longer
	// than the client waits in all.
	claim = time.Minute
	// longest bounds what a receiver may ask for with Retry-After.
	longest = 24 * time.Hour
	// patience is how long an endpoint may take nothing before it is disabled.
	patience = 5 * 24 * time.Hour
	// spread is the part of a pause by which it is longer or shorter, so that what
	// failed together does not come back together.
	spread = 0.2
)

// pauses are the times between tries: ten tries over a little more than three
// days.
func pauses() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// pause is how long to wait after so many tries; false when that was the last.
func pause(attempts int, asked time.Duration) (time.Duration, bool) {
	all := pauses()
	if attempts > len(all) {
		return 0, false
	}
	base := all[attempts-1]
	jitter := time.Duration((rand.Float64()*2 - 1) * spread * float64(base)) //nolint:gosec // spreads load, guards nothing
	return max(base+jitter, min(asked, longest)), true
}

// retryAfter is how long a receiver asks to be left alone, 0 when it does not.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}
