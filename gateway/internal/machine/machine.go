// Package machine keeps the machines of a district: products that an integrator
// runs, and the simple scripts of its own people.
//
// A Client is what people registered: what it may ask for at most (scopes), from
// where, and until when. It proves itself by a secret at the token endpoint, or
// by an API key with each call; both are shown once and kept as digests. Service
// changes clients (client.go, secrets.go); what a machine shows at the door is
// checked against the stored client each time (check.go), so that whatever is
// taken away, a secret, a scope or the client itself, is gone with the next call.
//
// Two rules bound what people may do here. Nobody gives a machine more than they
// hold, in scopes and in time. And a scope that shows records of people by name
// counts only once a second person has approved it; until then the machine works
// with its other scopes.
//
// Neighbours: package api answers ApiClientsService with it, package oauth is the
// token endpoint, store keeps the rows.
package machine

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/network"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const collection = "apiClients"

// Client is a machine that works for a district.
type Client struct {
	Name string // districts/{district}/apiClients/{api_client}
	Fields
	// Approved are those of its scopes that a second person has approved.
	Approved []string
	Approver string
	// Creator registered it; Proposer last asked for a scope that needs approval.
	Creator, Proposer string
	Secrets           []Secret
	LastUse           time.Time // to the minute
	Version           int64
	Created, Updated  time.Time
}

// Fields is what may be changed about a client.
type Fields struct {
	Title      string
	Scopes     []string
	AllowedIPs []string
	Disabled   bool
	End        time.Time // zero for never
}

// Scope is something that a machine may be given.
type Scope struct {
	Name string
	// Identified tells that it shows records of people by name.
	Identified bool
}

// Actor is who changes a client.
type Actor struct {
	Subject string
	// Until is when what they hold on the district ends; zero for never.
	Until time.Time
	// Holds tells whether they may do themselves what the scope allows.
	Holds func(scope string) bool
}

// Store is what machines need to be kept. A change and its audit entry commit
// together.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Client(ctx context.Context, name string) (Client, error)
	// ClientOfKey finds the client of an API key, in whatever district.
	ClientOfKey(ctx context.Context, digest Digest) (Client, error)
	// ListClients lists the clients of a district after an id, by id.
	ListClients(ctx context.Context, district, after string, limit int) ([]Client, error)
	InsertClient(ctx context.Context, c Client) error
	// SaveClient writes a client whose version was counted up by one, with the
	// secrets that came and without those that went.
	SaveClient(ctx context.Context, before, after Client) error
	DeleteClient(ctx context.Context, c Client) error
	// Used notes when secrets were used last.
	Used(ctx context.Context, uses []Use) error
}

// DistrictOf is the district that a client works for.
func DistrictOf(name string) string {
	district, _, _ := strings.Cut(name, "/"+collection+"/")
	return district
}

// ClientID is what the client calls itself at the token endpoint: its id and its
// district's with a dot between, which no id has.
func (c *Client) ClientID() string {
	district, id, _ := strings.Cut(c.Name, "/"+collection+"/")
	return id + "." + strings.TrimPrefix(district, "districts/")
}

// NameOf is the name of the client that calls itself id, if that is one.
func NameOf(clientID string) (name string, ok bool) {
	id, district, ok := strings.Cut(clientID, ".")
	if !ok || !validID(id) || !validID(district) {
		return "", false
	}
	return nameIn("districts/"+district, id), true
}

func nameIn(district, id string) string { return district + "/" + collection + "/" + id }

// Effective are the scopes that count now, given which ones need approval.
func (c *Client) Effective(catalog []Scope) []string {
	var scopes []string
	for _, scope := range c.Scopes {
		if !identified(catalog, scope) || slices.Contains(c.Approved, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// Pending tells whether a scope waits for a second person.
func (c *Client) Pending(catalog []Scope) bool { return len(c.waiting(catalog)) > 0 }

// waiting are the scopes that a second person has to approve.
func (c *Client) waiting(catalog []Scope) []string {
	return slices.DeleteFunc(slices.Clone(c.Scopes), func(scope string) bool {
		return !identified(catalog, scope) || slices.Contains(c.Approved, scope)
	})
}

// identified takes a scope that is not in the catalog any more for the worse.
func identified(catalog []Scope, name string) bool {
	at := slices.IndexFunc(catalog, func(s Scope) bool { return s.Name == name })
	return at < 0 || catalog[at].Identified
}

// allows tells whether the machine may call from the address.
func (c *Client) allows(from netip.Addr) bool {
	if len(c.AllowedIPs) == 0 {
		return true
	}
	networks, err := network.ParseAll(c.AllowedIPs)
	return err == nil && network.Within(networks, network.Plain(from))
}

// Ended tells whether the client does not work at the time.
func (c *Client) Ended(now time.Time) bool {
	return c.Disabled || !c.End.IsZero() && !now.Before(c.End)
}

func notThere(name string, err error) error {
	if problem.Is(err, problem.KindNotFound) {
		return problem.NotFound(name)
	}
	return err
}
