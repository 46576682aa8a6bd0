package identity_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/identity"
)

func TestSecretsAreEqualForOneKeyAndPurposeOnly(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	_, other, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	secret := func(key ed25519.PrivateKey, purpose string) []byte {
		s, err := identity.NewSigner(key).Secret(purpose)
		require.NoError(t, err)
		require.Len(t, s, 32)
		return s
	}
	require.Equal(t, secret(key, "stream"), secret(key, "stream"), "replicas agree")
	require.NotEqual(t, secret(key, "stream"), secret(key, "pages"))
	require.NotEqual(t, secret(key, "stream"), secret(other, "stream"))
	require.NotEqual(t, key.Seed(), secret(key, ""))
}
