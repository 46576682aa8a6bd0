package run_test

import (
	"context"
	"net/http"
	"testing"

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
