package outbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const (
	waiting   = `tandem_outbox_waiting{schema="schools"}`
	age       = `tandem_outbox_age_seconds{schema="schools"}`
	published = `tandem_events_published_total{schema="schools"}`
	things    = `tandem_things{kind="big"}`
	held      = `tandem_lease_held{lease="outbox-relay",schema="schools"}`
)

func TestTheRelayThatHoldsTheLeaseCountsForAllReplicas(t *testing.T) {
	metrics := kittest.Metrics(t)
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		b := kittest.NATS(t)
		add(t, db, made(t, "1", "a"), made(t, "2", "b"))
		before := metrics()
		require.NotContains(t, before, waiting, "nobody counts yet")
		gauge := counted.Gauge{
			Name: "tandem.things", Label: "kind", Values: []string{"big", "small"},
			Read: counted.Rows(db, `SELECT 'big', count(*) FROM outbox UNION ALL SELECT 'unheard of', 7`),
		}
		stop := kittest.Go(t, outbox.NewRelay(db, b, clock.NewFake(kittest.Start()), kittest.Log(t)).Counting(gauge).Run)
		var after map[string]float64
		kittest.Eventually(t, func() bool {
			after = metrics()
			_, tells := after[waiting]
			_, since := after[age]
			return after[published] == before[published]+2 && after[things] == 2 && tells && since
		}, "both are published, and all is counted")
		require.Contains(t, after, `tandem_things{kind="small"}`, "none is told too")
		require.NotContains(t, after, `tandem_things{kind="unheard of"}`, "labels are those announced")
		require.InDelta(t, 1, after[held], 0)

		other := kittest.Go(t, outbox.NewRelay(db, b, clock.NewFake(kittest.Start()), kittest.Log(t)).Run)
		defer other()
		stop()
		kittest.Eventually(t, func() bool {
			_, still := metrics()[things]
			return !still && metrics()[held] == 1
		}, "the other took over, and counts what it knows of")
	})
}

func TestTheAgeOfTheOutboxGrowsWhileTheBusIsAway(t *testing.T) {
	metrics := kittest.Metrics(t)
	db := kittest.SQLite(t, "schools", nil)
	b := kittest.NATS(t)
	b.Close()
	require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error {
		return outbox.Add(ctx, db, time.Now().Add(-time.Minute), made(t, "1", "a"))
	}))
	kittest.Go(t, outbox.NewRelay(db, b, clock.NewFake(kittest.Start()), kittest.Log(t)).Run)
	kittest.Eventually(t, func() bool { return metrics()[waiting] == 1 && metrics()[age] >= 60 }, "it is counted")
	first := metrics()[age]
	kittest.Eventually(t, func() bool { return metrics()[age] > first }, "its age is that of the moment of asking")
}
