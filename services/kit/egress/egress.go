// Package egress is the one HTTP client for addresses that somebody else chose:
// webhooks, identity providers, roster servers, did:web.
//
// Whoever may name an address could otherwise make the platform read its own
// network for them. So a request passes two gates. CheckURL looks at the text:
// https, no user name, an allowed port, a public name or address in its plain
// spelling; it serves registrations too, so that a mistake is told at once. The
// dialer then looks at the address that the name really led to, after
// resolution and right before connecting, so that a name server which answers
// differently the second time gains nothing. Redirects pass both gates again.
//
// The rest is bounded: phases, the whole request, headers, the body, which is
// never unpacked. There is no proxy from the environment, no cookie, and what
// authorizes a request is not carried over a redirect. Errors say which rule
// stopped a request (Reason) and never the address behind a name.
//
// The ranges are those of code.dny.dev/ssrf, which is generated from IANA's
// registries. Neighbours: the gateway's packages webhook and signin.
package egress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

const (
	defaultTimeout = 15 * time.Second
	defaultBody    = 1 << 20
	connectTimeout = 5 * time.Second
	idleTimeout    = 30 * time.Second
	maxHeaders     = 64 << 10
	idlePerHost    = 2
	maxIdle        = 100
)

// defaultPorts may be connected to when Options.Ports says nothing.
var defaultPorts = []uint16{443, 8443}

// Options of New and CheckURL. The zero value is the strictest.
type Options struct {
	// AllowLoopback lets requests to this machine pass, over http too and to any
	// port: in development mode and tests only.
	AllowLoopback bool
	// Ports that may be connected to; 443 and 8443 when empty.
	Ports []uint16
	// Redirects is how many are followed, for GET and HEAD only. When zero the
	// redirect itself is the answer.
	Redirects int
	// MaxBody is how many bytes of an answer are read; 1 MiB when zero.
	MaxBody int64
	// Timeout is for the whole request with its body; 15 s when zero.
	Timeout time.Duration
	// RootCAs vouch for servers; those of the system when nil.
	RootCAs *x509.CertPool
	// Resolver finds addresses; the system's when nil.
	Resolver *net.Resolver
}

func (o Options) withDefaults() Options {
	if len(o.Ports) == 0 {
		o.Ports = slices.Clone(defaultPorts)
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultBody
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	return o
}

// New returns a guarded client.
func New(o Options) *http.Client {
	o = o.withDefaults()
	return &http.Client{
		Transport: &guarded{
			opts:   o,
			public: transport(o, newGuard(o)),
			local:  transport(o, guard{loopback: true}),
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error { return redirect(o, next, via) },
		Timeout:       o.Timeout,
	}
}

func transport(o Options, g guard) *http.Transport {
	dialer := &net.Dialer{Timeout: min(connectTimeout, o.Timeout), Resolver: o.Resolver, Control: g.control}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    min(connectTimeout, o.Timeout),
		ResponseHeaderTimeout:  o.Timeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true, // nothing is unpacked, so nothing can swell
	}
}

// guarded checks the text of each request's address and bounds its answer.
type guarded struct {
	opts          Options
	public, local *http.Transport
}

// RoundTrip sends one request; of a chain of redirects it sees each.
func (g *guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkURL(r.URL, g.opts); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as a RoundTripper must
		}
		return nil, err
	}
	via := g.public
	if r.URL.Scheme == "http" {
		via = g.local // plain text never leaves this machine
	}
	answer, err := via.RoundTrip(r)
	if err != nil {
		return nil, translate(err)
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: g.opts.MaxBody}
	return answer, nil
}

// CloseIdleConnections ends connections that nobody uses.
func (g *guarded) CloseIdleConnections() {
	g.public.CloseIdleConnections()
	g.local.CloseIdleConnections()
}

// redirect decides whether to follow. RoundTrip checks where it leads.
func redirect(o Options, next *http.Request, via []*http.Request) error {
	first := via[0]
	if o.Redirects == 0 || first.Method != http.MethodGet && first.Method != http.MethodHead {
		return http.ErrUseLastResponse
	}
	if len(via) > o.Redirects {
		return &Error{Rule: RuleRedirects}
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Referer"} {
		next.Header.Del(name)
	}
	return nil
}

// bounded is a body that fails instead of going on for ever.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &Error{Rule: RuleBody}
	}
	// One byte more than is allowed tells an answer that fits from one that does not.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	switch {
	case b.left < 0:
		return n - 1, &Error{Rule: RuleBody}
	case err != nil && !errors.Is(err, io.EOF):
		return n, translate(err)
	}
	return n, err
}
