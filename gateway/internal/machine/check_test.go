package machine_test

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

// doors are the three ways in; each is called without an identity in its context.
func (w *world) doors(secret, key string) map[string]func(from netip.Addr) (machine.Proven, error) {
	var id string
	for _, s := range w.get().Secrets {
		if s.Digest == machine.DigestOf(secret) {
			id = s.ID
		}
	}
	ctx := context.Background()
	return map[string]func(netip.Addr) (machine.Proven, error){
		"secret": func(from netip.Addr) (machine.Proven, error) { return w.BySecret(ctx, "sync.aspen", secret, from) },
		"key":    func(from netip.Addr) (machine.Proven, error) { return w.ByKey(ctx, key, from) },
		"token": func(from netip.Addr) (machine.Proven, error) {
			return w.ByToken(ctx, client, id, []string{"schools.read", "awards.read", "people.read"}, from)
		},
	}
}

func TestAMachineGetsInUntilSomethingIsTakenAway(t *testing.T) {
	change := func(fn func(f *machine.Fields)) func(w *world) {
		return func(w *world) {
			_, err := w.Update(w.ctx, who("ana"), client, "", func(f machine.Fields) machine.Fields { fn(&f); return f })
			require.NoError(w.t, err)
		}
	}
	for name, c := range map[string]struct {
		change func(w *world)
		in     bool
	}{
		"nothing":  {func(*world) {}, true},
		"disabled": {change(func(f *machine.Fields) { f.Disabled = true }), false},
		"an end that has come": {func(w *world) {
			change(func(f *machine.Fields) { f.End = w.clock.Now().Add(time.Hour) })(w)
			w.clock.Advance(time.Hour)
		}, false},
		"an end that is near": {func(w *world) {
			change(func(f *machine.Fields) { f.End = w.clock.Now().Add(time.Hour) })(w)
			w.clock.Advance(time.Hour - 1)
		}, true},
		"the address is allowed":     {change(func(f *machine.Fields) { f.AllowedIPs = []string{"10.0.0.0/8", "192.0.2.7"} }), true},
		"the address is not allowed": {change(func(f *machine.Fields) { f.AllowedIPs = []string{"10.0.0.0/8", "192.0.2.8"} }), false},
		"all scopes but one":         {change(func(f *machine.Fields) { f.Scopes = []string{"schools.read"} }), true},
		"all scopes that count":      {change(func(f *machine.Fields) { f.Scopes = []string{"people.read"} }), false},
		"deleted":                    {func(w *world) { require.NoError(w.t, w.Delete(w.ctx, client, "")) }, false},
		"its secrets": {func(w *world) {
			for _, s := range w.get().Secrets {
				_, err := w.RemoveSecret(w.ctx, client, s.ID)
				require.NoError(w.t, err)
			}
		}, false},
		"deleted and registered anew": {func(w *world) {
			require.NoError(w.t, w.Delete(w.ctx, client, ""))
			w.with(fields("schools.read"))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			doors := w.doors(w.with(fields("schools.read", "awards.read")))
			for door, enter := range doors {
				proven, err := enter(here())
				require.NoError(t, err, door)
				require.Equal(t, client, proven.Name)
				require.Equal(t, []string{"schools.read", "awards.read"}, proven.Scopes)
			}
			c.change(w)
			for door, enter := range doors {
				_, err := enter(here())
				if c.in {
					require.NoError(t, err, door)
				} else {
					require.Equal(t, []string{"TOKEN_INVALID"}, refusal(t, err), door)
				}
			}
		})
	}
}

func TestWhatOthersHoldOpensNothing(t *testing.T) {
	w := newWorld(t)
	secret, key := w.with(fields("schools.read"))
	_, err := w.Create(w.ctx, who("ana"), "districts/birch", "sync", fields("schools.read"))
	require.NoError(t, err)
	id := w.get().Secrets[0].ID
	ctx := t.Context()
	for name, enter := range map[string]func() (machine.Proven, error){
		"another machine's secret": func() (machine.Proven, error) { return w.BySecret(ctx, "sync.birch", secret, here()) },
		"the key as a secret":      func() (machine.Proven, error) { return w.BySecret(ctx, "sync.aspen", key, here()) },
		"the secret as a key":      func() (machine.Proven, error) { return w.ByKey(ctx, secret, here()) },
		"a secret that was never made": func() (machine.Proven, error) {
			return w.BySecret(ctx, "sync.aspen", machine.NewValue(machine.ClientSecret), here())
		},
		"a key that was never made": func() (machine.Proven, error) { return w.ByKey(ctx, machine.NewValue(machine.APIKey), here()) },
		"a machine that is none":    func() (machine.Proven, error) { return w.BySecret(ctx, "none.aspen", secret, here()) },
		"no client id":              func() (machine.Proven, error) { return w.BySecret(ctx, "", secret, here()) },
		"no secret":                 func() (machine.Proven, error) { return w.BySecret(ctx, "sync.aspen", "", here()) },
		"no key":                    func() (machine.Proven, error) { return w.ByKey(ctx, "", here()) },
		"a token of another machine": func() (machine.Proven, error) {
			return w.ByToken(ctx, "districts/birch/apiClients/sync", id, []string{"schools.read"}, here())
		},
		"a token of no machine": func() (machine.Proven, error) {
			return w.ByToken(ctx, "districts/aspen/people/ana", id, []string{"schools.read"}, here())
		},
		"a token without a secret": func() (machine.Proven, error) { return w.ByToken(ctx, client, "", []string{"schools.read"}, here()) },
		"a token for other scopes": func() (machine.Proven, error) { return w.ByToken(ctx, client, id, []string{"awards.read"}, here()) },
		"a token for no scopes":    func() (machine.Proven, error) { return w.ByToken(ctx, client, id, nil, here()) },
	} {
		_, err := enter()
		require.Equal(t, []string{"TOKEN_INVALID"}, refusal(t, err), name)
	}
	proven, err := w.ByToken(ctx, client, id, []string{"awards.read", "schools.read"}, here())
	require.NoError(t, err)
	require.Equal(t, []string{"schools.read"}, proven.Scopes, "a token gives no more than the machine has")
}

func TestASecretEndsByItself(t *testing.T) {
	w := newWorld(t)
	_, err := w.Create(w.ctx, who("ana"), aspen, "sync", fields("schools.read"))
	require.NoError(t, err)
	_, _, secret, err := w.AddSecret(w.ctx, client, machine.ClientSecret, kittest.Start().Add(time.Hour))
	require.NoError(t, err)
	_, err = w.BySecret(t.Context(), "sync.aspen", secret, here())
	require.NoError(t, err)
	w.clock.Advance(time.Hour)
	_, err = w.BySecret(t.Context(), "sync.aspen", secret, here())
	require.Equal(t, []string{"TOKEN_INVALID"}, refusal(t, err))
}

func TestAddressesAreAllowedExactlyWithinTheNetworks(t *testing.T) {
	w := newWorld(t)
	secret, _ := w.with(fields("schools.read"))
	rapid.Check(t, func(rt *rapid.T) {
		bits := rapid.IntRange(0, 32).Draw(rt, "bits")
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(rt, "network"))), bits)
		from := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(rt, "from")))
		if rapid.Bool().Draw(rt, "near") {
			from = network.Addr()
		}
		_, err := w.Update(w.ctx, who("ana"), client, "", func(f machine.Fields) machine.Fields { f.AllowedIPs = []string{network.String()}; return f })
		require.NoError(rt, err)
		for _, written := range []netip.Addr{from, netip.AddrFrom16(from.As16())} {
			_, err = w.BySecret(t.Context(), "sync.aspen", secret, written)
			require.Equal(rt, network.Contains(from), err == nil, "%s from %s", network, written)
		}
		_, err = w.BySecret(t.Context(), "sync.aspen", secret, netip.Addr{})
		require.Error(rt, err, "an address that is not known is not allowed")
	})
}

func TestTheLastUseIsKeptToTheMinuteWithoutAWritePerCall(t *testing.T) {
	w := newWorld(t)
	secret, key := w.with(fields("schools.read"))
	counted := &countingStore{Store: w.store}
	use := func() {
		_, err := w.BySecret(t.Context(), "sync.aspen", secret, here())
		require.NoError(t, err)
	}
	w.clock.Advance(90 * time.Second)
	for range 100 {
		use()
	}
	require.True(t, w.get().LastUse.IsZero())
	require.NoError(t, w.Uses.Write(t.Context(), counted))
	minute := kittest.Start().Add(time.Minute)
	require.Equal(t, minute, w.get().LastUse)
	require.Equal(t, minute, w.get().Secrets[0].LastUse)
	require.True(t, w.get().Secrets[1].LastUse.IsZero(), "the key was not used")
	require.Equal(t, 1, counted.uses)
	use()
	require.NoError(t, w.Uses.Write(t.Context(), counted))
	require.Equal(t, 1, counted.uses, "once a minute")
	w.clock.Advance(time.Minute)
	_, err := w.ByKey(t.Context(), key, here())
	require.NoError(t, err)
	_, err = w.BySecret(t.Context(), "sync.aspen", machine.NewValue(machine.ClientSecret), here())
	require.Error(t, err)
	counted.fail = problem.Unavailable("database")
	require.Error(t, w.Uses.Write(t.Context(), counted))
	counted.fail = nil
	require.NoError(t, w.Uses.Write(t.Context(), counted), "what could not be written waits")
	require.Equal(t, minute.Add(time.Minute), w.get().Secrets[1].LastUse)
	require.Equal(t, minute, w.get().Secrets[0].LastUse, "a wrong secret is no use")
}

func TestTheLastUsesAreWrittenWhenTheProcessStops(t *testing.T) {
	w := newWorld(t)
	secret, _ := w.with(fields("schools.read"))
	_, err := w.BySecret(t.Context(), "sync.aspen", secret, here())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, w.Uses.Run(ctx, w.store, kittest.Log(t)))
	require.Equal(t, kittest.Start(), w.get().LastUse)
}

type countingStore struct {
	machine.Store
	uses int
	fail error
}

func (c *countingStore) Used(ctx context.Context, uses []machine.Use) error {
	if c.fail != nil {
		return c.fail
	}
	c.uses += len(uses)
	return c.Store.Used(ctx, uses)
}

// Secrets are added, used and removed while machines call: whoever shows a live
// secret gets in, whoever shows a removed one does not.
func TestRotationUnderLoadGivesNoWrongAnswer(t *testing.T) {
	w := newWorld(t)
	current, _ := w.with(fields("schools.read"))
	type pair struct{ id, value string }
	var live atomic.Pointer[pair]
	live.Store(&pair{w.get().Secrets[0].ID, current})
	var calls atomic.Int64
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				p := live.Load()
				_, errSecret := w.BySecret(context.Background(), "sync.aspen", p.value, here())
				_, errToken := w.ByToken(context.Background(), client, p.id, []string{"schools.read"}, here())
				// Removal waits until nobody holds the old pair as the live one any more.
				if live.Load() == p && (errSecret != nil || errToken != nil) {
					t.Errorf("a live secret was refused: %v, %v", errSecret, errToken)
				}
				calls.Add(1)
			}
		})
	}
	for round := range 25 {
		old := live.Load()
		_, id, value, err := w.AddSecret(w.ctx, client, machine.ClientSecret, time.Time{})
		require.NoError(t, err, "round %d", round)
		for _, p := range []*pair{old, {id, value}} {
			_, err = w.BySecret(t.Context(), "sync.aspen", p.value, here())
			require.NoError(t, err, "both count for a while")
		}
		live.Store(&pair{id, value})
		_, err = w.RemoveSecret(w.ctx, client, old.id)
		require.NoError(t, err)
		_, err = w.BySecret(t.Context(), "sync.aspen", old.value, here())
		require.Error(t, err, "a removed secret counts no more")
		_, err = w.ByToken(t.Context(), client, old.id, []string{"schools.read"}, here())
		require.Error(t, err, "nor do its tokens")
		before := calls.Load()
		kittest.Eventually(t, func() bool { return calls.Load() > before }, "no machine calls any more")
	}
	close(done)
	wg.Wait()
}
