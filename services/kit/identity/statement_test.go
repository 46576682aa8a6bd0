package identity_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
)

func TestAStatementIsWhatWasSigned(t *testing.T) {
	keys := keystore.NewMemory()
	signed, err := identity.NewSigner(keys, identity.Gateway).SignStatement([]byte(`{"deleted": 7}`))
	require.NoError(t, err)
	text, id, key, err := identity.OpenStatement(signed)
	require.NoError(t, err)
	require.JSONEq(t, `{"deleted": 7}`, string(text))
	known, ok := keys.Find(identity.Gateway, id)
	require.True(t, ok)
	require.Equal(t, known, key)

	parts := strings.Split(signed, ".")
	forged := parts[0] + ".eyJkZWxldGVkIjogOH0." + parts[2]
	_, _, _, err = identity.OpenStatement(forged)
	require.Error(t, err)
}

func TestATokenIsNoStatement(t *testing.T) {
	signer := identity.NewSigner(keystore.NewMemory(), identity.Gateway)
	proof, err := signer.Prove("schools")
	require.NoError(t, err)
	_, _, _, err = identity.OpenStatement(proof)
	require.Error(t, err)
}
