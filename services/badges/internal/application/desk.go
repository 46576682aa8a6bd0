package application

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/filter"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Catalog knows what badges ask.
type Catalog interface {
	Definition(ctx context.Context, name string) (definition.Definition, error)
	Edition(ctx context.Context, name string) (definition.Edition, error)
}

// Desk is the use of applications.
type Desk struct {
	store   Store
	catalog Catalog
	sources Sources
	now     func() time.Time
	newID   func() string
}

// NewDesk returns the desk over a store.
func NewDesk(store Store, catalog Catalog, sources Sources, now func() time.Time, newID func() string) *Desk {
	return &Desk{store: store, catalog: catalog, sources: sources, now: now, newID: newID}
}

// Create drafts an application of a school for one of its journeys.
func (d *Desk) Create(ctx context.Context, school, id string, a Application) (Application, error) {
	if err := checkNew(school, a); err != nil {
		return Application{}, err
	}
	edition, err := d.edition(ctx, a.BadgeDefinition)
	if err != nil {
		return Application{}, err
	}
	journey, err := d.sources.Journey(ctx, a.Journey)
	if problem.Is(err, problem.KindNotFound) {
		return Application{}, invalid("application.journey", "exists", "Name a journey of this school that exists.")
	} else if err != nil {
		return Application{}, err
	}
	if err := matches(edition, journey); err != nil {
		return Application{}, err
	}
	if id == "" {
		id = d.newID()
	}
	now := d.now()
	out := Application{
		Name: names.Child(school, "applications", id), Journey: a.Journey, BadgeDefinition: a.BadgeDefinition,
		State: Draft, CreateTime: now, UpdateTime: now, Version: 1,
	}
	return out, d.store.Tx(ctx, func(ctx context.Context) error {
		if err := d.onlyOne(ctx, out); err != nil {
			return err
		}
		return d.store.InsertApplication(ctx, out)
	})
}

func checkNew(school string, a Application) error {
	var v []problem.Violation
	if !names.IsJourney(a.Journey) || names.School(a.Journey) != school {
		v = append(v, problem.Violation{
			Field: "application.journey", Rule: "same_school", Fix: "Name a journey of this school, " + school + "/teams/{team}/journeys/{journey}.",
		})
	}
	if a.BadgeDefinition == "" {
		v = append(v, problem.Violation{
			Field: "application.badge_definition", Rule: "required", Fix: "Name the badge, badgeDefinitions/{badge_definition}.",
		})
	}
	if len(v) > 0 {
		return problem.Invalid(v...)
	}
	return nil
}

// inForce is an edition together with the standard of its badge.
type inForce struct {
	definition.Edition
	standard string
}

func (d *Desk) edition(ctx context.Context, badge string) (inForce, error) {
	def, err := d.catalog.Definition(ctx, badge)
	if problem.Is(err, problem.KindNotFound) {
		return inForce{}, invalid("application.badge_definition", "exists", "Name a badge that exists.")
	} else if err != nil {
		return inForce{}, err
	}
	if def.CurrentEdition == "" {
		return inForce{}, invalid("application.badge_definition", "published", "Choose a badge that has a published version.")
	}
	e, err := d.catalog.Edition(ctx, def.CurrentEdition)
	return inForce{Edition: e, standard: def.Standard}, err
}

func matches(e inForce, j Journey) error {
	if j.Standard != e.standard {
		return invalid("application.badge_definition", "standard_of_journey",
			"Choose the badge of the journey's standard: the journey is about "+orNone(j.Standard)+", the badge about "+e.standard+".")
	}
	if j.FrameworkVersion != e.Asks.FrameworkVersion {
		return invalid("application.badge_definition", "framework_of_journey",
			"Choose a badge of the journey's framework version: the journey is bound to "+orNone(j.FrameworkVersion)+
				", the badge to "+e.Asks.FrameworkVersion+".")
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none yet"
	}
	return s
}

func (d *Desk) onlyOne(ctx context.Context, a Application) error {
	open, err := d.store.OpenApplication(ctx, a.Journey)
	if err != nil || open == "" {
		return err
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: a.Journey, Rule: "one_open_application", Fix: "Go on with " + open + ", or withdraw it first.",
	})
}

// Get reads an application that the caller may see.
func (d *Desk) Get(ctx context.Context, c caller.Caller, name string) (Application, error) {
	a, err := d.store.Application(ctx, name)
	if err != nil {
		return Application{}, err
	}
	return a, d.visible(ctx, c, name, name)
}

// Snapshot reads what was frozen, with the same rule as the application.
func (d *Desk) Snapshot(ctx context.Context, c caller.Caller, name string) (Snapshot, error) {
	if err := d.visible(ctx, c, names.Parent(name), name); err != nil {
		return Snapshot{}, err
	}
	return d.store.Snapshot(ctx, name)
}

// visible lets a reviewer see an application only after they declared that there is no
// conflict of interest. To others it does not exist.
func (d *Desk) visible(ctx context.Context, c caller.Caller, application, asked string) error {
	if c.Reader {
		return nil
	}
	assignment, err := d.store.Assignment(ctx, application, c.Person)
	if err != nil {
		return err
	}
	switch assignment {
	case Cleared:
		return nil
	case Undeclared:
		return problem.Precondition(problem.ReasonConflictOfInterest, problem.Violation{
			Field: application, Rule: "declare_first", Fix: "Declare first whether you have a conflict of interest.",
		})
	case Recused:
		return problem.Precondition(problem.ReasonConflictOfInterest, problem.Violation{
			Field: application, Rule: "recused", Fix: "You declared a conflict of interest; another reviewer takes this application.",
		})
	default:
		return problem.NotFound(asked)
	}
}

// List lists the applications that the person may see.
func (d *Desk) List(ctx context.Context, s caller.Scope, f *filter.Expr, page Slice) ([]Application, error) {
	list, err := d.store.Applications(ctx, s, f, page)
	if err != nil {
		return nil, err
	}
	return list, s.MustExist(ctx, len(list), d.sources.School)
}

// Withdraw takes an application back before the decision.
func (d *Desk) Withdraw(ctx context.Context, name, tag, reason string) (a Application, err error) {
	err = d.store.Tx(ctx, func(ctx context.Context) error {
		if a, err = d.store.Application(ctx, name); err != nil {
			return err
		}
		if err := etag.Check(tag, a.Version, name); err != nil {
			return err
		}
		submitted := a.Round > 0
		if err := a.Move(Withdraw); err != nil {
			return err
		}
		now := d.now()
		a.WithdrawReason, a.UpdateTime, a.Version = reason, now, a.Version+1
		if err := d.store.UpdateApplication(ctx, a); err != nil || !submitted {
			return err
		}
		return d.store.Record(ctx, now, Withdrawn{Application: a})
	})
	return a, err
}

func invalid(field, rule, fix string) error {
	return problem.Invalid(problem.Violation{Field: field, Rule: rule, Fix: fix})
}
