package response

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// gate is a run that waits to be let through, and remembers its batches.
type gate struct {
	mu      sync.Mutex
	batches [][]int
	through chan struct{}
}

func (g *gate) run(_ context.Context, in []int) ([]int, error) {
	g.mu.Lock()
	g.batches = append(g.batches, slices.Clone(in))
	g.mu.Unlock()
	<-g.through
	out := make([]int, len(in))
	for i, n := range in {
		out[i] = 10 * n
	}
	return out, nil
}

func (g *gate) seen() [][]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.batches)
}

func waiting[I, O any](g *gather[I, O]) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

func TestWhatComesDuringARunIsDoneTogetherByTheNext(t *testing.T) {
	slow := &gate{through: make(chan struct{})}
	g := newGather("numbers", 1, slow.run)
	var all sync.WaitGroup
	ask := func(n int) {
		all.Go(func() {
			out, err := g.do(t.Context(), n)
			if err != nil || out != 10*n {
				t.Errorf("%d became %d, %v", n, out, err)
			}
		})
	}
	ask(1)
	kittest.Eventually(t, func() bool { return len(slow.seen()) == 1 }, "an idle gather begins at once")
	for n := range 2 * mostAtOnce {
		ask(n + 2)
	}
	kittest.Eventually(t, func() bool { return waiting(g) == 2*mostAtOnce }, "the others wait")
	close(slow.through)
	all.Wait()
	sizes := []int{}
	for _, b := range slow.seen() {
		sizes = append(sizes, len(b))
	}
	require.Equal(t, []int{1, mostAtOnce, mostAtOnce}, sizes)
	require.Zero(t, g.running, "nobody works when nobody waits")
}

func TestWhoGoesAwayTakesNobodyAlong(t *testing.T) {
	slow := &gate{through: make(chan struct{})}
	g := newGather("numbers", 1, slow.run)
	first := make(chan error, 1)
	go func() { _, err := g.do(t.Context(), 1); first <- err }()
	kittest.Eventually(t, func() bool { return len(slow.seen()) == 1 }, "the first run")
	gone, leave := context.WithCancel(t.Context())
	second, third := make(chan error, 1), make(chan error, 1)
	go func() { _, err := g.do(gone, 2); second <- err }()
	go func() { _, err := g.do(t.Context(), 3); third <- err }()
	kittest.Eventually(t, func() bool { return waiting(g) == 2 }, "two wait")
	leave()
	require.ErrorIs(t, <-second, context.Canceled, "at once, while the run goes on")
	close(slow.through)
	require.NoError(t, <-first)
	require.NoError(t, <-third)
	require.Equal(t, [][]int{{1}, {3}}, slow.seen(), "what nobody waits for any more is left out")
}

func TestWhatCannotBeDoneFailsAlone(t *testing.T) {
	bad := errors.New("not this one")
	hold := make(chan struct{})
	g := newGather("numbers", 1, func(_ context.Context, in []int) ([]int, error) {
		<-hold
		if slices.Contains(in, 5) {
			return nil, bad
		}
		if slices.Contains(in, 7) {
			return in[:cap(in)+1], nil // panics
		}
		return in, nil
	})
	errs := make([]error, 12)
	var all sync.WaitGroup
	for n := range errs {
		all.Go(func() { _, errs[n] = g.do(t.Context(), n) })
	}
	close(hold)
	all.Wait()
	for n, err := range errs {
		switch n {
		case 5:
			require.ErrorIs(t, err, bad)
		case 7:
			require.ErrorContains(t, err, "panic")
		default:
			require.NoError(t, err, "%d", n)
		}
	}
}

func TestNothingIsTriedInHalvesWhileTheDatabaseIsAway(t *testing.T) {
	slow, runs := make(chan struct{}), 0
	g := newGather("numbers", 1, func(context.Context, []int) ([]int, error) {
		<-slow
		runs++ // one run at a time
		return nil, problem.Unavailable("database")
	})
	var all sync.WaitGroup
	for n := range 9 {
		all.Go(func() {
			if _, err := g.do(t.Context(), n); !problem.Is(err, problem.KindUnavailable) {
				t.Error(err)
			}
		})
	}
	kittest.Eventually(t, func() bool { return waiting(g) == 8 }, "all came")
	close(slow)
	all.Wait()
	require.Equal(t, 2, runs)
}

func TestAFullQueueIsRefused(t *testing.T) {
	slow := &gate{through: make(chan struct{})}
	g := newGather("numbers", 1, slow.run)
	var all sync.WaitGroup
	for n := range mostWaiting + 1 {
		all.Go(func() { _, _ = g.do(t.Context(), n) })
		if n == 0 {
			kittest.Eventually(t, func() bool { return len(slow.seen()) == 1 }, "the first run")
		}
	}
	kittest.Eventually(t, func() bool { return waiting(g) == mostWaiting }, "the queue is full")
	_, err := g.do(t.Context(), -1)
	require.True(t, problem.Is(err, problem.KindExhausted), fmt.Sprint(err))
	close(slow.through)
	all.Wait()
}
