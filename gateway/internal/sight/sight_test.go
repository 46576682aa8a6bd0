package sight

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
)

func TestEventTypesAreReadFromTheProtos(t *testing.T) {
	known, err := Read()
	require.NoError(t, err)
	require.Equal(t, []string{"assessments", "badges", "evidence", "schools"}, known.Services())
	require.Contains(t, known, "tandem.badges.v1.BadgeAwarded")
	require.Equal(t, []accessv1.Role{accessv1.Role_ROLE_STATE_ADMIN, accessv1.Role_ROLE_PANEL_CHAIR}, known["tandem.badges.v1.ReviewFinalized"].roles)
	full, ok := known.Find("ReviewFinalized")
	require.True(t, ok)
	require.Equal(t, "tandem.badges.v1.ReviewFinalized", full)
	_, ok = known.Find("")
	require.False(t, ok)
}

func TestTheWatchIsNarrowedToTheCallersDistricts(t *testing.T) {
	known, err := Read()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		nodes []string
		want  []string // last words of the subjects of one service
	}{
		"nothing but the state's own":       {nil, []string{"_state"}},
		"one district, named once":          {[]string{"districts/a", "districts/a/schools/s"}, []string{"_state", "a"}},
		"two districts":                     {[]string{"districts/b", "districts/a"}, []string{"_state", "a", "b"}},
		"everything":                        {[]string{"districts/a", ""}, []string{"*"}},
		"an id that cannot be in a subject": {[]string{"districts/a.>"}, []string{"_state"}},
	} {
		t.Run(name, func(t *testing.T) {
			var caller access.Identity
			for _, node := range c.nodes {
				caller.Grants = append(caller.Grants, access.Grant{Role: 1, Node: node})
			}
			var got []string
			for _, subject := range known.Of(caller).Subjects() {
				if last, ok := strings.CutPrefix(subject, "tandem.badges.*.*.v1."); ok {
					got = append(got, last)
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

// What a caller sees lies on the subjects of their watch, and is covered by a
// grant with a role that may see it, or concerns everybody.
func TestSightIsWhatTheGrantsSay(t *testing.T) {
	known, err := Read()
	require.NoError(t, err)
	nodes := []string{"", "districts/a", "districts/a/schools/s", "districts/a/schools/t", "districts/b", "districts/b/schools/s"}
	rapid.Check(t, func(t *rapid.T) {
		caller := access.Identity{Subject: "people/x"}
		for range rapid.IntRange(0, 3).Draw(t, "grants") {
			caller.Grants = append(caller.Grants, access.Grant{
				Role: accessv1.Role(rapid.Int32Range(1, 9).Draw(t, "role")), Node: rapid.SampledFrom(nodes).Draw(t, "node"),
			})
		}
		node := rapid.SampledFrom(nodes).Draw(t, "event node")
		typ := rapid.SampledFrom([]string{"tandem.schools.v1.PersonChanged", "tandem.schools.v1.TeamFormed", "tandem.badges.v1.ReviewFinalized"}).Draw(t, "type")
		s := known.Of(caller)
		sees := s.Sees(bus.Event{Type: typ, Name: strings.TrimPrefix(node+"/things/x", "/")})
		want := node == "" && len(known[typ].roles) == 0
		for _, g := range caller.Grants {
			covers := g.Node == "" || g.Node == node || strings.HasPrefix(node, g.Node+"/")
			role := len(known[typ].roles) == 0 && g.Role != accessv1.Role_ROLE_REVIEWER
			for _, r := range known[typ].roles {
				role = role || r == g.Role
			}
			want = want || covers && role
		}
		if sees != want {
			t.Fatalf("grants %v, %s on %q: sees %v", caller.Grants, typ, node, sees)
		}
		district, _ := bus.DistrictOf(node)
		watched := false
		for _, subject := range s.Subjects() {
			watched = watched || strings.HasSuffix(subject, "."+district) || strings.HasSuffix(subject, ".*")
		}
		if sees && !watched {
			t.Fatalf("sees %q but does not watch it", node)
		}
	})
	require.False(t, known.Of(access.Identity{}).Sees(bus.Event{Type: "tandem.other.v1.X", Name: "x/y"}))
}

func TestAReviewerLearnsOfNoApplicationFromTheStream(t *testing.T) {
	known, err := Read()
	require.NoError(t, err)
	s := known.Of(access.Identity{Subject: "people/r", Grants: []access.Grant{{Role: accessv1.Role_ROLE_REVIEWER}}})
	const application = "districts/a/schools/s/applications/p"
	require.False(t, s.Sees(bus.Event{Type: "tandem.badges.v1.ApplicationSubmitted", Name: application}))
	require.False(t, s.Sees(bus.Event{Type: "tandem.schools.v1.TeamFormed", Name: "districts/a/schools/s/teams/t"}))
	require.True(t, s.Sees(bus.Event{Type: "tandem.badges.v1.BadgeDefined", Name: "badgeDefinitions/b"}))
}
