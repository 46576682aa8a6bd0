package artifact

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Limits bound what people may keep.
type Limits struct {
	ContentBytes int64 // of one artifact
	PerJourney   int   // artifacts that are not withdrawn: a manifest must fit into one answer
}

// DefaultLimits are those of an installation that sets none.
func DefaultLimits() Limits { return Limits{ContentBytes: 50 << 20, PerJourney: 1000} }

// Service is the rules over artifacts.
type Service struct {
	store    Store
	contents Contents
	plans    Plans
	clock    clock.Clock
	limits   Limits
	spoolDir string
	files    *measure.Counter // taken in
	bytes    *measure.Counter // their size
}

// NewService returns the service. Uploads under way lie in files without a name in
// spoolDir; empty means the system's folder for such.
func NewService(s Store, c Contents, p Plans, clk clock.Clock, l Limits, spoolDir string) *Service {
	return &Service{
		store: s, contents: c, plans: p, clock: clk, limits: l, spoolDir: spoolDir,
		files: measure.NewCounter("tandem.evidence.files", "Contents of evidence taken in.", "", nil),
		bytes: measure.NewCounter("tandem.evidence.bytes", "Bytes of evidence taken in.", "", nil),
	}
}

// Create describes a piece of evidence; its content is uploaded next.
func (s *Service) Create(ctx context.Context, r Ref, d Description, uploader string) (Artifact, error) {
	now := s.clock.Now()
	d = d.tidy()
	v := d.check(r.SchoolName(), now)
	if r.ID == "" {
		r.ID = ids.New()
	} else if !ids.ValidUser(r.ID) {
		*v = append(*v, problem.Violation{Field: "artifact_id", Rule: "id_form", Fix: "Use 1 to 63 lower-case letters, digits and hyphens, or leave it out."})
	}
	phase, err := s.askJourney(ctx, v, d.Journey)
	if err != nil {
		return Artifact{}, err
	}
	if err := s.ask(ctx, v, d, Description{}); err != nil {
		return Artifact{}, err
	}
	if err := v.err(); err != nil {
		return Artifact{}, err
	}
	if err := mustTakeEvidence(d.Journey, phase); err != nil {
		return Artifact{}, err
	}
	a := Artifact{Ref: r, Description: d, State: AwaitingContent, Uploader: uploader, CreateTime: now, UpdateTime: now, Version: 1}
	return a, s.store.Tx(ctx, func(ctx context.Context) error { return s.add(ctx, a) })
}

func (s *Service) add(ctx context.Context, a Artifact) error {
	n, err := s.store.CountArtifacts(ctx, a.District, a.Journey)
	if err != nil {
		return err
	}
	if n >= s.limits.PerJourney {
		return problem.Precondition(problem.ReasonLimitExceeded, problem.Violation{
			Field: a.Journey, Rule: "artifacts_max", Fix: fmt.Sprintf("A journey has at most %d artifacts. Withdraw some first.", s.limits.PerJourney),
		})
	}
	return s.store.AddArtifact(ctx, a)
}

// Get reads one artifact.
func (s *Service) Get(ctx context.Context, r Ref) (Artifact, error) { return s.store.Artifact(ctx, r) }

// List reads the artifacts of a school that meet the condition, by their ids.
func (s *Service) List(ctx context.Context, school Ref, c *Condition, after string, limit int) ([]Artifact, error) {
	list, err := s.store.Artifacts(ctx, school, c, after, limit)
	if err != nil || len(list) > 0 {
		return list, err
	}
	return nil, s.mustExist(ctx, school)
}

// mustExist refuses a school that does not exist: it is not one without evidence.
func (s *Service) mustExist(ctx context.Context, school Ref) error {
	known, err := s.plans.HasSchool(ctx, school.SchoolName())
	if err != nil || known {
		return err
	}
	return problem.NotFound(school.SchoolName())
}

// Update changes the description as change says. The journey stays.
func (s *Service) Update(ctx context.Context, r Ref, tag string, change func(*Description) error) (Artifact, error) {
	old, err := s.store.Artifact(ctx, r)
	if err != nil {
		return Artifact{}, err
	}
	if err := etag.Check(tag, old.Version, old.Name()); err != nil {
		return Artifact{}, err
	}
	if err := old.mustStand(); err != nil {
		return Artifact{}, err
	}
	next := old
	next.Groups = slices.Clone(old.Groups)
	if err := change(&next.Description); err != nil {
		return Artifact{}, err
	}
	next.Description = next.tidy()
	if err := s.checkChange(ctx, next, old); err != nil || next.equal(old.Description) {
		return old, err
	}
	next.UpdateTime, next.Version = s.clock.Now(), old.Version+1
	err = s.store.Tx(ctx, func(ctx context.Context) error { return s.replace(ctx, next) })
	if tag == "" && problem.Is(err, problem.KindAborted) {
		err = problem.WithCause(problem.Conflict(old.Name()), err) // who sent no etag is not behind
	}
	return next, err
}

func (s *Service) checkChange(ctx context.Context, next, old Artifact) error {
	v := next.check(next.SchoolName(), s.clock.Now())
	if next.Journey != old.Journey {
		*v = nil // the other fields are judged within a journey
		v.add("journey", "immutable", "The journey of an artifact stays. Withdraw it and describe a new one.")
		return v.err()
	}
	if err := s.ask(ctx, v, next.Description, old.Description); err != nil {
		return err
	}
	return v.err()
}

// replace stores a change and tells the others, who know accepted evidence only.
func (s *Service) replace(ctx context.Context, a Artifact) error {
	if err := s.store.SaveArtifact(ctx, a); err != nil || a.State != Accepted {
		return err
	}
	if err := s.store.TouchPortfolio(ctx, a.District, a.Journey); err != nil {
		return err
	}
	return s.store.Emit(ctx, ChangedEvent{a})
}

// Withdraw takes a piece of evidence back. Frozen manifests keep its digest.
func (s *Service) Withdraw(ctx context.Context, r Ref, tag string) error {
	return s.store.Tx(ctx, func(ctx context.Context) error {
		a, err := s.store.Artifact(ctx, r)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, a.Version, a.Name()); err != nil {
			return err
		}
		if err := a.mustStand(); err != nil {
			return err
		}
		was := a.State
		a.State, a.UpdateTime, a.Version = Withdrawn, s.clock.Now(), a.Version+1
		if err := s.store.SaveArtifact(ctx, a); err != nil || was != Accepted {
			return err
		}
		return s.letGo(ctx, a)
	})
}

// letGo tells everybody concerned about evidence that was accepted and is no more.
func (s *Service) letGo(ctx context.Context, a Artifact) error {
	if err := s.store.LoosenContent(ctx, a.District, a.SHA256); err != nil {
		return err
	}
	if err := s.store.TouchPortfolio(ctx, a.District, a.Journey); err != nil {
		return err
	}
	return s.store.Emit(ctx, WithdrawnEvent{a})
}
