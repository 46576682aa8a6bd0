package seal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
)

func box(t require.TestingT, key byte) seal.Box {
	b, err := seal.New(bytes.Repeat([]byte{key}, 32))
	require.NoError(t, err)
	return b
}

func TestWhatIsSealedOpensForItsRowOnly(t *testing.T) {
	b, other := box(t, 1), box(t, 2)
	rapid.Check(t, func(rt *rapid.T) {
		text, row := rapid.StringN(1, -1, 200).Draw(rt, "text"), rapid.String().Draw(rt, "row")
		sealed := b.Seal(row, text)
		opened, err := b.Open(row, sealed)
		require.NoError(rt, err)
		require.Equal(rt, text, opened)
		require.NotEqual(rt, sealed, b.Seal(row, text), "equal secrets do not look equal")

		_, err = b.Open(row+"x", sealed)
		require.ErrorIs(rt, err, seal.ErrBroken)
		_, err = other.Open(row, sealed)
		require.ErrorIs(rt, err, seal.ErrBroken)
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(rt, "at")] ^= 1
		_, err = b.Open(row, sealed)
		require.ErrorIs(rt, err, seal.ErrBroken)
	})
}

func TestNothingSealsToNothing(t *testing.T) {
	b := box(t, 1)
	require.Empty(t, b.Seal("row", ""))
	text, err := b.Open("row", nil)
	require.NoError(t, err)
	require.Empty(t, text)
}

func TestAKeyOfTheWrongSizeIsRefused(t *testing.T) {
	_, err := seal.New([]byte("short"))
	require.Error(t, err)
}
