package person_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

func grants() *rapid.Generator[person.Grant] {
	return rapid.Custom(func(t *rapid.T) person.Grant {
		return person.Grant{
			Role: rapid.SampledFrom([]person.Role{
				person.StateAdmin, person.StateAnalyst, person.DistrictCoordinator, person.Principal, person.TeamLead,
				person.TeamMember, person.FamilyLiaison, person.Reviewer, person.PanelChair,
			}).Draw(t, "role"),
			Node: rapid.SampledFrom([]string{"", "districts/a", "districts/a/schools/1", "districts/ab", "districts/b/schools/1"}).Draw(t, "node"),
		}
	})
}

func TestWhatSomebodyMayGrantNeverReachesBeyondWhatTheyHold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		by := person.Actor{Grants: rapid.SliceOfN(grants(), 0, 4).Draw(rt, "held")}
		g := grants().Draw(rt, "given")
		if !by.MayGrant(g) || by.Holds("", person.StateAdmin) {
			return
		}
		require.True(rt, by.Holds(g.Node, person.DistrictCoordinator))
		require.NotContains(rt, []person.Role{person.StateAdmin, person.StateAnalyst, person.Reviewer, person.PanelChair}, g.Role)
		require.NotEmpty(rt, g.Node)
	})
}

func TestANodeHoldsItselfAndWhatIsBelow(t *testing.T) {
	require.True(t, record.Within("districts/a/schools/1", "districts/a"))
	require.True(t, record.Within("districts/a", ""))
	require.False(t, record.Within("districts/ab", "districts/a"))
	require.Equal(t, "_state", record.District("people/p"))
	require.Equal(t, "districts/a/schools/1", record.School("districts/a/schools/1/teams/t"))
	require.Empty(t, record.School("districts/a/people/p"))
}
