package portfolio

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Service is the rules over portfolios.
type Service struct {
	store    Store
	journeys Journeys
	clock    clock.Clock
}

// NewService returns the service.
func NewService(s Store, j Journeys, c clock.Clock) *Service {
	return &Service{store: s, journeys: j, clock: c}
}

// Get derives the portfolio of a journey. A journey that never had evidence is looked
// up: what does not exist has no portfolio.
func (s *Service) Get(ctx context.Context, j Journey) (Portfolio, error) {
	version, err := s.version(ctx, j, j.Portfolio())
	if err != nil || version == 0 {
		return Portfolio{Journey: j}, err
	}
	// The version was read first: an etag may be older than what it comes with, never newer.
	items, err := s.store.Items(ctx, j)
	if err != nil {
		return Portfolio{}, err
	}
	out := of(j, items)
	out.Version = version
	newest, ok, err := s.store.Newest(ctx, j)
	if ok {
		out.Manifest = newest.Name()
	}
	return out, err
}

// version is that of the portfolio; name is what to call not found.
func (s *Service) version(ctx context.Context, j Journey, name string) (int64, error) {
	version, err := s.store.Version(ctx, j)
	if err != nil || version > 0 {
		return version, err
	}
	known, err := s.journeys.HasJourney(ctx, j.Name())
	if err == nil && !known {
		err = problem.NotFound(name)
	}
	return 0, err
}

// Freeze writes a manifest of the accepted artifacts. Nothing changed since the newest
// one: the answer is that one.
func (s *Service) Freeze(ctx context.Context, j Journey, tag string) (Manifest, error) {
	if _, err := s.version(ctx, j, j.Portfolio()); err != nil {
		return Manifest{}, err
	}
	var out Manifest
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		version, err := s.store.Version(ctx, j)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, version, j.Portfolio()); err != nil {
			return err
		}
		out, err = s.freeze(ctx, j)
		return err
	})
	return out, err
}

func (s *Service) freeze(ctx context.Context, j Journey) (Manifest, error) {
	items, err := s.store.Items(ctx, j)
	if err != nil {
		return Manifest{}, err
	}
	if len(items) == 0 {
		return Manifest{}, problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: j.Portfolio(), Rule: "evidence-exists", Fix: "Upload the content of at least one artifact first.",
		})
	}
	newest, ok, err := s.store.Newest(ctx, j)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Journey: j, ID: ids.New(), Sequence: newest.Sequence + 1, Entries: entries(items), Previous: newest.Digest, CreateTime: s.clock.Now()}
	if m.Digest, err = Digest(m.Entries); err != nil {
		return Manifest{}, err
	}
	if ok && newest.Digest == m.Digest {
		return newest, nil
	}
	if err := s.store.AddManifest(ctx, m); err != nil {
		return Manifest{}, err
	}
	return m, s.store.Emit(ctx, FrozenEvent{m})
}

// Manifest reads one manifest.
func (s *Service) Manifest(ctx context.Context, j Journey, id string) (Manifest, error) {
	return s.store.Manifest(ctx, j, id)
}

// Manifests lists the manifests of a journey, the newest last.
func (s *Service) Manifests(ctx context.Context, j Journey, after int64, limit int) ([]Manifest, error) {
	if _, err := s.version(ctx, j, j.Portfolio()); err != nil {
		return nil, err
	}
	return s.store.Manifests(ctx, j, after, limit)
}
