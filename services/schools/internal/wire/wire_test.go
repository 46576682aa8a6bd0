package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"

	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

func TestEveryPhaseHasAWordAndBack(t *testing.T) {
	require.Len(t, phase.All(), len(schoolsv1.Phase_name)-1, "a phase of the proto that the domain does not know")
	for _, p := range phase.All() {
		e := wire.Phase(p)
		require.NotZero(t, e, p)
		require.Equal(t, "PHASE_"+strings.ToUpper(string(p)), e.String())
		require.Equal(t, p, wire.ToPhase(e))
	}
	require.Empty(t, wire.ToPhase(schoolsv1.Phase_PHASE_UNSPECIFIED))
	require.Zero(t, wire.Phase(""))
	require.Zero(t, wire.Phase("flying"))
	require.False(t, wire.ToPhase(99).Valid())
}

func TestEveryGroupHasAWordAndBack(t *testing.T) {
	require.Len(t, team.Groups(), len(typev1.StakeholderGroup_name)-1, "a group of the proto that the domain does not know")
	for _, g := range team.Groups() {
		e := wire.Group(g)
		require.NotZero(t, e, g)
		require.Equal(t, "STAKEHOLDER_GROUP_"+strings.ToUpper(string(g)), e.String())
		require.Equal(t, g, wire.ToGroup(e))
	}
	require.Empty(t, wire.ToGroup(typev1.StakeholderGroup_STAKEHOLDER_GROUP_UNSPECIFIED))
	require.Zero(t, wire.Group(""))
	require.False(t, wire.ToGroup(99).Valid())
	require.Equal(t, team.Groups(), wire.ToGroups(wire.Groups(team.Groups())))
	require.Nil(t, wire.Groups(nil))
	require.Nil(t, wire.ToGroups(nil))
}

func TestEveryRoleHasAWordAndBack(t *testing.T) {
	all := []grant.Role{
		grant.StateAdmin, grant.StateAnalyst, grant.DistrictCoordinator, grant.Principal, grant.TeamLead,
		grant.TeamMember, grant.FamilyLiaison, grant.Reviewer, grant.PanelChair, grant.OutsideEvaluator, grant.Integration,
	}
	require.Len(t, all, len(accessv1.Role_name)-1, "a role of the proto that the domain does not know")
	for _, r := range all {
		e := wire.Role(r)
		require.NotZero(t, e, r)
		require.Equal(t, "ROLE_"+strings.ToUpper(string(r)), e.String())
		require.Equal(t, r, wire.ToRole(e))
	}
	require.Empty(t, wire.ToRole(accessv1.Role_ROLE_UNSPECIFIED))
	require.Zero(t, wire.Role(""))
}

func TestRulesComeInWhole(t *testing.T) {
	got := wire.ToRules([]*typev1.EligibilityRule{
		{Id: "a", Title: "A", Expression: "true", Reason: `"r"`, Fix: "f"},
		{Id: "b"},
	})
	require.Equal(t, []eligibility.Rule{
		{ID: "a", Title: "A", Expression: "true", Reason: `"r"`, Fix: "f"},
		{ID: "b"},
	}, got)
	require.Empty(t, wire.ToRules(nil))
}

func TestOutcomesGoOutWhole(t *testing.T) {
	got := wire.Outcomes([]eligibility.Outcome{
		{Rule: "a", Title: "A", Met: true, Reason: "3 of 3"},
		{Rule: "b", Title: "B", Reason: "1 of 2", Fix: "Do it."},
	})
	require.Empty(t, cmp.Diff([]*typev1.RuleOutcome{
		{Rule: "a", Title: "A", Met: true, Reason: "3 of 3"},
		{Rule: "b", Title: "B", Reason: "1 of 2", Fix: "Do it."},
	}, got, protocmp.Transform()))
}
