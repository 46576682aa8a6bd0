package run_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/run"
)

func TestAnswerWithoutAnEndStopsWhenItWatchesTheDrain(t *testing.T) {
	entered := make(chan struct{})
	listener := listen(t)
	g := run.NewGroup(run.Options{Log: quiet()})
	draining := g.Readiness().Draining()
	g.Server(run.HTTP("http", &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-draining
	})}, listener))
	ctx, cancel := context.WithCancel(context.Background())
	ended := start(ctx, g)
	go func() {
		if resp, err := http.Get("http://" + listener.Addr().String()); err == nil {
			_ = resp.Body.Close()
		}
	}()
	await(t, entered)
	cancel()
	require.NoError(t, await(t, ended), "well before the deadline")
	g.Readiness().Drain() // twice does no harm
}

func TestAStoppingProcessServesUntilNobodyIsSentToIt(t *testing.T) {
	over := make(chan error)
	g := run.NewGroup(run.Options{Log: quiet(), DrainDelay: time.Hour})
	g.Task(run.Task{Name: "end", Run: func(context.Context) error { return <-over }})
	listener := listen(t)
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	g.Server(run.HTTP("http", &http.Server{Handler: g.Readiness().CloseWhenDraining(handler)}, listener))
	ctx, cancel := context.WithCancel(t.Context())
	ended := start(ctx, g)

	closes := func() bool {
		answer, err := http.Get("http://" + listener.Addr().String())
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.Close
	}
	require.False(t, closes())
	cancel()
	<-g.Readiness().Draining()
	require.True(t, closes(), "the next request of this client goes elsewhere")
	require.False(t, g.Readiness().Report(t.Context()).Ready)
	over <- errors.New("the hour is over")
	require.ErrorContains(t, await(t, ended), "the hour is over")
}

func TestTheDelayEndsByItself(t *testing.T) {
	g := run.NewGroup(run.Options{Log: quiet(), DrainDelay: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := start(ctx, g)
	cancel()
	require.NoError(t, await(t, ended))
}

func TestAFailureCutsTheDelayShort(t *testing.T) {
	broken := make(chan error)
	g := run.NewGroup(run.Options{Log: quiet(), DrainDelay: time.Hour})
	g.Task(run.Task{Name: "relay", Run: func(context.Context) error { return <-broken }})
	ctx, cancel := context.WithCancel(t.Context())
	ended := start(ctx, g)
	cancel()
	<-g.Readiness().Draining()
	broken <- errors.New("broken")
	require.ErrorContains(t, await(t, ended), "task relay: broken")
}
