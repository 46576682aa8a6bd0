package run_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
)

func TestReadinessIsMeasuredWithEachCheck(t *testing.T) {
	metrics := kittest.Metrics(t)
	ready := run.NewReadiness(kittest.Log(t))
	away := errors.New("away")
	var bus error
	ready.Add(
		run.Check{Name: "database", Probe: func(context.Context) error { return nil }},
		run.Check{Name: "bus", Once: true, Probe: func(context.Context) error { return bus }},
	)
	stop := ready.Measure()
	require.Equal(t, map[string]float64{"tandem_ready": 1, `tandem_check_ok{check="database"}`: 1, `tandem_check_ok{check="bus"}`: 1}, metrics())
	bus = away
	require.Equal(t, map[string]float64{"tandem_ready": 1, `tandem_check_ok{check="database"}`: 1, `tandem_check_ok{check="bus"}`: 0}, metrics(),
		"what must have answered once only is missed, but the process serves")
	ready.Drain()
	require.Zero(t, metrics()["tandem_ready"])
	stop()
	require.NotContains(t, metrics(), "tandem_ready")
}
