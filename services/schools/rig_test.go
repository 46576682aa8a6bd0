package schools_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools"
)

const (
	d1, d2    = "districts/0880", "districts/0900"
	s1, s2    = d1 + "/schools/1001", d1 + "/schools/1002"
	other     = d2 + "/schools/2001"
	framework = "frameworks/national/versions/v1"
	year      = "cycles/2026-27"
)

// frameworks is the assessments service as far as schools needs it.
type frameworks struct {
	assessmentsv1.UnimplementedFrameworksServiceServer
	subjects chan string
}

func (f *frameworks) GetFrameworkVersion(ctx context.Context, req *assessmentsv1.GetFrameworkVersionRequest) (*assessmentsv1.FrameworkVersion, error) {
	id, _ := access.FromContext(ctx)
	select {
	case f.subjects <- id.Subject:
	default:
	}
	v := &assessmentsv1.FrameworkVersion{Name: req.GetName(), State: assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED}
	switch req.GetName() {
	case framework:
	case "frameworks/national/versions/draft":
		v.State = assessmentsv1.PublishState_PUBLISH_STATE_DRAFT
	default:
		return nil, problem.NotFound(req.GetName())
	}
	for _, standard := range []string{"welcome", "communicate"} {
		v.Standards = append(v.Standards, &assessmentsv1.Standard{Id: standard, Goals: []*assessmentsv1.StandardGoal{{
			Id: standard + "-g", Indicators: []*assessmentsv1.Indicator{{Id: standard + "-1"}, {Id: standard + "-2"}},
		}}})
	}
	return v, nil
}

// rig is the service behind the whole chain with its clients.
type rig struct {
	*testing.T
	conn  *grpc.ClientConn
	db    *sqldb.DB
	bus   *bus.Bus
	clock *clock.Fake
	asked chan string

	orgs     schoolsv1.OrganizationsServiceClient
	people   schoolsv1.PeopleServiceClient
	grants   schoolsv1.GrantsServiceClient
	subjects schoolsv1.SubjectsServiceClient
	limits   schoolsv1.RestrictionsServiceClient
	cycles   schoolsv1.CyclesServiceClient
	teams    schoolsv1.TeamsServiceClient
	journeys schoolsv1.JourneysServiceClient
	plans    schoolsv1.PlansServiceClient
}

// newRig serves the service; on a given database it leaves out the tasks, whose
// statements would be counted.
func newRig(t *testing.T, on ...*sqldb.DB) *rig {
	t.Helper()
	signer := kittest.Signer(t)
	fake := &frameworks{subjects: make(chan string, 100)}
	peer := kittest.Serve(t, run.Service{Name: "assessments", Register: func(to grpc.ServiceRegistrar) {
		assessmentsv1.RegisterFrameworksServiceServer(to, fake)
	}}, kittest.ServeOptions{Signer: signer})
	deps := kittest.Deps(t, "schools", schools.Migrations)
	for _, db := range on {
		deps.DB = db
	}
	now := clock.NewFake(kittest.Start())
	deps.Clock = now
	deps.Peers = map[string]grpc.ClientConnInterface{"assessments": peer}
	svc, err := schools.New(deps)
	require.NoError(t, err)
	conn := kittest.Serve(t, svc, kittest.ServeOptions{DB: deps.DB, Signer: signer, Clock: now, NoTask: len(on) > 0})
	return &rig{
		T: t, conn: conn, db: deps.DB, bus: deps.Bus, clock: now, asked: fake.subjects,
		orgs: schoolsv1.NewOrganizationsServiceClient(conn), people: schoolsv1.NewPeopleServiceClient(conn),
		grants: schoolsv1.NewGrantsServiceClient(conn), subjects: schoolsv1.NewSubjectsServiceClient(conn),
		limits: schoolsv1.NewRestrictionsServiceClient(conn),
		cycles: schoolsv1.NewCyclesServiceClient(conn), teams: schoolsv1.NewTeamsServiceClient(conn),
		journeys: schoolsv1.NewJourneysServiceClient(conn), plans: schoolsv1.NewPlansServiceClient(conn),
	}
}

func (r *rig) as(subject string, role accessv1.Role, node string) context.Context {
	return kittest.Context(r, subject, access.Grant{Role: role, Node: node})
}

// root is who was there before any person.
func (r *rig) root() context.Context {
	return r.as("people/dev-admin", accessv1.Role_ROLE_STATE_ADMIN, "")
}

// hire registers a person with a role that a root gives.
func (r *rig) hire(name string, role accessv1.Role, node string) context.Context {
	r.Helper()
	parent, id, _ := strings.Cut(name, "people/")
	ok(r, r.people.CreatePerson)(r.root(), &schoolsv1.CreatePersonRequest{
		Parent: strings.TrimSuffix(parent, "/"), PersonId: id, Person: &schoolsv1.Person{
			DisplayName: id, Email: id + "@example.org", Grants: []*schoolsv1.RoleGrant{{Role: role, Node: node}},
		},
	})
	return r.as(name, role, node)
}

func (r *rig) state() context.Context {
	return r.as("people/ada", accessv1.Role_ROLE_STATE_ADMIN, "")
}

func (r *rig) coordinator() context.Context {
	return r.as(d1+"/people/cora", accessv1.Role_ROLE_DISTRICT_COORDINATOR, d1)
}

func (r *rig) principal() context.Context {
	return r.as(d1+"/people/pat", accessv1.Role_ROLE_PRINCIPAL, s1)
}

func (r *rig) lead() context.Context {
	return r.as(d1+"/people/lena", accessv1.Role_ROLE_TEAM_LEAD, s1)
}

// land registers two districts with three schools, an open cycle, and who gives
// roles to others: a state administrator and a coordinator.
func (r *rig) land() {
	ctx := r.root()
	for _, id := range []string{"0880", "0900"} {
		ok(r, r.orgs.CreateDistrict)(ctx, &schoolsv1.CreateDistrictRequest{
			DistrictId: id, District: &schoolsv1.District{Title: "District " + id, TimeZone: "America/Denver"},
		})
	}
	for _, name := range []string{s1, s2, other} {
		ok(r, r.orgs.CreateSchool)(ctx, &schoolsv1.CreateSchoolRequest{
			Parent: name[:len(d1)], SchoolId: name[len(d1)+len("/schools/"):], School: &schoolsv1.School{Title: "School " + name[len(name)-4:]},
		})
	}
	ok(r, r.cycles.CreateCycle)(ctx, &schoolsv1.CreateCycleRequest{CycleId: "2026-27", Cycle: aCycle(2026)})
	ok(r, r.cycles.OpenCycle)(ctx, &schoolsv1.OpenCycleRequest{Name: year})
	r.hire("people/ada", accessv1.Role_ROLE_STATE_ADMIN, "")
	r.hire(d1+"/people/cora", accessv1.Role_ROLE_DISTRICT_COORDINATOR, d1)
}

func aCycle(from int) *schoolsv1.Cycle {
	day := func(y, m, d int) string {
		return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	return &schoolsv1.Cycle{
		Title: day(from, 8, 1)[:4], StartDate: day(from, 8, 1), EndDate: day(from+1, 7, 31),
		Terms: []*schoolsv1.Term{
			{Title: "Fall", StartDate: day(from, 8, 15), EndDate: day(from, 12, 20)},
			{Title: "Spring", StartDate: day(from+1, 1, 8), EndDate: day(from+1, 6, 5)},
		},
	}
}

// aTeam forms a team of three confirmed members without accounts.
func (r *rig) aTeam() string {
	team := ok(r, r.teams.CreateTeam)(r.lead(), &schoolsv1.CreateTeamRequest{
		Parent: s1, TeamId: "t1", Team: &schoolsv1.Team{Title: "Action team"},
	}).GetName()
	for id, group := range map[string]typev1.StakeholderGroup{
		"sam": typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF, "fay": typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY,
		"flo": typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY,
	} {
		m := ok(r, r.teams.CreateMember)(r.lead(), &schoolsv1.CreateMemberRequest{
			Parent: team, MemberId: id, Member: &schoolsv1.Member{DisplayName: id, Group: group},
		})
		ok(r, r.teams.ConfirmMember)(r.lead(), &schoolsv1.ConfirmMemberRequest{Name: m.GetName(), Etag: m.GetEtag()})
	}
	return team
}

func (r *rig) aJourney(team string) *schoolsv1.Journey {
	return ok(r, r.journeys.CreateJourney)(r.lead(), &schoolsv1.CreateJourneyRequest{
		Parent: team, JourneyId: "j1", Journey: &schoolsv1.Journey{Cycle: year, FrameworkVersion: framework},
	})
}

// tell publishes an event of another service as its relay would.
func (r *rig) tell(msg proto.Message, name string) {
	r.Helper()
	topic, err := bus.TopicOf(msg)
	require.NoError(r, err)
	district, err := bus.DistrictOf(name)
	require.NoError(r, err)
	data, err := proto.Marshal(msg)
	require.NoError(r, err)
	require.NoError(r, r.bus.Ensure(kittest.All(r), topic.Service))
	require.NoError(r, r.bus.Publish(kittest.All(r), bus.Event{
		ID: ids.New(), Type: topic.Type, Subject: topic.Subject(district), Name: name, Time: r.clock.Now(), Data: data,
	}))
}

// emitted returns the types of the events about a resource, in order.
func (r *rig) emitted(name string) []string {
	r.Helper()
	rows, err := r.db.Conn(kittest.All(r)).QueryContext(kittest.All(r), `SELECT type FROM outbox WHERE name = $1 ORDER BY seq`, name)
	require.NoError(r, err)
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var one string
		require.NoError(r, rows.Scan(&one))
		all = append(all, one[len("tandem.schools.v1."):])
	}
	require.NoError(r, rows.Err())
	return all
}

// ok calls an RPC that must succeed.
func ok[Q, P any](r *rig, call func(context.Context, Q, ...grpc.CallOption) (P, error)) func(context.Context, Q) P {
	r.Helper()
	return func(ctx context.Context, req Q) P {
		r.Helper()
		resp, err := call(ctx, req)
		require.NoError(r, err)
		return resp
	}
}

// refusal is what a caller sees of an error.
type refusal struct {
	Code   codes.Code
	Reason string
	Rules  []string // "field: rule" of each violation
	Name   string   // of the resource that was not found
}

// refused calls an RPC that must fail.
func refused[Q, P any](r *rig, call func(context.Context, Q, ...grpc.CallOption) (P, error)) func(context.Context, Q) refusal {
	r.Helper()
	return func(ctx context.Context, req Q) refusal {
		r.Helper()
		_, err := call(ctx, req)
		require.Error(r, err)
		return refusalOf(err)
	}
}

func refusalOf(err error) refusal {
	s := status.Convert(err)
	f := refusal{Code: s.Code()}
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			f.Reason = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				f.Rules = append(f.Rules, v.GetField()+": "+v.GetReason())
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				f.Rules = append(f.Rules, v.GetSubject()+": "+v.GetType())
			}
		case *errdetails.ResourceInfo:
			f.Name = d.GetResourceName()
		}
	}
	return f
}
