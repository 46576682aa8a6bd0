package issuer

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
)

// Client is an HTTP client that reaches this issuer, in process and nothing else.
func (i *Issuer) Client() *http.Client {
	mux := http.NewServeMux()
	i.Routes(mux)
	return &http.Client{Transport: inside{issuer: i, handler: mux}}
}

var errElsewhere = errors.New("the built-in issuer answers for its own address only")

// inside answers requests to the issuer's own address without a network.
type inside struct {
	issuer  *Issuer
	handler http.Handler
}

// RoundTrip implements http.RoundTripper.
func (t inside) RoundTrip(r *http.Request) (*http.Response, error) {
	rest, ours := strings.CutPrefix(r.URL.String(), t.issuer.url+"/")
	if !ours {
		return nil, errElsewhere
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() { _ = r.Body.Close() }()
	in := r.Clone(r.Context())
	path, query, _ := strings.Cut(rest, "?")
	in.URL.Path, in.URL.RawPath, in.URL.RawQuery = Path+"/"+path, "", query
	out := &recorded{header: http.Header{}, code: http.StatusOK}
	t.handler.ServeHTTP(out, in)
	return &http.Response{
		Status: http.StatusText(out.code), StatusCode: out.code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: io.NopCloser(&out.body), ContentLength: int64(out.body.Len()), Request: r,
	}, nil
}

// recorded is an answer kept in memory.
type recorded struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorded) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorded) WriteHeader(code int) { w.code = code }

// Write implements http.ResponseWriter.
func (w *recorded) Write(p []byte) (int, error) { return w.body.Write(p) }
