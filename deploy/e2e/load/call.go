package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"
)

// callTimeout is longer than any deadline of the program.
const callTimeout = 40 * time.Second

// caller makes requests, each as somebody of the world.
type caller struct {
	base     string
	http     *http.Client
	settling bool

	mu     sync.Mutex
	tokens map[string]token
}

type token struct {
	text  string
	until time.Time
}

func newCaller(base string) *caller {
	return &caller{
		base: strings.TrimRight(base, "/"), tokens: map[string]token{},
		http: &http.Client{Timeout: callTimeout, Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second,
		}},
	}
}

// do makes one request and says what came of it.
func (c *caller) do(ctx context.Context, op *operation) Record {
	bearer := ""
	if op.who != "" {
		text, err := c.token(ctx, op.who)
		if err != nil {
			return Record{At: time.Now(), Kind: op.kind, ID: op.id, Note: "sign in: " + err.Error(), Settled: c.settling}
		}
		bearer = text
	}
	rec := Record{At: time.Now(), Kind: op.kind, ID: op.id, Settled: c.settling}
	status, answer, again, err := c.once(ctx, op, bearer)
	rec.Micros, rec.Status, rec.Again = time.Since(rec.At).Microseconds(), status, again
	rec.Expected = err == nil && slices.Contains(op.want, status)
	rec.Acked = op.id != "" && rec.Expected
	switch {
	case err != nil:
		rec.Note = plain(err)
	case !rec.Expected:
		rec.Note = string(answer[:min(len(answer), 800)])
	}
	return rec
}

// once sends a request. A body is given without the means to send it again, so
// that the HTTP client repeats reads only.
func (c *caller) once(ctx context.Context, op *operation, bearer string) (status int, answer []byte, again int, err error) {
	sent := 0
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent++ }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), op.method, c.base+op.path, bytes.NewReader(op.body))
	if err != nil {
		return 0, nil, 0, err
	}
	if op.method == http.MethodGet {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.GetBody = nil
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, max(0, sent-1), err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	return resp.StatusCode, answer, max(0, sent-1), err
}

// token is that of a demo person. It is asked for again a while before it ends.
func (c *caller) token(ctx context.Context, who string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.tokens[who]; ok && time.Now().Before(known.until) {
		return known.text, nil
	}
	var made struct {
		Token     string `json:"token"`
		ExpiresIn int    `json:"expires_in"`
	}
	if err := c.post(ctx, "", "/dev/token", map[string]string{"identity": who}, &made); err != nil {
		return "", err
	}
	c.tokens[who] = token{text: made.Token, until: time.Now().Add(time.Duration(made.ExpiresIn) * time.Second / 2)}
	return made.Token, nil
}

// errExists is the answer to a resource that is there already.
var errExists = errors.New("it exists")

// post makes what the load needs before it begins.
func (c *caller) post(ctx context.Context, who, path string, in, out any) error {
	op := &operation{kind: "prepare", method: http.MethodPost, path: path, body: encode(in), who: who}
	bearer := ""
	if who != "" {
		var err error
		if bearer, err = c.token(ctx, who); err != nil {
			return err
		}
	}
	status, answer, _, err := c.once(ctx, op, bearer)
	switch {
	case err != nil:
		return fmt.Errorf("POST %s: %s", path, plain(err))
	case status == http.StatusConflict:
		return errExists
	case status >= http.StatusBadRequest:
		return fmt.Errorf("POST %s: %d %s", path, status, answer)
	case out == nil:
		return nil
	}
	return json.Unmarshal(answer, out)
}

// plain is an error without the address of the request, which holds codes of surveys.
func plain(err error) string {
	text := err.Error()
	if _, after, found := strings.Cut(text, "\": "); found {
		return after
	}
	return text
}

func encode(v any) []byte {
	raw, _ := json.Marshal(v) // of our own maps and strings: it cannot fail
	return raw
}
