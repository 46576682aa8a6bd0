// Package readonly turns read-only mode on and off, and refuses changes while it is on.
//
// The mode belongs to the whole installation: one setting on the bus, which every
// process follows and which outlives restarts. A process can also be started in it,
// for itself. A [Mode] is what a process knows. Until it has read the setting it takes
// no changes and is not ready.
//
// While the mode is on, calls that do not say that they only read are refused by the
// interceptors with UNAVAILABLE, reason READ_ONLY; below them the databases refuse
// every change that is not marked by package upkeep, and background work pauses
// (sqldb.WhileWritable, which leases and inboxes use). What was begun is finished.
//
// Neighbours: package restrictions follows settings in the same way; grpcserver has
// the interceptors in its chain; the program's command `read-only` stores the setting.
package readonly

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const (
	// MaxReason is the most characters of a reason: it stands on pages and in answers.
	MaxReason = 200

	retryUnknown = time.Minute // when nobody said until when it lasts
	retryMost    = time.Hour   // the mode may end earlier than was said
	retryStart   = 2 * time.Second

	ownReason   = "This part of the platform was started to be looked at only."
	startReason = "The platform is starting."
)

var _ sqldb.Freezer = (*Mode)(nil)

// State is the mode of an installation. Names of fields are for good: processes of two
// versions read each other's.
type State struct {
	On     bool      `json:"on"`
	Reason string    `json:"reason,omitempty"` // for people
	Since  time.Time `json:"since,omitzero"`
	// Until is when people are told that it ends. It does not end by itself: what the
	// mode is for may take longer.
	Until time.Time `json:"until,omitzero"`
}

// Check refuses what people could not read, or what makes no sense.
func (s State) Check(now time.Time) error {
	switch {
	case !s.On:
		return nil
	case strings.TrimSpace(s.Reason) == "" || len([]rune(s.Reason)) > MaxReason || strings.ContainsFunc(s.Reason, unicode.IsControl):
		return fmt.Errorf("the reason: want one line of at most %d characters; it stands on pages and in answers", MaxReason)
	case !s.Until.IsZero() && !s.Until.After(now):
		return fmt.Errorf("the end %s: want a time to come, or none", s.Until.Format(time.RFC3339))
	}
	return nil
}

// text is what people are told.
func (s State) text() string {
	text := strings.TrimRight(strings.TrimSpace(s.Reason), ".") + "."
	if !s.Until.IsZero() {
		text += " It is planned to end at " + s.Until.UTC().Format("2006-01-02 15:04") + " UTC."
	}
	return text
}

// retry is when to try again.
func (s State) retry(now time.Time) time.Duration {
	if left := s.Until.Sub(now); left > 0 {
		return min(left, retryMost)
	}
	return retryUnknown
}

// Mode is what a process knows of the mode. It is safe for concurrent use.
type Mode struct {
	now func() time.Time

	mu      sync.Mutex
	own     State
	shared  State
	known   bool // the shared state has been read
	changed chan struct{}
}

// New returns the mode of a process that does not know the shared state yet; own says
// that it was started in the mode. Real time tells when to try again.
func New(own bool) *Mode {
	m := &Mode{now: time.Now, changed: make(chan struct{})}
	if own {
		m.own = State{On: true, Reason: ownReason}
	}
	return m
}

// State is the mode in force, and whether the shared state is known.
func (m *Mode) State() (s State, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shared.On {
		return m.shared, m.known
	}
	return m.own, m.known
}

// On tells whether changes are refused now.
func (m *Mode) On() bool { return m.Frozen() != nil }

// Measure tells in the metrics of the process whether changes are refused. Call it once.
func (m *Mode) Measure() (stop func()) {
	on := measure.Reading{Name: "tandem.read.only", Description: "1 while changes are refused."}
	return measure.Read([]measure.Reading{on}, func(_ context.Context, tell measure.Tell) {
		value := 0.0
		if m.On() {
			value = 1
		}
		tell(on, value)
	})
}

// Frozen is the refusal of a change, or nil while changes are taken.
func (m *Mode) Frozen() error {
	s, known := m.State()
	switch {
	case s.On:
		return problem.ReadOnly(s.text(), s.retry(m.now()))
	case !known:
		return problem.ReadOnly(startReason, retryStart)
	default:
		return nil
	}
}

// Changed is closed when the mode changes.
func (m *Mode) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// set takes over the shared state.
func (m *Mode) set(s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shared, m.known = s, true
	close(m.changed)
	m.changed = make(chan struct{})
}
