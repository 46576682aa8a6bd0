package machine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

func TestASecretIsKnownByItsFormAndNoOtherTextIs(t *testing.T) {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_- "
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]machine.Kind{machine.ClientSecret, machine.APIKey}).Draw(rt, "kind")
		value := machine.NewValue(kind)
		got, ok := machine.KindOf(value)
		require.True(rt, ok)
		require.Equal(rt, kind, got)
		require.NotContains(rt, value, ".", "by which it is told from an access token")

		at := rapid.IntRange(0, len(value)-1).Draw(rt, "at")
		other := rapid.SampledFrom([]byte(alphabet)).Draw(rt, "other")
		if value[at] != other {
			_, ok = machine.KindOf(value[:at] + string(other) + value[at+1:])
			require.False(rt, ok, "one character is another")
		}
		_, ok = machine.KindOf(value[:at])
		require.False(rt, ok, "the end is missing")
		_, ok = machine.KindOf(value + string(other))
		require.False(rt, ok, "there is more")
	})
}

func TestSecretsAreUnlikeEachOtherAndLookTheSame(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		value := machine.NewValue(machine.ClientSecret)
		require.Regexp(t, `^tdm_sk_[0-9a-zA-Z]{49}$`, value)
		require.False(t, seen[value])
		seen[value] = true
	}
	require.True(t, strings.HasPrefix(machine.NewValue(machine.APIKey), "tdm_live_"))
}

func TestDigestsAreReadAsTheyAreWritten(t *testing.T) {
	d := machine.DigestOf("value")
	got, err := machine.ParseDigest(d.String())
	require.NoError(t, err)
	require.Equal(t, d, got)
	for _, text := range []string{"", "zz", d.String()[2:], d.String() + "00"} {
		_, err := machine.ParseDigest(text)
		require.Error(t, err, text)
	}
}
