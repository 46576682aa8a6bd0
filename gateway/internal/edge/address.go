package edge

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tandem-badges/tandem/gateway/internal/network"
)

// maxHops is how many entries of X-Forwarded-For are looked at; chains of
// proxies are short, and what is longer was made up.
const maxHops = 20

type addressKey struct{}

// RemoteAddr returns the address of the client, and the zero address where it is
// not known. X-Forwarded-For counts only as far as trusted proxies wrote it.
func RemoteAddr(ctx context.Context) netip.Addr {
	addr, _ := ctx.Value(addressKey{}).(netip.Addr)
	return addr
}

// WithRemoteAddr returns a context that carries the address of the client.
func WithRemoteAddr(ctx context.Context, addr netip.Addr) context.Context {
	return context.WithValue(ctx, addressKey{}, addr)
}

// addressed puts the client's address into the context.
func addressed(next http.Handler, proxies []netip.Prefix) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addr := clientAddr(r, proxies)
		next.ServeHTTP(w, r.WithContext(WithRemoteAddr(r.Context(), addr)))
	})
}

// clientAddr goes from the connection backwards through the proxies: each
// trusted one vouches for the entry it added, and the first address that is not
// a trusted proxy is the client. What stands before that, the client wrote.
func clientAddr(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := network.Plain(peer.Addr())
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= max(0, len(hops)-maxHops) && network.Within(proxies, addr); i-- {
		before, ok := hop(hops[i])
		if !ok {
			return addr
		}
		addr = before
	}
	return addr
}

// hop reads one entry; some proxies write the port too.
func hop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return network.Plain(addr), true
	}
	if pair, err := netip.ParseAddrPort(text); err == nil {
		return network.Plain(pair.Addr()), true
	}
	return netip.Addr{}, false
}
