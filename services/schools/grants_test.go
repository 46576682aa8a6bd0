package schools_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

const pete = d1 + "/people/pete"

// staffed is the land with Pete, who holds nothing.
func staffed(t *testing.T) *rig {
	r := newRig(t)
	r.land()
	ok(r, r.people.CreatePerson)(r.coordinator(), &schoolsv1.CreatePersonRequest{
		Parent: d1, PersonId: "pete", Person: &schoolsv1.Person{DisplayName: "Pete", Email: "pete@example.org"},
	})
	return r
}

func ask(role accessv1.Role, node string, until time.Time) *schoolsv1.CreateGrantRequest {
	g := &schoolsv1.Grant{Role: role, Node: node, Reason: "Joins the team."}
	if !until.IsZero() {
		g.EndTime = timestamppb.New(until)
	}
	return &schoolsv1.CreateGrantRequest{Parent: pete, GrantId: "g", Grant: g}
}

// holding is what a person holds by the service itself.
func (r *rig) holding(name string) []*schoolsv1.RoleGrant {
	r.Helper()
	return ok(r, r.people.GetPerson)(r.root(), &schoolsv1.GetPersonRequest{Name: name}).GetGrants()
}

func TestAGrantFromItsGivingToItsEnd(t *testing.T) {
	r := staffed(t)
	now := r.clock.Now()
	g := ok(r, r.grants.CreateGrant)(r.coordinator(), ask(accessv1.Role_ROLE_TEAM_LEAD, s1, now.Add(48*time.Hour)))
	require.Equal(t, schoolsv1.Grant_STATE_ACTIVE, g.GetState())
	require.Equal(t, []any{pete + "/grants/g", s1, d1 + "/people/cora", "Joins the team.", "", false},
		[]any{g.GetName(), g.GetNode(), g.GetGrantor(), g.GetReason(), g.GetApprover(), g.GetUnsupported()})
	require.Equal(t, now.Add(48*time.Hour), g.GetEndTime().AsTime())
	require.Len(t, r.holding(pete), 1)

	subject := ok(r, r.subjects.ResolveSubject)(r.gateway(), &schoolsv1.ResolveSubjectRequest{Name: pete})
	require.Equal(t, "Pete", subject.GetDisplayName())
	require.Equal(t, []any{accessv1.Role_ROLE_TEAM_LEAD, s1, g.GetEndTime().AsTime()},
		[]any{subject.GetGrants()[0].GetRole(), subject.GetGrants()[0].GetNode(), subject.GetGrants()[0].GetEndTime().AsTime()})

	r.clock.Advance(48*time.Hour - time.Second)
	require.Len(t, r.holding(pete), 1)
	r.clock.Advance(time.Second)
	require.Empty(t, r.holding(pete), "its end has passed")
	require.Empty(t, ok(r, r.subjects.ResolveSubject)(r.gateway(), &schoolsv1.ResolveSubjectRequest{Name: pete}).GetGrants())
	require.Equal(t, schoolsv1.Grant_STATE_EXPIRED, ok(r, r.grants.GetGrant)(r.coordinator(), &schoolsv1.GetGrantRequest{Name: g.GetName()}).GetState())

	next := ask(accessv1.Role_ROLE_PRINCIPAL, s1, time.Time{})
	next.GrantId = "next"
	second := ok(r, r.grants.CreateGrant)(r.coordinator(), next)
	done := ok(r, r.grants.EndGrant)(r.coordinator(), &schoolsv1.EndGrantRequest{Name: second.GetName(), Etag: second.GetEtag(), Reason: "Retires."})
	require.Equal(t, []any{schoolsv1.Grant_STATE_ENDED, d1 + "/people/cora", "Retires."}, []any{done.GetState(), done.GetEndedBy(), done.GetEndReason()})
	require.Equal(t, codes.Aborted, refused(r, r.grants.EndGrant)(r.coordinator(), &schoolsv1.EndGrantRequest{Name: second.GetName(), Etag: second.GetEtag(), Reason: "Again."}).Code)
	all := ok(r, r.grants.ListGrants)(r.coordinator(), &schoolsv1.ListGrantsRequest{Parent: pete, PageSize: 1})
	require.Equal(t, second.GetName(), all.GetGrants()[0].GetName(), "the newest first")
	rest := ok(r, r.grants.ListGrants)(r.coordinator(), &schoolsv1.ListGrantsRequest{Parent: pete, PageSize: 1, PageToken: all.GetNextPageToken()})
	require.Equal(t, g.GetName(), rest.GetGrants()[0].GetName())
	require.Empty(t, rest.GetNextPageToken())
	require.Equal(t, []string{"GrantGiven", "GrantEnded"}, r.emitted(second.GetName()))
}

func TestTwoPeopleForADangerousGrant(t *testing.T) {
	r := staffed(t)
	r.hire("people/abe", accessv1.Role_ROLE_STATE_ADMIN, "")
	abe := r.as("people/abe", accessv1.Role_ROLE_STATE_ADMIN, "")
	g := ok(r, r.grants.CreateGrant)(r.state(), ask(accessv1.Role_ROLE_PANEL_CHAIR, d1, time.Time{}))
	require.Equal(t, schoolsv1.Grant_STATE_PENDING, g.GetState())
	require.Empty(t, r.holding(pete))
	approve := &schoolsv1.ApproveGrantRequest{Name: g.GetName(), Etag: g.GetEtag()}
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "CONFLICT_OF_INTEREST", Rules: []string{g.GetName() + ": second_person"}},
		refused(r, r.grants.ApproveGrant)(r.state(), approve))
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "ROLE_INSUFFICIENT", Rules: []string{g.GetName() + ": grant_exceeds_own"}},
		refused(r, r.grants.ApproveGrant)(r.coordinator(), approve))
	done := ok(r, r.grants.ApproveGrant)(abe, approve)
	require.Equal(t, []any{schoolsv1.Grant_STATE_ACTIVE, "people/abe", "people/ada"}, []any{done.GetState(), done.GetApprover(), done.GetGrantor()})
	require.Len(t, r.holding(pete), 1)
	require.Equal(t, []string{"GrantRequested", "GrantGiven"}, r.emitted(g.GetName()))
}

func TestOfManyApprovalsAtOnceOneCounts(t *testing.T) {
	r := staffed(t)
	var approvers []context.Context
	for _, id := range []string{"abe", "bea", "cal", "dee"} {
		approvers = append(approvers, r.hire("people/"+id, accessv1.Role_ROLE_STATE_ADMIN, ""))
	}
	g := ok(r, r.grants.CreateGrant)(r.state(), ask(accessv1.Role_ROLE_PANEL_CHAIR, d1, time.Time{}))
	results := make([]error, len(approvers))
	var all sync.WaitGroup
	for i, ctx := range approvers {
		all.Go(func() { _, results[i] = r.grants.ApproveGrant(ctx, &schoolsv1.ApproveGrantRequest{Name: g.GetName()}) })
	}
	all.Wait()
	approved := 0
	for _, err := range results {
		if err == nil {
			approved++
			continue
		}
		require.Equal(t, []string{g.GetName() + ": grant_pending"}, refusalOf(err).Rules)
	}
	require.Equal(t, 1, approved)
	require.Equal(t, []string{"GrantRequested", "GrantGiven"}, r.emitted(g.GetName()))
}

// TestAForeignGrantIsOneThatNeverWas asks as a coordinator for what is in
// another district and for what is nowhere.
func TestAForeignGrantIsOneThatNeverWas(t *testing.T) {
	r := staffed(t)
	there := d2 + "/people/nell"
	r.hire(there, accessv1.Role_ROLE_DISTRICT_COORDINATOR, d2)
	cora := r.coordinator()
	for _, name := range []string{there, d2 + "/people/nobody", "districts/none/people/nell"} {
		grant := name + "/grants/first-1"
		want := refusal{Code: codes.NotFound, Reason: "RESOURCE_NOT_FOUND", Name: grant}
		require.Equal(t, want, refused(r, r.grants.GetGrant)(cora, &schoolsv1.GetGrantRequest{Name: grant}))
		require.Equal(t, want, refused(r, r.grants.ApproveGrant)(cora, &schoolsv1.ApproveGrantRequest{Name: grant}))
		require.Equal(t, want, refused(r, r.grants.EndGrant)(cora, &schoolsv1.EndGrantRequest{Name: grant, Reason: "x"}))
		want.Name = name
		require.Equal(t, want, refused(r, r.grants.ListGrants)(cora, &schoolsv1.ListGrantsRequest{Parent: name}))
		req := ask(accessv1.Role_ROLE_TEAM_LEAD, s1, time.Time{})
		req.Parent = name
		require.Equal(t, want, refused(r, r.grants.CreateGrant)(cora, req))
	}
	require.Equal(t, codes.PermissionDenied, refused(r, r.grants.GetGrant)(cora, &schoolsv1.GetGrantRequest{Name: "people/ada/grants/first-1"}).Code,
		"that there is a state office is no secret")
}

func TestNamesOfGrantsHaveTheirForm(t *testing.T) {
	r := staffed(t)
	for _, name := range []string{d1 + "/people/p", d1 + "/schools/s/grants/g", d1 + "/people/p/grants/g/more"} {
		require.Equal(t, invalid("name: name_form"), refused(r, r.grants.GetGrant)(r.state(), &schoolsv1.GetGrantRequest{Name: name}), name)
	}
}

func TestWhoCanSeeASchool(t *testing.T) {
	r := staffed(t)
	ok(r, r.grants.CreateGrant)(r.coordinator(), ask(accessv1.Role_ROLE_TEAM_LEAD, s1, time.Time{}))
	r.hire(d2+"/people/nell", accessv1.Role_ROLE_DISTRICT_COORDINATOR, d2)
	who := func(ctx context.Context, req *schoolsv1.ListNodeGrantsRequest) []string {
		var all []string
		for _, h := range ok(r, r.subjects.ListNodeGrants)(ctx, req).GetHolders() {
			require.NotEmpty(t, h.GetDisplayName())
			require.NotEqual(t, schoolsv1.Grant_STATE_UNSPECIFIED, h.GetGrant().GetState())
			all = append(all, h.GetPerson())
		}
		return all
	}
	want := []string{d1 + "/people/cora", pete, "people/ada"}
	require.Equal(t, want, who(r.coordinator(), &schoolsv1.ListNodeGrantsRequest{Node: s1}))
	require.Equal(t, want, who(r.principal(), &schoolsv1.ListNodeGrantsRequest{Node: s1}))
	require.Equal(t, want, who(r.coordinator(), &schoolsv1.ListNodeGrantsRequest{Node: d1, Below: true}))
	require.Len(t, who(r.state(), &schoolsv1.ListNodeGrantsRequest{Below: true}), 4)
	first := ok(r, r.subjects.ListNodeGrants)(r.coordinator(), &schoolsv1.ListNodeGrantsRequest{Node: s1, PageSize: 2})
	require.Equal(t, want[2:], who(r.coordinator(), &schoolsv1.ListNodeGrantsRequest{Node: s1, PageSize: 2, PageToken: first.GetNextPageToken()}))
	require.Equal(t, codes.NotFound, refused(r, r.subjects.ListNodeGrants)(r.coordinator(), &schoolsv1.ListNodeGrantsRequest{Node: other}).Code)
	require.Equal(t, codes.PermissionDenied, refused(r, r.subjects.ListNodeGrants)(r.principal(), &schoolsv1.ListNodeGrantsRequest{Node: d1}).Code)
}

// gateway is the gateway itself, before it knows who calls.
func (r *rig) gateway() context.Context { return r.Context() }
