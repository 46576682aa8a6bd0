package network_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/gateway/internal/network"
)

func TestNetworksAreReadOrRefused(t *testing.T) {
	for text, want := range map[string]string{
		" 10.1.2.3/8 ":        "10.0.0.0/8",
		"192.0.2.7":           "192.0.2.7/32",
		"2001:db8::1":         "2001:db8::1/128",
		"2001:db8::1/32":      "2001:db8::/32",
		"::ffff:192.0.2.7":    "192.0.2.7/32",
		"::ffff:10.9.0.0/104": "10.0.0.0/8",
		"0.0.0.0/0":           "0.0.0.0/0",
	} {
		got, err := network.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.String())
	}
	for _, text := range []string{"", "example.org", "10.0.0.0/33", "10.0.0", "::/200", "10.0.0.0/", "/8", "::ffff:10.0.0.0/8", "10.0.0.1, 10.0.0.2"} {
		_, err := network.ParseAll([]string{"10.0.0.1", text})
		require.Error(t, err, text)
	}
}

func TestANetworkHoldsExactlyTheAddressesThatBeginAsItDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.SampledFrom([]int{4, 16}).Draw(rt, "size")
		addr := func(label string) netip.Addr {
			a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), size, size).Draw(rt, label))
			return network.Plain(a)
		}
		base, other := addr("base"), addr("other")
		bits := rapid.IntRange(0, base.BitLen()).Draw(rt, "bits")
		read, err := network.Parse(netip.PrefixFrom(base, bits).String())
		require.NoError(rt, err)
		networks := []netip.Prefix{read}
		require.True(rt, network.Within(networks, base))
		if base.BitLen() != other.BitLen() {
			require.False(rt, network.Within(networks, other))
			return
		}
		same := true
		a, b := base.AsSlice(), other.AsSlice()
		for i := range bits {
			same = same && (a[i/8]^b[i/8])>>(7-i%8)&1 == 0
		}
		require.Equal(rt, same, network.Within(networks, other))
	})
	require.False(t, network.Within(nil, netip.MustParseAddr("10.0.0.1")))
	require.False(t, network.Within([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, netip.Addr{}), "an address that is not known is in no network")
}
