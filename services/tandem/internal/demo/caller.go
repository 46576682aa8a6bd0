package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// firstIdentity is there before any person is.
const firstIdentity = "dev-admin"

// patience bounds every wait for another service to catch up.
const patience = 60 * time.Second

// caller makes calls as whom they belong to.
type caller struct {
	client *restclient.Client
	seed   uint64

	mu     sync.Mutex
	tokens map[string]string
}

func newCaller(client *restclient.Client, seed uint64) *caller {
	return &caller{client: client, seed: seed, tokens: map[string]string{}}
}

// as returns the client of a person, signing them in when needed.
func (c *caller) as(ctx context.Context, person string) (*restclient.Client, error) {
	c.mu.Lock()
	token, known := c.tokens[person]
	c.mu.Unlock()
	if known {
		return c.client.As(token), nil
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := c.client.Post(ctx, "/dev/token", nil, map[string]string{"identity": person}, &answer); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens[person] = answer.Token
	return c.client.As(answer.Token), nil
}

// get reads a resource or a list.
func (c *caller) get(ctx context.Context, person, name string, query url.Values, out any) error {
	client, err := c.as(ctx, person)
	if err != nil {
		return err
	}
	return client.Get(ctx, "/v1/"+name, query, out)
}

// create makes the resource name; that it is there already is fine. kind is the
// query parameter that carries its id. The request id gives a repeated call its
// first answer before any rule is asked, such as that a person joins a team once.
func (c *caller) create(ctx context.Context, person, name, kind string, in proto.Message) error {
	client, err := c.as(ctx, person)
	if err != nil {
		return err
	}
	at := strings.LastIndexByte(name, '/')
	query := url.Values{kind: {name[at+1:]}, "requestId": {c.requestID(name)}}
	return restclient.Existed(client.Post(ctx, "/v1/"+name[:at], query, in, nil))
}

// act calls a custom method under a request id that follows from what it is, so
// that the same call of an interrupted load gets the same answer.
func (c *caller) act(ctx context.Context, person, name, verb string, fields map[string]any, out any) error {
	client, err := c.as(ctx, person)
	if err != nil {
		return err
	}
	body := map[string]any{"requestId": c.requestID(name + ":" + verb)}
	for key, value := range fields {
		body[key] = value
	}
	return client.Post(ctx, "/v1/"+name+":"+verb, nil, body, out)
}

func (c *caller) requestID(what string) string {
	digest := sha256.Sum256(fmt.Appendf(nil, "%d %s", c.seed, what))
	return "demo-" + hex.EncodeToString(digest[:12])
}

// patch sets the fields of mask.
func (c *caller) patch(ctx context.Context, person, name, mask string, in proto.Message) error {
	client, err := c.as(ctx, person)
	if err != nil {
		return err
	}
	return client.Patch(ctx, "/v1/"+name, url.Values{"updateMask": {mask}}, in, nil)
}
