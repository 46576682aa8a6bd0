// Package restrictions carries what districts forbid from the service that keeps it
// to every process that decides about access.
//
// The schools service publishes the restrictions of a district whenever they change,
// at its start and from time to time; they live as one setting per district on the
// bus. Every process follows the settings and hands them to package access, which
// decides by them. Until a process has read them all it decides nothing about any
// district and says that it is not ready: what a district forbade does not open
// for the moment of a start.
//
// A bus that has just been made anew, as after a restore, does not hold what is
// forbidden: a process waits until all has been published (Complete).
package restrictions

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/run"
)

const (
	prefix     = "restrictions"
	retryPause = time.Second

	// complete is the setting that says that all districts have been published; no
	// district has such an id. To programs that do not know it, it is a district that
	// forbids nothing.
	complete = prefix + "._complete"
	// patience is how long it is waited for: longer than a schools service needs to
	// publish everything, also one too old to call it complete.
	patience = 30 * time.Second
)

// Settings is where restrictions travel: *bus.Bus.
type Settings interface {
	StoreSetting(ctx context.Context, key string, value []byte) error
	WatchSettings(ctx context.Context, prefix string, fn func(key string, value []byte), caughtUp func()) error
}

var _ Settings = (*bus.Bus)(nil)

// stored is a restriction as it travels. Names of fields and roles are for good:
// processes of two versions read each other's.
type stored struct {
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
	Roles   []string `json:"roles,omitempty"`
	Reason  string   `json:"reason"`
}

// Publish tells all processes the restrictions of one district: all it has.
func Publish(ctx context.Context, to Settings, district string, list []access.Restriction) error {
	all := make([]stored, len(list))
	for i, r := range list {
		all[i] = stored{Name: r.Name, Actions: r.Actions, Reason: r.Reason}
		for _, role := range r.Roles {
			all[i].Roles = append(all[i].Roles, role.String())
		}
	}
	value, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("restrictions of %s: %w", district, err)
	}
	return to.StoreSetting(ctx, prefix+"."+district, value)
}

// Complete says that what every district forbids has been published.
func Complete(ctx context.Context, to Settings) error {
	return to.StoreSetting(ctx, complete, []byte("[]"))
}

// Follow returns the task that keeps own up to date, and the check by which the
// process is not ready before own holds what is in force.
func Follow(from Settings, own *access.Restrictions, log *slog.Logger) (run.Task, run.Check) {
	task := run.Task{Name: prefix, Run: func(ctx context.Context) error {
		for {
			err := follow(ctx, from, own, log)
			if ctx.Err() != nil {
				return nil // asked to stop
			}
			log.WarnContext(ctx, "restrictions are not followed; what was read stays in force", "error", err)
			if !pause(ctx) {
				return nil
			}
		}
	}}
	return task, run.Check{Name: prefix, Probe: func(context.Context) error { return own.Ready() }}
}

// pause waits before another try; false when the process stops.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(retryPause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// follow sets what is stored. A district whose restrictions cannot be read keeps
// those it had; where it had none, the process does not become ready.
func follow(ctx context.Context, from Settings, own *access.Restrictions, log *slog.Logger) error {
	r := &reader{own: own, log: log, unread: map[string]bool{}}
	defer time.AfterFunc(patience, r.waited).Stop()
	return from.WatchSettings(ctx, prefix, func(key string, value []byte) { r.take(ctx, key, value) }, r.caughtUp)
}

// reader is what is known of the settings while they are followed.
type reader struct {
	own *access.Restrictions
	log *slog.Logger

	mu       sync.Mutex
	complete bool // all has been published, or had its time
	arrived  bool // all that there was has been read
	unread   map[string]bool
}

func (r *reader) take(ctx context.Context, key string, value []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.ready()
	if key == complete {
		r.complete = true
		return
	}
	district := strings.TrimPrefix(key, prefix+".")
	delete(r.unread, district)
	if err := set(r.own, district, value); err != nil {
		r.unread[district] = true
		r.log.ErrorContext(ctx, "restrictions of a district cannot be read", "district", district, "error", err)
	}
}

func (r *reader) caughtUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived = true
	r.ready()
}

func (r *reader) waited() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.complete = true
	r.ready()
}

func (r *reader) ready() {
	if r.complete && r.arrived && len(r.unread) == 0 {
		r.own.Arrived()
	}
}

func set(own *access.Restrictions, district string, value []byte) error {
	var all []stored
	if value != nil {
		if err := json.Unmarshal(value, &all); err != nil {
			return err
		}
	}
	list := make([]access.Restriction, len(all))
	for i, s := range all {
		list[i] = access.Restriction{Name: s.Name, District: district, Actions: s.Actions, Reason: s.Reason}
		for _, name := range s.Roles {
			role, known := accessv1.Role_value[name]
			if !known {
				return fmt.Errorf("restriction %s: no role is called %s", s.Name, name)
			}
			list[i].Roles = append(list[i].Roles, accessv1.Role(role))
		}
	}
	return own.Set(district, list)
}
