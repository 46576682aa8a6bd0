package keys_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

func TestAKeyHasItsPublishedMultibaseForm(t *testing.T) {
	seed, err := hex.DecodeString("6241a409e6707bb640a0140a8a32bc3d193c33a661747284d6adfa4ed4180be4")
	require.NoError(t, err)
	local, err := keys.FromSeed(seed)
	require.NoError(t, err)
	const multikey = "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"
	require.Equal(t, "did:key:"+multikey, local.DID())
	require.Equal(t, "did:key:"+multikey+"#"+multikey, local.VerificationMethod())
	did, public, err := keys.ParseVerificationMethod(local.VerificationMethod())
	require.NoError(t, err)
	require.Equal(t, local.DID(), did)
	require.Equal(t, local.Public(), public)
	_, err = keys.FromSeed(seed[1:])
	require.ErrorIs(t, err, keys.ErrSeed)
}

func TestATextThatIsNoKeyIsRefused(t *testing.T) {
	const good = "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"
	for _, method := range []string{
		"", "did:key:", "did:key:" + good, "did:key:" + good + "#z6Mk", "did:web:example.org#" + good, good + "#" + good,
		"did:key:z6MkjZ#z6MkjZ", "did:key:u7QE#u7QE", "did:key:z0OIl#z0OIl",
		"did:key:z" + strings.Repeat("1", 100_000) + "#z" + strings.Repeat("1", 100_000),
		"did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc#z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
	} {
		_, _, err := keys.ParseVerificationMethod(method)
		require.ErrorIs(t, err, keys.ErrNotMultikey, method[:min(len(method), 60)])
	}
}

func TestAKeyFileIsMadeOnceAndOnlyItsOwnerReadsIt(t *testing.T) {
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "keys")
	dids := make(chan string)
	const starters = 16
	for range starters {
		go func() {
			store, err := keys.NewFileStore(dir)
			if err != nil {
				dids <- err.Error()
				return
			}
			signer, err := store.Signer(ctx, "colorado")
			if err != nil {
				dids <- err.Error()
				return
			}
			dids <- signer.DID()
		}()
	}
	first := <-dids
	require.True(t, strings.HasPrefix(first, "did:key:z6Mk"), first)
	for range starters - 1 {
		require.Equal(t, first, <-dids)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file stays behind")
	info, err := entries[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestAStoredKeySignsForItsOwnIssuer(t *testing.T) {
	ctx := context.Background()
	store, err := keys.NewFileStore(t.TempDir())
	require.NoError(t, err)
	state, err := store.Signer(ctx, "colorado")
	require.NoError(t, err)
	district, err := store.Signer(ctx, "0880")
	require.NoError(t, err)
	require.NotEqual(t, state.DID(), district.DID())
	signature, err := state.Sign(ctx, []byte("badge"))
	require.NoError(t, err)
	_, public, err := keys.ParseVerificationMethod(state.VerificationMethod())
	require.NoError(t, err)
	require.True(t, ed25519.Verify(public, []byte("badge"), signature))
}

func TestABadKeyFileOrNameIsRefused(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	store, err := keys.NewFileStore(dir)
	require.NoError(t, err)
	for _, name := range []string{"", "../up", "A", "-a", "a-", "a/b", strings.Repeat("a", 64)} {
		_, err := store.Signer(ctx, name)
		require.ErrorContains(t, err, "issuer key name", name)
	}
	_, err = store.Signer(ctx, "loose")
	require.NoError(t, err)
	loose := filepath.Join(dir, "loose.pem")
	require.NoError(t, os.Chmod(loose, 0o644))
	_, err = store.Signer(ctx, "loose")
	require.ErrorContains(t, err, "set it to 600")
	for content, want := range map[string]string{"": "PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "broken.pem"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "broken.pem"), bytes.TrimLeft([]byte(content), " "), 0o600))
		_, err = store.Signer(ctx, "broken")
		require.ErrorContains(t, err, want)
	}
}
