package webhook

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/gateway/internal/sight"
)

const (
	maxDescription = 200
	// perDistrict bounds how many endpoints every event is compared with.
	perDistrict    = 100
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 7 * 24 * time.Hour
	disabledByHand = "The address was disabled by hand."
)

// Service is what can be done with endpoints. It is safe for concurrent use.
type Service struct {
	Store Store
	Clock clock.Clock
	// Box seals the signing secrets.
	Box seal.Box
	// Kinds are the event types there are.
	Kinds sight.Kinds
	// Egress says which addresses may be registered.
	Egress egress.Options
	// District tells, by its error, whether a district is there.
	District func(ctx context.Context, name string) error
	// Sender sends test messages.
	Sender *Sender
}

// Create registers an endpoint and returns it with its secret.
func (s *Service) Create(ctx context.Context, district, id string, f Fields) (e Endpoint, secret string, err error) {
	if id == "" {
		id = ids.New()
	}
	if !ids.ValidUser(id) {
		return e, "", problem.Invalid(problem.Violation{
			Field: "webhook_endpoint_id", Rule: "id_form",
			Fix: "Use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.",
		})
	}
	f = tidy(f)
	if broken := s.check(f); len(broken) > 0 {
		return e, "", problem.Invalid(broken...)
	}
	if err := s.District(ctx, district); err != nil {
		return e, "", notThere(district, err)
	}
	now := s.Clock.Now()
	e = Endpoint{Name: district + "/" + collection + "/" + id, Fields: f, Version: 1, Since: now, Created: now, Updated: now}
	secret = newSecret()
	e.Secret = s.Box.Seal(e.Name, secret)
	return e, secret, s.Store.Tx(ctx, func(ctx context.Context) error {
		there, err := s.Store.Endpoints(ctx, district, "", perDistrict)
		if err != nil {
			return err
		}
		if len(there) >= perDistrict {
			return problem.Exhausted("webhook endpoints of a district", 0)
		}
		return s.Store.InsertEndpoint(ctx, e)
	})
}

// Get reads one endpoint.
func (s *Service) Get(ctx context.Context, name string) (Endpoint, error) {
	return s.Store.Endpoint(ctx, name)
}

// List lists the endpoints of a district after an id.
func (s *Service) List(ctx context.Context, district, after string, limit int) ([]Endpoint, error) {
	if err := s.District(ctx, district); err != nil {
		return nil, notThere(district, err)
	}
	return s.Store.Endpoints(ctx, district, after, limit)
}

// Update changes an endpoint. Disabled, it loses what waits; enabled again, it
// begins with what happens from now on.
func (s *Service) Update(ctx context.Context, name, tag string, change func(Fields) Fields) (Endpoint, error) {
	return s.change(ctx, name, tag, func(ctx context.Context, e *Endpoint) error {
		was := e.Disabled
		e.Fields = tidy(change(e.Fields))
		if broken := s.check(e.Fields); len(broken) > 0 {
			return problem.Invalid(broken...)
		}
		switch {
		case was && !e.Disabled:
			e.Since, e.FirstFailure, e.DisabledReason = s.Clock.Now(), time.Time{}, ""
		case !was && e.Disabled:
			return s.Store.GiveUp(ctx, name, disabledByHand, s.Clock.Now())
		}
		return nil
	})
}

// Delete removes an endpoint with its deliveries.
func (s *Service) Delete(ctx context.Context, name, tag string) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		e, err := s.Store.Endpoint(ctx, name)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, e.Version, name); err != nil {
			return err
		}
		return s.Store.DeleteEndpoint(ctx, e)
	})
}

// Rotate makes a new secret. The one before signs beside it for the overlap, a
// day when none is given; an older one stops at once.
func (s *Service) Rotate(ctx context.Context, name string, overlap *time.Duration) (e Endpoint, secret string, err error) {
	wait := defaultOverlap
	if overlap != nil {
		wait = *overlap
	}
	if wait < 0 || wait > maxOverlap {
		return e, "", problem.Invalid(problem.Violation{
			Field: "overlap", Rule: "within_a_week", Fix: "Give at most 604800s, or leave it out for a day.",
		})
	}
	secret = newSecret()
	e, err = s.change(ctx, name, "", func(_ context.Context, e *Endpoint) error {
		e.OldSecret, e.OldSecretEnd = e.Secret, s.Clock.Now().Add(wait)
		e.Secret = s.Box.Seal(name, secret)
		return nil
	})
	return e, secret, err
}

// change reads an endpoint, changes it and writes it, in one transaction.
func (s *Service) change(ctx context.Context, name, tag string, fn func(ctx context.Context, e *Endpoint) error) (after Endpoint, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		before, err := s.Store.Endpoint(ctx, name)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, before.Version, name); err != nil {
			return err
		}
		after = before
		if err := fn(ctx, &after); err != nil {
			return err
		}
		after.Version++
		after.Updated = s.Clock.Now()
		return s.Store.SaveEndpoint(ctx, before, after)
	})
	return after, err
}

func tidy(f Fields) Fields {
	f.URL = strings.TrimSpace(f.URL)
	types := make([]string, 0, len(f.EventTypes))
	for _, name := range f.EventTypes {
		types = append(types, strings.TrimSpace(name))
	}
	slices.Sort(types)
	f.EventTypes = slices.Compact(types)
	return f
}

func (s *Service) check(f Fields) []problem.Violation {
	var broken []problem.Violation
	if err := egress.CheckURL(f.URL, s.Egress); err != nil {
		var rule *egress.Error
		errors.As(err, &rule)
		broken = append(broken, problem.Violation{Field: "webhook_endpoint.url", Rule: rule.Rule, Fix: rule.Error()})
	}
	if utf8.RuneCountInString(f.Description) > maxDescription {
		broken = append(broken, problem.Violation{Field: "webhook_endpoint.description", Rule: "max_length", Fix: "Use at most 200 characters."})
	}
	for _, name := range f.EventTypes {
		if full, known := s.Kinds.Find(name); !known || sight.ShortName(full) != name {
			broken = append(broken, problem.Violation{
				Field: "webhook_endpoint.event_types", Rule: "unknown_type", Fix: "Give names of events such as BadgeAwarded; the list is in the documentation of events.",
			})
			break
		}
	}
	return broken
}

func notThere(name string, err error) error {
	if problem.Is(err, problem.KindNotFound) {
		return problem.NotFound(name)
	}
	return err
}
