package result

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gowebpki/jcs"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Service publishes results and reads them.
type Service struct {
	store       Store
	instruments instrument.Source
	frameworks  framework.Source
	assessed    SelfAssessments
	directory   Directory
	clock       clock.Clock
}

// Directory is what the schools service knows.
type Directory interface {
	// HasDistrict tells whether the district exists, as the caller sees it.
	HasDistrict(ctx context.Context, name string) (bool, error)
	// HasSchool tells whether the school exists, as the caller sees it.
	HasSchool(ctx context.Context, name string) (bool, error)
	// Notes counts the anecdotal notes of a school's teams, or of one, by the standard they
	// speak to; none where the caller may not know.
	Notes(ctx context.Context, school, team string) (map[string]int, error)
}

// NewService returns the service that publishes results.
func NewService(store Store, instruments instrument.Source, frameworks framework.Source, assessed SelfAssessments, directory Directory, c clock.Clock) *Service {
	return &Service{store: store, instruments: instruments, frameworks: frameworks, assessed: assessed, directory: directory, clock: c}
}

// Publishable returns the campaign when it may be published now.
func (s *Service) Publishable(ctx context.Context, district, id, tag string) (campaign.Campaign, error) {
	c, err := s.store.Campaign(ctx, district, id)
	if err != nil {
		return c, err
	}
	if err := etag.Check(tag, c.Version, c.Name()); err != nil {
		return c, err
	}
	return c, mustBeClosed(c)
}

func mustBeClosed(c campaign.Campaign) error {
	if c.State == campaign.Closed {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: c.Name(), Rule: "publish_from_closed", Fix: "Close the campaign first; it is published once.",
	})
}

// Publish counts a closed campaign school by school and releases all results at
// once. progress is called in the transaction of each school's result; cut off at
// any point it may be called again and goes on after the last school. finish is
// called in the transaction of the release.
func (s *Service) Publish(ctx context.Context, district, id string, progress func(ctx context.Context, done, total int) error, finish func(ctx context.Context, r Release) error) (Release, error) {
	c, err := s.store.Campaign(ctx, district, id)
	if err != nil {
		return Release{}, err
	}
	if c.State == campaign.Published {
		return s.store.GetRelease(ctx, district, c.Release)
	}
	if err := mustBeClosed(c); err != nil {
		return Release{}, err
	}
	count, err := s.counter(ctx, c)
	if err != nil {
		return Release{}, err
	}
	counted, err := s.store.Counted(ctx, district, id)
	if err != nil {
		return Release{}, err
	}
	for i, school := range c.Schools {
		if slices.Contains(counted, school.ID) {
			continue
		}
		err := s.store.Tx(ctx, func(ctx context.Context) error {
			if err := count(ctx, school.ID); err != nil {
				return err
			}
			return progress(ctx, i+1, len(c.Schools))
		})
		if err != nil {
			return Release{}, err
		}
	}
	return s.release(ctx, c, finish)
}

// counter returns what makes the result of one school.
func (s *Service) counter(ctx context.Context, c campaign.Campaign) (func(ctx context.Context, school string) error, error) {
	v, err := instrument.Published(ctx, s.instruments, c.InstrumentVersion)
	if err != nil {
		return nil, err
	}
	f, err := framework.Published(ctx, s.frameworks, c.FrameworkVersion)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, school string) error {
		tally := NewTally(f.Body, v.Body)
		if err := s.store.Answers(ctx, c.District, c.ID, school, tally.Add); err != nil {
			return err
		}
		paper, err := s.store.HasPaper(ctx, c.District, c.ID, school)
		if err != nil {
			return err
		}
		r := Result{
			District: c.District, School: school, ID: ids.New(), Campaign: c.ID, Cycle: c.Cycle, Wave: c.Wave,
			FrameworkVersion: c.FrameworkVersion, CreateTime: s.clock.Now(),
			Table: tally.Disclose(c.Mode == campaign.Token && !paper),
		}
		if r.Digest, err = r.digest(); err != nil {
			return err
		}
		return s.store.AddResult(ctx, r)
	}, nil
}

// release makes the results readable, with everything that says so, in one
// transaction.
func (s *Service) release(ctx context.Context, c campaign.Campaign, finish func(ctx context.Context, r Release) error) (Release, error) {
	r := Release{District: c.District, ID: ids.New(), Campaign: c.ID, Minimum: MinimumCell, Schools: len(c.Schools)}
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		r.CreateTime = s.clock.Now()
		results, err := s.store.Unreleased(ctx, c.District, c.ID)
		if err != nil {
			return err
		}
		if r.Digest, err = digestOf(results); err != nil {
			return err
		}
		if results, err = s.store.Release(ctx, r); err != nil {
			return err
		}
		c := c
		c.State, c.Release, c.UpdateTime, c.Version = campaign.Published, r.ID, r.CreateTime, c.Version+1
		if err := s.store.SaveCampaign(ctx, c); err != nil {
			return err
		}
		for _, result := range results {
			if err := s.store.Released(ctx, result); err != nil {
				return err
			}
		}
		return finish(ctx, r)
	})
	return r, err
}

// digest is the SHA-256 over the canonical JSON (RFC 8785) of what is published.
func (r Result) digest() (string, error) {
	return canonicalDigest(map[string]any{
		"name": r.Name(), "campaign": campaign.Name(r.District, r.Campaign), "cycle": r.Cycle, "wave": r.Wave,
		"framework_version": r.FrameworkVersion, "minimum_cell": MinimumCell, "table": r.Table,
	})
}

// digestOf is the SHA-256 over the canonical JSON of the results' digests by name.
func digestOf(results []Result) (string, error) {
	byName := make(map[string]string, len(results))
	for _, r := range results {
		byName[r.Name()] = r.Digest
	}
	return canonicalDigest(byName)
}

func canonicalDigest(document any) (string, error) {
	raw, err := json.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}
