package keys_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// padlock is a keeper whose key is a word.
type padlock string

// Encrypt puts the word before the text, both turned around.
func (p padlock) Encrypt(_ context.Context, plain []byte) ([]byte, error) {
	return flip(append([]byte(p+"|"), plain...)), nil
}

// Decrypt knows its own word.
func (p padlock) Decrypt(_ context.Context, sealed []byte) ([]byte, error) {
	plain, ours := bytes.CutPrefix(flip(sealed), []byte(p+"|"))
	if !ours {
		return nil, errors.New("another padlock")
	}
	return plain, nil
}

func flip(in []byte) []byte {
	out := make([]byte, len(in))
	for i, b := range in {
		out[i] = ^b
	}
	return out
}

const sealedName = "issuers/state/keys/k1"

func vault(t *testing.T, keepers ...keys.Keeper) *keys.Vault {
	t.Helper()
	v, err := keys.NewVault(keepers...)
	require.NoError(t, err)
	return v
}

func TestASealedKeyOpensAsItself(t *testing.T) {
	ctx, v := t.Context(), vault(t, padlock("a"))
	key, err := keys.Generate()
	require.NoError(t, err)
	sealed, err := v.Seal(ctx, sealedName, key)
	require.NoError(t, err)
	got, stale, err := v.Open(ctx, sealedName, key.Public(), sealed)
	require.NoError(t, err)
	require.False(t, stale)
	signature, err := got.Sign(ctx, []byte("badge"))
	require.NoError(t, err)
	want, err := key.Sign(ctx, []byte("badge"))
	require.NoError(t, err)
	require.Equal(t, want, signature)
}

func TestASealedKeyDoesNotOpenInThePlaceOfAnother(t *testing.T) {
	ctx, v := t.Context(), vault(t, padlock("a"))
	one, err := keys.Generate()
	require.NoError(t, err)
	other, err := keys.Generate()
	require.NoError(t, err)
	sealed, err := v.Seal(ctx, sealedName, one)
	require.NoError(t, err)
	_, _, err = v.Open(ctx, "issuers/state/keys/k2", one.Public(), sealed)
	require.ErrorIs(t, err, keys.ErrSwapped, "a row in the place of another")
	_, _, err = v.Open(ctx, sealedName, other.Public(), sealed)
	require.ErrorIs(t, err, keys.ErrSwapped, "a private half in the place of another")
	plain, err := padlock("a").Encrypt(ctx, []byte("something else that the keeper encrypted"))
	require.NoError(t, err)
	_, _, err = v.Open(ctx, sealedName, one.Public(), plain)
	require.ErrorIs(t, err, keys.ErrSwapped, "what the keeper encrypted for others")
	_, _, err = v.Open(ctx, sealedName, one.Public(), nil)
	require.ErrorIs(t, err, keys.ErrSealed, "a private half that was destroyed")
}

func TestTheKeyOfAKeeperCanBeChanged(t *testing.T) {
	ctx := t.Context()
	key, err := keys.Generate()
	require.NoError(t, err)
	sealed, err := vault(t, padlock("old")).Seal(ctx, sealedName, key)
	require.NoError(t, err)

	_, _, err = vault(t, padlock("new")).Open(ctx, sealedName, key.Public(), sealed)
	require.ErrorIs(t, err, keys.ErrSealed)
	require.ErrorContains(t, err, sealedName)

	both := vault(t, padlock("new"), padlock("old"))
	got, stale, err := both.Open(ctx, sealedName, key.Public(), sealed)
	require.NoError(t, err)
	require.True(t, stale, "it should be sealed anew")
	sealed, err = both.Seal(ctx, sealedName, got)
	require.NoError(t, err)
	_, stale, err = vault(t, padlock("new")).Open(ctx, sealedName, key.Public(), sealed)
	require.NoError(t, err)
	require.False(t, stale)
	_, err = keys.NewVault()
	require.Error(t, err)
}

func TestNoFormatWritesAPrivateKey(t *testing.T) {
	seed := bytes.Repeat([]byte{0xA7}, 32)
	key, err := keys.FromSeed(seed)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "as", keys.As(key, "did:web:example.org", "did:web:example.org#k"))
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key)
	text, err := json.Marshal(map[string]any{"key": key})
	require.NoError(t, err)
	for name, out := range map[string]string{
		"%v": fmt.Sprintf("%v", key), "%+v": fmt.Sprintf("%+v", key), "%#v": fmt.Sprintf("%#v", key), "%s": fmt.Sprintf("%s", key),
		"%x": fmt.Sprintf("%x", key), "%d": fmt.Sprintf("%d", key), "named": fmt.Sprintf("%+v", keys.As(key, "did:web:x", "did:web:x#k")),
		"struct": fmt.Sprintf("%+v", struct{ K *keys.Local }{key}), "value": fmt.Sprintf("%v %x", *key, *key), "log": log.String(), "json": string(text),
	} {
		require.NotContains(t, strings.ToLower(out), "a7a7", name)
		require.NotContains(t, out, hex.EncodeToString(seed), name)
		require.NotContains(t, out, "167 167", name)
		require.NotContains(t, out, "p6en", name)
	}
}

func TestAKeyCanGoByTheNameOfAnIssuer(t *testing.T) {
	key, err := keys.FromSeed(bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	named := keys.As(key, "did:web:example.org", "did:web:example.org#k1")
	require.Equal(t, "did:web:example.org", named.DID())
	require.Equal(t, "did:web:example.org#k1", named.VerificationMethod())
	want, err := key.Sign(t.Context(), []byte("x"))
	require.NoError(t, err)
	got, err := named.Sign(t.Context(), []byte("x"))
	require.NoError(t, err)
	require.Equal(t, want, got)
}
