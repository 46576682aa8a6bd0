package webhook

import (
	"context"
	"net/http"
	"time"
)

// finish writes what came of a try: of the delivery, and of the endpoint.
func (s *Sender) finish(ctx context.Context, d Delivery, o outcome) error {
	now, claimed := s.Clock.Now(), d.Due
	d.Status, d.Error, d.Updated = o.status, o.words, now
	again, more := pause(d.Attempts, o.after)
	switch {
	case o.words == "":
		d.State, d.Due = Delivered, time.Time{}
		s.Results.Add(ctx, resultDelivered, 1)
	case !more || d.EventType == PingType || o.status == http.StatusGone:
		d.State, d.Due = Failed, time.Time{}
		s.Results.Add(ctx, resultFailed, 1)
	default:
		d.Due = now.Add(again)
		s.Results.Add(ctx, resultAgain, 1)
	}
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		held, err := s.Store.Finish(ctx, d, claimed)
		if err != nil || !held || d.EventType == PingType {
			return err
		}
		if o.words == "" {
			return s.Store.Took(ctx, d.Endpoint, now)
		}
		since, err := s.Store.Refused(ctx, d.Endpoint, now)
		if err != nil {
			return err
		}
		switch {
		case o.status == http.StatusGone:
			return s.disable(ctx, d.Endpoint, gone, now)
		case now.Sub(since) >= patience:
			return s.disable(ctx, d.Endpoint, allFailed, now)
		}
		return nil
	})
}

// disable ends an endpoint until somebody enables it again.
func (s *Sender) disable(ctx context.Context, name, reason string, now time.Time) error {
	before, err := s.Store.Endpoint(ctx, name)
	if err != nil || before.Disabled {
		return err
	}
	after := before
	after.Disabled, after.DisabledReason, after.Updated = true, reason, now
	after.Version++
	if err := s.Store.SaveEndpoint(ctx, before, after); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "webhook endpoint disabled", "endpoint", name, "reason", reason)
	return s.Store.GiveUp(ctx, name, reason, now)
}
