package webhook

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

// PingType is the event type of a test message, which no replay repeats.
const PingType = "Ping"

// message is a body as Standard Webhooks has it.
type message struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// Deliveries lists what was sent to an endpoint or failed, the newest first.
func (s *Service) Deliveries(ctx context.Context, endpoint string, state State, after Range) ([]Delivery, error) {
	if _, err := s.Store.Endpoint(ctx, endpoint); err != nil {
		return nil, err
	}
	return s.Store.Deliveries(ctx, endpoint, state, after)
}

// Replay sends again what happened in a time, under the same ids; what waits for
// its next try need not wait any longer. A zero to means until now.
func (s *Service) Replay(ctx context.Context, endpoint string, from, to time.Time, failedOnly bool) (n int, err error) {
	if !to.IsZero() && !from.Before(to) {
		return 0, problem.Invalid(problem.Violation{Field: "end_time", Rule: "after_start", Fix: "Give a time after start_time, or none."})
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.mustBeEnabled(ctx, endpoint); err != nil {
			return err
		}
		n, err = s.Store.Replay(ctx, endpoint, from, to, failedOnly, s.Clock.Now())
		return err
	})
	return n, err
}

// Ping sends a test message and returns what came of it. It is tried once, and
// says nothing about the health of the endpoint. With later set it is only made
// ready: a caller inside a transaction must not wait for somebody outside.
func (s *Service) Ping(ctx context.Context, endpoint string, later bool) (Delivery, error) {
	now := s.Clock.Now()
	body, err := json.Marshal(message{Type: PingType, Timestamp: now, Data: json.RawMessage(`{}`)})
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{
		Endpoint: endpoint, Event: ids.New(), EventType: PingType, Happened: now, Body: body,
		State: Pending, Due: now, Created: now, Updated: now, TraceParent: telemetry.Carry(ctx),
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.mustBeEnabled(ctx, endpoint); err != nil {
			return err
		}
		if !later { // taken at once, so that nobody else sends it
			d.Attempts, d.Due = 1, now.Add(claim)
		}
		return s.Store.AddDeliveries(ctx, []Delivery{d})
	})
	if err != nil || later {
		return d, err
	}
	s.Sender.deliver(ctx, d)
	return s.Store.Delivery(ctx, endpoint, d.Event)
}

func (s *Service) mustBeEnabled(ctx context.Context, endpoint string) error {
	e, err := s.Store.Endpoint(ctx, endpoint)
	if err != nil {
		return err
	}
	if e.Disabled {
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: endpoint, Rule: "enabled", Fix: "Enable the address first: set disabled to false.",
		})
	}
	return nil
}
