package registry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
)

const state = "did:web:badges.example.org:issuers:state"

func begin() time.Time { return time.Date(2026, time.May, 1, 9, 0, 0, 0, time.UTC) }

func key(t require.TestingT, n byte) *keys.Local {
	k, err := keys.FromSeed(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return k
}

// entry is a key of the list.
func entry(t require.TestingT, n byte, method string) registry.Key {
	return registry.Key{VerificationMethod: method, PublicKeyMultibase: keys.EncodeMultikey(key(t, n).Public()), Created: begin().AddDate(-1, 0, 0)}
}

// sample is a state that was a did:key and then moved twice, and a district that is one.
func sample(t require.TestingT) *registry.Registry {
	lost, used := entry(t, 1, state+"#k1"), entry(t, 2, state+"#k2")
	lost.Retired, lost.Compromised = begin(), begin().AddDate(0, -1, 0)
	return &registry.Registry{
		ID: "https://badges.example.org/v1/issuers:registry", Name: "State Office", Issued: begin(), Expires: begin().AddDate(0, 1, 0),
		Issuers: []registry.Issuer{
			{ID: state, FormerIDs: []string{"did:web:old.example.org:issuers:state", key(t, 1).DID()}, Name: "State Office", URL: "https://badges.example.org", Keys: []registry.Key{used, lost}},
			{ID: key(t, 3).DID(), Name: "Aspen District", Keys: []registry.Key{entry(t, 3, key(t, 3).VerificationMethod())}},
		},
	}
}

func signed(t require.TestingT, r *registry.Registry, by byte) []byte {
	raw, err := registry.Sign(context.Background(), r, key(t, by))
	require.NoError(t, err)
	return raw
}

func TestARegistryIsReadAsItWasSigned(t *testing.T) {
	raw := signed(t, sample(t), 7)
	require.Equal(t, raw, signed(t, sample(t), 7), "one content has one text")
	got, err := registry.Parse(raw, key(t, 8).Public(), key(t, 7).Public())
	require.NoError(t, err)
	require.True(t, got.Pinned)
	require.Equal(t, keys.EncodeMultikey(key(t, 7).Public()), got.SignedBy)
	want := sample(t)
	require.Equal(t, want.Issuers, got.Issuers)
	require.Equal(t, []any{want.ID, want.Name, want.Issued, want.Expires}, []any{got.ID, got.Name, got.Issued, got.Expires})

	open, err := registry.Parse(raw)
	require.NoError(t, err)
	require.False(t, open.Pinned, "it is whole, and nobody said who may sign it")
	_, err = registry.Parse(raw, key(t, 8).Public())
	require.ErrorIs(t, err, registry.ErrUntrusted)
}

func TestWhoAnIssuerIsAndWhetherAProofIsGoodAreTwoQuestions(t *testing.T) {
	r, err := registry.Parse(signed(t, sample(t), 7))
	require.NoError(t, err)
	for _, did := range []string{state, "did:web:old.example.org:issuers:state", key(t, 1).DID()} {
		i, known := r.Issuer(did)
		require.True(t, known, did)
		require.Equal(t, "State Office", i.Name)
	}
	for _, did := range []string{"", key(t, 2).DID(), key(t, 9).DID(), "did:web:other.example.org"} {
		_, known := r.Issuer(did)
		require.False(t, known, did)
	}
	// The proof of somebody who is not known can be good all the same.
	stranger, err := r.Resolve(t.Context(), key(t, 9).VerificationMethod())
	require.NoError(t, err)
	require.Equal(t, key(t, 9).DID(), stranger.Controller)
	_, err = r.Resolve(t.Context(), "did:web:other.example.org#k1")
	require.ErrorIs(t, err, dataintegrity.ErrMethodUnknown)
}

func TestAKeyIsFoundUnderEveryNameOfItsIssuer(t *testing.T) {
	r, err := registry.Parse(signed(t, sample(t), 7))
	require.NoError(t, err)
	for method, controller := range map[string]string{
		state + "#k1": state, "did:web:old.example.org:issuers:state#k1": "did:web:old.example.org:issuers:state", key(t, 1).VerificationMethod(): key(t, 1).DID(),
	} {
		m, err := r.Resolve(t.Context(), method)
		require.NoError(t, err, method)
		require.Equal(t, controller, m.Controller)
		require.Equal(t, key(t, 1).Public(), m.Key)
		require.Equal(t, begin().AddDate(0, -1, 0), m.Compromised, "compromised by whatever name it goes")
	}
	m, err := r.Resolve(t.Context(), key(t, 2).VerificationMethod())
	require.NoError(t, err)
	require.True(t, m.Compromised.IsZero())
}

func TestARegistryHasAnEnd(t *testing.T) {
	r := sample(t)
	require.NoError(t, r.Current(r.Expires.Add(-time.Second)))
	require.ErrorIs(t, r.Current(r.Expires), registry.ErrExpired)
	require.ErrorIs(t, r.Current(r.Issued.AddDate(0, 0, -1)), registry.ErrNotYet)
	require.NoError(t, r.Current(r.Issued.Add(-time.Minute)), "clocks differ a little")
}

func TestAListThatContradictsItselfIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*registry.Registry){
		"two issuers of one identifier": func(r *registry.Registry) { r.Issuers[1].FormerIDs = []string{state} },
		"two keys of one name":          func(r *registry.Registry) { r.Issuers[0].Keys[0].VerificationMethod = state + "#k1" },
		"a key of somebody else":        func(r *registry.Registry) { r.Issuers[1].Keys[0].VerificationMethod = state + "#k3" },
		"a did:key of another key": func(r *registry.Registry) {
			r.Issuers[1].Keys[0].PublicKeyMultibase = keys.EncodeMultikey(key(t, 4).Public())
		},
		"a key without a name": func(r *registry.Registry) { r.Issuers[0].Keys[0].VerificationMethod = state },
		"a key that is none":   func(r *registry.Registry) { r.Issuers[0].Keys[0].PublicKeyMultibase = "z6Mk" },
	} {
		t.Run(name, func(t *testing.T) {
			r := sample(t)
			spoil(r)
			_, err := registry.Sign(t.Context(), r, key(t, 7))
			require.ErrorIs(t, err, registry.ErrMalformed)
		})
	}
}

// edit changes the document after it was signed.
func edit(t *testing.T, change func(doc map[string]any)) []byte {
	t.Helper()
	var doc map[string]any
	require.NoError(t, json.Unmarshal(signed(t, sample(t), 7), &doc))
	change(doc)
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return raw
}

func TestWhatWasChangedAfterSigningIsRefused(t *testing.T) {
	first := func(doc map[string]any, list string) map[string]any { return doc[list].([]any)[0].(map[string]any) }
	for name, c := range map[string]struct {
		change func(doc map[string]any)
		want   error
	}{
		"a name":                 {func(doc map[string]any) { first(doc, "issuers")["name"] = "Another Office" }, registry.ErrSignature},
		"an end":                 {func(doc map[string]any) { doc["expires"] = "2036-06-01T09:00:00Z" }, registry.ErrSignature},
		"a field nobody reads":   {func(doc map[string]any) { doc["note"] = "x" }, registry.ErrSignature},
		"an issuer that is gone": {func(doc map[string]any) { doc["issuers"] = doc["issuers"].([]any)[:1] }, registry.ErrSignature},
		"a compromise": {func(doc map[string]any) {
			delete(first(doc, "issuers")["keys"].([]any)[1].(map[string]any), "compromised")
		}, registry.ErrSignature},
		"its proof":              {func(doc map[string]any) { delete(doc, "proof") }, registry.ErrSignature},
		"a proof that is alone":  {func(doc map[string]any) { doc["proof"] = first(doc, "proof") }, registry.ErrSignature},
		"no proof in the list":   {func(doc map[string]any) { doc["proof"] = []any{} }, registry.ErrSignature},
		"the suite":              {func(doc map[string]any) { first(doc, "proof")["cryptosuite"] = "eddsa-rdfc-2022" }, registry.ErrSignature},
		"the purpose":            {func(doc map[string]any) { first(doc, "proof")["proofPurpose"] = "authentication" }, registry.ErrSignature},
		"the key of its proof":   {func(doc map[string]any) { first(doc, "proof")["verificationMethod"] = key(t, 8).VerificationMethod() }, registry.ErrSignature},
		"a key of the web":       {func(doc map[string]any) { first(doc, "proof")["verificationMethod"] = state + "#k1" }, registry.ErrSignature},
		"what it is":             {func(doc map[string]any) { doc["type"] = "VerifiableCredential" }, registry.ErrMalformed},
		"a time that is none":    {func(doc map[string]any) { doc["issued"] = "today" }, registry.ErrMalformed},
		"an end before it":       {func(doc map[string]any) { doc["expires"] = doc["issued"] }, registry.ErrMalformed},
		"an issuer without name": {func(doc map[string]any) { delete(first(doc, "issuers"), "name") }, registry.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := registry.Parse(edit(t, c.change))
			require.ErrorIs(t, err, c.want)
		})
	}
	for _, raw := range []string{"", "{", "[]", "{}", "null", strings.Replace(string(signed(t, sample(t), 7)), `"type"`, `"type":"x","type"`, 1)} {
		_, err := registry.Parse([]byte(raw))
		require.ErrorIs(t, err, registry.ErrMalformed, raw)
	}
}

func TestEveryByteOfASignedRegistryCounts(t *testing.T) {
	raw := signed(t, sample(t), 7)
	rapid.Check(t, func(rt *rapid.T) {
		at, to := rapid.IntRange(0, len(raw)-1).Draw(rt, "at"), rapid.Byte().Draw(rt, "to")
		changed := bytes.Clone(raw)
		changed[at] = to
		var before, after any
		require.NoError(rt, json.Unmarshal(raw, &before))
		if json.Unmarshal(changed, &after) == nil && fmt.Sprint(before) == fmt.Sprint(after) {
			return // white space
		}
		_, err := registry.Parse(changed, key(rt, 7).Public())
		require.Error(rt, err)
	})
}

func TestTheNamesOfAKey(t *testing.T) {
	public := key(t, 1).Public()
	require.ElementsMatch(t, []string{
		state + "#k1", "did:web:old.example.org#k1", key(t, 1).VerificationMethod(),
	}, registry.Names(state, []string{"did:web:old.example.org", key(t, 2).DID()}, state+"#k1", public))
	require.Equal(t, []string{key(t, 1).VerificationMethod()}, registry.Names(key(t, 2).DID(), []string{key(t, 1).DID()}, key(t, 1).VerificationMethod(), public))
}
