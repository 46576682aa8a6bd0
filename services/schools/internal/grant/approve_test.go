package grant_test

import (
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

func TestDangerousGrantsWaitForASecondPerson(t *testing.T) {
	w := land(t)
	end := w.Clock.Now().AddDate(1, 0, 0)
	for name, c := range map[string]struct {
		to    string
		asked grant.Held
		state grant.State
	}{
		"state administrator":         {olga, grant.Held{Role: grant.StateAdmin}, grant.Pending},
		"state analyst":               {olga, grant.Held{Role: grant.StateAnalyst}, grant.Pending},
		"any role on the whole state": {olga, grant.Held{Role: grant.Reviewer}, grant.Pending},
		"a chair":                     {pete, grant.Held{Role: grant.PanelChair, Node: home}, grant.Pending},
		"an evaluator":                {pete, grant.Held{Role: grant.OutsideEvaluator, Node: school, End: end}, grant.Pending},
		"a reviewer in a district":    {pete, grant.Held{Role: grant.Reviewer, Node: home}, grant.Active},
		"a coordinator":               {pete, grant.Held{Role: grant.DistrictCoordinator, Node: home}, grant.Active},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.state, give(t, w, ada, c.to, "", c.asked).State)
		})
	}
}

func TestApprovalIsASecondPersonsWhoCouldHaveGivenIt(t *testing.T) {
	w := land(t)
	carl := w.Hire(t, home+"/people/carl", grant.DistrictCoordinator, home).Subject
	lena := w.Hire(t, home+"/people/lena", grant.TeamLead, school).Subject
	asked := grant.Held{Role: grant.OutsideEvaluator, Node: home, End: w.Clock.Now().AddDate(1, 0, 0)}
	v := give(t, w, cora, carl, "study", asked)
	told := len(w.Events(t))
	for approver, want := range map[string][]string{
		cora:                  {"CONFLICT_OF_INTEREST", v.Name + ": second_person"},
		carl:                  {"CONFLICT_OF_INTEREST", v.Name + ": second_person"},
		lena:                  {"ROLE_INSUFFICIENT", v.Name + ": grant_exceeds_own"},
		pete:                  {"ROLE_INSUFFICIENT", v.Name + ": grant_exceeds_own"},
		"":                    {"ROLE_INSUFFICIENT", v.Name + ": grant_exceeds_own"},
		home + "/people/none": {"ROLE_INSUFFICIENT", v.Name + ": grant_exceeds_own"},
	} {
		_, err := w.Grants().Approve(kittest.All(t), by(approver), v.Name, "")
		require.Equal(t, want, schoolstest.Refusal(t, err), approver)
	}
	_, err := w.Grants().Approve(kittest.All(t), by(ada), v.Name, etag.Of(9))
	require.Equal(t, []string{"ETAG_STALE " + v.Name}, schoolstest.Refusal(t, err))
	require.Len(t, w.Events(t), told)
	w.Clock.Advance(time.Hour)
	done, err := w.Grants().Approve(kittest.All(t), by(ada), v.Name, etag.Of(v.Version))
	require.NoError(t, err)
	require.Equal(t, []any{grant.Active, ada, w.Clock.Now(), asked.End}, []any{done.State, done.Approver, done.Start, done.End})
	require.Equal(t, []string{"GrantGiven " + v.Name}, w.Events(t)[told:])
	_, err = w.Grants().Approve(kittest.All(t), by(bob), v.Name, "")
	require.Equal(t, []string{"STATE_WRONG", v.Name + ": grant_pending"}, schoolstest.Refusal(t, err))
}

func TestTheRightsOfBothAreLookedAtAgain(t *testing.T) {
	end := func(w *schoolstest.World) time.Time { return w.Clock.Now().AddDate(0, 1, 0) }
	for name, c := range map[string]struct {
		happens func(t *testing.T, w *schoolstest.World)
		want    string
	}{
		"the grantor's own grant was ended": {func(t *testing.T, w *schoolstest.World) {
			_, err := w.Grants().End(kittest.All(t), by(ada), cora+"/grants/first-1", "", "Left.")
			require.NoError(t, err)
		}, "grantor_holds"},
		"the grantor is disabled": {func(t *testing.T, w *schoolstest.World) { disable(t, w, cora) }, "grantor_holds"},
		"the person is disabled":  {func(t *testing.T, w *schoolstest.World) { disable(t, w, pete) }, "person_enabled"},
		"it was refused": {func(t *testing.T, w *schoolstest.World) {
			v, err := w.Grants().End(kittest.All(t), by(bob), pete+"/grants/study", "", "No.")
			require.NoError(t, err)
			require.Equal(t, grant.Ended, v.State)
		}, "grant_pending"},
		"its end has passed": {func(_ *testing.T, w *schoolstest.World) { w.Clock.Set(end(w)) }, "grant_pending"},
	} {
		t.Run(name, func(t *testing.T) {
			w := land(t)
			v := give(t, w, cora, pete, "study", grant.Held{Role: grant.OutsideEvaluator, Node: home, End: end(w)})
			c.happens(t, w)
			_, err := w.Grants().Approve(kittest.All(t), by(ada), v.Name, "")
			got := schoolstest.Refusal(t, err)
			require.Equal(t, "STATE_WRONG", got[0])
			require.Contains(t, got[1], c.want)
		})
	}
}

func TestAnApprovalIsGivenToTheEndOfTheApproversOwnGrant(t *testing.T) {
	w := land(t)
	now := w.Clock.Now()
	brief := home + "/people/brief"
	register(t, w, brief)
	_, err := w.Grants().Create(kittest.All(t), schoolstest.Root(), brief, "", grant.Held{Role: grant.DistrictCoordinator, Node: home, End: now.AddDate(0, 1, 0)}, "")
	require.NoError(t, err)
	long := give(t, w, cora, pete, "long", grant.Held{Role: grant.OutsideEvaluator, Node: home, End: now.AddDate(0, 2, 0)})
	_, err = w.Grants().Approve(kittest.All(t), by(brief), long.Name, "")
	require.Equal(t, []string{"ROLE_INSUFFICIENT", long.Name + ": grant_outlasts_own"}, schoolstest.Refusal(t, err))
	short := give(t, w, cora, pete, "short", grant.Held{Role: grant.OutsideEvaluator, Node: home, End: now.AddDate(0, 1, 0)})
	_, err = w.Grants().Approve(kittest.All(t), by(brief), short.Name, "")
	require.NoError(t, err)
}

func disable(t *testing.T, w *schoolstest.World, name string) {
	t.Helper()
	_, err := w.People().Update(kittest.All(t), schoolstest.Root(), name, "", func(f person.Fields) person.Fields { f.Disabled = true; return f })
	require.NoError(t, err)
}

func TestWhoMayEndAGrant(t *testing.T) {
	for name, c := range map[string]struct {
		by    string
		asked grant.Held
		want  string
	}{
		"a coordinator, of the own district":            {cora, grant.Held{Role: grant.TeamLead, Node: school}, ""},
		"a coordinator, what the state gave for longer": {cora, grant.Held{Role: grant.Principal, Node: school}, ""},
		"a coordinator, not a reviewer":                 {cora, grant.Held{Role: grant.Reviewer, Node: home}, "ROLE_INSUFFICIENT"},
		"the state, anything":                           {ada, grant.Held{Role: grant.Reviewer, Node: home}, ""},
		"a root, anything":                              {"people/dev-admin", grant.Held{Role: grant.Reviewer, Node: home}, ""},
		"not who holds it, if they could not give it":   {pete, grant.Held{Role: grant.TeamLead, Node: school}, "ROLE_INSUFFICIENT"},
	} {
		t.Run(name, func(t *testing.T) {
			w := land(t)
			v := give(t, w, ada, pete, "g", c.asked)
			actor := grant.Actor{Subject: c.by, Grants: schoolstest.Root().Grants}
			_, err := w.Grants().End(kittest.All(t), actor, v.Name, "", "Done.")
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, []string{c.want, v.Name + ": grant_exceeds_own"}, schoolstest.Refusal(t, err))
		})
	}
}

func TestTheLastStateAdministratorIsNotEnded(t *testing.T) {
	w := land(t)
	first := func(name string) string { return name + "/grants/first-1" }
	_, err := w.Grants().End(kittest.All(t), by(ada), first(bob), "", "Retires.")
	require.NoError(t, err)
	waiting := give(t, w, ada, olga, "next", grant.Held{Role: grant.StateAdmin})
	_, err = w.Grants().End(kittest.All(t), by(ada), first(ada), "", "Me too.")
	require.Equal(t, []string{"STATE_WRONG", first(ada) + ": last_state_admin"}, schoolstest.Refusal(t, err), "who waits is none yet")
	_, err = w.Grants().End(kittest.All(t), by(ada), waiting.Name, "", "No.")
	require.NoError(t, err, "a pending one may be refused")
	_, err = w.Grants().End(kittest.All(t), schoolstest.Root(), first(ada), "", "By the operator.")
	require.NoError(t, err)
}

// TestWhatWasGivenStaysWhenItsGrantorIsGone: it was right when it was given, and
// reviews show that nobody stands behind it any more.
func TestWhatWasGivenStaysWhenItsGrantorIsGone(t *testing.T) {
	w := land(t)
	v := give(t, w, cora, pete, "lead", grant.Held{Role: grant.TeamLead, Node: school})
	look := func() grant.View {
		got, err := w.Grants().Get(kittest.All(t), v.Name)
		require.NoError(t, err)
		found, err := w.Grants().Holders(kittest.All(t), school, false, record.Range{})
		require.NoError(t, err)
		for _, h := range found {
			if h.Name == v.Name {
				require.Equal(t, got, h.View, "the review says the same")
			}
		}
		return got
	}
	require.False(t, look().Unsupported)
	_, err := w.Grants().End(kittest.All(t), by(ada), cora+"/grants/first-1", "", "Moves on.")
	require.NoError(t, err)
	require.Equal(t, []any{grant.Active, true}, []any{look().State, look().Unsupported})
	held, err := w.People().Get(kittest.All(t), pete)
	require.NoError(t, err)
	require.Len(t, held.Grants, 1)
	root, err := w.Grants().Get(kittest.All(t), ada+"/grants/first-1")
	require.NoError(t, err)
	require.False(t, root.Unsupported, "a root stands behind what it gave")
}

func TestHoldersOfANode(t *testing.T) {
	w := land(t)
	lena := w.Hire(t, home+"/people/lena", grant.TeamLead, school).Subject
	w.Hire(t, home+"/people/neil", grant.TeamLead, second)
	w.Hire(t, foreign+"/people/fay", grant.TeamLead, abroad)
	rita := w.Hire(t, "people/rita", grant.Reviewer, school).Subject
	waiting := give(t, w, ada, pete, "study", grant.Held{Role: grant.OutsideEvaluator, Node: home, End: w.Clock.Now().AddDate(1, 0, 0)})
	ended := give(t, w, cora, pete, "over", grant.Held{Role: grant.TeamLead, Node: school})
	_, err := w.Grants().End(kittest.All(t), by(cora), ended.Name, "", "Over.")
	require.NoError(t, err)
	list := func(node string, below bool, r record.Range) []string {
		found, err := w.Grants().Holders(kittest.All(t), node, below, r)
		require.NoError(t, err)
		var all []string
		for _, h := range found {
			require.NotEmpty(t, h.DisplayName)
			all = append(all, h.Person())
		}
		return all
	}
	require.Equal(t, []string{cora, lena, pete, ada, bob, rita}, list(school, false, record.Range{}))
	require.Equal(t, []string{lena, pete}, list(school, false, record.Range{After: []string{cora, "first-1"}, Limit: 2}))
	require.Equal(t, []string{cora, pete, ada, bob}, list(home, false, record.Range{}))
	require.Equal(t, []string{cora, lena, home + "/people/neil", pete, ada, bob, rita}, list(home, true, record.Range{}))
	require.Equal(t, []string{ada, bob}, list("", false, record.Range{}))
	require.Len(t, list("", true, record.Range{}), 8)
	require.Equal(t, []string{foreign + "/people/fay", ada, bob}, list(abroad, false, record.Range{}))
	for _, missing := range []string{home + "/schools/none", "districts/none"} {
		_, err := w.Grants().Holders(kittest.All(t), missing, false, record.Range{})
		require.Equal(t, []string{"RESOURCE_NOT_FOUND " + missing}, schoolstest.Refusal(t, err))
	}
	found, err := w.Grants().Holders(kittest.All(t), home, false, record.Range{After: []string{home + "/people/lena", ""}, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []any{waiting.Name, grant.Pending}, []any{found[0].Name, found[0].State})
}
