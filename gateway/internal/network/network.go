// Package network reads addresses and networks that people write into settings
// and lists: which proxies are trusted, from where a machine may call.
package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// mapped is how many bits stand before an IPv4 address written as IPv6.
const mapped = 96

// Parse reads an address or a network: "10.1.2.3", "10.0.0.0/8", "::1". An IPv4
// network written as IPv6 is the IPv4 network, as Plain makes of addresses.
func Parse(text string) (netip.Prefix, error) {
	prefix, err := parse(strings.TrimSpace(text))
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address or network such as 192.0.2.0/24", text)
	}
	return prefix, nil
}

func parse(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		addr = Plain(addr)
		return netip.PrefixFrom(addr, addr.BitLen()), err
	}
	prefix, err := netip.ParsePrefix(text)
	if err == nil && prefix.Addr().Is4In6() {
		prefix, err = prefix.Addr().Unmap().Prefix(prefix.Bits() - mapped)
	}
	return prefix.Masked(), err
}

// ParseAll reads a list of them.
func ParseAll(texts []string) ([]netip.Prefix, error) {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		prefix, err := Parse(text)
		if err != nil {
			return nil, err
		}
		all[i] = prefix
	}
	return all, nil
}

// Within tells whether one of the networks holds the address.
func Within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// Plain is an address in the one form that is compared: IPv4 as itself, without
// the name of an interface.
func Plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
