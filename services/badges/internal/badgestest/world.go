package badgestest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// The places and things of a World.
const (
	District    = "districts/aspen"
	School      = District + "/schools/east"
	OtherSchool = District + "/schools/west"
	Foreign     = "districts/birch/schools/north"
	Journey     = School + "/teams/t1/journeys/j1"
	Standard    = "communicate-effectively"
	Badge       = "badgeDefinitions/" + Standard
	Survey      = School + "/results/wave1"
)

// The people of a World.
const (
	Admin       = "people/admin"
	Admin2      = "people/admin2"
	Chair       = "people/chair"
	Reviewer1   = "people/rev1"
	Reviewer2   = "people/rev2"
	Reviewer3   = "people/rev3"
	Insider     = "people/insider" // a reviewer who also coordinates the district
	Analyst     = "people/analyst"
	Coordinator = District + "/people/cory"
	Principal   = District + "/people/pat"
	Lead        = District + "/people/lee"
	Stranger    = "districts/birch/people/sam" // principal of a school in another district
)

// World is the badges service with its neighbours.
type World struct {
	T       testing.TB
	DB      *sqldb.DB
	Clock   *clock.Fake
	Schools *Schools
	Deps    run.Deps
	Conn    *grpc.ClientConn

	Definitions  badgesv1.DefinitionsServiceClient
	Applications badgesv1.ApplicationsServiceClient
	Reviews      badgesv1.ReviewsServiceClient
	Decisions    badgesv1.DecisionsServiceClient
	Awards       badgesv1.AwardsServiceClient
	Credentials  badgesv1.CredentialsServiceClient

	grants map[string][]access.Grant
}

// Options of a World.
type Options struct {
	DB    *sqldb.DB // nil means a SQLite database of its own
	Tasks bool      // run relay and schedule
}

// Start builds a World. Build makes the service, which this package cannot import.
func Start(t testing.TB, o Options, deps run.Deps, build func(run.Deps) (run.Service, error)) *World {
	t.Helper()
	w := &World{T: t, Schools: newSchools(), Clock: clock.NewFake(kittest.Start()), grants: people()}
	for person, grants := range w.grants {
		w.Schools.AddPerson(person, grants...)
	}
	w.Schools.AddSchool(School)
	w.Schools.AddSchool(OtherSchool)
	w.Schools.AddJourney(Journey, Standard, "East Elementary", Survey)
	if o.DB != nil {
		deps.DB = o.DB
	}
	deps.Clock, w.DB = w.Clock, deps.DB
	signer := kittest.Signer(t)
	serve := func(name string, register func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
		return kittest.Serve(t, run.Service{Name: name, Register: register}, kittest.ServeOptions{Signer: signer, DB: kittest.SQLite(t, name, nil)})
	}
	deps.Peers = map[string]grpc.ClientConnInterface{
		"schools": serve("schools", func(r grpc.ServiceRegistrar) {
			schoolsv1.RegisterJourneysServiceServer(r, w.Schools)
			schoolsv1.RegisterPeopleServiceServer(r, w.Schools)
			schoolsv1.RegisterOrganizationsServiceServer(r, w.Schools)
		}),
		"assessments": serve("assessments", func(r grpc.ServiceRegistrar) {
			assessmentsv1.RegisterResultsServiceServer(r, Results{})
			assessmentsv1.RegisterFrameworksServiceServer(r, Frameworks{})
		}),
		"evidence": serve("evidence", func(r grpc.ServiceRegistrar) { evidencev1.RegisterPortfoliosServiceServer(r, &Portfolios{}) }),
	}
	svc, err := build(deps)
	require.NoError(t, err)
	w.Deps = deps
	w.connect(kittest.Serve(t, svc, kittest.ServeOptions{Signer: signer, DB: deps.DB, NoTask: !o.Tasks}))
	return w
}

func (w *World) connect(conn *grpc.ClientConn) {
	w.Conn = conn
	w.Definitions, w.Applications = badgesv1.NewDefinitionsServiceClient(conn), badgesv1.NewApplicationsServiceClient(conn)
	w.Reviews, w.Decisions = badgesv1.NewReviewsServiceClient(conn), badgesv1.NewDecisionsServiceClient(conn)
	w.Awards, w.Credentials = badgesv1.NewAwardsServiceClient(conn), badgesv1.NewCredentialsServiceClient(conn)
}

func people() map[string][]access.Grant {
	reviewer := grant(accessv1.Role_ROLE_REVIEWER, "")
	return map[string][]access.Grant{
		Admin: {grant(accessv1.Role_ROLE_STATE_ADMIN, "")}, Admin2: {grant(accessv1.Role_ROLE_STATE_ADMIN, "")},
		Chair: {grant(accessv1.Role_ROLE_PANEL_CHAIR, "")}, Analyst: {grant(accessv1.Role_ROLE_STATE_ANALYST, "")},
		Reviewer1: {reviewer}, Reviewer2: {reviewer}, Reviewer3: {reviewer},
		Insider:     {reviewer, grant(accessv1.Role_ROLE_DISTRICT_COORDINATOR, District)},
		Coordinator: {grant(accessv1.Role_ROLE_DISTRICT_COORDINATOR, District)},
		Principal:   {grant(accessv1.Role_ROLE_PRINCIPAL, School)}, Lead: {grant(accessv1.Role_ROLE_TEAM_LEAD, School)},
		Stranger: {grant(accessv1.Role_ROLE_PRINCIPAL, Foreign)},
	}
}

// As is a context in which the person calls.
func (w *World) As(person string) context.Context {
	return kittest.Context(w.T, person, w.grants[person]...)
}

// Grant gives a person another role, in tokens and in schools.
func (w *World) Grant(person string, role accessv1.Role, node string) {
	w.grants[person] = append(w.grants[person], grant(role, node))
	w.Schools.AddPerson(person, w.grants[person]...)
}
