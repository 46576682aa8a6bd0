package review_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
	"github.com/tandem-badges/tandem/gateway/internal/review"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	aspen = "districts/aspen"
	oak   = aspen + "/schools/oak"
	birch = "districts/birch"

	coordinatorRole = accessv1.Role_ROLE_DISTRICT_COORDINATOR
	evaluatorRole   = accessv1.Role_ROLE_OUTSIDE_EVALUATOR
	adminRole       = accessv1.Role_ROLE_STATE_ADMIN
	leadRole        = accessv1.Role_ROLE_TEAM_LEAD
)

// fakeSubjects knows people and their grants, as the schools service does.
type fakeSubjects struct {
	schoolsv1.SubjectsServiceClient
	people  map[string]*schoolsv1.Subject
	holders []*schoolsv1.Holder
	asked   *schoolsv1.ListNodeGrantsRequest
	fail    error
}

func (f *fakeSubjects) ResolveSubject(_ context.Context, req *schoolsv1.ResolveSubjectRequest, _ ...grpc.CallOption) (*schoolsv1.Subject, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if p, ok := f.people[req.GetName()]; ok {
		return p, nil
	}
	return nil, status.Error(codes.NotFound, "nobody")
}

// ListNodeGrants pages by number.
func (f *fakeSubjects) ListNodeGrants(_ context.Context, req *schoolsv1.ListNodeGrantsRequest, _ ...grpc.CallOption) (*schoolsv1.ListNodeGrantsResponse, error) {
	f.asked = req
	if f.fail != nil {
		return nil, f.fail
	}
	from, _ := strconv.Atoi(req.GetPageToken())
	to := min(len(f.holders), from+int(req.GetPageSize()))
	answer := &schoolsv1.ListNodeGrantsResponse{Holders: f.holders[from:to]}
	if to < len(f.holders) {
		answer.NextPageToken = strconv.Itoa(to)
	}
	return answer, nil
}

type world struct {
	t        *testing.T
	subjects *fakeSubjects
	store    *store.Store
	clock    *clock.Fake
	server   gatewayv1.AccessServiceServer
}

func newWorld(t *testing.T) *world {
	c := clock.NewFake(kittest.Start())
	w := &world{t: t, clock: c, subjects: &fakeSubjects{people: map[string]*schoolsv1.Subject{}}, store: store.New(kittest.SQLite(t, "gateway", store.Migrations()), c)}
	w.server = review.New(review.Options{
		Subjects: w.subjects, Machines: w.store, Clock: c,
		Scopes: []machine.Scope{{Name: "schools.read"}, {Name: "people.read", Identified: true}},
	})
	return w
}

func as(t *testing.T, role accessv1.Role, node string) context.Context {
	return kittest.Context(t, "people/asker", access.Grant{Role: role, Node: node})
}

// person registers somebody with a role.
func (w *world) person(name string, role accessv1.Role, node string) {
	grant := &schoolsv1.Grant{
		Name: name + "/grants/g", Role: role, Node: node, Reason: "works there", Grantor: "people/g", Approver: "people/h",
		StartTime: timestamppb.New(kittest.Start().Add(-time.Hour)),
	}
	w.subjects.people[name] = &schoolsv1.Subject{Name: name, Grants: []*schoolsv1.Grant{grant}}
	w.subjects.holders = append(w.subjects.holders, &schoolsv1.Holder{Person: name, DisplayName: "N " + name, Grant: grant})
}

func (w *world) machine(name string, change func(c *machine.Client)) {
	w.t.Helper()
	c := machine.Client{Name: name, Version: 1, Created: kittest.Start(), Updated: kittest.Start(), Creator: "people/c", Fields: machine.Fields{Title: "M", Scopes: []string{"schools.read"}}}
	if change != nil {
		change(&c)
	}
	require.NoError(w.t, w.store.InsertClient(tenant.Everything(w.t.Context(), "test"), c))
}

func (w *world) review(ctx context.Context, name string, below bool, size int32) (subjects []string, rows []*gatewayv1.AccessHolder) {
	w.t.Helper()
	token := ""
	for range 50 {
		page, err := w.server.ReviewAccess(ctx, &gatewayv1.ReviewAccessRequest{Name: name, Below: below, PageSize: size, PageToken: token})
		require.NoError(w.t, err)
		require.LessOrEqual(w.t, len(page.GetHolders()), int(max(size, 50)))
		for _, h := range page.GetHolders() {
			subjects, rows = append(subjects, h.GetSubject()), append(rows, h)
		}
		if token = page.GetNextPageToken(); token == "" {
			return subjects, rows
		}
	}
	require.Fail(w.t, "pages without an end")
	return nil, nil
}

func TestAReviewNamesPeopleThenMachinesWithWhatTheyMay(t *testing.T) {
	w := newWorld(t)
	w.person(aspen+"/people/ana", coordinatorRole, aspen)
	w.person("people/eve", evaluatorRole, aspen)
	w.machine(aspen+"/apiClients/sync", nil)
	w.machine(aspen+"/apiClients/names", func(c *machine.Client) {
		c.Scopes, c.Approved, c.Approver = []string{"schools.read", "people.read"}, []string{"people.read"}, "people/second"
	})
	w.machine(aspen+"/apiClients/waits", func(c *machine.Client) { c.Scopes = []string{"people.read"} })
	w.machine(aspen+"/apiClients/off", func(c *machine.Client) { c.Disabled = true })
	w.machine(aspen+"/apiClients/over", func(c *machine.Client) { c.End = kittest.Start() })
	w.machine(birch+"/apiClients/sync", nil)

	subjects, rows := w.review(as(t, coordinatorRole, aspen), oak, false, 0)
	require.Equal(t, []string{aspen + "/people/ana", "people/eve", aspen + "/apiClients/names", aspen + "/apiClients/sync"}, subjects)
	require.Equal(t, oak, w.subjects.asked.GetNode())

	ana, eve, names, sync := rows[0], rows[1], rows[2], rows[3]
	require.Equal(t, []string{"N " + ana.GetSubject(), "works there", "people/g", "people/h", ana.GetSubject() + "/grants/g"},
		[]string{ana.GetDisplayName(), ana.GetReason(), ana.GetGrantor(), ana.GetApprover(), ana.GetGrant()})
	require.Contains(t, ana.GetActions(), "keep machines")
	require.Contains(t, ana.GetActions(), "read a school")
	require.False(t, ana.GetDeidentified())
	require.True(t, eve.GetDeidentified())
	require.NotContains(t, eve.GetActions(), "keep people")
	require.Equal(t, accessv1.Role_ROLE_INTEGRATION, sync.GetRole())
	require.Equal(t, aspen, sync.GetNode())
	require.True(t, sync.GetDeidentified())
	require.Contains(t, sync.GetActions(), "read a school")
	require.NotContains(t, sync.GetActions(), "list people")
	require.Equal(t, []string{"schools.read", "people.read"}, names.GetScopes())
	require.False(t, names.GetDeidentified())
	require.Contains(t, names.GetActions(), "list people")
	require.Equal(t, "people/second", names.GetApprover())
}

func TestAReviewIsTheSameInPagesOfAnySize(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.person(fmt.Sprintf("%s/people/p%d", aspen, i), leadRole, oak)
		w.machine(fmt.Sprintf("%s/apiClients/m%d", aspen, i), nil)
		w.machine(fmt.Sprintf("%s/apiClients/m%d", birch, i), func(c *machine.Client) { c.Disabled = i%2 == 0 })
	}
	ctx := as(t, adminRole, "")
	whole, _ := w.review(ctx, "", true, 0)
	require.Len(t, whole, 5+5+2)
	for size := int32(1); size < 9; size++ {
		pages, _ := w.review(ctx, "", true, size)
		require.Equal(t, whole, pages, "pages of %d", size)
	}
	state, _ := w.review(ctx, "", false, 0)
	require.Len(t, state, 5, "of the state itself no machine sees anything")
}

func TestARoleBelowIsSaidForWhereItIs(t *testing.T) {
	w := newWorld(t)
	w.person(aspen+"/people/lea", leadRole, oak)
	_, rows := w.review(as(t, coordinatorRole, aspen), aspen, true, 0)
	require.True(t, w.subjects.asked.GetBelow())
	require.Contains(t, rows[0].GetActions(), "lead the journey")
}

func TestWhatCannotBeReviewed(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"districts", "districts/-", aspen + "/schools", oak + "/teams/t", "people/ana", "districts/a b"} {
		_, err := w.server.ReviewAccess(as(t, adminRole, ""), &gatewayv1.ReviewAccessRequest{Name: name})
		require.True(t, problem.Is(err, problem.KindInvalid), name)
	}
	w.subjects.fail = problem.Unavailable("schools")
	_, err := w.server.ReviewAccess(as(t, adminRole, ""), &gatewayv1.ReviewAccessRequest{Name: aspen})
	require.ErrorIs(t, err, w.subjects.fail)
}

func (w *world) explain(ctx context.Context, subject, action, resource string) (*gatewayv1.ExplainAccessResponse, error) {
	return w.server.ExplainAccess(ctx, &gatewayv1.ExplainAccessRequest{Subject: subject, Action: action, Resource: resource})
}

func TestAnExplanationIsWhatACallWouldBeAnswered(t *testing.T) {
	w := newWorld(t)
	w.person(aspen+"/people/ana", coordinatorRole, aspen)
	w.person(aspen+"/people/lea", leadRole, oak)
	w.person("people/eve", evaluatorRole, aspen)
	w.person(aspen+"/people/gone", coordinatorRole, aspen)
	w.subjects.people[aspen+"/people/gone"].Disabled = true
	w.machine(aspen+"/apiClients/sync", func(c *machine.Client) { c.Scopes = []string{"schools.read", "people.read"} })
	w.machine(aspen+"/apiClients/off", func(c *machine.Client) { c.Disabled = true })
	for name, c := range map[string]struct {
		subject, action, resource string
		want                      gatewayv1.ExplainAccessResponse_Decision
		deidentified              bool
		note                      string
	}{
		"a coordinator in the district":   {aspen + "/people/ana", "people.list", aspen, gatewayv1.ExplainAccessResponse_DECISION_ALLOWED, false, ""},
		"a lead sees and may not":         {aspen + "/people/lea", "people.list", aspen, gatewayv1.ExplainAccessResponse_DECISION_DENIED, false, ""},
		"a lead in another school":        {aspen + "/people/lea", "schools.get", aspen + "/schools/ash", gatewayv1.ExplainAccessResponse_DECISION_UNKNOWN, false, ""},
		"an evaluator without people":     {"people/eve", "journeys.get", oak + "/teams/t/journeys/j", gatewayv1.ExplainAccessResponse_DECISION_ALLOWED, true, ""},
		"somebody who may not sign in":    {aspen + "/people/gone", "people.list", aspen, gatewayv1.ExplainAccessResponse_DECISION_UNKNOWN, false, "may not sign in"},
		"a machine by its scope":          {aspen + "/apiClients/sync", "schools.get", oak, gatewayv1.ExplainAccessResponse_DECISION_ALLOWED, true, "waits for a second person"},
		"a machine whose scope waits":     {aspen + "/apiClients/sync", "people.list", aspen, gatewayv1.ExplainAccessResponse_DECISION_DENIED, false, "waits for a second person"},
		"a machine that is off":           {aspen + "/apiClients/off", "schools.get", oak, gatewayv1.ExplainAccessResponse_DECISION_DENIED, false, "disabled"},
		"an action that is none":          {aspen + "/people/ana", "schools.fly", oak, gatewayv1.ExplainAccessResponse_DECISION_UNKNOWN, false, "No policy knows"},
		"somewhere else in the own state": {aspen + "/people/ana", "schools.get", birch + "/schools/elm", gatewayv1.ExplainAccessResponse_DECISION_UNKNOWN, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := w.explain(as(t, adminRole, ""), c.subject, c.action, c.resource)
			require.NoError(t, err)
			require.Equal(t, c.want, e.GetDecision(), "%v", e.GetReasons())
			require.Equal(t, c.deidentified, e.GetDeidentified())
			require.Equal(t, c.want == gatewayv1.ExplainAccessResponse_DECISION_ALLOWED, len(e.GetPolicies()) > 0)
			for _, p := range e.GetPolicies() {
				require.NotEmpty(t, p.GetText())
				require.NotEmpty(t, p.GetFile())
			}
			require.NotEmpty(t, e.GetReasons())
			require.True(t, c.note == "" || slices.ContainsFunc(e.GetReasons(), func(r string) bool { return strings.Contains(r, c.note) }), "%v", e.GetReasons())
		})
	}
}

func TestWhoHasNothingToDoHereIsNobody(t *testing.T) {
	w := newWorld(t)
	w.person(birch+"/people/ben", coordinatorRole, birch)
	w.person("people/ada", adminRole, "")
	w.machine(birch+"/apiClients/sync", nil)
	ctx := as(t, coordinatorRole, aspen)
	for _, subject := range []string{birch + "/people/ben", birch + "/people/none", "people/none", birch + "/apiClients/sync", birch + "/apiClients/none"} {
		_, err := w.explain(ctx, subject, "schools.get", oak)
		p, ok := problem.As(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, problem.ReasonResourceNotFound, p.Reason)
		require.Equal(t, subject, p.Name, "what is there and what is not are answered alike")
	}
	e, err := w.explain(ctx, "people/ada", "schools.get", oak)
	require.NoError(t, err, "whose role reaches here is shown")
	require.Equal(t, gatewayv1.ExplainAccessResponse_DECISION_ALLOWED, e.GetDecision())
	for _, subject := range []string{"ana", aspen, aspen + "/people/-", aspen + "/teams/t", "people/a/b"} {
		_, err := w.explain(ctx, subject, "schools.get", oak)
		require.True(t, problem.Is(err, problem.KindInvalid), subject)
	}
	w.subjects.fail = status.Error(codes.Unavailable, "away")
	_, err = w.explain(ctx, "people/ada", "schools.get", oak)
	require.Equal(t, codes.Unavailable, status.Code(err), "a failure is not taken for nobody")
}
