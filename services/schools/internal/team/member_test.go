package team_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const (
	mia      = home + "/people/mia"
	stranger = schoolstest.Foreign + "/people/sid"
	official = "people/ada"
)

// land is a world with a few people.
func land(t *testing.T) *schoolstest.World {
	t.Helper()
	w := schoolstest.New(t)
	for _, name := range []string{mia, home + "/people/max", stranger, official} {
		require.NoError(t, w.Store.InsertPerson(kittest.All(t), person.Person{
			Name: name, Meta: record.NewMeta(w.Clock.Now()), Fields: person.Fields{DisplayName: name},
		}))
	}
	return w
}

func as(subject string, role grant.Role, node string) grant.Actor {
	return grant.Actor{Subject: subject, Grants: []grant.Held{{Role: role, Node: node}}}
}

func lead() grant.Actor { return as(home+"/people/lena", grant.TeamLead, school) }

func without(g team.Group) team.MemberFields { return team.MemberFields{DisplayName: "M", Group: g} }

func with(account string) team.MemberFields {
	return team.MemberFields{Person: account, DisplayName: "M", Group: team.Family}
}

func TestAnInvitationSaysWhoAndForWhom(t *testing.T) {
	w := land(t)
	for name, c := range map[string]struct {
		fields team.MemberFields
		want   []string
	}{
		"a person of the district":       {with(mia), nil},
		"somebody without an account":    {without(team.Community), nil},
		"a name is asked for":            {team.MemberFields{Group: team.Staff}, []string{"member.display_name: required"}},
		"a name of 201 is too long":      {team.MemberFields{DisplayName: strings.Repeat("m", 201), Group: team.Staff}, []string{"member.display_name: max_length"}},
		"a group is asked for":           {without(""), []string{"member.group: required"}},
		"a group is one of the five":     {without("alumni"), []string{"member.group: required"}},
		"a person who is not registered": {with(home + "/people/none"), []string{"member.person: person_of_district"}},
		"a person of another district":   {with(stranger), []string{"member.person: person_of_district"}},
		"a person of the state office":   {with(official), []string{"member.person: person_of_district"}},
		"a school is no person":          {with(school), []string{"member.person: person_of_district"}},
		"all wrong is told at once": {
			team.MemberFields{Person: stranger},
			[]string{"member.display_name: required", "member.group: required", "member.person: person_of_district"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := w.Teams().Invite(kittest.All(t), ourTeam, "", c.fields)
			if c.want != nil {
				require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.fields, made.MemberFields)
			require.False(t, made.Confirmed, "an invitation is no membership")
			got, err := w.Teams().GetMember(kittest.All(t), made.Name)
			require.NoError(t, err)
			require.Equal(t, made, got)
		})
	}
	_, err := w.Teams().Invite(kittest.All(t), school+"/teams/none", "", with(mia))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + school + "/teams/none"}, schoolstest.Refusal(t, err))
	_, err = w.Teams().Invite(kittest.All(t), ourTeam, "No", with(mia))
	require.Equal(t, schoolstest.Invalid("member_id: id_form"), schoolstest.Refusal(t, err))
	require.Empty(t, w.Events(t), "nobody joined")
}

func TestAnAccountIsInATeamOnce(t *testing.T) {
	w := land(t)
	first, err := w.Teams().Invite(kittest.All(t), ourTeam, "first", with(mia))
	require.NoError(t, err)
	_, err = w.Teams().Invite(kittest.All(t), ourTeam, "again", with(mia))
	require.Equal(t, schoolstest.Invalid("member.person: once_per_team"), schoolstest.Refusal(t, err))
	other, err := w.Teams().Create(kittest.All(t), school, "other", team.Fields{Title: "Other"})
	require.NoError(t, err)
	_, err = w.Teams().Invite(kittest.All(t), other.Name, "", with(mia))
	require.NoError(t, err, "another team is another matter")

	require.NoError(t, w.Teams().Remove(kittest.All(t), first.Name, ""))
	_, err = w.Teams().Invite(kittest.All(t), ourTeam, "first", with(mia))
	require.Equal(t, []string{"RESOURCE_EXISTS " + first.Name}, schoolstest.Refusal(t, err), "the history keeps its name")
	_, err = w.Teams().Invite(kittest.All(t), ourTeam, "again", with(mia))
	require.NoError(t, err, "who left may come back")
}

func TestWhoMayConfirmAMembership(t *testing.T) {
	for name, c := range map[string]struct {
		member team.MemberFields
		by     grant.Actor
		may    bool
	}{
		"a person confirms themselves":                  {with(mia), as(mia, grant.TeamMember, school), true},
		"a person confirms themselves without any role": {with(mia), grant.Actor{Subject: mia}, true},
		"nobody else confirms them":                     {with(mia), as(home+"/people/max", grant.TeamMember, school), false},
		"a lead does not confirm an account":            {with(mia), lead(), false},
		"a principal does not confirm an account":       {with(mia), as("people/p", grant.Principal, school), false},
		"a coordinator does not confirm an account":     {with(mia), as("people/p", grant.DistrictCoordinator, home), false},
		"a lead confirms who has no account":            {without(team.Family), lead(), true},
		"a principal confirms who has no account":       {without(team.Family), as("people/p", grant.Principal, school), true},
		"a coordinator confirms who has no account":     {without(team.Family), as("people/p", grant.DistrictCoordinator, home), true},
		"a lead of another school does not":             {without(team.Family), as("people/p", grant.TeamLead, schoolstest.Second), false},
		"a coordinator of another district does not":    {without(team.Family), as("people/p", grant.DistrictCoordinator, schoolstest.Foreign), false},
		"a member does not":                             {without(team.Family), as(mia, grant.TeamMember, school), false},
		"a family liaison does not":                     {without(team.Family), as(mia, grant.FamilyLiaison, school), false},
		"the state does not":                            {without(team.Family), as(official, grant.StateAdmin, ""), false},
		"an empty subject is nobody":                    {without(team.Family), grant.Actor{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := land(t)
			m, err := w.Teams().Invite(kittest.All(t), ourTeam, "m", c.member)
			require.NoError(t, err)
			got, err := w.Teams().Confirm(kittest.All(t), c.by, m.Name, etag.Of(m.Version))
			if !c.may {
				require.Equal(t, []string{"ROLE_INSUFFICIENT members.confirm"}, schoolstest.Refusal(t, err))
				require.Empty(t, w.Events(t))
				return
			}
			require.NoError(t, err)
			require.True(t, got.Confirmed)
			require.Equal(t, []string{"MemberJoined " + m.Name}, w.Events(t))
			_, err = w.Teams().Confirm(kittest.All(t), c.by, m.Name, "")
			require.Equal(t, []string{"STATE_WRONG", m.Name + ": member_invited"}, schoolstest.Refusal(t, err))
			_, err = w.Teams().Confirm(kittest.All(t), c.by, m.Name, etag.Of(m.Version))
			require.Equal(t, []string{"ETAG_STALE " + m.Name}, schoolstest.Refusal(t, err))
			require.Len(t, w.Events(t), 1, "somebody joins once")
		})
	}
}

func TestAMemberWhoSpeaksForAnotherGroupLeavesTheOneAndJoinsTheOther(t *testing.T) {
	w := land(t)
	m, err := w.Teams().Invite(kittest.All(t), ourTeam, "m", without(team.Family))
	require.NoError(t, err)
	speak := func(g team.Group) func(team.MemberFields) team.MemberFields {
		return func(f team.MemberFields) team.MemberFields { f.Group = g; return f }
	}
	m, err = w.Teams().UpdateMember(kittest.All(t), m.Name, "", speak(team.Staff))
	require.NoError(t, err)
	require.Empty(t, w.Events(t), "who is only invited neither leaves nor joins")
	_, err = w.Teams().Confirm(kittest.All(t), lead(), m.Name, "")
	require.NoError(t, err)
	w.Clock.Advance(time.Minute)
	m, err = w.Teams().UpdateMember(kittest.All(t), m.Name, "", speak(team.Student))
	require.NoError(t, err)
	require.True(t, m.Confirmed)
	require.Equal(t, w.Clock.Now(), m.Updated)
	_, err = w.Teams().UpdateMember(kittest.All(t), m.Name, "", func(f team.MemberFields) team.MemberFields { f.Lead = true; return f })
	require.NoError(t, err)
	_, err = w.Teams().UpdateMember(kittest.All(t), m.Name, "", speak(""))
	require.Equal(t, schoolstest.Invalid("member.group: required"), schoolstest.Refusal(t, err))
	_, err = w.Teams().UpdateMember(kittest.All(t), m.Name, etag.Of(1), speak(team.Staff))
	require.Equal(t, []string{"ETAG_STALE " + m.Name}, schoolstest.Refusal(t, err))
	require.Equal(t, []string{"MemberJoined " + m.Name, "MemberLeft " + m.Name, "MemberJoined " + m.Name}, w.Events(t))
	got, err := w.Teams().Get(kittest.All(t), ourTeam)
	require.NoError(t, err)
	require.Equal(t, []team.Group{team.Student}, got.Groups)
}

func TestWhoLeavesIsHistory(t *testing.T) {
	w := land(t)
	invited, err := w.Teams().Invite(kittest.All(t), ourTeam, "invited", without(team.Family))
	require.NoError(t, err)
	joined, err := w.Teams().Invite(kittest.All(t), ourTeam, "joined", without(team.Staff))
	require.NoError(t, err)
	joined, err = w.Teams().Confirm(kittest.All(t), lead(), joined.Name, "")
	require.NoError(t, err)

	require.Equal(t, []string{"ETAG_STALE " + joined.Name}, schoolstest.Refusal(t, w.Teams().Remove(kittest.All(t), joined.Name, etag.Of(1))))
	require.NoError(t, w.Teams().Remove(kittest.All(t), joined.Name, etag.Of(joined.Version)))
	require.NoError(t, w.Teams().Remove(kittest.All(t), invited.Name, ""))
	for _, name := range []string{invited.Name, joined.Name} {
		gone := []string{"RESOURCE_NOT_FOUND " + name}
		require.Equal(t, gone, schoolstest.Refusal(t, w.Teams().Remove(kittest.All(t), name, "")))
		_, err := w.Teams().GetMember(kittest.All(t), name)
		require.Equal(t, gone, schoolstest.Refusal(t, err))
		_, err = w.Teams().Confirm(kittest.All(t), lead(), name, "")
		require.Equal(t, gone, schoolstest.Refusal(t, err))
		_, err = w.Teams().UpdateMember(kittest.All(t), name, "", func(f team.MemberFields) team.MemberFields { return f })
		require.Equal(t, gone, schoolstest.Refusal(t, err))
	}
	list, err := w.Teams().ListMembers(kittest.All(t), ourTeam, record.Range{})
	require.NoError(t, err)
	require.Empty(t, list)
	require.Equal(t, []string{"MemberJoined " + joined.Name, "MemberLeft " + joined.Name}, w.Events(t), "only who joined leaves")
	_, err = w.Teams().ListMembers(kittest.All(t), school+"/teams/none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + school + "/teams/none"}, schoolstest.Refusal(t, err))
}

func TestTheGroupsOfATeamAreThoseOfItsConfirmedMembers(t *testing.T) {
	w := land(t)
	rapid.Check(t, func(rt *rapid.T) {
		made, err := w.Teams().Create(kittest.All(t), school, "", team.Fields{Title: "T"})
		require.NoError(rt, err)
		present := map[string]team.Group{}
		var names []string
		joined, left := 0, 0
		before := w.Events(t)
		for range rapid.IntRange(1, 12).Draw(rt, "calls") {
			g := rapid.SampledFrom(team.Groups()).Draw(rt, "group")
			call := rapid.SampledFrom([]string{"invite", "confirm", "move", "remove"}).Draw(rt, "call")
			if call == "invite" || len(names) == 0 {
				m, err := w.Teams().Invite(kittest.All(t), made.Name, "", without(g))
				require.NoError(rt, err)
				names = append(names, m.Name)
				continue
			}
			name := rapid.SampledFrom(names).Draw(rt, "member")
			was, member := present[name]
			switch call {
			case "confirm":
				if m, err := w.Teams().Confirm(kittest.All(t), lead(), name, ""); err == nil {
					present[name] = m.Group
					joined++
				}
			case "move":
				_, err := w.Teams().UpdateMember(kittest.All(t), name, "", func(f team.MemberFields) team.MemberFields { f.Group = g; return f })
				if err == nil && member {
					present[name] = g
					if was != g {
						joined, left = joined+1, left+1
					}
				}
			default:
				if w.Teams().Remove(kittest.All(t), name, "") == nil && member {
					left++
				}
				delete(present, name)
			}
		}
		want := map[team.Group]bool{}
		for _, g := range present {
			want[g] = true
		}
		got, err := w.Teams().Get(kittest.All(t), made.Name)
		require.NoError(rt, err)
		require.Len(rt, got.Groups, len(want))
		require.True(rt, slices.IsSortedFunc(got.Groups, func(a, b team.Group) int {
			return slices.Index(team.Groups(), a) - slices.Index(team.Groups(), b)
		}))
		for _, g := range got.Groups {
			require.True(rt, want[g], g)
		}
		told := strings.Join(w.Events(t)[len(before):], " ")
		require.Equal(rt, joined, strings.Count(told, "MemberJoined"))
		require.Equal(rt, left, strings.Count(told, "MemberLeft"))
	})
}
