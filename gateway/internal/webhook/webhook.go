// Package webhook sends events of a district to addresses outside, signed as
// Standard Webhooks has it, so that a district's own products need not ask again
// and again.
//
// The way of an event: Feeder follows the bus, finds the endpoints that may have
// it (package sight, with the eyes of a coordinator of the endpoint's district)
// and keeps one Delivery for each, in the transaction that also keeps how far it
// has come, so that nothing is lost or kept twice. Sender takes deliveries that
// are due, in every replica, posts them through the guarded client (kit/egress)
// and writes down what came of it: taken, tried again on a schedule that spreads
// over three days, or given up. A receiver may see an event more than once, under
// the same webhook-id, and must not rely on the order.
//
// Service is what coordinators do with endpoints: register, rotate the secret,
// test, replay. An endpoint that answers 410, or that takes nothing for five days,
// is disabled; enabled again, it begins with new events.
//
// Addresses, descriptions and secrets never reach the log. Times here are real
// time, since receivers check them, but for the time at which an event happened.
//
// Neighbours: package api answers WebhooksService, store keeps the rows.
package webhook

import (
	"context"
	"strings"
	"time"
)

const (
	collection = "webhookEndpoints"
	// Keep is how long a delivery is kept after it was touched last.
	Keep = 30 * 24 * time.Hour
)

// Endpoint is an address outside.
type Endpoint struct {
	Name string // districts/{district}/webhookEndpoints/{webhook_endpoint}
	Fields
	DisabledReason string
	// Secret signs, and OldSecret too until OldSecretEnd. Both are sealed.
	Secret, OldSecret []byte
	OldSecretEnd      time.Time
	// Since bounds what it gets: nothing that happened before it was enabled.
	Since time.Time
	// LastSuccess is when it last took an event; since FirstFailure it takes none.
	LastSuccess, FirstFailure time.Time
	Version                   int64
	Created, Updated          time.Time
}

// Fields is what may be changed about an endpoint.
type Fields struct {
	URL         string
	Description string
	EventTypes  []string // in short, such as BadgeAwarded; all when empty
	Disabled    bool
}

// State says what came of a delivery.
type State int

// The states.
const (
	Pending State = iota + 1
	Delivered
	Failed
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	Endpoint  string // name
	Event     string // id of the event, sent as webhook-id
	EventType string
	Happened  time.Time // when the event happened, in the product's time
	Body      []byte
	State     State
	Attempts  int
	Status    int    // of the last answer, 0 for none
	Error     string // of the last try, in words for the district
	// Due is when it is tried next. While a try is under way it is when that is
	// given up for lost, so that another replica tries.
	Due              time.Time
	Created, Updated time.Time
	// TraceParent is the trace of the request behind the event, in which every try
	// is. Receivers are not told of it.
	TraceParent string
}

// Position is how far the bus was followed.
type Position struct {
	Cursor string    // of the last event whose deliveries are kept
	Begun  time.Time // when it was followed first
}

// Range bounds a list: the deliveries after these sort keys.
type Range struct {
	Happened time.Time
	Event    string
	Limit    int
}

// Store is what webhooks need to be kept. A change of an endpoint and its audit
// entry commit together.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error

	Endpoint(ctx context.Context, name string) (Endpoint, error)
	// Endpoints lists those of a district after an id, by id.
	Endpoints(ctx context.Context, district, after string, limit int) ([]Endpoint, error)
	InsertEndpoint(ctx context.Context, e Endpoint) error
	// SaveEndpoint writes an endpoint whose version was counted up by one.
	SaveEndpoint(ctx context.Context, before, after Endpoint) error
	// DeleteEndpoint removes an endpoint with its deliveries.
	DeleteEndpoint(ctx context.Context, e Endpoint) error
	// Took notes that an endpoint took an event.
	Took(ctx context.Context, name string, at time.Time) error
	// Refused notes that it did not, and returns since when it takes none.
	Refused(ctx context.Context, name string, at time.Time) (since time.Time, err error)

	// Listening lists the enabled endpoints of a district, or of all when it is empty.
	Listening(ctx context.Context, district string) ([]Endpoint, error)
	// AddDeliveries keeps those that are not yet, and wakes who sends.
	AddDeliveries(ctx context.Context, all []Delivery) error
	Position(ctx context.Context) (Position, error)
	SavePosition(ctx context.Context, p Position) error

	// Due names enabled endpoints that have something to be sent.
	Due(ctx context.Context, now time.Time, limit int) ([]string, error)
	// Claim takes deliveries of an endpoint that are due, counts the try, and moves
	// Due to until. No other Claim gets them before then.
	Claim(ctx context.Context, endpoint string, now, until time.Time, limit int) ([]Delivery, error)
	// Finish writes what came of a try, unless the claim was lost meanwhile.
	Finish(ctx context.Context, d Delivery, claimed time.Time) (held bool, err error)
	// GiveUp ends what waits for an endpoint, for a reason.
	GiveUp(ctx context.Context, endpoint, reason string, now time.Time) error
	// Replay makes what happened in a time due now, or of that only what was given
	// up, and tells how many those are.
	Replay(ctx context.Context, endpoint string, from, to time.Time, failedOnly bool, now time.Time) (int, error)
	Delivery(ctx context.Context, endpoint, event string) (Delivery, error)
	// Deliveries lists those of an endpoint, the newest first, in a state or in all.
	Deliveries(ctx context.Context, endpoint string, state State, after Range) ([]Delivery, error)
	// Prune removes what is finished and was not touched since.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// DistrictOf is the name of the district of an endpoint.
func DistrictOf(name string) string {
	district, _, _ := strings.Cut(name, "/"+collection+"/")
	return district
}

// districtID is the id of the district of an endpoint.
func districtID(name string) string { return strings.TrimPrefix(DistrictOf(name), "districts/") }
