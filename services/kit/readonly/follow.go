package readonly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/run"
)

const (
	name       = "read-only"
	key        = name + ".mode"
	retryPause = time.Second
)

// Settings is where the mode travels: *bus.Bus.
type Settings interface {
	Setting(ctx context.Context, key string) ([]byte, error)
	StoreSetting(ctx context.Context, key string, value []byte) error
	WatchSettings(ctx context.Context, prefix string, fn func(key string, value []byte), caughtUp func()) error
}

var _ Settings = (*bus.Bus)(nil)

// Store tells all processes the mode.
func Store(ctx context.Context, to Settings, s State) error {
	if err := s.Check(time.Now()); err != nil {
		return err
	}
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("read-only mode: %w", err)
	}
	return to.StoreSetting(ctx, key, value)
}

// Load reads the mode of the installation.
func Load(ctx context.Context, from Settings) (State, error) {
	value, err := from.Setting(ctx, key)
	if err != nil {
		return State{}, err
	}
	return parse(value)
}

func parse(value []byte) (s State, err error) {
	if value == nil {
		return s, nil
	}
	if err := json.Unmarshal(value, &s); err != nil {
		return s, fmt.Errorf("read-only mode: the setting %s on the bus cannot be read: %w", key, err)
	}
	return s, nil
}

var errUnknown = errors.New("not known yet whether the platform is in read-only mode")

// Follow returns the task that keeps the mode up to date, and the check by which the
// process is not ready before it knows it. When the bus goes away, what was known
// stays in force.
func Follow(from Settings, m *Mode, log *slog.Logger) (run.Task, run.Check) {
	task := run.Task{Name: name, Run: func(ctx context.Context) error {
		for {
			err := m.follow(ctx, from, log)
			if ctx.Err() != nil {
				return nil // asked to stop
			}
			log.WarnContext(ctx, "read-only mode is not followed; what was known stays in force", "error", err)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(retryPause):
			}
		}
	}}
	return task, run.Check{Name: name, Probe: func(context.Context) error {
		if _, known := m.State(); !known {
			return errUnknown
		}
		return nil
	}}
}

// follow takes over what is stored. A setting that cannot be read changes nothing:
// a process that has read none stays closed, since it may be on.
func (m *Mode) follow(ctx context.Context, from Settings, log *slog.Logger) error {
	stored, unread := State{}, false
	arrived := false
	return from.WatchSettings(ctx, name, func(at string, value []byte) {
		if at != key {
			return
		}
		s, err := parse(value)
		if unread = err != nil; unread {
			log.ErrorContext(ctx, "read-only mode stays as it was", "error", err)
			return
		}
		stored = s
		if arrived {
			m.take(ctx, s, log)
		}
	}, func() {
		arrived = true
		if !unread {
			m.take(ctx, stored, log)
		}
	})
}

// take sets the mode, and writes down what changes: who looks at the log is to know
// why nothing could be changed.
func (m *Mode) take(ctx context.Context, s State, log *slog.Logger) {
	before, _ := m.State()
	m.set(s)
	now, _ := m.State()
	if before.On != now.On {
		log.WarnContext(ctx, "read-only mode", "on", now.On, "reason", now.Reason, "until", now.Until)
	}
}
