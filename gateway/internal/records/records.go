// Package records deletes what is due, over all services, and certifies it.
//
// A disposition is planned with counts of what it would delete, approved by a
// second person, carried out service by service in work that goes on where it
// stopped after a restart, and closed with a signed certificate over what was
// deleted. A district that leaves names the digest of the export it took first,
// which has to be one that was made here.
// Erasing one person needs no second one: it is what that person asked for.
//
// The flow: package api takes requests apart and asks the services for what they
// keep (kit/records declares it there); Service decides; Worker deletes.
package records

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	kept "github.com/tandem-badges/tandem/services/kit/records"
)

// State is how far a disposition is.
type State int

// The states.
const (
	Planned State = iota + 1
	Running
	Completed
)

// Line counts what is, or was, deleted of one table.
type Line struct {
	Service   string `json:"service"`
	Kind      string `json:"kind"`
	Records   int64  `json:"records"`
	Treatment string `json:"treatment"`
}

// Disposition is a deletion with a certificate.
type Disposition struct {
	Name        string
	Kind        kept.Kind
	Rule        string
	Reason      string
	Export      string // SHA-256 of the export the district took
	Person      string
	State       State
	PlannedBy   string
	ApprovedBy  string
	Lines       []Line
	Done        []string // services that are through
	Certificate string
	Completed   time.Time
	Created     time.Time
	Updated     time.Time
	Version     int64
}

// District is the id of the district it is about.
func (d Disposition) District() string { return strings.Split(d.Name+"/", "/")[1] }

// Store keeps dispositions.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	InsertDisposition(ctx context.Context, d Disposition) error
	// UpdateDisposition writes one whose version was counted up since it was read.
	UpdateDisposition(ctx context.Context, d Disposition) error
	Disposition(ctx context.Context, name string) (Disposition, error)
	// ListDispositions lists those of a district by id, after one.
	ListDispositions(ctx context.Context, parent, after string, limit int) ([]Disposition, error)
	// InsertExport remembers an export; Export finds it by its digest.
	InsertExport(ctx context.Context, e Export) error
	Export(ctx context.Context, district, sha256 string) (Export, error)
	// RunningDispositions are those that have to be carried out, the oldest first.
	RunningDispositions(ctx context.Context) ([]Disposition, error)
}

// Keepers are the services and what they keep.
type Keepers interface {
	Services() []string
	Due(ctx context.Context, service string, d Disposition) ([]Line, error)
	Dispose(ctx context.Context, service string, d Disposition) ([]Line, error)
	// Export calls fn for every piece of what the service keeps of a district.
	Export(ctx context.Context, service, district string, fn func(Part) error) error
}

// Service plans and approves.
type Service struct {
	Store   Store
	Keepers Keepers
	Clock   clock.Clock
	// Wake tells the worker that there is work.
	Wake func()
}

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Plan counts what a disposition would delete and keeps it for a second person.
func (s *Service) Plan(ctx context.Context, parent, id, by string, d Disposition) (Disposition, error) {
	if err := check(d); err != nil {
		return d, err
	}
	if err := s.exported(ctx, strings.TrimPrefix(parent, "districts/"), d); err != nil {
		return d, err
	}
	return s.add(ctx, parent, id, by, d, Planned)
}

func check(d Disposition) error {
	switch d.Kind {
	case kept.Retention:
		if _, ok := kept.RuleOf(d.Rule); !ok {
			return problem.Invalid(problem.Violation{
				Field: "disposition.rule", Rule: "known", Fix: "Give the id of a rule of the retention schedule, as :list shows it.",
			})
		}
	case kept.District:
		if !digest.MatchString(d.Export) {
			return problem.Invalid(problem.Violation{
				Field: "disposition.export_sha256", Rule: "taken",
				Fix: "Take the export of the district first and give its SHA-256, 64 hexadecimal digits: afterwards nothing is left to export.",
			})
		}
	default:
		return problem.Invalid(problem.Violation{
			Field: "disposition.kind", Rule: "plannable", Fix: "Plan what a retention rule ends, or a district; erase a person with people:erase.",
		})
	}
	return nil
}

// Erase begins to remove what identifies a person.
func (s *Service) Erase(ctx context.Context, person, by, reason string) (Disposition, error) {
	parent, _, ok := strings.Cut(person, "/people/")
	if !ok {
		parent = "districts/_state" // a person of the state
	}
	d, err := s.add(ctx, parent, "", by, Disposition{Kind: kept.Person, Person: person, Reason: reason}, Running)
	if err == nil {
		s.Wake()
	}
	return d, err
}

func (s *Service) add(ctx context.Context, parent, id, by string, d Disposition, state State) (Disposition, error) {
	if id == "" {
		id = ids.New()
	}
	now := s.Clock.Now()
	d.Name, d.State, d.PlannedBy = parent+"/dispositions/"+id, state, by
	d.Created, d.Updated, d.Version, d.Lines = now, now, 1, nil
	for _, service := range s.Keepers.Services() {
		lines, err := s.Keepers.Due(ctx, service, d)
		if err != nil {
			return d, err
		}
		d.Lines = append(d.Lines, lines...)
	}
	return d, s.Store.InsertDisposition(ctx, d)
}

// Approve lets a planned disposition be carried out. Who planned it may not.
func (s *Service) Approve(ctx context.Context, name, by string) (d Disposition, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if d, err = s.Store.Disposition(ctx, name); err != nil {
			return err
		}
		if d.State != Planned {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: name, Rule: "planned", Fix: "Only a planned disposition can be approved; plan a new one.",
			})
		}
		if d.PlannedBy == by {
			return problem.Precondition(problem.ReasonConflictOfInterest, problem.Violation{
				Field: name, Rule: "second_person", Fix: "Have somebody else approve what you planned.",
			})
		}
		if err := s.exported(ctx, d.District(), d); err != nil {
			return err
		}
		d.State, d.ApprovedBy, d.Lines = Running, by, nil
		d.Updated = s.Clock.Now()
		d.Version++
		return s.Store.UpdateDisposition(ctx, d)
	})
	if err == nil {
		s.Wake()
	}
	return d, err
}
