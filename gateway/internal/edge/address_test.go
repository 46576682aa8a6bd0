package edge_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/network"
)

func TestTheAddressIsBelievedOnlyAsFarAsTrustedProxiesWroteIt(t *testing.T) {
	for name, c := range map[string]struct {
		proxies   []string
		peer      string
		forwarded []string
		want      string
	}{
		"nobody is trusted":                      {nil, "192.0.2.9:1", []string{"198.51.100.7"}, "192.0.2.9"},
		"a trusted proxy":                        {[]string{"192.0.2.0/24"}, "192.0.2.9:1", []string{"198.51.100.7"}, "198.51.100.7"},
		"two of them":                            {[]string{"192.0.2.0/24", "10.0.0.1"}, "192.0.2.9:1", []string{"198.51.100.7, 10.0.0.1"}, "198.51.100.7"},
		"what the client wrote before":           {[]string{"192.0.2.0/24"}, "192.0.2.9:1", []string{"203.0.113.1, 198.51.100.7"}, "198.51.100.7"},
		"what the client wrote in its own line":  {[]string{"192.0.2.0/24"}, "192.0.2.9:1", []string{"192.0.2.8", "198.51.100.7"}, "198.51.100.7"},
		"a client who names itself as the proxy": {[]string{"10.0.0.1"}, "198.51.100.7:5", []string{"10.0.0.1"}, "198.51.100.7"},
		"no header":                              {[]string{"192.0.2.0/24"}, "192.0.2.9:1", nil, "192.0.2.9"},
		"nonsense in it":                         {[]string{"192.0.2.0/24"}, "192.0.2.9:1", []string{"198.51.100.7, unknown"}, "192.0.2.9"},
		"with a port":                            {[]string{"192.0.2.0/24"}, "192.0.2.9:1", []string{"198.51.100.7:443"}, "198.51.100.7"},
		"version six with a port":                {[]string{"::1"}, "[::1]:9", []string{"[2001:db8::5]:443"}, "2001:db8::5"},
		"four within six":                        {[]string{"192.0.2.0/24"}, "[::ffff:192.0.2.9]:1", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		"a network of four within six":           {[]string{"::ffff:192.0.2.0/120"}, "192.0.2.9:1", []string{"198.51.100.7"}, "198.51.100.7"},
		"no address at all":                      {nil, "@", nil, "invalid IP"},
	} {
		t.Run(name, func(t *testing.T) {
			networks, err := network.ParseAll(c.proxies)
			require.NoError(t, err)
			var got string
			handler := edge.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = edge.RemoteAddr(r.Context()).String() }),
				edge.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Proxies: networks})
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.RemoteAddr = c.peer
			for _, line := range c.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, c.want, got)
		})
	}
}
