package cycle_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

const opened, closed = "WindowOpened cycles/c", "WindowClosed cycles/c"

// calendar is a world with an open cycle with one window, from hour 1 to hour 3.
func calendar(t *testing.T, state cycle.State) (*schoolstest.World, cycle.Scheduler) {
	t.Helper()
	w := schoolstest.Empty(t)
	f := year(2026)
	f.Windows = []cycle.Window{{Phase: phase.Forming, Start: hour(1), End: hour(3)}}
	require.NoError(t, w.Store.InsertCycle(kittest.All(t), cycle.Cycle{
		Name: "cycles/c", State: state, Fields: f, Meta: record.NewMeta(w.Clock.Now()),
	}))
	return w, cycle.Scheduler{Store: w.Store, Clock: w.Clock}
}

func hour(n int) time.Time { return kittest.Start().Add(time.Duration(n) * time.Hour) }

func TestTheSchedulerSaysOnceThatAWindowOpensAndCloses(t *testing.T) {
	w, s := calendar(t, cycle.Open)
	for _, step := range []struct {
		at   time.Time
		want []string
	}{
		{hour(0), []string{}},
		{hour(1).Add(-time.Microsecond), []string{}},
		{hour(1), []string{opened}},
		{hour(1), []string{opened}},
		{hour(2), []string{opened}},
		{hour(3).Add(-time.Microsecond), []string{opened}},
		{hour(3), []string{opened, closed}},
		{hour(9), []string{opened, closed}},
	} {
		w.Clock.Set(step.at)
		require.NoError(t, s.Tick(kittest.All(t)))
		require.Equal(t, step.want, w.Events(t), step.at)
	}
}

func TestAClockThatLeapsOverAWindowLosesNothing(t *testing.T) {
	w, s := calendar(t, cycle.Open)
	w.Clock.Set(hour(100))
	require.NoError(t, s.Tick(kittest.All(t)))
	require.Equal(t, []string{opened, closed}, w.Events(t))
	w.Clock.Set(hour(2)) // and back
	require.NoError(t, s.Tick(kittest.All(t)))
	require.Len(t, w.Events(t), 2)
}

func TestOnlyAnOpenCycleOpensWindows(t *testing.T) {
	for state, want := range map[cycle.State][]string{
		cycle.Planned: {}, cycle.Open: {opened, closed}, cycle.Closed: {},
	} {
		t.Run(string(state), func(t *testing.T) {
			w, s := calendar(t, state)
			w.Clock.Set(hour(5))
			require.NoError(t, s.Tick(kittest.All(t)))
			require.Equal(t, want, w.Events(t))
		})
	}
}

func TestACycleThatClosesClosesItsWindows(t *testing.T) {
	w, s := calendar(t, cycle.Open)
	w.Clock.Set(hour(1))
	require.NoError(t, s.Tick(kittest.All(t)))
	_, err := w.Cycles().Close(kittest.All(t), "cycles/c", "")
	require.NoError(t, err)
	require.NoError(t, s.Tick(kittest.All(t)))
	require.Equal(t, []string{opened, "CycleClosed cycles/c", closed}, w.Events(t))
}

func TestAllCyclesAreLookedAt(t *testing.T) {
	w := schoolstest.Empty(t)
	for i := range 101 { // more than a page
		f := year(2026)
		f.Windows = []cycle.Window{{Phase: phase.Forming, Start: hour(0), End: hour(1)}}
		require.NoError(t, w.Store.InsertCycle(kittest.All(t), cycle.Cycle{
			Name: fmt.Sprintf("cycles/c%03d", i), State: cycle.Open, Fields: f, Meta: record.NewMeta(w.Clock.Now()),
		}))
	}
	require.NoError(t, cycle.Scheduler{Store: w.Store, Clock: w.Clock}.Tick(kittest.All(t)))
	told := map[string]bool{}
	for _, event := range w.Events(t) {
		told[event] = true
	}
	require.Len(t, told, 101)
}

var errDown = errors.New("the database is away")

// failing is a store that cannot tell events for a while.
type failing struct {
	schoolstest.Store
	down *bool
}

func (f failing) Emit(ctx context.Context, event any) error {
	if *f.down {
		return errDown
	}
	return f.Store.Emit(ctx, event)
}

func TestWhatCouldNotBeToldIsToldLater(t *testing.T) {
	w, _ := calendar(t, cycle.Open)
	down := true
	s := cycle.Scheduler{Store: failing{w.Store, &down}, Clock: w.Clock}
	w.Clock.Set(hour(1))
	require.ErrorIs(t, s.Tick(kittest.All(t)), errDown)
	require.Empty(t, w.Events(t))
	down = false
	require.NoError(t, s.Tick(kittest.All(t)))
	require.Equal(t, []string{opened}, w.Events(t))
}

func TestHoweverTheClockRunsEachWindowOpensAndClosesOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &announcements{cycle: cycle.Cycle{Name: "cycles/c", State: cycle.Open}}
		n := rapid.IntRange(1, 4).Draw(rt, "windows")
		for i := range n {
			w.cycle.Windows = append(w.cycle.Windows, cycle.Window{Phase: phase.Forming, Start: hour(4 * i), End: hour(4*i + 2)})
		}
		last := 0
		for range rapid.IntRange(1, 10).Draw(rt, "ticks") {
			last += rapid.IntRange(0, 5).Draw(rt, "hours")
			require.NoError(rt, cycle.Scheduler{Store: w, Clock: at0(hour(last))}.Tick(kittest.All(t)))
		}
		wantOpened, wantClosed := 0, 0
		for i := range n {
			if last >= 4*i {
				wantOpened++
			}
			if last >= 4*i+2 {
				wantClosed++
			}
		}
		opens, closes := 0, 0
		for _, event := range w.told {
			switch event.(type) {
			case cycle.WindowOpened:
				opens++
			case cycle.WindowClosed:
				closes++
			}
			require.GreaterOrEqual(rt, opens, closes, "nothing closes that did not open")
		}
		require.Equal(rt, [2]int{wantOpened, wantClosed}, [2]int{opens, closes})
	})
}

type at0 time.Time

func (a at0) Now() time.Time { return time.Time(a) }

// announcements is a store in memory with one cycle.
type announcements struct {
	cycle.Store
	cycle cycle.Cycle
	said  []cycle.Announcement
	told  []any
}

func (a *announcements) Tx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (a *announcements) Emit(_ context.Context, event any) error {
	a.told = append(a.told, event)
	return nil
}

func (a *announcements) Cycle(context.Context, string) (cycle.Cycle, error) { return a.cycle, nil }

func (a *announcements) ListCycles(context.Context, record.Range) ([]cycle.Cycle, error) {
	return []cycle.Cycle{a.cycle}, nil
}

func (a *announcements) Announcements(context.Context, string) ([]cycle.Announcement, error) {
	return a.said, nil
}

func (a *announcements) SaveAnnouncement(_ context.Context, s cycle.Announcement) error {
	for i, known := range a.said {
		if known.Phase == s.Phase && known.Start.Equal(s.Start) {
			a.said[i] = s
			return nil
		}
	}
	a.said = append(a.said, s)
	return nil
}
