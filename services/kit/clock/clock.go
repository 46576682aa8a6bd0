// Package clock gives the product its one clock.
//
// A school year has to be playable in minutes, so nothing in the domain asks
// the operating system for the time: the clock is handed in. Production uses
// an [Adjustable] whose offset stays zero; development mode moves the offset,
// and every service of the process sees the same new time; tests use a [Fake].
//
// Times are UTC and cut to microseconds, because that is what both databases
// keep: what is written is what is read back.
//
// Two things never use this clock: the lifetime of identity tokens and of
// leases, which protect the running system and therefore follow real time.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// Clock tells the product's time: UTC, cut to microseconds.
type Clock interface {
	Now() time.Time
}

// Adjustable is system time plus an offset. It is safe for concurrent use.
type Adjustable struct {
	offset atomic.Int64
}

var _ Clock = (*Adjustable)(nil)

// NewAdjustable returns a clock that equals system time until its offset is set.
func NewAdjustable() *Adjustable {
	return &Adjustable{}
}

// Now returns system time moved by the offset.
func (a *Adjustable) Now() time.Time {
	return normal(time.Now().Add(a.Offset()))
}

// Offset returns how far the clock is ahead of system time.
func (a *Adjustable) Offset() time.Duration {
	return time.Duration(a.offset.Load())
}

// SetOffset sets how far the clock is ahead of system time.
func (a *Adjustable) SetOffset(d time.Duration) {
	a.offset.Store(int64(d))
}

// Fake is a clock that stands still until a test moves it. It is safe for
// concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

var _ Clock = (*Fake)(nil)

// NewFake returns a clock that stands at t.
func NewFake(t time.Time) *Fake {
	return &Fake{now: normal(t)}
}

// Now returns the time the clock stands at.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = normal(f.now.Add(d))
}

// Set puts the clock to t.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = normal(t)
}

// normal also drops the monotonic reading, so that times compare with ==.
func normal(t time.Time) time.Time {
	return t.UTC().Round(0).Truncate(time.Microsecond)
}
