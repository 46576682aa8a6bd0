package schools_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/restrictions"
)

// heeding follows what the service announces, as another process does, and tells
// whether a team lead of the first school may take a note.
func (r *rig) heeding() (may func() bool) {
	own := access.AwaitedRestrictions()
	task, check := restrictions.Follow(r.bus, own, kittest.Log(r))
	kittest.Go(r, task.Run)
	kittest.EventuallyNoError(r, func() error { return check.Probe(r.Context()) })
	ctx := access.WithRestrictions(r.Context(), own)
	lead := access.Identity{Subject: d1 + "/people/lena", Grants: []access.Grant{{Role: accessv1.Role_ROLE_TEAM_LEAD, Node: s1}}}
	return func() bool {
		return access.Check(ctx, lead, &accessv1.Rule{Action: "notes.create"}, s1) == nil
	}
}

func TestWhatADistrictForbidsReachesEveryService(t *testing.T) {
	r := newRig(t)
	r.land()
	may := r.heeding()
	require.True(t, may())
	forbid := &schoolsv1.CreateRestrictionRequest{Parent: d1, RestrictionId: "paper", Restriction: &schoolsv1.Restriction{
		Actions: []string{"notes.*"}, Roles: []accessv1.Role{accessv1.Role_ROLE_TEAM_LEAD}, Reason: "Notes stay on paper here.",
	}}
	made := ok(r, r.limits.CreateRestriction)(r.coordinator(), forbid)
	require.Contains(t, made.GetPolicy(), "forbid")
	require.Contains(t, made.GetPolicy(), `Node::"districts/0880"`)
	kittest.Eventually(t, func() bool { return !may() }, "the other service heeds it")
	require.Equal(t, made.GetPolicy(), ok(r, r.limits.GetRestriction)(r.coordinator(), &schoolsv1.GetRestrictionRequest{Name: made.GetName()}).GetPolicy())
	require.Len(t, ok(r, r.limits.ListRestrictions)(r.coordinator(), &schoolsv1.ListRestrictionsRequest{Parent: d1}).GetRestrictions(), 1)

	require.Equal(t, codes.Aborted, refused(r, r.limits.DeleteRestriction)(r.coordinator(), &schoolsv1.DeleteRestrictionRequest{Name: made.GetName(), Etag: "x"}).Code)
	ok(r, r.limits.DeleteRestriction)(r.coordinator(), &schoolsv1.DeleteRestrictionRequest{Name: made.GetName(), Etag: made.GetEtag()})
	kittest.Eventually(t, may, "the other service heeds that it is lifted")
	require.Equal(t, codes.NotFound, refused(r, r.limits.GetRestriction)(r.coordinator(), &schoolsv1.GetRestrictionRequest{Name: made.GetName()}).Code)
	require.Empty(t, ok(r, r.limits.ListRestrictions)(r.coordinator(), &schoolsv1.ListRestrictionsRequest{Parent: d1}).GetRestrictions())
	require.Equal(t, []string{"RestrictionsChanged", "RestrictionsChanged"}, r.emitted(made.GetName()))
}

func TestWhoRestrictsAndWhere(t *testing.T) {
	r := newRig(t)
	r.land()
	forbid := func(parent string, actions ...string) *schoolsv1.CreateRestrictionRequest {
		return &schoolsv1.CreateRestrictionRequest{Parent: parent, Restriction: &schoolsv1.Restriction{Actions: actions, Reason: "Because."}}
	}
	require.Equal(t, refusal{Code: codes.NotFound, Reason: "RESOURCE_NOT_FOUND", Name: d2}, refused(r, r.limits.CreateRestriction)(r.coordinator(), forbid(d2, "notes.*")))
	require.Equal(t, codes.PermissionDenied, refused(r, r.limits.CreateRestriction)(r.principal(), forbid(d1, "notes.*")).Code)
	require.Equal(t, invalid(
		"restriction.actions[0]: known_action", "restriction.actions[1]: known_action", "restriction.actions[2]: known_action",
		"restriction.actions[4]: unique", "restriction.actions[5]: restrictable", "restriction.actions[6]: restrictable",
		"restriction.actions[7]: restrictable", "restriction.actions[8]: restrictable",
	), refused(r, r.limits.CreateRestriction)(r.coordinator(), forbid(d1,
		"notes", "*", "dragons.fly", "notes.create", "notes.create", "restrictions.delete", "grants.*", "people.get", "auditEntries.list")))
	for range 50 {
		ok(r, r.limits.CreateRestriction)(r.coordinator(), forbid(d1, "notes.create"))
	}
	require.Equal(t, []string{d1 + ": max_restrictions"}, refused(r, r.limits.CreateRestriction)(r.coordinator(), forbid(d1, "notes.create")).Rules)
}
