package e2e

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// defaultKills keeps the test short; TANDEM_KILLS=50 plays it at length.
const defaultKills = 8

// killsPerYear is how often the instance dies within one walkthrough.
const killsPerYear = 5

// The instance is killed at random points of the year, without any chance to
// finish, and started again; the people simply go on. In the end nothing is
// lost, doubled or half done.
func TestNothingIsLostOrDoubledWhenTheInstanceIsKilledAtRandomPoints(t *testing.T) {
	kills := defaultKills
	if text := os.Getenv("TANDEM_KILLS"); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, kills)
	random := rand.New(rand.NewPCG(seed, 0))

	i := newInstance(t)
	p := i.serve()
	var won []walkthrough.Result
	for done := 0; done < kills; {
		most := min(killsPerYear, kills-done)
		var result walkthrough.Result
		result, p = i.playWithKills(t, p, random, most)
		won = append(won, result)
		done += most
	}
	i.awaitQuiet(t)
	require.Zero(t, p.stop(syscall.SIGTERM))
	i.checkProjections(t, won)
	i.checkOutboxes(t)
}

// playWithKills plays one year and kills the instance at so many random steps.
func (i *instance) playWithKills(t *testing.T, p *process, random *rand.Rand, kills int) (walkthrough.Result, *process) {
	t.Helper()
	const steps = 47 // the badge is won; what follows only looks at it
	at := map[int]time.Duration{}
	for len(at) < kills {
		at[1+random.IntN(steps)] = time.Duration(random.IntN(60)) * time.Millisecond
	}
	type outcome struct {
		result walkthrough.Result
		out    string
		err    error
	}
	finished, reached := make(chan outcome, 1), make(chan int, steps*2)
	go func() {
		result, out, err := i.play(context.WithoutCancel(t.Context()), walkthrough.Options{
			Resume: true, OnStep: func(step int) { reached <- step },
		})
		finished <- outcome{result, out, err}
	}()
	for {
		select {
		case step := <-reached:
			delay, kill := at[step]
			if !kill {
				continue
			}
			timer := time.NewTimer(delay)
			<-timer.C
			p.kill()
			t.Logf("killed %s into step %d", delay, step)
			p = i.serve()
		case o := <-finished:
			require.NoError(t, o.err, o.out)
			return o.result, p
		}
	}
}
