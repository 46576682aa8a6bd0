package rollup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

// Service publishes the whole state and reads pages of releases.
type Service struct {
	store     Store
	maker     *Maker
	directory Directory
	clock     clock.Clock
}

// Directory is what the schools service knows.
type Directory interface {
	// Plan is districts with their regions and feeder systems, as the caller sees them.
	Plan(ctx context.Context, districts []string) (Plan, error)
	// HasCycle tells whether the cycle exists.
	HasCycle(ctx context.Context, name string) (bool, error)
}

// NewService returns the service of roll-ups.
func NewService(store Store, maker *Maker, directory Directory, c clock.Clock) *Service {
	return &Service{store: store, maker: maker, directory: directory, clock: c}
}

// Progress is told in steps of a phase, with the answers counted so far.
type Progress func(phase string, done, total int, answers int64) error

// Prepare checks that a wave can be published for the whole state, and keeps under the
// name of its operation what the work needs to know.
func (s *Service) Prepare(ctx context.Context, w Wave, operation string) error {
	campaigns, err := s.store.WaveCampaigns(ctx, w)
	if err != nil {
		return err
	}
	if len(campaigns) == 0 {
		return problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: "instruments/" + w.Instrument, Rule: "closed_campaigns", Fix: "Wait until at least one campaign of this instrument, cycle and wave is closed.",
		})
	}
	if err := s.maker.Affordable(ctx, tenant.State, w, campaigns); err != nil {
		return err
	}
	plan, err := s.directory.Plan(ctx, districtsOf(campaigns))
	if err != nil {
		return err
	}
	return s.store.SavePlan(ctx, tenant.State, operation, plan)
}

func districtsOf(campaigns []campaign.Campaign) []string {
	var out []string
	for _, c := range campaigns {
		if !slices.Contains(out, c.District) {
			out = append(out, c.District)
		}
	}
	return out
}

// Publish counts all closed and published campaigns of a wave and releases tables of
// the state, its regions, districts, feeder systems and schools. Cut off at any point
// it may be called again: nothing is kept before finish, which is called in the
// transaction of the release.
func (s *Service) Publish(ctx context.Context, w Wave, operation string, progress Progress, finish func(ctx context.Context, r Release) error) (Release, error) {
	plan, err := s.store.Plan(ctx, tenant.State, operation)
	if err != nil {
		return Release{}, err
	}
	p, err := s.maker.Policy(ctx)
	if err != nil {
		return Release{}, err
	}
	chosen, err := s.choose(ctx, w)
	if err != nil {
		return Release{}, err
	}
	parts, err := s.count(ctx, chosen, progress)
	if err != nil {
		return Release{}, err
	}
	tree := StateTree(parts, plan, chosen.form.Questions)
	if tree.Empty() {
		return Release{}, problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: "instruments/" + w.Instrument, Rule: "enough_answers", Fix: fmt.Sprintf("Wait until schools with at least %d answers have closed their campaigns.", p.MinimumCell),
		})
	}
	made, err := s.maker.Make(ctx, tenant.State, tree, w, parts, chosen.form, p, func(phase string) error { return progress(phase, 0, 1, tree.Places[0].Counts.Answers) })
	if err != nil {
		return Release{}, err
	}
	r := Release{
		ID: ids.New(), Instrument: "instruments/" + w.Instrument, InstrumentVersion: chosen.campaigns[0].InstrumentVersion,
		FrameworkVersion: chosen.campaigns[0].FrameworkVersion, Cycle: w.Cycle, Wave: w.Number, Minimum: p.MinimumCell,
		Districts: len(districtsOf(chosen.campaigns)), Schools: schoolsOf(made.Pages), Digest: made.Digest, Audit: made.Audit,
	}
	return s.keep(ctx, r, made, parts, finish)
}

func schoolsOf(pages []Page) int {
	n := 0
	for _, p := range pages {
		if p.Level == School {
			n++
		}
	}
	return n
}

// keep makes the release readable in one transaction.
func (s *Service) keep(ctx context.Context, r Release, made Made, parts []Part, finish func(ctx context.Context, r Release) error) (Release, error) {
	ctx = tenant.Everything(ctx, "a statewide release keeps what it counted of the campaigns of every district")
	var kept Release
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		kept = r
		before, err := s.store.LatestRound(ctx, made.Cells.Wave)
		if err != nil {
			return err
		}
		kept.Round, kept.CreateTime = before.Round+1, s.clock.Now()
		if err := s.store.AddRelease(ctx, kept, made.Cells.Wave); err != nil {
			return err
		}
		if err := Keep(ctx, s.store, kept.ID, made, parts); err != nil {
			return err
		}
		return finish(ctx, kept)
	})
	return kept, err
}

// selection is the campaigns that are counted together.
type selection struct {
	campaigns []campaign.Campaign
	form      Form
}

// choose takes the edition that most schools were asked, and all campaigns whose
// edition counts the same.
func (s *Service) choose(ctx context.Context, w Wave) (selection, error) {
	campaigns, err := s.store.WaveCampaigns(ctx, w)
	if err != nil || len(campaigns) == 0 {
		return selection{}, err
	}
	schools := map[string]int{}
	for _, c := range campaigns {
		schools[c.InstrumentVersion] += len(c.Schools)
	}
	slices.SortStableFunc(campaigns, func(a, b campaign.Campaign) int {
		if d := schools[b.InstrumentVersion] - schools[a.InstrumentVersion]; d != 0 {
			return d
		}
		return strings.Compare(b.InstrumentVersion, a.InstrumentVersion)
	})
	out := selection{}
	if out.form, err = s.maker.Form(ctx, campaigns[0]); err != nil {
		return selection{}, err
	}
	var left []string
	for _, c := range campaigns {
		f := out.form
		if c.InstrumentVersion != campaigns[0].InstrumentVersion {
			if f, err = s.maker.Form(ctx, c); err != nil {
				return selection{}, err
			}
		}
		if Comparable(out.form.Body, f.Body) {
			out.campaigns = append(out.campaigns, c)
		} else {
			left = append(left, c.Name())
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		out.form.Notes = []string{"Left out, because they asked another edition of the instrument: " + strings.Join(left, ", ") + "."}
	}
	return out, nil
}

// workers is how many campaigns are counted at a time.
const workers = 2

// count counts the campaigns, some at a time.
func (s *Service) count(ctx context.Context, chosen selection, progress Progress) ([]Part, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p, err := s.maker.Policy(ctx)
	if err != nil {
		return nil, err
	}
	parts := make([]Part, len(chosen.campaigns))
	var next, done atomic.Int64
	var answers int64
	var mutex sync.Mutex
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(parts) {
					return
				}
				c := chosen.campaigns[i]
				part, _, err := s.maker.Count(tenant.With(ctx, c.District), c, chosen.form, p, false)
				if err != nil {
					cancel(err)
					return
				}
				parts[i] = part
				mutex.Lock()
				for _, school := range part.Snapshot.Schools {
					answers += school.Answers
				}
				err = progress(Counting, int(done.Add(1)), len(parts), answers)
				mutex.Unlock()
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	wait.Wait()
	return parts, context.Cause(ctx)
}

// Get reads a statewide release.
func (s *Service) Get(ctx context.Context, id string) (Release, error) {
	return s.store.Release(ctx, id)
}

// List lists statewide releases, the newest first.
func (s *Service) List(ctx context.Context, after Position, limit int) ([]Release, error) {
	return s.store.Releases(ctx, after, limit)
}

// Lines lists the tables of a release in short; district is the state's for a
// statewide release.
func (s *Service) Lines(ctx context.Context, district, id string, q Select) ([]Line, error) {
	return s.store.Lines(ctx, district, id, q)
}

// Audit computes anew, from what is published alone, how closely every hidden count
// of the release's people can be known.
func (s *Service) Audit(ctx context.Context, district, id string) (Audit, error) {
	cells, err := s.store.Cells(ctx, district, id)
	if problem.Is(err, problem.KindNotFound) {
		return Audit{}, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: releaseName(district, id), Rule: "has_tables", Fix: "Ask for the audit of a release with tables: in this one no school had enough answers, or it is older than the audit.",
		})
	}
	if err != nil {
		return Audit{}, err
	}
	if cells.Epsilon > 0 {
		return s.auditNoisy(ctx, id, cells)
	}
	told, releases, err := s.store.Told(ctx, cells.WaveKey)
	if err != nil {
		return Audit{}, err
	}
	found, err := release.Audit(ctx, cells.Rule, told)
	return Audit{Summary: found, Earlier: releases - 1, Method: auditMethod}, err
}

func (s *Service) auditNoisy(ctx context.Context, id string, cells Cells) (Audit, error) {
	_, releases, err := s.store.Told(ctx, cells.WaveKey)
	if err != nil {
		return Audit{}, err
	}
	spent, err := s.store.SpentOn(ctx, id)
	return noisyAudit(cells.Published, releases-1, spent.Float()), err
}
