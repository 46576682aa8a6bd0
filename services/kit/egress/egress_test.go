package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/tandem-badges/tandem/services/kit/egress"
)

// local is a client that may talk to this machine.
func local(change func(*egress.Options)) *http.Client {
	o := egress.Options{AllowLoopback: true, Timeout: 10 * time.Second}
	if change != nil {
		change(&o)
	}
	return egress.New(o)
}

// serve starts a server that is closed without waiting for what hangs.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// get requests the address and reads the whole answer.
func get(t *testing.T, c *http.Client, url string) (status int, body []byte, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	resp, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

func TestAnOrdinaryRequestIsAnswered(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // which would refuse
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Accept-Encoding")+"hello")
	})
	status, body, err := get(t, local(nil), server.URL)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Equal(t, "hello", string(body))
}

func TestAStrictClientDoesNotReachThisMachine(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was reached") })
	for _, url := range []string{server.URL, strings.Replace(server.URL, "http://", "https://", 1)} {
		_, _, err := get(t, egress.New(egress.Options{}), url)
		require.Contains(t, []string{egress.RuleHTTPS, egress.RuleAddress}, egress.Reason(err).Rule)
	}
}

func TestRedirects(t *testing.T) {
	var to atomic.Value
	var seen atomic.Value
	seen.Store("")
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/end":
			seen.Store(r.Header.Get("Authorization") + r.Header.Get("Cookie") + r.Header.Get("Referer"))
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/"})
			http.Redirect(w, r, to.Load().(string), http.StatusTemporaryRedirect)
		}
	})
	send := func(c *http.Client, method, path string) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader("x"))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer secret")
		resp, err := c.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	three := local(func(o *egress.Options) { o.Redirects = 3 })

	to.Store("/end")
	status, err := send(local(nil), "GET", "/")
	require.NoError(t, err)
	require.Equal(t, 307, status, "without leave none is followed")
	status, err = send(three, "POST", "/")
	require.NoError(t, err)
	require.Equal(t, 307, status, "what was sent is not sent on")
	status, err = send(three, "GET", "/")
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Empty(t, seen.Load(), "what authorizes stays behind")

	_, err = send(three, "GET", "/loop")
	require.Equal(t, egress.RuleRedirects, egress.Reason(err).Rule)
	for target, rule := range map[string]string{
		"https://169.254.169.254/latest/meta-data": egress.RuleAddress,
		"https://10.0.0.1/":                        egress.RuleAddress,
		"https://2130706433/":                      egress.RuleAddress,
		"http://example.org/":                      egress.RuleHTTPS,
		"https://example.org:22/":                  egress.RulePort,
		"https://a:b@example.org/":                 egress.RuleUser,
		"file:///etc/passwd":                       egress.RuleURL,
	} {
		to.Store(target)
		_, err := send(three, "GET", "/")
		require.Equal(t, rule, egress.Reason(err).Rule, target)
	}
}

// names answers each question about an address with the next of its list, and
// then with the last for ever.
func names(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 512)
		for i := 0; ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var msg dnsmessage.Message
			if msg.Unpack(buf[:n]) != nil {
				continue
			}
			msg.Response, msg.Authoritative, msg.Additionals = true, true, nil
			q := msg.Questions[0]
			ip := netip.MustParseAddr(answers[min(i, len(answers)-1)])
			head := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}
			switch {
			case q.Type == dnsmessage.TypeA && ip.Is4():
				msg.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: ip.As4()}}}
				i++
			case q.Type == dnsmessage.TypeAAAA && ip.Is6():
				msg.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}}
				i++
			}
			answer, _ := msg.Pack()
			_, _ = conn.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestANameThatLeadsInsideIsRefusedWhenItIsDialled(t *testing.T) {
	for _, inside := range []string{"127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.1.1", "::1", "fd00:ec2::254", "64:ff9b::a00:1", "::ffff:10.0.0.1"} {
		t.Run(inside, func(t *testing.T) {
			client := egress.New(egress.Options{Resolver: names(t, inside), Timeout: 10 * time.Second})
			_, _, err := get(t, client, "https://hooks.example.org/")
			require.Equal(t, egress.RuleAddress, egress.Reason(err).Rule)
			require.NotContains(t, egress.Reason(err).Error(), inside)
			require.NotContains(t, err.Error(), inside)
		})
	}
}

func TestANameServerThatChangesItsMindGainsNothing(t *testing.T) {
	// Asked first by somebody who checks, then by the dialer.
	resolver := names(t, "8.8.8.8", "127.0.0.1")
	first, err := resolver.LookupNetIP(t.Context(), "ip4", "hooks.example.org")
	require.NoError(t, err)
	require.Equal(t, "8.8.8.8", first[0].Unmap().String())
	_, _, err = get(t, egress.New(egress.Options{Resolver: resolver}), "https://hooks.example.org/")
	require.Equal(t, egress.RuleAddress, egress.Reason(err).Rule)
}

func TestPlainTextNeverLeavesThisMachine(t *testing.T) {
	client := local(func(o *egress.Options) { o.Resolver = names(t, "8.8.8.8") })
	_, _, err := get(t, client, "http://example.org/")
	require.Equal(t, egress.RuleHTTPS, egress.Reason(err).Rule)
}

func TestWhatIsNotAnswered(t *testing.T) {
	silent := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	trickle := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "a")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	aborts := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "abc")
		panic(http.ErrAbortHandler) //nolint:forbidigo // the way to break a connection off
	})
	headers := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("a", 1<<20))
	})
	refuses, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refuses.Close())
	short := func(o *egress.Options) { o.Timeout = 100 * time.Millisecond }
	for name, c := range map[string]struct {
		url, rule string
		change    func(*egress.Options)
	}{
		"a server that says nothing":       {silent.URL, egress.RuleTimeout, short},
		"a body that never ends its words": {trickle.URL, egress.RuleTimeout, short},
		"a connection that breaks off":     {aborts.URL, egress.RuleFailed, nil},
		"headers without measure":          {headers.URL, egress.RuleFailed, nil},
		"nobody there":                     {"http://" + refuses.Addr().String(), egress.RuleRefused, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := get(t, local(c.change), c.url)
			require.Error(t, err)
			require.Equal(t, c.rule, egress.Reason(err).Rule)
		})
	}
}

func TestAnUnknownNameIsSaidToBeOne(t *testing.T) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{IsNotFound: true}
	}}
	_, _, err := get(t, egress.New(egress.Options{Resolver: resolver}), "https://hooks.example.org/")
	require.Equal(t, egress.RuleName, egress.Reason(err).Rule)
}

func TestCertificatesCount(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	trusting := local(func(o *egress.Options) { o.RootCAs = pool })

	_, _, err := get(t, local(nil), server.URL)
	require.Equal(t, egress.RuleTLS, egress.Reason(err).Rule, "nobody vouches for it")
	status, _, err := get(t, trusting, server.URL)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	// The certificate is for 127.0.0.1 and example.com.
	_, _, err = get(t, trusting, strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	require.Equal(t, egress.RuleTLS, egress.Reason(err).Rule, "of another name")
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, _, err = get(t, trusting, strings.Replace(plain.URL, "http://", "https://", 1))
	require.Equal(t, egress.RuleTLS, egress.Reason(err).Rule, "no TLS at all")
}

func TestBodiesAreBounded(t *testing.T) {
	const limit = 1000
	bounded := local(func(o *egress.Options) { o.MaxBody = limit })
	for size, rule := range map[int]string{0: "", limit - 1: "", limit: "", limit + 1: egress.RuleBody, 100 * limit: egress.RuleBody} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) })
			_, body, err := get(t, bounded, server.URL)
			require.LessOrEqual(t, len(body), limit)
			require.Equal(t, rule, ruleOf(err))
			if rule == "" {
				require.Len(t, body, size)
			}
		})
	}
	t.Run("without end", func(t *testing.T) {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		})
		_, body, err := get(t, bounded, server.URL)
		require.Len(t, body, limit)
		require.Equal(t, egress.RuleBody, ruleOf(err))
	})
}

func TestAPackedBodyStaysPacked(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := z.Write(make([]byte, 50<<20))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	_, body, err := get(t, local(nil), server.URL)
	require.NoError(t, err)
	require.Equal(t, bomb.Bytes(), body)
}
