package edition

import (
	"context"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

// Rules checks that a whole document may be published. prefix is the field path
// of the document in the request.
type Rules[B any] func(ctx context.Context, prefix string, body B) (check.List, error)

// Service keeps the families and versions of one kind.
type Service[B any] struct {
	kind  Kind
	store Store[B]
	clock clock.Clock
	rules Rules[B]
}

// NewService returns a service of the kind whose documents obey rules.
func NewService[B any](kind Kind, store Store[B], c clock.Clock, rules Rules[B]) *Service[B] {
	return &Service[B]{kind: kind, store: store, clock: c, rules: rules}
}

// CreateFamily creates a family; an empty id is chosen here.
func (s *Service[B]) CreateFamily(ctx context.Context, id, title, description string) (Family, error) {
	var bad check.List
	id = bad.ResourceID(s.kind.Field+"_id", id)
	bad.Need(strings.TrimSpace(title) != "", s.kind.Field+".title", "required", "Give a title.")
	if err := bad.Err(); err != nil {
		return Family{}, err
	}
	now := s.clock.Now()
	f := Family{ID: id, Title: title, Description: description, CreateTime: now, UpdateTime: now, Version: 1}
	return f, s.store.AddFamily(ctx, f)
}

// Family reads one family.
func (s *Service[B]) Family(ctx context.Context, id string) (Family, error) {
	return s.store.Family(ctx, id)
}

// Families lists families in the order of their ids.
func (s *Service[B]) Families(ctx context.Context, after string, limit int) ([]Family, error) {
	return s.store.Families(ctx, after, limit)
}

// Create drafts a version; an empty id is chosen here.
func (s *Service[B]) Create(ctx context.Context, family, id, title string, body B) (Edition[B], error) {
	var bad check.List
	id = bad.ResourceID(s.kind.VersionOf+"_id", id)
	bad.Need(strings.TrimSpace(title) != "", s.kind.VersionOf+".title", "required", "Give a title.")
	if err := bad.Err(); err != nil {
		return Edition[B]{}, err
	}
	now := s.clock.Now()
	e := Edition[B]{Family: family, ID: id, Title: title, Body: body, State: Draft, CreateTime: now, UpdateTime: now, Version: 1}
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.store.Family(ctx, family); err != nil {
			return err
		}
		return s.store.AddEdition(ctx, e)
	})
	return e, err
}

// Get reads one version.
func (s *Service[B]) Get(ctx context.Context, family, id string) (Edition[B], error) {
	return s.store.Edition(ctx, family, id)
}

// List lists the versions of a family in the order of their ids.
func (s *Service[B]) List(ctx context.Context, family, after string, limit int) ([]Edition[B], error) {
	if _, err := s.store.Family(ctx, family); err != nil {
		return nil, err
	}
	return s.store.Editions(ctx, family, after, limit)
}

// Update changes a draft.
func (s *Service[B]) Update(ctx context.Context, family, id, tag string, change func(*Edition[B]) error) (Edition[B], error) {
	return s.edit(ctx, family, id, tag, func(ctx context.Context, e *Edition[B]) error {
		if err := change(e); err != nil {
			return err
		}
		var bad check.List
		bad.Need(strings.TrimSpace(e.Title) != "", s.kind.VersionOf+".title", "required", "Give a title.")
		return bad.Err()
	})
}

// Publish checks the whole draft and freezes it.
func (s *Service[B]) Publish(ctx context.Context, family, id, tag string) (Edition[B], error) {
	return s.edit(ctx, family, id, tag, func(ctx context.Context, e *Edition[B]) error {
		bad, err := s.rules(ctx, s.kind.VersionOf, e.Body)
		if err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		e.State, e.PublishTime = Published, s.clock.Now()
		return nil
	})
}

// edit runs change on a draft and saves it, with the event when it published it.
func (s *Service[B]) edit(ctx context.Context, family, id, tag string, change func(context.Context, *Edition[B]) error) (Edition[B], error) {
	var out Edition[B]
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		e, err := s.store.Edition(ctx, family, id)
		if err != nil {
			return err
		}
		name := s.kind.VersionName(family, id)
		if err := etag.Check(tag, e.Version, name); err != nil {
			return err
		}
		if e.State != Draft {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: name, Rule: "published_is_final", Fix: "Create a new version: a published one never changes.",
			})
		}
		if err := change(ctx, &e); err != nil {
			return err
		}
		e.UpdateTime, e.Version = s.clock.Now(), e.Version+1
		out = e
		return s.saveAndAnnounce(ctx, e)
	})
	return out, err
}

func (s *Service[B]) saveAndAnnounce(ctx context.Context, e Edition[B]) error {
	if err := s.store.SaveEdition(ctx, e); err != nil {
		return err
	}
	if e.State != Published {
		return nil
	}
	return s.store.Announce(ctx, e)
}

// Seed stores a built-in version, published, unless it exists. It may run on
// every start and in several processes at once: one of them stores and announces.
func (s *Service[B]) Seed(ctx context.Context, f Family, e Edition[B]) error {
	return s.store.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.store.Edition(ctx, f.ID, e.ID); !problem.Is(err, problem.KindNotFound) {
			return err // stored before, or the database is away
		}
		bad, err := s.rules(ctx, s.kind.VersionOf, e.Body)
		if err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.seedFamily(ctx, f, s.clock.Now()); err != nil {
			return err
		}
		e.Family, e.State, e.Version = f.ID, Published, 1
		e.CreateTime = s.clock.Now()
		e.PublishTime, e.UpdateTime = e.CreateTime, e.CreateTime
		if err := s.store.AddEdition(ctx, e); err != nil {
			return err
		}
		return s.store.Announce(ctx, e)
	})
}

func (s *Service[B]) seedFamily(ctx context.Context, f Family, now time.Time) error {
	if _, err := s.store.Family(ctx, f.ID); !problem.Is(err, problem.KindNotFound) {
		return err
	}
	f.CreateTime, f.UpdateTime, f.Version = now, now, 1
	return s.store.AddFamily(ctx, f)
}
