package telemetry

import (
	"log/slog"
	"sync"
	"time"
)

// quiet is how long the same trouble is not told again: a collector that is away
// fails every few seconds.
const quiet = time.Minute

// trouble writes what goes wrong with telemetry into the log of the process.
type trouble struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	until map[string]time.Time // by what went wrong
}

func newTrouble(log *slog.Logger) *trouble {
	return &trouble{log: log, now: time.Now, until: map[string]time.Time{}}
}

// Handle is called by OpenTelemetry.
func (t *trouble) Handle(err error) {
	if t.told(err.Error()) {
		return
	}
	t.log.Warn("telemetry is incomplete: the collector or a measurement does not answer", "error", err)
}

// told tells whether this was told a moment ago. It forgets what is over, so that
// words that are new each time do not fill the memory.
func (t *trouble) told(what string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for known, until := range t.until {
		if now.After(until) {
			delete(t.until, known)
		}
	}
	if _, known := t.until[what]; known {
		return true
	}
	t.until[what] = now.Add(quiet)
	return false
}
