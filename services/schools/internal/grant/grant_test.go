package grant_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

const (
	home    = schoolstest.District
	foreign = schoolstest.Foreign
	school  = schoolstest.School
	second  = schoolstest.Second
	abroad  = schoolstest.Abroad

	cora = home + "/people/cora" // coordinates home
	pete = home + "/people/pete" // holds nothing
	ada  = "people/ada"          // runs the program
	bob  = "people/bob"          // too
	olga = "people/olga"         // works in the state office, holds nothing
)

// land is a world with somebody of each kind.
func land(t *testing.T) *schoolstest.World {
	t.Helper()
	w := schoolstest.New(t)
	w.Hire(t, cora, grant.DistrictCoordinator, home)
	w.Hire(t, ada, grant.StateAdmin, "")
	w.Hire(t, bob, grant.StateAdmin, "")
	for _, name := range []string{pete, olga} {
		register(t, w, name)
	}
	return w
}

func register(t testing.TB, w *schoolstest.World, name string) {
	t.Helper()
	parent, _, id := record.Split(name)
	_, err := w.People().Create(kittest.All(t), schoolstest.Root(), parent, id, person.Fields{DisplayName: id}, nil)
	require.NoError(t, err)
}

func by(name string) grant.Actor { return grant.Actor{Subject: name} }

func give(t *testing.T, w *schoolstest.World, giver, to, id string, asked grant.Held) grant.View {
	t.Helper()
	v, err := w.Grants().Create(kittest.All(t), by(giver), to, id, asked, "")
	require.NoError(t, err)
	return v
}

func TestAGrantIsGivenAndEnded(t *testing.T) {
	w := land(t)
	now := w.Clock.Now()
	told := len(w.Events(t))
	lead := grant.Held{Role: grant.TeamLead, Node: school}
	v, err := w.Grants().Create(kittest.All(t), by(cora), pete, "lead", lead, "Leads the team from today.")
	require.NoError(t, err)
	require.Equal(t, grant.View{State: grant.Active, Grant: grant.Grant{
		Name: pete + "/grants/lead", Held: grant.Held{Role: grant.TeamLead, Node: school, Start: now},
		Reason: "Leads the team from today.", Grantor: cora, Meta: record.NewMeta(now),
	}}, v)
	got, err := w.Grants().Get(kittest.All(t), v.Name)
	require.NoError(t, err)
	require.Equal(t, v, got)
	held, err := w.People().Get(kittest.All(t), pete)
	require.NoError(t, err)
	require.Equal(t, []person.Role{{Role: grant.TeamLead, Node: school}}, held.Grants)

	w.Clock.Advance(time.Hour)
	_, err = w.Grants().End(kittest.All(t), by(cora), v.Name, "", " ")
	require.Equal(t, schoolstest.Invalid("reason: required"), schoolstest.Refusal(t, err))
	_, err = w.Grants().End(kittest.All(t), by(cora), v.Name, etag.Of(7), "Moves away.")
	require.Equal(t, []string{"ETAG_STALE " + v.Name}, schoolstest.Refusal(t, err))
	ended, err := w.Grants().End(kittest.All(t), by(cora), v.Name, etag.Of(v.Version), "Moves away.")
	require.NoError(t, err)
	require.Equal(t, grant.Ended, ended.State)
	require.Equal(t, []any{now.Add(time.Hour), cora, "Moves away.", int64(2)}, []any{ended.EndedAt, ended.EndedBy, ended.EndReason, ended.Version})
	_, err = w.Grants().End(kittest.All(t), by(cora), v.Name, "", "Again.")
	require.Equal(t, []string{"STATE_WRONG", v.Name + ": grant_open"}, schoolstest.Refusal(t, err))
	held, err = w.People().Get(kittest.All(t), pete)
	require.NoError(t, err)
	require.Empty(t, held.Grants)
	require.Equal(t, []string{"GrantGiven " + v.Name, "GrantEnded " + v.Name}, w.Events(t)[told:])

	_, err = w.Grants().Create(kittest.All(t), by(cora), pete, "lead", lead, "")
	require.Equal(t, []string{"RESOURCE_EXISTS " + v.Name}, schoolstest.Refusal(t, err), "what was granted stays on record")
	for _, missing := range []string{home + "/people/none", foreign + "/people/pete"} {
		_, err = w.Grants().Create(kittest.All(t), by(cora), missing, "", lead, "")
		require.Equal(t, []string{"RESOURCE_NOT_FOUND " + missing}, schoolstest.Refusal(t, err))
		_, err = w.Grants().List(kittest.All(t), missing, record.Range{})
		require.Equal(t, []string{"RESOURCE_NOT_FOUND " + missing}, schoolstest.Refusal(t, err))
	}
}

func TestAGrantHoldsFromItsStartUntilItsEnd(t *testing.T) {
	w := land(t)
	now := w.Clock.Now()
	v := give(t, w, cora, pete, "later", grant.Held{Role: grant.Principal, Node: school, Start: now.Add(time.Hour), End: now.Add(3 * time.Hour)})
	for _, c := range []struct {
		at    time.Duration
		state grant.State
		holds int
	}{
		{0, grant.Scheduled, 0},
		{time.Hour - time.Microsecond, grant.Scheduled, 0},
		{time.Hour, grant.Active, 1},
		{3*time.Hour - time.Microsecond, grant.Active, 1},
		{3 * time.Hour, grant.Expired, 0},
	} {
		w.Clock.Set(now.Add(c.at))
		got, err := w.Grants().Get(kittest.All(t), v.Name)
		require.NoError(t, err)
		require.Equal(t, c.state, got.State, "%s", c.at)
		held, err := w.People().Get(kittest.All(t), pete)
		require.NoError(t, err)
		require.Len(t, held.Grants, c.holds, "%s", c.at)
	}
	_, err := w.Grants().End(kittest.All(t), by(cora), v.Name, "", "Late.")
	require.Equal(t, []string{"STATE_WRONG", v.Name + ": grant_open"}, schoolstest.Refusal(t, err))
}

func TestTheFieldsOfAGrant(t *testing.T) {
	w := land(t)
	now := w.Clock.Now()
	year := now.AddDate(1, 0, 0)
	for name, c := range map[string]struct {
		to    string
		asked grant.Held
		want  []string
	}{
		"a school of the home":                    {pete, grant.Held{Role: grant.Principal, Node: school}, nil},
		"the home":                                {pete, grant.Held{Role: grant.DistrictCoordinator, Node: home}, nil},
		"another district":                        {pete, grant.Held{Role: grant.Principal, Node: foreign}, []string{"grant.node: within_district"}},
		"a school of another district":            {pete, grant.Held{Role: grant.Principal, Node: abroad}, []string{"grant.node: within_district"}},
		"a district whose id begins alike":        {pete, grant.Held{Role: grant.Principal, Node: home + "x"}, []string{"grant.node: within_district"}},
		"the state":                               {pete, grant.Held{Role: grant.Reviewer}, []string{"grant.node: within_district"}},
		"a school that nobody knows":              {pete, grant.Held{Role: grant.Principal, Node: home + "/schools/none"}, []string{"grant.node: node_exists"}},
		"a team is no node":                       {pete, grant.Held{Role: grant.TeamLead, Node: schoolstest.Team}, []string{"grant.node: node_form"}},
		"a person is no node":                     {pete, grant.Held{Role: grant.TeamLead, Node: home + "/people/x"}, []string{"grant.node: node_form"}},
		"all schools are no node":                 {pete, grant.Held{Role: grant.TeamLead, Node: home + "/schools/-"}, []string{"grant.node: node_form"}},
		"all districts are no node":               {olga, grant.Held{Role: grant.TeamLead, Node: "districts/-"}, []string{"grant.node: node_form"}},
		"a role is asked for":                     {pete, grant.Held{Node: school}, []string{"grant.role: required"}},
		"the role of machines":                    {pete, grant.Held{Role: grant.Integration, Node: home}, []string{"grant.role: role_of_people"}},
		"state staff on a district":               {olga, grant.Held{Role: grant.Reviewer, Node: foreign}, nil},
		"state staff where no district is":        {olga, grant.Held{Role: grant.Reviewer, Node: "districts/none"}, []string{"grant.node: node_exists"}},
		"a state admin of one district is no one": {olga, grant.Held{Role: grant.StateAdmin, Node: home}, []string{"grant.node: state_role_on_state"}},
		"a state analyst of a school is no one":   {olga, grant.Held{Role: grant.StateAnalyst, Node: school}, []string{"grant.node: state_role_on_state"}},
		"from now":                                {pete, grant.Held{Role: grant.TeamLead, Node: school, Start: now}, nil},
		"from a moment ago":                       {pete, grant.Held{Role: grant.TeamLead, Node: school, Start: now.Add(-time.Microsecond)}, []string{"grant.start_time: not_past"}},
		"until a moment later":                    {pete, grant.Held{Role: grant.TeamLead, Node: school, End: now.Add(time.Microsecond)}, nil},
		"until now":                               {pete, grant.Held{Role: grant.TeamLead, Node: school, End: now}, []string{"grant.end_time: end_after_start"}},
		"until it starts":                         {pete, grant.Held{Role: grant.TeamLead, Node: school, Start: year, End: year}, []string{"grant.end_time: end_after_start"}},
		"an evaluator for two years":              {pete, grant.Held{Role: grant.OutsideEvaluator, Node: home, End: now.AddDate(2, 0, 0)}, nil},
		"an evaluator for longer":                 {pete, grant.Held{Role: grant.OutsideEvaluator, Node: home, End: now.AddDate(2, 0, 0).Add(time.Microsecond)}, []string{"grant.end_time: evaluator_end"}},
		"an evaluator for good":                   {pete, grant.Held{Role: grant.OutsideEvaluator, Node: home}, []string{"grant.end_time: evaluator_end"}},
		"an evaluator for a year next year":       {pete, grant.Held{Role: grant.OutsideEvaluator, Node: home, Start: year, End: year.AddDate(1, 0, 0)}, nil},
		"several things at once":                  {pete, grant.Held{Role: grant.TeamLead, Node: foreign, Start: now.Add(-time.Hour), End: now}, []string{"grant.start_time: not_past", "grant.end_time: end_after_start", "grant.node: within_district"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Grants().Create(kittest.All(t), schoolstest.Root(), c.to, "", c.asked, "")
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
		})
	}
}

func TestWhoMayGiveWhat(t *testing.T) {
	const (
		yes     = ""
		exceeds = "grant: grant_exceeds_own"
		too     = "grant: grant_outlasts_own"
	)
	w := land(t)
	now := w.Clock.Now()
	day := 24 * time.Hour
	// brief coordinates home for ten days, clerk one school, lena leads a team there.
	brief, clerk, lena, nina := home+"/people/brief", home+"/people/clerk", home+"/people/lena", home+"/people/nina"
	register(t, w, brief)
	register(t, w, nina)
	_, err := w.Grants().Create(kittest.All(t), schoolstest.Root(), brief, "", grant.Held{Role: grant.DistrictCoordinator, Node: home, End: now.Add(10 * day)}, "")
	require.NoError(t, err)
	w.Hire(t, clerk, grant.DistrictCoordinator, school)
	w.Hire(t, lena, grant.TeamLead, school)
	until := func(r grant.Role, node string, end time.Duration) grant.Held {
		return grant.Held{Role: r, Node: node, End: now.Add(end)}
	}
	for name, c := range map[string]struct {
		giver, to string
		asked     grant.Held
		want      string
	}{
		"the state gives its own role":               {ada, olga, grant.Held{Role: grant.StateAdmin}, yes},
		"the state gives an analyst":                 {ada, olga, grant.Held{Role: grant.StateAnalyst}, yes},
		"the state gives a reviewer anywhere":        {ada, pete, grant.Held{Role: grant.Reviewer, Node: school}, yes},
		"the state gives a chair":                    {ada, pete, grant.Held{Role: grant.PanelChair, Node: home}, yes},
		"a coordinator gives another coordinator":    {cora, pete, grant.Held{Role: grant.DistrictCoordinator, Node: home}, yes},
		"a coordinator gives a principal":            {cora, pete, grant.Held{Role: grant.Principal, Node: school}, yes},
		"a coordinator gives a member":               {cora, pete, grant.Held{Role: grant.TeamMember, Node: school}, yes},
		"a coordinator gives a family liaison":       {cora, pete, grant.Held{Role: grant.FamilyLiaison, Node: school}, yes},
		"a coordinator gives an evaluator":           {cora, pete, until(grant.OutsideEvaluator, home, day), yes},
		"a coordinator gives no reviewer":            {cora, pete, grant.Held{Role: grant.Reviewer, Node: school}, exceeds},
		"a coordinator gives no chair":               {cora, pete, grant.Held{Role: grant.PanelChair, Node: home}, exceeds},
		"a coordinator gives nothing on the state":   {cora, olga, grant.Held{Role: grant.TeamLead}, exceeds},
		"a coordinator gives no admin":               {cora, olga, grant.Held{Role: grant.StateAdmin}, exceeds},
		"a coordinator gives nothing elsewhere":      {cora, olga, grant.Held{Role: grant.TeamLead, Node: abroad}, exceeds},
		"a coordinator of one school gives there":    {clerk, pete, grant.Held{Role: grant.TeamLead, Node: school}, yes},
		"a coordinator of one school not next door":  {clerk, pete, grant.Held{Role: grant.TeamLead, Node: second}, exceeds},
		"a coordinator of one school not above":      {clerk, pete, grant.Held{Role: grant.TeamLead, Node: home}, exceeds},
		"a lead gives nothing":                       {lena, pete, grant.Held{Role: grant.TeamMember, Node: school}, exceeds},
		"who holds nothing gives nothing":            {nina, nina, grant.Held{Role: grant.TeamMember, Node: school}, exceeds},
		"who nobody knows gives nothing":             {home + "/people/none", pete, grant.Held{Role: grant.TeamMember, Node: school}, exceeds},
		"nobody gives nothing":                       {"", pete, grant.Held{Role: grant.TeamMember, Node: school}, exceeds},
		"as long as one's own":                       {brief, pete, until(grant.TeamLead, school, 10*day), yes},
		"a moment longer than one's own":             {brief, pete, until(grant.TeamLead, school, 10*day+time.Microsecond), too},
		"for good, of what one holds for a time":     {brief, pete, grant.Held{Role: grant.TeamLead, Node: school}, too},
		"later and longer than one's own":            {brief, pete, grant.Held{Role: grant.TeamLead, Node: school, Start: now.Add(11 * day), End: now.Add(12 * day)}, too},
		"for a part of the time of one's own":        {brief, pete, grant.Held{Role: grant.TeamLead, Node: school, Start: now.Add(day), End: now.Add(2 * day)}, yes},
		"what a token says does not count, only who": {lena, pete, grant.Held{Role: grant.StateAdmin}, exceeds},
	} {
		t.Run(name, func(t *testing.T) {
			actor := grant.Actor{Subject: c.giver, Grants: schoolstest.Root().Grants}
			if c.asked.Role == grant.StateAdmin {
				c.to = olga
			}
			_, err := w.Grants().Create(kittest.All(t), actor, c.to, "", c.asked, "")
			if c.want == yes {
				require.NoError(t, err)
				return
			}
			require.Equal(t, []string{"ROLE_INSUFFICIENT", c.want}, schoolstest.Refusal(t, err))
		})
	}
}

func TestARootGivesWhatItsTokenSays(t *testing.T) {
	w := land(t)
	operator := grant.Actor{Subject: "people/operator", Grants: []grant.Held{{Role: grant.DistrictCoordinator, Node: home}}}
	_, err := w.Grants().Create(kittest.All(t), operator, pete, "", grant.Held{Role: grant.TeamLead, Node: school}, "")
	require.NoError(t, err)
	_, err = w.Grants().Create(kittest.All(t), operator, pete, "", grant.Held{Role: grant.Reviewer, Node: school}, "")
	require.Equal(t, []string{"ROLE_INSUFFICIENT", "grant: grant_exceeds_own"}, schoolstest.Refusal(t, err))
	v, err := w.Grants().Create(kittest.All(t), schoolstest.Root(), olga, "", grant.Held{Role: grant.StateAdmin}, "")
	require.NoError(t, err)
	require.Equal(t, grant.Active, v.State, "a root needs no second person")
}

func TestTheRightsOfWhoeverIsDisabledAreNone(t *testing.T) {
	w := land(t)
	switched := func(off bool) {
		_, err := w.People().Update(kittest.All(t), schoolstest.Root(), cora, "", func(f person.Fields) person.Fields { f.Disabled = off; return f })
		require.NoError(t, err)
	}
	switched(true)
	_, err := w.Grants().Create(kittest.All(t), by(cora), pete, "", grant.Held{Role: grant.TeamLead, Node: school}, "")
	require.Equal(t, []string{"ROLE_INSUFFICIENT", "grant: grant_exceeds_own"}, schoolstest.Refusal(t, err))
	_, err = w.Grants().Create(kittest.All(t), by(ada), cora, "", grant.Held{Role: grant.TeamLead, Node: school}, "")
	require.Equal(t, []string{"STATE_WRONG", cora + ": person_enabled"}, schoolstest.Refusal(t, err))
	switched(false)
	give(t, w, cora, pete, "", grant.Held{Role: grant.TeamLead, Node: school})
}

func TestAPersonHasAtMostFiftyOpenGrants(t *testing.T) {
	w := land(t)
	for i := range 50 {
		give(t, w, cora, pete, fmt.Sprintf("g-%d", i), grant.Held{Role: grant.TeamMember, Node: school})
	}
	asked := grant.Held{Role: grant.TeamMember, Node: school}
	_, err := w.Grants().Create(kittest.All(t), by(cora), pete, "", asked, "")
	require.Equal(t, []string{"STATE_WRONG", pete + ": max_grants"}, schoolstest.Refusal(t, err))
	_, err = w.Grants().End(kittest.All(t), by(cora), pete+"/grants/g-0", "", "One less.")
	require.NoError(t, err)
	give(t, w, cora, pete, "", asked)
}

func TestGrantsAreListedNewestFirst(t *testing.T) {
	w := land(t)
	for _, id := range []string{"b", "a", "c"} {
		give(t, w, cora, pete, id, grant.Held{Role: grant.TeamMember, Node: school})
	}
	w.Clock.Advance(time.Minute)
	give(t, w, cora, pete, "a-new", grant.Held{Role: grant.TeamMember, Node: school})
	list := func(r record.Range) []string {
		found, err := w.Grants().List(kittest.All(t), pete, r)
		require.NoError(t, err)
		var ids []string
		for _, v := range found {
			_, _, id := record.Split(v.Name)
			ids = append(ids, id)
		}
		return ids
	}
	require.Equal(t, []string{"a-new", "c", "b", "a"}, list(record.Range{}))
	require.Equal(t, []string{"a-new", "c"}, list(record.Range{Limit: 2}))
	made := fmt.Sprint(w.Clock.Now().Add(-time.Minute).UnixMicro())
	require.Equal(t, []string{"b", "a"}, list(record.Range{After: []string{made, "c"}}))
}
