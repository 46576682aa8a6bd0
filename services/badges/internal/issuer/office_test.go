package issuer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	site   = "https://badges.example.org"
	laptop = "http://127.0.0.1:8080"
	web    = "did:web:badges.example.org:issuers:state"
	aspen  = "districts/aspen"
)

// box is a keeper whose key is a letter.
type box byte

// Encrypt changes every byte, and says so first.
func (b box) Encrypt(_ context.Context, in []byte) ([]byte, error) {
	return append([]byte{byte(b)}, b.turn(in)...), nil
}

// Decrypt turns its own back.
func (b box) Decrypt(_ context.Context, in []byte) ([]byte, error) {
	if len(in) == 0 || in[0] != byte(b) {
		return nil, errors.New("another box")
	}
	return b.turn(in[1:]), nil
}

func (b box) turn(in []byte) []byte {
	out := bytes.Clone(in)
	for i := range out {
		out[i] ^= byte(b)
	}
	return out
}

// districts knows one.
type districts struct{}

// District knows aspen.
func (districts) District(_ context.Context, name string) error {
	if name != aspen {
		return problem.NotFound(name)
	}
	return nil
}

// book is a log in memory.
type book struct{ entries []translog.Entry }

// Append keeps an entry.
func (b *book) Append(_ context.Context, e translog.Entry) error {
	b.entries = append(b.entries, e)
	return nil
}

func (b *book) lines() (out []string) {
	for _, e := range b.entries {
		out = append(out, e.Kind+" "+e.Subject)
	}
	return out
}

type bureau struct {
	*issuer.Office
	store *memory.Store
	log   *book
	clock *clock.Fake
	ring  *issuer.Keyring
}

// open builds an office on a store, as a start of the program does.
func open(t require.TestingT, store *memory.Store, at string, keepers ...keys.Keeper) *bureau {
	if len(keepers) == 0 {
		keepers = []keys.Keeper{box('a')}
	}
	vault, err := keys.NewVault(keepers...)
	require.NoError(t, err)
	b := &bureau{store: store, log: &book{}, clock: memory.Clock()}
	n := len(store.Events())*100 + 10_000
	id := func() string { n++; return fmt.Sprintf("k%d", n) }
	b.ring = issuer.NewKeyring(store, vault, b.clock.Now, id)
	b.Office = issuer.NewOffice(issuer.Options{
		Store: store, Keyring: b.ring, Log: b.log, Districts: districts{}, PublicURL: at, Now: b.clock.Now, NewID: id,
	})
	return b
}

func ctx() context.Context { return tenant.With(context.Background(), tenant.State) }

func begin(t require.TestingT, at string) *bureau {
	b := open(t, memory.New(), at)
	require.NoError(t, b.Start(ctx(), issuer.Legacy{}))
	return b
}

func (b *bureau) get(t require.TestingT, name string) issuer.Issuer {
	i, err := b.Issuer(ctx(), name)
	require.NoError(t, err)
	return i
}

func (b *bureau) current(t require.TestingT, name string) issuer.SigningKey {
	all, err := b.Keys(ctx(), name, issuer.Slice{})
	require.NoError(t, err)
	require.Equal(t, issuer.Current, all[0].State)
	return all[0]
}

func TestTheStateIssuesUnderItsAddressWhereItHasOne(t *testing.T) {
	b := begin(t, site)
	i, signer, err := b.SignerFor(ctx(), aspen)
	require.NoError(t, err)
	require.Equal(t, issuer.State, i.Name, "a district without an issuer is the state's")
	require.Equal(t, web, signer.DID())
	require.Equal(t, b.current(t, issuer.State).Method, signer.VerificationMethod())
	require.Equal(t, []string{"key_added " + signer.VerificationMethod()}, b.log.lines())

	plain := begin(t, laptop)
	_, signer, err = plain.SignerFor(ctx(), "")
	require.NoError(t, err)
	require.Equal(t, keys.VerificationMethod(plain.current(t, issuer.State).Public), signer.VerificationMethod())
}

func TestASecondStartChangesNothing(t *testing.T) {
	b := begin(t, site)
	want, rows := b.get(t, issuer.State), b.current(t, issuer.State)
	again := open(t, b.store, site)
	require.NoError(t, again.Start(ctx(), issuer.Legacy{}))
	require.Equal(t, want, again.get(t, issuer.State))
	require.Equal(t, rows, again.current(t, issuer.State))
	require.Empty(t, again.log.entries)
}

func TestTheKeyOfAnOlderInstallationBecomesTheFirst(t *testing.T) {
	old, err := keys.Generate()
	require.NoError(t, err)
	made := memory.Begin().AddDate(-1, 0, 0)
	b := open(t, memory.New(), site)
	require.NoError(t, b.Start(ctx(), issuer.Legacy{Key: old, Made: made}))
	state := b.get(t, issuer.State)
	require.Equal(t, web, state.DID)
	require.Equal(t, []string{old.DID()}, state.FormerDIDs, "its badges are still its own")
	require.True(t, b.current(t, issuer.State).Public.Equal(old.Public()))
	require.Equal(t, made, b.current(t, issuer.State).CreateTime)
	found, known, err := b.ByDID(ctx(), old.DID())
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, issuer.State, found.Name)
	m, err := b.Resolve(ctx(), old.VerificationMethod())
	require.NoError(t, err)
	require.Equal(t, old.DID(), m.Controller)

	other, err := keys.Generate()
	require.NoError(t, err)
	require.NoError(t, open(t, b.store, site).Start(ctx(), issuer.Legacy{Key: other, Made: made}))
	require.True(t, b.current(t, issuer.State).Public.Equal(old.Public()), "it is taken in once")
}

func TestAPlatformThatMovesKeepsWhatItWas(t *testing.T) {
	b := begin(t, laptop)
	first := b.get(t, issuer.State).DID
	moved := open(t, b.store, site)
	require.NoError(t, moved.Start(ctx(), issuer.Legacy{}))
	require.Equal(t, web, moved.get(t, issuer.State).DID)
	require.Equal(t, []string{first}, moved.get(t, issuer.State).FormerDIDs)
	require.Len(t, moved.log.entries, 1, "the key has a new name")
	method := moved.current(t, issuer.State).Method

	again := open(t, b.store, "https://awards.example.org")
	require.NoError(t, again.Start(ctx(), issuer.Legacy{}))
	require.Equal(t, []string{web, first}, again.get(t, issuer.State).FormerDIDs)
	for _, did := range []string{web, first, "did:web:awards.example.org:issuers:state"} {
		_, known, err := again.ByDID(ctx(), did)
		require.NoError(t, err)
		require.True(t, known, did)
	}
	m, err := again.Resolve(ctx(), method)
	require.NoError(t, err)
	require.Equal(t, web, m.Controller, "proofs under the address before hold")

	require.NoError(t, open(t, b.store, laptop).Start(ctx(), issuer.Legacy{}))
	require.Equal(t, "did:web:awards.example.org:issuers:state", again.get(t, issuer.State).DID, "a start on a laptop takes nothing away")
}

func TestANewKeySignsAndTheOldOneVouchesForWhatItSigned(t *testing.T) {
	for name, at := range map[string]string{"did:web": site, "did:key": laptop} {
		t.Run(name, func(t *testing.T) {
			b := begin(t, at)
			before, old := b.get(t, issuer.State), b.current(t, issuer.State)
			b.clock.Advance(time.Hour)
			next, err := b.Rotate(ctx(), issuer.State)
			require.NoError(t, err)
			require.Equal(t, next.Method, b.current(t, issuer.State).Method)
			_, signer, err := b.Signer(ctx(), issuer.State)
			require.NoError(t, err)
			require.Equal(t, next.Method, signer.VerificationMethod())
			signature, err := signer.Sign(ctx(), []byte("badge"))
			require.NoError(t, err)
			require.True(t, verifies(next, signature), "it signs with the new key, not the one in memory")

			retired, err := b.store.Key(ctx(), old.Name)
			require.NoError(t, err)
			require.Equal(t, issuer.Retired, retired.State)
			require.Equal(t, b.clock.Now(), retired.RetireTime)
			require.Nil(t, retired.Sealed, "nobody can sign with it any more")
			m, err := b.Resolve(ctx(), old.Method)
			require.NoError(t, err)
			require.True(t, m.Compromised.IsZero())

			after := b.get(t, issuer.State)
			if at == site {
				require.Equal(t, before.DID, after.DID, "the identifier stays")
			} else {
				require.Equal(t, []string{before.DID}, after.FormerDIDs, "the identifier was the key")
			}
			require.Equal(t, issuer.KeyRotated{Key: next}, b.store.Last())
			require.Equal(t, []string{"key_added " + old.Method, "key_retired " + old.Method, "key_added " + next.Method}, b.log.lines())
		})
	}
}

func TestACompromisedKeyIsReplacedAtOnceAndForGood(t *testing.T) {
	b := begin(t, site)
	k := b.current(t, issuer.State)
	b.clock.Advance(48 * time.Hour)
	since := b.clock.Now().Add(-90 * time.Minute)
	got, err := b.Compromise(ctx(), k.Name, since.Add(999*time.Millisecond), "A laptop was stolen.")
	require.NoError(t, err)
	require.Equal(t, []any{issuer.Compromised, since, "A laptop was stolen."}, []any{got.State, got.CompromiseTime, got.Reason}, "no later than a proof can say")
	require.Nil(t, got.Sealed)
	require.Equal(t, b.clock.Now(), got.RetireTime)
	require.NotEqual(t, k.Name, b.current(t, issuer.State).Name)
	require.Equal(t, []string{"KeyRotated", "KeyCompromised"}, b.store.Events())
	require.Subset(t, b.log.lines(), []string{"key_compromised " + k.Method, "key_compromised " + keys.VerificationMethod(k.Public)}, "by every name")
	require.Equal(t, since, b.log.entries[len(b.log.entries)-1].Time)

	_, err = b.Compromise(ctx(), k.Name, b.clock.Now(), "Not so bad after all.")
	require.Equal(t, []string{k.Name + " key_state"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
	earlier, err := b.Compromise(ctx(), k.Name, since.Add(-time.Hour), "Stolen before lunch.")
	require.NoError(t, err)
	require.Equal(t, since.Add(-time.Hour), earlier.CompromiseTime)
	all, err := b.Keys(ctx(), issuer.State, issuer.Slice{})
	require.NoError(t, err)
	require.Len(t, all, 2, "what was replaced is not replaced again")
}

func TestATimeOfCompromiseMustBePossible(t *testing.T) {
	b := begin(t, site)
	k := b.current(t, issuer.State)
	b.clock.Advance(time.Hour)
	for at, rule := range map[time.Time]string{
		b.clock.Now().Add(time.Second): "not_in_the_future",
		k.CreateTime.Add(-time.Second): "not_before_the_key",
		time.Unix(0, 0):                "not_before_the_key",
	} {
		_, err := b.Compromise(ctx(), k.Name, at, "x")
		require.Equal(t, []string{"compromise_time " + rule}, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
	}
	require.Equal(t, k, b.current(t, issuer.State))
	for _, name := range []string{"issuers/state/keys/none", "platform/registry/keys/k10002"} {
		_, err := b.Compromise(ctx(), name, b.clock.Now(), "x")
		require.True(t, problem.Is(err, problem.KindNotFound), name)
	}
	_, err := b.Rotate(ctx(), "issuers/none")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestADistrictHasAnIssuerOfItsOwn(t *testing.T) {
	b := begin(t, site)
	i, err := b.Create(ctx(), issuer.New{ID: "aspen", District: aspen, Profile: issuer.Profile{Title: "Aspen District", Email: "badges@example.org"}})
	require.NoError(t, err)
	require.Equal(t, "did:web:badges.example.org:issuers:aspen", i.DID)
	got, signer, err := b.SignerFor(ctx(), aspen)
	require.NoError(t, err)
	require.Equal(t, i, got)
	require.Equal(t, i.DID, signer.DID())
	other, _, err := b.SignerFor(ctx(), "districts/birch")
	require.NoError(t, err)
	require.Equal(t, issuer.State, other.Name)

	_, err = b.Create(ctx(), issuer.New{District: aspen, Profile: issuer.Profile{Title: "Again"}})
	require.True(t, problem.Is(err, problem.KindAlreadyExists), "%v", err)
	_, err = b.Create(ctx(), issuer.New{District: "districts/none", Profile: issuer.Profile{Title: "Nobody"}})
	require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
	_, err = b.Create(ctx(), issuer.New{District: "aspen", Profile: issuer.Profile{URL: "javascript:alert(1)", ImageURL: "//x", Email: "Ann <a@example.org>"}})
	require.ElementsMatch(t, []string{
		"issuer.district district_name", "issuer.title required", "issuer.url web_address", "issuer.image_url web_address", "issuer.email mail_address",
	}, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))

	plain := begin(t, laptop)
	_, err = plain.Create(ctx(), issuer.New{ID: "aspen", District: aspen, Profile: issuer.Profile{Title: "Aspen"}, Method: issuer.Web})
	require.Equal(t, []string{"issuers/aspen public_address"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
}

func TestAProfileIsChangedByWhoReadIt(t *testing.T) {
	b := begin(t, site)
	i := b.get(t, issuer.State)
	title := func(p issuer.Profile) issuer.Profile { p.Title = "State Office"; return p }
	_, err := b.Update(ctx(), issuer.State, etag.Of(9), title)
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
	got, err := b.Update(ctx(), issuer.State, etag.Of(i.Version), title)
	require.NoError(t, err)
	require.Equal(t, "State Office", got.Title)
	require.Equal(t, got, b.get(t, issuer.State))
	_, err = b.Update(ctx(), issuer.State, "", func(p issuer.Profile) issuer.Profile { p.Title = " "; return p })
	require.Equal(t, []string{"issuer.title required"}, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
}

func TestTheDidDocumentListsWhatStillVerifies(t *testing.T) {
	b := begin(t, site)
	first := b.current(t, issuer.State)
	b.clock.Advance(time.Hour)
	second, err := b.Rotate(ctx(), issuer.State)
	require.NoError(t, err)
	_, err = b.Compromise(ctx(), first.Name, b.clock.Now().Add(-time.Minute), "x")
	require.NoError(t, err)
	b.clock.Advance(time.Hour)
	third, err := b.Rotate(ctx(), issuer.State)
	require.NoError(t, err)
	raw, err := b.DidDocument(ctx(), issuer.State)
	require.NoError(t, err)
	doc, err := did.Parse(raw, web)
	require.NoError(t, err)
	require.Len(t, doc.Methods, 3)
	var text struct {
		AssertionMethod, Authentication []string
		Service                         []struct{ ServiceEndpoint string }
	}
	require.NoError(t, json.Unmarshal(raw, &text))
	require.Equal(t, []string{third.Method, second.Method}, text.AssertionMethod)
	require.Equal(t, []string{third.Method}, text.Authentication)
	require.Equal(t, site+"/issuers/state", text.Service[0].ServiceEndpoint)
	m, err := doc.Resolve(ctx(), first.Method, b.clock.Now())
	require.NoError(t, err)
	require.False(t, m.Compromised.IsZero())

	plain := begin(t, laptop)
	k := plain.current(t, issuer.State)
	raw, err = plain.DidDocument(ctx(), issuer.State)
	require.NoError(t, err)
	want, err := did.ForKey(k.Public).JSON()
	require.NoError(t, err)
	require.Equal(t, string(want), string(raw))
}

func TestTheRegistryIsOneForAllReplicas(t *testing.T) {
	b := begin(t, site)
	key, err := b.ring.Platform(ctx(), "registry")
	require.NoError(t, err)
	read := func(o *bureau) (*registry.Registry, string) {
		raw, err := o.Registry(ctx())
		require.NoError(t, err)
		r, err := registry.Parse(raw, key.Public())
		require.NoError(t, err)
		return r, string(raw)
	}
	other := open(t, b.store, site)
	require.NoError(t, other.Start(ctx(), issuer.Legacy{}))
	r, one := read(b)
	_, two := read(other)
	require.Equal(t, one, two)
	require.Equal(t, site+"/v1/issuers:registry", r.ID)
	require.NoError(t, r.Current(b.clock.Now()))
	i, known := r.Issuer(web)
	require.True(t, known)
	require.Equal(t, "State Office of Family-School Partnerships", i.Name)
	require.Len(t, i.Keys, 1, "the platform's own keys are no issuer's")

	b.clock.Advance(59 * time.Minute)
	_, same := read(b)
	require.Equal(t, one, same, "it is dated anew once an hour")
	b.clock.Advance(time.Minute)
	_, later := read(b)
	require.NotEqual(t, one, later)
	_, err = b.Compromise(ctx(), b.current(t, issuer.State).Name, b.clock.Now(), "x")
	require.NoError(t, err)
	r, now := read(b)
	require.NotEqual(t, later, now, "a change is published at once")
	i, _ = r.Issuer(web)
	require.Len(t, i.Keys, 2)
	require.False(t, i.Keys[1].Compromised.IsZero())
}
