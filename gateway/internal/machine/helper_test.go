package machine_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
	"github.com/tandem-badges/tandem/gateway/internal/store"
)

const (
	aspen  = "districts/aspen"
	client = aspen + "/apiClients/sync"
)

func catalog() []machine.Scope {
	return []machine.Scope{{Name: "schools.read"}, {Name: "awards.read"}, {Name: "people.read", Identified: true}, {Name: "responses.write", Identified: true}}
}

// world is machines over a real store, in which districts aspen and birch are.
type world struct {
	t     *testing.T
	ctx   context.Context // of the office, which sees its district
	clock *clock.Fake
	store machine.Store
	*machine.Service
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := clock.NewFake(kittest.Start())
	w := &world{
		t: t, ctx: tenant.With(t.Context(), "aspen", "birch"), clock: c,
		store: store.New(kittest.SQLite(t, "gateway", store.Migrations()), c),
	}
	w.Service = &machine.Service{
		Store: w.store, Clock: c, Scopes: catalog(), Uses: machine.NewUses(),
		District: func(_ context.Context, name string) error {
			if name == aspen || name == "districts/birch" {
				return nil
			}
			return problem.NotFound(name)
		},
	}
	return w
}

func who(name string) machine.Actor {
	return machine.Actor{Subject: aspen + "/people/" + name, Holds: func(string) bool { return true }}
}

func fields(scopes ...string) machine.Fields { return machine.Fields{Title: "Sync", Scopes: scopes} }

// with registers the client with a secret of each kind.
func (w *world) with(f machine.Fields) (secret, key string) {
	w.t.Helper()
	_, err := w.Create(w.ctx, who("ana"), aspen, "sync", f)
	require.NoError(w.t, err)
	_, _, secret, err = w.AddSecret(w.ctx, client, machine.ClientSecret, time.Time{})
	require.NoError(w.t, err)
	_, _, key, err = w.AddSecret(w.ctx, client, machine.APIKey, time.Time{})
	require.NoError(w.t, err)
	return secret, key
}

func (w *world) get() machine.Client {
	w.t.Helper()
	c, err := w.Get(w.ctx, client)
	require.NoError(w.t, err)
	return c
}

func here() netip.Addr { return netip.MustParseAddr("192.0.2.7") }

// refusal is the reason and the rules of an error.
func refusal(t *testing.T, err error) []string {
	t.Helper()
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	found := []string{string(p.Reason)}
	for _, v := range p.Violations {
		require.NotEmpty(t, v.Fix)
		found = append(found, v.Field+": "+v.Rule)
	}
	return found
}
