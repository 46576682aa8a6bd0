package outbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func TestOldSentEventsAreForgotten(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		b, now := kittest.NATS(t), clock.NewFake(kittest.Start())
		add(t, db, made(t, "a", "1"), made(t, "a", "2"), made(t, "a", "3"))
		old := sqldb.Micros(kittest.Start().Add(-91 * 24 * time.Hour))
		_, err := db.Exec(kittest.All(t), `UPDATE outbox SET sent_at = $1 WHERE seq = (SELECT min(seq) FROM outbox)`, old)
		require.NoError(t, err)
		kittest.Go(t, outbox.NewRelay(db, b, now, kittest.Log(t)).Run)
		kittest.Eventually(t, func() bool {
			var n int
			err := db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM outbox`).Scan(&n)
			return err == nil && n == 2
		}, "the old one is removed, the new ones stay")
	})
}

func TestAStreamIsRebuiltFromTheHistory(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		first := kittest.NATS(t)
		stop := relay(t, db, first)
		var want []string
		for i := range 300 { // more than a batch
			want = append(want, fmt.Sprint(i))
		}
		for i := 0; i < len(want); i += 10 {
			var msgs []proto.Message
			for _, note := range want[i : i+10] {
				msgs = append(msgs, made(t, note, note))
			}
			add(t, db, msgs...)
		}
		drained(t, db)
		stop()
		add(t, db, made(t, "unsent", "unsent"))

		fresh := kittest.NATS(t)
		var told int
		n, err := outbox.Replay(kittest.All(t), db, fresh, outbox.ReplayOptions{Progress: func(n int) { told = n }})
		require.NoError(t, err)
		require.Equal(t, 300, n, "without the one the relay has still to send")
		require.Equal(t, 300, told)
		s := follow(t, fresh)
		kittest.Eventually(t, func() bool { return len(s.notes(t)) >= 300 }, "all arrive")
		require.ElementsMatch(t, want, s.notes(t))

		for filter, want := range map[string]int{"tandem.schools.>": 300, "tandem.*.thing.made.v1.d1": 300, "tandem.schools.thing.made.v1.d2": 0} {
			n, err = outbox.Replay(kittest.All(t), db, fresh, outbox.ReplayOptions{Subject: filter})
			require.NoError(t, err)
			require.Equal(t, want, n, filter)
		}
		n, err = outbox.Replay(kittest.All(t), db, fresh, outbox.ReplayOptions{Since: kittest.Start().Add(time.Second)})
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
