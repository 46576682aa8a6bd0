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
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Service publishes results and reads them.
type Service struct {
	store       Store
	maker       *rollup.Maker
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
	// Plan is districts with their feeder systems, as the caller sees them.
	Plan(ctx context.Context, districts []string) (rollup.Plan, error)
	// Notes counts the anecdotal notes of a school's teams, or of one, by the standard they
	// speak to; none where the caller may not know.
	Notes(ctx context.Context, school, team string) (map[string]int, error)
}

// NewService returns the service that publishes results.
func NewService(store Store, maker *rollup.Maker, instruments instrument.Source, frameworks framework.Source, assessed SelfAssessments, directory Directory, c clock.Clock) *Service {
	return &Service{store: store, maker: maker, instruments: instruments, frameworks: frameworks, assessed: assessed, directory: directory, clock: c}
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
	return c, s.mustHaveNews(ctx, c)
}

// mustHaveNews refuses a campaign that is not closed, and one that was published when
// too few answers came in since.
func (s *Service) mustHaveNews(ctx context.Context, c campaign.Campaign) error {
	switch c.State {
	case campaign.Closed:
		return nil
	case campaign.Published:
		news, err := s.maker.HasNews(ctx, c)
		if err != nil || news {
			return err
		}
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: c.Name(), Rule: "round_size", Fix: "A campaign is published again when a school has enough new answers for a round: fewer would tell about those who came late.",
		})
	default:
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: c.Name(), Rule: "publish_from_closed", Fix: "Close the campaign first.",
		})
	}
}

// Prepare keeps under the name of an operation what publishing a campaign needs to
// know of the schools service, asked in the name of the caller.
func (s *Service) Prepare(ctx context.Context, c campaign.Campaign, operation string) error {
	if err := s.maker.Affordable(ctx, c.District, rollup.WaveOf(c), []campaign.Campaign{c}); err != nil {
		return err
	}
	plan, err := s.directory.Plan(ctx, []string{c.District})
	if err != nil {
		return err
	}
	plan.Round = c.Rounds + 1
	return s.store.SavePlan(ctx, c.District, operation, plan)
}

// Progress is told in steps of a phase, with the answers counted so far.
type Progress = rollup.Progress

// Publish counts a closed campaign, or the late answers of a published one, and
// releases all tables at once. Cut off at any point it may be called again: nothing is
// kept before finish, which is called in the transaction of the release.
func (s *Service) Publish(ctx context.Context, district, id, operation string, progress Progress, finish func(ctx context.Context, r Release) error) (Release, error) {
	c, err := s.store.Campaign(ctx, district, id)
	if err != nil {
		return Release{}, err
	}
	plan, err := s.store.Plan(ctx, district, operation)
	if err != nil {
		return Release{}, err
	}
	if c.Rounds >= plan.Round {
		return s.store.GetRelease(ctx, district, c.Release)
	}
	if err := s.mustHaveNews(ctx, c); err != nil {
		return Release{}, err
	}
	p, err := s.maker.Policy(ctx)
	if err != nil {
		return Release{}, err
	}
	f, err := s.maker.Form(ctx, c)
	if err != nil {
		return Release{}, err
	}
	if err := progress(rollup.Counting, 0, len(c.Schools), 0); err != nil {
		return Release{}, err
	}
	part, changed, err := s.maker.Count(ctx, c, f, p, c.State == campaign.Published || c.Rounds > 0)
	if err != nil {
		return Release{}, err
	}
	tree := rollup.DistrictTree(part, plan, f.Questions)
	answers := tree.Places[0].Counts.Answers
	made, err := s.maker.Make(ctx, district, tree, rollup.WaveOf(c), []rollup.Part{part}, f, p, func(phase string) error {
		return progress(phase, len(c.Schools), len(c.Schools), answers)
	})
	if err != nil {
		return Release{}, err
	}
	if c.Rounds == 0 {
		changed = nil // the first round has a result of every school
	}
	return s.release(ctx, c, part, made, s.results(c, part, made.Pages, f, p.MinimumCell, changed), finish)
}

// results are the short tables of the schools, or of those that changed.
func (s *Service) results(c campaign.Campaign, part rollup.Part, pages []rollup.Page, f rollup.Form, minimum int, changed []string) []Result {
	byPlace := map[string]*rollup.Page{}
	for i := range pages {
		if pages[i].Level == rollup.School {
			byPlace[pages[i].Place] = &pages[i]
		}
	}
	var out []Result
	for _, school := range c.Schools {
		if changed != nil && !slices.Contains(changed, school.ID) {
			continue
		}
		proven := c.Mode != campaign.OpenLink && !part.Paper[school.ID]
		out = append(out, Result{
			District: c.District, School: school.ID, ID: ids.New(), Campaign: c.ID, Cycle: c.Cycle, Wave: c.Wave, Minimum: minimum,
			FrameworkVersion: c.FrameworkVersion, Table: tableOf(byPlace[campaign.SchoolName(c.District, school.ID)], f, minimum, proven),
		})
	}
	return out
}

// release makes everything readable, with what says so, in one transaction.
func (s *Service) release(ctx context.Context, c campaign.Campaign, part rollup.Part, made rollup.Made, results []Result, finish func(ctx context.Context, r Release) error) (Release, error) {
	r := Release{District: c.District, ID: ids.New(), Campaign: c.ID, Round: c.Rounds + 1, Minimum: int(made.Cells.Rule.Minimum), Schools: len(results), Epsilon: made.Cells.Epsilon}
	for i := range results {
		results[i].Release = r.ID
		var err error
		if results[i].Digest, err = results[i].digest(); err != nil {
			return Release{}, err
		}
	}
	digest, err := digestOf(results, made.Digest)
	if err != nil {
		return Release{}, err
	}
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		kept, released := r, slices.Clone(results)
		kept.CreateTime, kept.Digest = s.clock.Now(), digest
		for i := range released {
			released[i].CreateTime = kept.CreateTime
		}
		if err := s.store.AddRelease(ctx, kept, released); err != nil {
			return err
		}
		if err := rollup.Keep(ctx, s.store, kept.ID, made, []rollup.Part{part}); err != nil {
			return err
		}
		now := c
		now.State, now.Release, now.Rounds, now.UpdateTime, now.Version = campaign.Published, kept.ID, kept.Round, kept.CreateTime, c.Version+1
		if err := s.store.SaveCampaign(ctx, now); err != nil {
			return err
		}
		for _, result := range released {
			if err := s.store.Released(ctx, result); err != nil {
				return err
			}
		}
		r = kept
		return finish(ctx, kept)
	})
	return r, err
}

// digest is the SHA-256 over the canonical JSON (RFC 8785) of what is published.
func (r Result) digest() (string, error) {
	return canonicalDigest(map[string]any{
		"name": r.Name(), "campaign": campaign.Name(r.District, r.Campaign), "cycle": r.Cycle, "wave": r.Wave,
		"framework_version": r.FrameworkVersion, "minimum_cell": r.Minimum, "table": r.Table,
	})
}

// digestOf is the SHA-256 over the canonical JSON of the results' digests by name, and
// of the digest of the tables.
func digestOf(results []Result, tables string) (string, error) {
	byName := map[string]string{"tables": tables}
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
