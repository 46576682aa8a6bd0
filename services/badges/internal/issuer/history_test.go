package issuer_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
)

func verifies(k issuer.SigningKey, signature []byte) bool {
	return ed25519.Verify(k.Public, []byte("badge"), signature)
}

func TestAKeeperWithAnotherKeyIsToldAtTheStart(t *testing.T) {
	b := begin(t, site)
	err := open(t, b.store, site, box('b')).Start(ctx(), issuer.Legacy{})
	require.ErrorIs(t, err, keys.ErrSealed)

	both := open(t, b.store, site, box('b'), box('a'))
	require.NoError(t, both.Start(ctx(), issuer.Legacy{}))
	only := open(t, b.store, site, box('b'))
	require.NoError(t, only.Start(ctx(), issuer.Legacy{}), "everything was sealed anew, and the old key can go")
	_, signer, err := only.Signer(ctx(), issuer.State)
	require.NoError(t, err)
	signature, err := signer.Sign(ctx(), []byte("badge"))
	require.NoError(t, err)
	require.True(t, verifies(only.current(t, issuer.State), signature))
}

func TestAPrivateKeyInThePlaceOfAnotherIsRefused(t *testing.T) {
	b := begin(t, site)
	_, err := b.Create(ctx(), issuer.New{ID: "aspen", District: aspen, Profile: issuer.Profile{Title: "Aspen"}})
	require.NoError(t, err)
	state, theirs := b.current(t, issuer.State), b.current(t, "issuers/aspen")
	state.Sealed = bytes.Clone(theirs.Sealed)
	b.store.PutKey(state)
	fresh := open(t, b.store, site)
	_, _, err = fresh.Signer(ctx(), issuer.State)
	require.ErrorIs(t, err, keys.ErrSwapped)
	require.ErrorIs(t, fresh.Start(ctx(), issuer.Legacy{}), keys.ErrSwapped)
}

func TestThePlatformsKeysAreNoIssuers(t *testing.T) {
	b := begin(t, site)
	key, err := b.ring.Platform(ctx(), "registry")
	require.NoError(t, err)
	again, err := b.ring.Platform(ctx(), "registry")
	require.NoError(t, err)
	require.True(t, key.Public().Equal(again.Public()))
	log, err := b.ring.Platform(ctx(), "log")
	require.NoError(t, err)
	require.False(t, key.Public().Equal(log.Public()))
	_, known, err := b.ByDID(ctx(), key.DID())
	require.NoError(t, err)
	require.False(t, known)
	_, err = b.Keys(ctx(), "platform/registry", issuer.Slice{})
	require.Error(t, err)
}

// proof is what an issuer signed at a time, and with which key.
type proof struct {
	document map[string]any
	key      string
	issuer   string
	created  time.Time
}

// TestAProofIsAcceptedIfItsKeyWasInGoodHandsThen signs, rotates and compromises in any order and
// compares, after every step and for every proof ever made, three answers with what was done to
// its key: that of the office, of the registry, and the one that the rule says.
func TestAProofIsAcceptedIfItsKeyWasInGoodHandsThen(t *testing.T) {
	engine := dataintegrity.New(nil)
	rapid.Check(t, func(rt *rapid.T) {
		b := begin(rt, rapid.SampledFrom([]string{site, laptop}).Draw(rt, "address"))
		since := map[string]time.Time{} // of compromised keys
		var proofs []proof
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			b.clock.Advance(time.Duration(rapid.IntRange(1, 7200).Draw(rt, "seconds")) * time.Second)
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0, 1:
				i, signer, err := b.SignerFor(ctx(), aspen)
				require.NoError(rt, err)
				doc, err := engine.Sign(ctx(), map[string]any{"issuer": i.DID}, signer, dataintegrity.CreateOptions{
					Suite: dataintegrity.SuiteJCS, Created: b.clock.Now(),
				})
				require.NoError(rt, err)
				proofs = append(proofs, proof{doc, b.current(rt, issuer.State).Name, i.DID, b.clock.Now()})
			case 2:
				_, err := b.Rotate(ctx(), issuer.State)
				require.NoError(rt, err)
			case 3:
				all, err := b.Keys(ctx(), issuer.State, issuer.Slice{})
				require.NoError(rt, err)
				k := rapid.SampledFrom(all).Draw(rt, "key")
				age := int(b.clock.Now().Sub(k.CreateTime) / time.Second)
				at := k.CreateTime.Add(time.Duration(rapid.IntRange(0, age).Draw(rt, "since")) * time.Second)
				_, err = b.Compromise(ctx(), k.Name, at, "x")
				if old, was := since[k.Name]; was && !at.Before(old) {
					require.Error(rt, err)
					continue
				}
				require.NoError(rt, err)
				since[k.Name] = at
			}
			b.judge(rt, engine, proofs, since)
		}
	})
}

func (b *bureau) judge(rt *rapid.T, engine *dataintegrity.Engine, proofs []proof, since map[string]time.Time) {
	raw, err := b.Registry(ctx())
	require.NoError(rt, err)
	r, err := registry.Parse(raw)
	require.NoError(rt, err)
	for _, p := range proofs {
		lost, compromised := since[p.key]
		want := !compromised || p.created.Before(lost)
		for name, resolver := range map[string]dataintegrity.Resolver{"office": b, "registry": r} {
			_, err := engine.Verify(ctx(), p.document, dataintegrity.VerifyOptions{Now: b.clock.Now(), Resolver: resolver, Controller: p.issuer})
			require.Equal(rt, want, err == nil, "%s: %v", name, err)
			if !want {
				var refusal *dataintegrity.Error
				require.ErrorAs(rt, err, &refusal)
				require.Equal(rt, dataintegrity.Code("key_compromised"), refusal.Code)
			}
		}
		_, known, err := b.ByDID(ctx(), p.issuer)
		require.NoError(rt, err)
		require.True(rt, known, "whose badge it is does not depend on its key")
		_, known = r.Issuer(p.issuer)
		require.True(rt, known)
	}
}

func TestAForeignKeyIsNobodysHere(t *testing.T) {
	b := begin(t, site)
	stranger, err := keys.Generate()
	require.NoError(t, err)
	m, err := b.Resolve(ctx(), stranger.VerificationMethod())
	require.NoError(t, err, "its proofs may be good")
	require.Equal(t, stranger.DID(), m.Controller)
	_, known, err := b.ByDID(ctx(), stranger.DID())
	require.NoError(t, err)
	require.False(t, known, "and nobody here knows it")
	k := b.current(t, issuer.State)
	for _, method := range []string{
		web, web + "#", web + "#none", "did:web:other.example.org#" + memory.Badge, strings.Replace(k.Method, "state", "aspen", 1), "", "#",
	} {
		_, err := b.Resolve(ctx(), method)
		require.ErrorIs(t, err, dataintegrity.ErrMethodUnknown, method)
	}
}
