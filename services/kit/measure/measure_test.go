package measure_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/measure"
)

func TestACounterTellsItsValuesFromTheStartAndNoOthers(t *testing.T) {
	metrics := kittest.Metrics(t)
	c := measure.NewCounter("tandem.mails", "Mails.", "result", []string{"sent", "refused"}, measure.Label("schema", "a"))
	c.Add(t.Context(), "sent", 2)
	c.Add(t.Context(), "unheard of", 7)
	require.Equal(t, map[string]float64{
		`tandem_mails_total{result="sent",schema="a"}`: 2, `tandem_mails_total{result="refused",schema="a"}`: 0,
	}, metrics())
	var none *measure.Counter
	none.Add(t.Context(), "sent", 1)
}

func TestWhatComesAndGoesIsTold(t *testing.T) {
	metrics := kittest.Metrics(t)
	level, on := measure.NewLevel("tandem.calls", "Calls."), measure.NewSwitch("tandem.on", "On.")
	require.Equal(t, map[string]float64{"tandem_calls": 0, "tandem_on": 0}, metrics())
	level.Add(t.Context(), 3)
	level.Add(t.Context(), -1)
	on.Set(t.Context(), true)
	require.Equal(t, map[string]float64{"tandem_calls": 2, "tandem_on": 1}, metrics())
}

func TestADurationIsToldInSeconds(t *testing.T) {
	metrics := kittest.Metrics(t)
	measure.NewDuration("tandem.work", "Work.", nil).Since(t.Context(), time.Now().Add(-time.Hour))
	require.InDelta(t, 1, metrics()["tandem_work_seconds_count"], 0)
	require.GreaterOrEqual(t, metrics()["tandem_work_seconds_sum"], 3600.0)
}

func TestAReadingIsLookedUpUntilItIsStopped(t *testing.T) {
	metrics := kittest.Metrics(t)
	used, total := measure.Reading{Name: "tandem.used", Unit: "By"}, measure.Reading{Name: "tandem.waits", Total: true}
	looks := 0.0
	stop := measure.Read([]measure.Reading{used, total}, func(_ context.Context, tell measure.Tell) {
		looks++
		tell(used, 5)
		tell(total, looks)
	})
	require.Equal(t, map[string]float64{"tandem_used_bytes": 5, "tandem_waits_total": 1}, metrics())
	require.InDelta(t, 2, metrics()["tandem_waits_total"], 0)
	stop()
	require.Empty(t, metrics())
}
