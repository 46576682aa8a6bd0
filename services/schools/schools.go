// Package schools is the service that keeps who works towards badges and how far
// they are: districts and schools, people and their roles, the calendar, teams
// and their journeys.
//
// The flow of a call: internal/api parses and maps, the noun decides
// (internal/district, person, grant, account, restriction, cycle, team, journey), internal/store writes rows
// and events in one transaction, the relay publishes. What assessments, evidence
// and badges tell comes in through internal/inbox as projections, over which
// internal/eligibility evaluates the rules of a journey's next step.
//
// Neighbours: assessments is asked for framework versions; badges asks for the
// snapshot of a journey and decides about its badge; the gateway speaks REST.
package schools

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	kitinbox "github.com/tandem-badges/tandem/services/kit/inbox"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/api"
	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/inbox"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/peer"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const (
	name          = store.Consumer
	calendarLease = "schools-calendar"
	calendarTTL   = 10 * time.Second
	calendarTick  = time.Second
)

// Migrations makes and changes the tables of the service, with a folder per dialect.
var Migrations fs.FS = store.Migrations()

// New builds the service. It refuses to start when a built-in rule is wrong.
func New(d run.Deps) (run.Service, error) {
	assessments, ok := d.Peers["assessments"]
	if !ok {
		return run.Service{}, fmt.Errorf("service %s needs a connection to assessments", name)
	}
	engine, err := eligibility.NewEngine()
	if err != nil {
		return run.Service{}, err
	}
	rules, err := journey.LoadRules(engine)
	if err != nil {
		return run.Service{}, err
	}
	kept := store.New(d.DB, d.Clock)
	actions, err := api.Actions()
	if err != nil {
		return run.Service{}, err
	}
	grants := grant.Service{Store: kept, Clock: d.Clock}
	nouns := api.Nouns{
		Districts:    district.Service{Store: kept, Clock: d.Clock},
		People:       person.Service{Store: kept, Clock: d.Clock, Grants: grants},
		Grants:       grants,
		Accounts:     account.Service{Store: kept, Clock: d.Clock},
		Restrictions: restriction.Service{Store: kept, Clock: d.Clock, Actions: actions, Announcer: announcer(d, kept)},
		Cycles:       cycle.Service{Store: kept, Clock: d.Clock},
		Teams:        team.Service{Store: kept, Clock: d.Clock},
		Journeys:     journey.Service{Store: kept, Clock: d.Clock, Frameworks: peer.NewFrameworks(assessments), Rules: rules},
	}
	return run.Service{
		Name: name,
		Register: func(to grpc.ServiceRegistrar) {
			api.Register(to, nouns)
			records.Register(to, &records.Keeper{DB: d.DB, Clock: d.Clock, Declaration: store.Records()})
		},
		Tasks: tasks(d, kept, nouns),
		Checks: []run.Check{
			{Name: "database", Probe: d.DB.Ping},
			{Name: "bus", Probe: d.Bus.Ping, Once: true},
		},
	}, nil
}

func tasks(d run.Deps, kept *store.Store, nouns api.Nouns) []run.Task {
	in := kitinbox.New(d.DB, d.Bus, name, d.Clock, d.Log)
	inbox.Register(in, kept, nouns.Journeys)
	calendar := cycle.Scheduler{Store: kept, Clock: d.Clock}
	return []run.Task{
		{Name: "relay", Run: outbox.NewRelay(d.DB, d.Bus, clock.NewAdjustable(), d.Log).Counting(append(store.Gauges(d.DB), in.Gauges()...)...).Run},
		{Name: "inbox", Run: in.Run},
		{Name: "calendar", Run: func(ctx context.Context) error {
			err := lease.Run(ctx, d.DB, calendarLease, ids.New(), calendarTTL, func(ctx context.Context) error {
				return follow(ctx, d, calendar)
			})
			if ctx.Err() != nil { // asked to stop
				return nil
			}
			return err
		}},
		{Name: "restrictions", Run: func(ctx context.Context) error {
			return announce(ctx, d, nouns.Restrictions.Announcer)
		}},
	}
}

// follow looks at the calendar each second of real time: the product's clock may
// leap, so its time says nothing about when to look again. A look that fails is
// repeated.
func follow(ctx context.Context, d run.Deps, calendar cycle.Scheduler) error {
	ctx = tenant.With(ctx, tenant.State) // cycles are the state's
	tick := time.NewTicker(calendarTick)
	defer tick.Stop()
	for {
		if err := calendar.Tick(ctx); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "calendar not announced", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
