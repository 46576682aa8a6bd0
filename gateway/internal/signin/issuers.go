package signin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tandem-badges/tandem/services/kit/clock"
)

// discoveryTTL is how long a discovery document is believed. Keys are never kept:
// a key that the issuer took back is not accepted once more.
const discoveryTTL = 10 * time.Minute

// Issuers reads discovery documents and keeps them for a while.
type Issuers struct {
	clock   clock.Clock
	outside *http.Client
	inside  map[string]*http.Client // by issuer: those that live in this process

	mu    sync.Mutex
	known map[string]discovered
}

// NewIssuers returns issuers that are reached through the client for addresses
// others chose, or, where they live in this process, through their own.
func NewIssuers(c clock.Clock, outside *http.Client, inside map[string]*http.Client) *Issuers {
	return &Issuers{clock: c, outside: outside, inside: inside, known: map[string]discovered{}}
}

// discovered is what an issuer says about itself.
type discovered struct {
	provider *oidc.Provider
	client   *http.Client
	read     time.Time

	Keys        string   `json:"jwks_uri"`
	EndSession  string   `json:"end_session_endpoint"`
	SendsIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
}

// Discover tells whether the issuer's discovery document can be read now.
func (i *Issuers) Discover(ctx context.Context, issuer string) error {
	_, err := i.read(ctx, issuer)
	return err
}

// get returns what is known about an issuer, or asks it.
func (i *Issuers) get(ctx context.Context, issuer string) (discovered, error) {
	i.mu.Lock()
	d, ok := i.known[issuer]
	i.mu.Unlock()
	if ok && i.clock.Now().Sub(d.read) < discoveryTTL {
		return d, nil
	}
	d, err := i.read(ctx, issuer)
	if err != nil {
		return discovered{}, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known[issuer] = d
	return d, nil
}

func (i *Issuers) read(ctx context.Context, issuer string) (discovered, error) {
	d := discovered{client: i.outside, read: i.clock.Now()}
	if inside, ok := i.inside[issuer]; ok {
		d.client = inside
	}
	var err error
	if d.provider, err = oidc.NewProvider(oidc.ClientContext(ctx, d.client), issuer); err != nil {
		return discovered{}, fmt.Errorf("discovery: %w", err)
	}
	if err := d.provider.Claims(&d); err != nil {
		return discovered{}, fmt.Errorf("discovery: %w", err)
	}
	return d, nil
}

// endpoint says where and how to speak to the issuer. How is said at once: trying
// both ways would send a code twice.
func (d discovered) endpoint(secret string) oauth2.Endpoint {
	e := d.provider.Endpoint()
	e.AuthStyle = oauth2.AuthStyleInHeader
	if secret == "" || len(d.AuthMethods) > 0 && !slices.Contains(d.AuthMethods, "client_secret_basic") {
		e.AuthStyle = oauth2.AuthStyleInParams
	}
	return e
}
