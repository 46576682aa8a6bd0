package restrictions_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/restrictions"
)

const maple = "districts/0880/schools/maple"

func noNotes() []access.Restriction {
	return []access.Restriction{{
		Name: "districts/0880/restrictions/r", District: "0880", Actions: []string{"notes.*"},
		Roles: []accessv1.Role{accessv1.Role_ROLE_TEAM_LEAD}, Reason: "Notes stay on paper here.",
	}}
}

// follow starts a process that heeds restrictions; it answers whether a team lead
// of maple is refused a note.
func follow(t *testing.T, b *bus.Bus) (own *access.Restrictions, refused func() bool, stop func()) {
	t.Helper()
	own = access.AwaitedRestrictions()
	task, check := restrictions.Follow(b, own, kittest.Log(t))
	stop = kittest.Go(t, task.Run)
	kittest.EventuallyNoError(t, func() error { return check.Probe(t.Context()) })
	ctx := access.WithRestrictions(t.Context(), own)
	id := access.Identity{Subject: "people/p", Grants: []access.Grant{{Role: accessv1.Role_ROLE_TEAM_LEAD, Node: maple}}}
	return own, func() bool { return access.Check(ctx, id, &accessv1.Rule{Action: "notes.get"}, maple) != nil }, stop
}

func TestEveryProcessHeedsWhatIsPublished(t *testing.T) {
	b := kittest.NATS(t)
	require.NoError(t, restrictions.Complete(t.Context(), b))
	_, early, _ := follow(t, b)
	require.False(t, early())

	require.NoError(t, restrictions.Publish(t.Context(), b, "0880", noNotes()))
	kittest.Eventually(t, early, "the running process heeds it")
	_, late, stop := follow(t, b)
	require.True(t, late(), "a process that starts later is not ready before it does")
	stop()

	require.NoError(t, restrictions.Publish(t.Context(), b, "0880", nil))
	kittest.Eventually(t, func() bool { return !early() }, "lifted")
	require.True(t, late(), "a process that follows no more keeps what it had")
}

// TestABusMadeAnewIsWaitedFor: what is forbidden is not known where not all has been
// published yet, as after a restore without the streams.
func TestABusMadeAnewIsWaitedFor(t *testing.T) {
	start := func(t *testing.T, b restrictions.Settings) (check func() error) {
		task, ready := restrictions.Follow(b, access.AwaitedRestrictions(), kittest.Log(t))
		kittest.Go(t, task.Run)
		return func() error { return ready.Probe(t.Context()) }
	}
	t.Run("until all is published", func(t *testing.T) {
		b := kittest.NATS(t)
		require.NoError(t, restrictions.Publish(t.Context(), b, "1420", nil), "the first of several")
		seen := make(chan string, 2)
		check := start(t, spy{b, seen})
		require.Equal(t, []string{"restrictions.1420", ""}, []string{<-seen, <-seen})
		require.Error(t, check())
		require.NoError(t, restrictions.Complete(t.Context(), b))
		kittest.EventuallyNoError(t, check)
	})
	t.Run("or a schools service that does not say so has had its time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			check := start(t, empty{})
			synctest.Wait()
			require.Error(t, check())
			<-time.After(30 * time.Second) // of the bubble, whose clock moves by itself
			synctest.Wait()
			require.NoError(t, check())
		})
	})
}

// empty is a bus that has nothing.
type empty struct{ restrictions.Settings }

func (empty) WatchSettings(ctx context.Context, _ string, _ func(string, []byte), caughtUp func()) error {
	caughtUp()
	<-ctx.Done()
	return ctx.Err()
}

func TestAProcessThatCannotReadADistrictIsNotReady(t *testing.T) {
	cases := map[string]string{
		"what is no JSON":      `{`,
		"a role of nobody":     `[{"name": "r", "actions": ["notes.get"], "roles": ["ROLE_KING"]}]`,
		"two of the same name": `[{"name": "r", "actions": ["notes.get"]}, {"name": "r", "actions": ["notes.get"]}]`,
	}
	for name, value := range cases {
		t.Run(name, func(t *testing.T) {
			b := kittest.NATS(t)
			require.NoError(t, b.StoreSetting(t.Context(), "restrictions.0880", []byte(value)))
			require.NoError(t, restrictions.Publish(t.Context(), b, "1420", nil))
			require.NoError(t, restrictions.Complete(t.Context(), b))
			own := access.AwaitedRestrictions()
			seen := make(chan string, 3)
			task, check := restrictions.Follow(spy{b, seen}, own, kittest.Log(t))
			kittest.Go(t, task.Run)
			for range 3 {
				<-seen
			}
			require.Error(t, check.Probe(t.Context()))

			require.NoError(t, restrictions.Publish(t.Context(), b, "0880", noNotes()))
			kittest.EventuallyNoError(t, func() error { return check.Probe(t.Context()) })
		})
	}
}

// spy tells which settings have been handed on, and with no key that it has caught up.
type spy struct {
	*bus.Bus
	seen chan string
}

func (s spy) WatchSettings(ctx context.Context, prefix string, fn func(string, []byte), caughtUp func()) error {
	return s.Bus.WatchSettings(ctx, prefix, func(key string, value []byte) {
		fn(key, value)
		select {
		case s.seen <- key:
		default:
		}
	}, func() {
		caughtUp()
		select {
		case s.seen <- "":
		default:
		}
	})
}
