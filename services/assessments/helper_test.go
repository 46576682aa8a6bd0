package assessments_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	assessments "github.com/tandem-badges/tandem/services/assessments"
)

const (
	survey    = "instruments/family-survey/versions/1"
	standards = "frameworks/national-standards/versions/2022"
	cycle     = "cycles/2026-27"
	team      = "districts/d1/schools/oak/teams/core"

	notToBeFound = "nothing/is/called/this"
)

// directory is a small schools service: district d1 with the schools oak, elm and
// ash (closed), d2 with fir; each school has a team core; one cycle. It pages by
// one school.
type directory struct {
	schoolsv1.UnimplementedOrganizationsServiceServer
	schoolsv1.UnimplementedTeamsServiceServer
	schoolsv1.UnimplementedCyclesServiceServer
	schoolsv1.UnimplementedPlansServiceServer
}

func (directory) schools() []*schoolsv1.School {
	open, closed := schoolsv1.School_STATE_OPEN, schoolsv1.School_STATE_CLOSED
	return []*schoolsv1.School{
		{Name: "districts/d1/schools/ash", Title: "Ash School", State: closed},
		{Name: "districts/d1/schools/elm", Title: "Elm School", State: open},
		{Name: "districts/d1/schools/oak", Title: "Oak School", State: open},
		{Name: "districts/d2/schools/fir", Title: "Fir School", State: open},
	}
}

func (d directory) ListSchools(_ context.Context, req *schoolsv1.ListSchoolsRequest) (*schoolsv1.ListSchoolsResponse, error) {
	var all []*schoolsv1.School
	for _, s := range d.schools() {
		if strings.HasPrefix(s.GetName(), req.GetParent()+"/") {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, problem.NotFound(req.GetParent())
	}
	at, _ := strconv.Atoi(req.GetPageToken())
	resp := &schoolsv1.ListSchoolsResponse{Schools: all[at : at+1]}
	if at+1 < len(all) {
		resp.NextPageToken = strconv.Itoa(at + 1)
	}
	return resp, nil
}

func (d directory) GetDistrict(_ context.Context, req *schoolsv1.GetDistrictRequest) (*schoolsv1.District, error) {
	if name := req.GetName(); name == "districts/d1" || name == "districts/d2" {
		return &schoolsv1.District{Name: name}, nil
	}
	return nil, problem.NotFound(notToBeFound) // callers must see the name they sent
}

func (directory) ListFeederSystems(_ context.Context, req *schoolsv1.ListFeederSystemsRequest) (*schoolsv1.ListFeederSystemsResponse, error) {
	if req.GetParent() != "districts/d1" {
		return &schoolsv1.ListFeederSystemsResponse{}, nil
	}
	return &schoolsv1.ListFeederSystemsResponse{FeederSystems: []*schoolsv1.FeederSystem{
		{Name: "districts/d1/feederSystems/north", Title: "North", Schools: []string{"districts/d1/schools/elm"}},
	}}, nil
}

func (d directory) GetSchool(_ context.Context, req *schoolsv1.GetSchoolRequest) (*schoolsv1.School, error) {
	i := slices.IndexFunc(d.schools(), func(s *schoolsv1.School) bool { return s.GetName() == req.GetName() })
	if i < 0 {
		return nil, problem.NotFound(req.GetName())
	}
	return d.schools()[i], nil
}

func (d directory) GetTeam(ctx context.Context, req *schoolsv1.GetTeamRequest) (*schoolsv1.Team, error) {
	school, ok := strings.CutSuffix(req.GetName(), "/teams/core")
	if _, err := d.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: school}); err != nil || !ok {
		return nil, problem.NotFound(req.GetName())
	}
	return &schoolsv1.Team{Name: req.GetName()}, nil
}

func (directory) CountNotes(_ context.Context, req *schoolsv1.CountNotesRequest) (*schoolsv1.NoteCounts, error) {
	return &schoolsv1.NoteCounts{Name: req.GetName()}, nil
}

func (directory) GetCycle(_ context.Context, req *schoolsv1.GetCycleRequest) (*schoolsv1.Cycle, error) {
	if req.GetName() != cycle {
		return nil, problem.NotFound(req.GetName())
	}
	return &schoolsv1.Cycle{Name: cycle}, nil
}

// world is the service under test with its clients.
type world struct {
	conn        *grpc.ClientConn
	t           *testing.T
	deps        run.Deps
	log         *written
	clock       *clock.Fake
	frameworks  assessmentsv1.FrameworksServiceClient
	instruments assessmentsv1.InstrumentsServiceClient
	campaigns   assessmentsv1.CampaignsServiceClient
	responses   assessmentsv1.ResponsesServiceClient
	results     assessmentsv1.ResultsServiceClient
	selfs       assessmentsv1.SelfAssessmentsServiceClient
}

// start serves the service on SQLite and an embedded bus.
// start serves the service; on a given database it leaves out the tasks, whose
// statements would be counted.
func start(t *testing.T, on ...*sqldb.DB) *world {
	t.Helper()
	signer := kittest.Signer(t)
	deps := kittest.Deps(t, assessments.Name, assessments.Migrations)
	for _, db := range on {
		deps.DB = db
	}
	deps.Peers = map[string]grpc.ClientConnInterface{"schools": kittest.Serve(t, run.Service{
		Name: "schools",
		Register: func(s grpc.ServiceRegistrar) {
			schoolsv1.RegisterOrganizationsServiceServer(s, directory{})
			schoolsv1.RegisterTeamsServiceServer(s, directory{})
			schoolsv1.RegisterCyclesServiceServer(s, directory{})
			schoolsv1.RegisterPlansServiceServer(s, directory{})
		},
	}, kittest.ServeOptions{Signer: signer})}
	svc, err := assessments.New(deps)
	require.NoError(t, err)
	log := &written{}
	both := slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), log), &slog.HandlerOptions{Level: slog.LevelDebug}))
	conn := kittest.Serve(t, svc, kittest.ServeOptions{DB: deps.DB, Signer: signer, NoTask: len(on) > 0, Log: both})
	return &world{
		t: t, log: log, conn: conn, deps: deps, clock: deps.Clock.(*clock.Fake),
		frameworks:  assessmentsv1.NewFrameworksServiceClient(conn),
		instruments: assessmentsv1.NewInstrumentsServiceClient(conn),
		campaigns:   assessmentsv1.NewCampaignsServiceClient(conn),
		responses:   assessmentsv1.NewResponsesServiceClient(conn),
		results:     assessmentsv1.NewResultsServiceClient(conn),
		selfs:       assessmentsv1.NewSelfAssessmentsServiceClient(conn),
	}
}

func (w *world) as(subject string, role accessv1.Role, node string) context.Context {
	return kittest.Context(w.t, subject, access.Grant{Role: role, Node: node})
}

func (w *world) state() context.Context {
	return w.as("people/state", accessv1.Role_ROLE_STATE_ADMIN, "")
}

func (w *world) coordinator() context.Context {
	return w.as("people/coordinator", accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/d1")
}

func (w *world) lead() context.Context {
	return w.as("people/lead", accessv1.Role_ROLE_TEAM_LEAD, "districts/d1/schools/oak")
}

func (w *world) member() context.Context {
	return w.as("people/member", accessv1.Role_ROLE_TEAM_MEMBER, "districts/d1/schools/oak")
}

// draft makes a campaign of d1; change adjusts it before.
func (w *world) draft(id string, change func(c *assessmentsv1.Campaign)) *assessmentsv1.Campaign {
	w.t.Helper()
	c := &assessmentsv1.Campaign{
		Title: "Fall survey", InstrumentVersion: survey, Cycle: cycle, Wave: 1, Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_OPEN_LINK,
	}
	if change != nil {
		change(c)
	}
	got, err := w.campaigns.CreateCampaign(w.coordinator(), &assessmentsv1.CreateCampaignRequest{Parent: "districts/d1", Campaign: c, CampaignId: id})
	require.NoError(w.t, err)
	return got
}

// opened makes an open campaign.
func (w *world) opened(id string, change func(c *assessmentsv1.Campaign)) *assessmentsv1.Campaign {
	w.t.Helper()
	c := w.draft(id, change)
	c, err := w.campaigns.OpenCampaign(w.coordinator(), &assessmentsv1.OpenCampaignRequest{Name: c.GetName()})
	require.NoError(w.t, err)
	return c
}

// answers are valid answers, the i-th respondent's: they spread over all options.
func answers(i int) []*assessmentsv1.Answer {
	var out []*assessmentsv1.Answer
	for _, s := range []string{"welcome", "communicate", "support", "speak", "share", "collaborate"} {
		for q := 1; q <= 3; q++ {
			out = append(out, &assessmentsv1.Answer{Item: fmt.Sprintf("%s-q%d", s, q), Option: []string{"1", "2", "3", "4", "5", "dont-know"}[(i+q)%6]})
		}
	}
	return out
}

// collect keys in n paper answers for a school.
func (w *world) collect(campaign, school string, n int) {
	w.t.Helper()
	for from := 0; from < n; from += 500 {
		var sheets []*assessmentsv1.PaperResponse
		for i := from; i < min(n, from+500); i++ {
			sheets = append(sheets, &assessmentsv1.PaperResponse{ResponseId: fmt.Sprintf("paper-%s-%06d", school, i), Answers: answers(i)})
		}
		resp, err := w.responses.BatchSubmitResponses(w.coordinator(), &assessmentsv1.BatchSubmitResponsesRequest{
			Parent: campaign, School: "districts/d1/schools/" + school, Responses: sheets,
		})
		require.NoError(w.t, err)
		require.EqualValues(w.t, len(sheets), resp.GetStored())
	}
}

// published closes and publishes a campaign and returns its release.
func (w *world) published(campaign string) *assessmentsv1.Release {
	w.t.Helper()
	_, err := w.campaigns.CloseCampaign(w.coordinator(), &assessmentsv1.CloseCampaignRequest{Name: campaign})
	require.NoError(w.t, err)
	op, err := w.campaigns.PublishCampaign(w.coordinator(), &assessmentsv1.PublishCampaignRequest{Name: campaign})
	require.NoError(w.t, err)
	return w.finished(op.GetName())
}

func (w *world) finished(operation string) *assessmentsv1.Release {
	w.t.Helper()
	var op *longrunningpb.Operation
	kittest.Eventually(w.t, func() bool {
		var err error
		op, err = w.campaigns.GetOperation(w.coordinator(), &assessmentsv1.GetOperationRequest{Name: operation})
		require.NoError(w.t, err)
		return op.GetDone()
	}, "operation %s ends", operation)
	var release assessmentsv1.Release
	require.NotNil(w.t, op.GetResponse(), "error: %v", op.GetError())
	require.NoError(w.t, op.GetResponse().UnmarshalTo(&release))
	return &release
}

// refused checks code, reason and the rules of all violations, in order.
func refused(t *testing.T, err error, code codes.Code, reason problem.Reason, rules ...string) {
	t.Helper()
	require.Error(t, err)
	st := status.Convert(err)
	require.Equal(t, code, st.Code(), "%v", err)
	var got []string
	var said string
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			said = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				got = append(got, v.GetField()+" "+v.GetReason())
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				got = append(got, v.GetSubject()+" "+v.GetType())
			}
		}
	}
	require.Equal(t, string(reason), said)
	if len(rules) > 0 {
		require.Equal(t, rules, got)
	}
}

// events counts the events of the outbox by type; answers, where an event counts them.
func (w *world) events() map[string]int {
	w.t.Helper()
	rows, err := w.deps.DB.Conn(kittest.All(w.t)).QueryContext(kittest.All(w.t), `SELECT type, payload FROM outbox`)
	require.NoError(w.t, err)
	defer func() { _ = rows.Close() }()
	out := map[string]int{}
	for rows.Next() {
		var name string
		var payload []byte
		require.NoError(w.t, rows.Scan(&name, &payload))
		name, n := strings.TrimPrefix(name, "tandem.assessments.v1."), 1
		if name == "ResponseCounted" {
			var ev assessmentsv1.ResponseCounted
			require.NoError(w.t, proto.Unmarshal(payload, &ev))
			n = int(ev.GetCounted())
		}
		out[name] += n
	}
	require.NoError(w.t, rows.Err())
	return out
}
