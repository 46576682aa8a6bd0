package code_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/ids"

	"github.com/tandem-badges/tandem/services/assessments/internal/code"
)

func TestCodesAreLongAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		c := code.New()
		require.Len(t, c, 26)
		require.True(t, ids.ValidUser(c), "a code can stand in a name")
		require.False(t, seen[c])
		seen[c] = true
	}
}

func TestADigestKeepsItsPartsApart(t *testing.T) {
	require.NotEqual(t, code.Digest("ab", "c"), code.Digest("a", "bc"))
	require.NotEqual(t, code.Digest("a"), code.Digest("a", ""))
	require.Equal(t, code.Digest("a", "b"), code.Digest("a", "b"))
	require.Len(t, code.Digest(""), 64)
}
