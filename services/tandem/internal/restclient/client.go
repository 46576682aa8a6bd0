// Package restclient speaks to a running instance the way an outside program
// does: REST, bearer tokens and problem documents, nothing else. The
// demonstration data and the walkthrough go through it, so that both prove what
// an integrator can do.
package restclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Limits of a call.
const (
	callTimeout  = 60 * time.Second
	maxAnswer    = 64 << 20
	resumeWithin = 60 * time.Second
	resumePause  = 100 * time.Millisecond
)

// Call is one finished HTTP call, for whoever wants to show it.
type Call struct {
	Method string
	Path   string // without query
	Status int
	Token  string // with which it was made, for whoever makes it again
}

// Client calls one instance as one person. Copies made by As share everything
// but the token.
type Client struct {
	base   string
	token  string
	http   *http.Client
	onCall func(Call)
	resume bool
}

// Option changes a Client.
type Option func(*Client)

// OnCall has every finished call reported.
func OnCall(f func(Call)) Option { return func(c *Client) { c.onCall = f } }

// Resume repeats a call while the instance is away, for a minute at most. Every
// call that changes something must then be safe to repeat: a request id, an id
// of the caller, or a value that is simply set.
func Resume() Option { return func(c *Client) { c.resume = true } }

// New returns an anonymous client of the instance at base.
func New(base string, options ...Option) *Client {
	c := &Client{
		base: strings.TrimRight(base, "/"), onCall: func(Call) {},
		http: &http.Client{Timeout: callTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
	for _, option := range options {
		option(c)
	}
	return c
}

// As returns the client of another person.
func (c *Client) As(token string) *Client {
	other := *c
	other.token = token
	return &other
}

// Base is the address of the instance.
func (c *Client) Base() string { return c.base }

// Get reads path into out.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.Do(ctx, http.MethodGet, path, query, nil, out)
}

// Post sends in to path and reads the answer into out.
func (c *Client) Post(ctx context.Context, path string, query url.Values, in, out any) error {
	return c.Do(ctx, http.MethodPost, path, query, in, out)
}

// Patch sends the fields of in to path and reads the answer into out.
func (c *Client) Patch(ctx context.Context, path string, query url.Values, in, out any) error {
	return c.Do(ctx, http.MethodPatch, path, query, in, out)
}

// Do makes one call. in and out are protobuf messages, values for
// encoding/json, raw bytes ([]byte, *[]byte) or nil. A refusal is a *Problem.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	body, contentType, err := encode(in)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if method == http.MethodPut {
		contentType = "application/octet-stream"
	}
	deadline := time.Now().Add(resumeWithin)
	for {
		status, answer, err := c.once(ctx, method, path, query, body, contentType)
		if err == nil {
			c.onCall(Call{Method: method, Path: path, Status: status, Token: c.token})
			return finish(method, path, status, answer, out)
		}
		if !c.resume || !away(err) || time.Now().After(deadline) {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		if err := pause(ctx, resumePause); err != nil {
			return err
		}
	}
}

// errAway marks answers of an instance that is starting or stopping.
var errAway = errors.New("the instance is away")

func away(err error) bool {
	return errors.Is(err, errAway) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (c *Client) once(ctx context.Context, method, path string, query url.Values, body []byte, contentType string) (int, []byte, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, nil, err
	}
	if c.resume && (resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout) {
		return 0, nil, errAway
	}
	return resp.StatusCode, answer, nil
}

func finish(method, path string, status int, answer []byte, out any) error {
	if status >= http.StatusBadRequest {
		return parseProblem(method, path, status, answer)
	}
	if err := decode(answer, out); err != nil {
		return fmt.Errorf("%s %s: %d, but the answer cannot be read: %w", method, path, status, err)
	}
	return nil
}

func encode(in any) (body []byte, contentType string, err error) {
	switch v := in.(type) {
	case nil:
		return nil, "", nil
	case []byte:
		return v, "application/octet-stream", nil
	case proto.Message:
		body, err = protojson.Marshal(v)
	default:
		body, err = json.Marshal(v)
	}
	return body, "application/json", err
}

func decode(answer []byte, out any) error {
	switch v := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*v = answer
		return nil
	case proto.Message:
		return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(answer, v)
	default:
		return json.Unmarshal(answer, v)
	}
}
