package person_test

import (
	"fmt"
	"strings"
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
	abroad  = schoolstest.Abroad
)

func root() grant.Actor { return schoolstest.Root() }

func named(name string) person.Fields { return person.Fields{DisplayName: name} }

func roles(all ...person.Role) []person.Role { return all }

func TestAPersonIsRegisteredInADistrictOrInTheStateOffice(t *testing.T) {
	w := schoolstest.New(t)
	cora := w.Hire(t, home+"/people/cora", grant.DistrictCoordinator, home)
	before := len(w.Events(t))
	fields := person.Fields{DisplayName: "Ana Ü", Email: "ana@example.org", Demo: true}
	held := roles(person.Role{Role: grant.Principal, Node: school}, person.Role{Role: grant.TeamLead, Node: school})
	ana, err := w.People().Create(kittest.All(t), cora, home, "ana", fields, held)
	require.NoError(t, err)
	require.Equal(t, person.Person{Name: home + "/people/ana", Fields: fields, Grants: held, Meta: record.NewMeta(w.Clock.Now())}, ana)
	got, err := w.People().Get(kittest.All(t), ana.Name)
	require.NoError(t, err)
	require.Equal(t, ana, got)
	require.Equal(t, []string{
		"GrantGiven " + ana.Name + "/grants/first-1", "GrantGiven " + ana.Name + "/grants/first-2", "PersonChanged " + ana.Name,
	}, w.Events(t)[before:])
	before = len(w.Events(t))

	_, err = w.People().Create(kittest.All(t), cora, home, "ana", named("Ana"), nil)
	require.Equal(t, []string{"RESOURCE_EXISTS " + ana.Name}, schoolstest.Refusal(t, err))
	_, err = w.People().Create(kittest.All(t), root(), "districts/none", "ana", named("Ana"), nil)
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
	_, err = w.People().Create(kittest.All(t), root(), home, "Ana", named("Ana"), nil)
	require.Equal(t, schoolstest.Invalid("person_id: id_form"), schoolstest.Refusal(t, err))
	_, err = w.People().Get(kittest.All(t), home+"/people/none")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/people/none"}, schoolstest.Refusal(t, err))
	require.Len(t, w.Events(t), before)
}

func TestNobodyIsRegisteredAsARoot(t *testing.T) {
	w := schoolstest.New(t)
	for _, id := range []string{"dev-admin", "operator"} {
		_, err := w.People().Create(kittest.All(t), root(), "", id, named("Eve"), nil)
		require.Equal(t, schoolstest.Invalid("person_id: id_reserved"), schoolstest.Refusal(t, err))
		_, err = w.People().Create(kittest.All(t), root(), home, id, named("Eve"), nil)
		require.NoError(t, err, "a district's person is another name")
	}
}

func TestTheFieldsOfAPerson(t *testing.T) {
	w := schoolstest.New(t)
	lots := make([]person.Role, 51)
	for i := range lots {
		lots[i] = person.Role{Role: grant.TeamLead, Node: fmt.Sprintf("%s/schools/x%d", home, i)}
	}
	missing := []string{"person.grants: max_items"}
	for i := range lots {
		missing = append(missing, fmt.Sprintf("person.grants[%d].node: node_exists", i))
	}
	for name, c := range map[string]struct {
		fields person.Fields
		want   []string
	}{
		"a name is enough":                 {person.Fields{DisplayName: "Ana"}, nil},
		"a name is asked for":              {person.Fields{}, []string{"person.display_name: required"}},
		"a name of 201 is too long":        {person.Fields{DisplayName: strings.Repeat("a", 201)}, []string{"person.display_name: max_length"}},
		"an address is one":                {person.Fields{DisplayName: "Ana", Email: "ana@example.org"}, nil},
		"a word is no address":             {person.Fields{DisplayName: "Ana", Email: "ana"}, []string{"person.email: mail_address"}},
		"an address has no name before it": {person.Fields{DisplayName: "Ana", Email: "Ana <ana@example.org>"}, []string{"person.email: mail_address"}},
		"two addresses are none":           {person.Fields{DisplayName: "Ana", Email: "a@example.org, b@example.org"}, []string{"person.email: mail_address"}},
		"an address of 255 is too long": {
			person.Fields{DisplayName: "Ana", Email: strings.Repeat("a", 243) + "@example.org"},
			[]string{"person.email: mail_address"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.People().Create(kittest.All(t), root(), home, "", c.fields, nil)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
		})
	}
	_, err := w.People().Create(kittest.All(t), root(), home, "", named("Ana"), lots)
	require.Equal(t, schoolstest.Invalid(missing...), schoolstest.Refusal(t, err))
	_, err = w.People().Create(kittest.All(t), root(), home, "", named(""), roles(person.Role{}))
	require.Equal(t, schoolstest.Invalid("person.display_name: required", "person.grants[0].role: required"), schoolstest.Refusal(t, err),
		"everything that is wrong is said at once")
}

func TestFirstGrantsFollowTheRulesOfGrants(t *testing.T) {
	w := schoolstest.New(t)
	cora := w.Hire(t, home+"/people/cora", grant.DistrictCoordinator, home)
	ada := w.Hire(t, "people/ada", grant.StateAdmin, "")
	before := len(w.Events(t))
	lead, reviewer := person.Role{Role: grant.TeamLead, Node: school}, person.Role{Role: grant.Reviewer, Node: home}
	_, err := w.People().Create(kittest.All(t), cora, home, "x", named("X"), roles(lead, reviewer))
	require.Equal(t, []string{"ROLE_INSUFFICIENT", "person.grants[1]: grant_exceeds_own"}, schoolstest.Refusal(t, err))
	_, err = w.People().Get(kittest.All(t), home+"/people/x")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/people/x"}, schoolstest.Refusal(t, err), "without the roles there is no person")
	require.Len(t, w.Events(t), before)
	chair, err := w.People().Create(kittest.All(t), ada, home, "chair", named("Chair"), roles(lead, person.Role{Role: grant.PanelChair, Node: home}))
	require.NoError(t, err)
	require.Equal(t, roles(lead), chair.Grants, "what waits for a second person is not held")
	require.Equal(t, "GrantRequested "+chair.Name+"/grants/first-2", w.Events(t)[before+1])
}

func TestAPersonIsChangedByWhoReadItLast(t *testing.T) {
	w := schoolstest.New(t)
	cora := w.Hire(t, home+"/people/cora", grant.DistrictCoordinator, home)
	before, err := w.People().Create(kittest.All(t), root(), home, "ana", named("Ana"), roles(person.Role{Role: grant.Reviewer, Node: home}))
	require.NoError(t, err)
	events := len(w.Events(t))
	w.Clock.Advance(time.Hour)
	rename := func(to string) func(person.Fields) person.Fields {
		return func(f person.Fields) person.Fields { f.DisplayName = to; return f }
	}
	after, err := w.People().Update(kittest.All(t), cora, before.Name, etag.Of(before.Version), rename("Anna"))
	require.NoError(t, err)
	require.Equal(t, "Anna", after.DisplayName)
	require.Equal(t, before.Grants, after.Grants)
	require.Equal(t, w.Clock.Now(), after.Updated)
	_, err = w.People().Update(kittest.All(t), cora, before.Name, etag.Of(before.Version), rename("Lost"))
	require.Equal(t, []string{"ETAG_STALE " + before.Name}, schoolstest.Refusal(t, err))
	_, err = w.People().Update(kittest.All(t), cora, before.Name, "", rename(""))
	require.Equal(t, schoolstest.Invalid("person.display_name: required"), schoolstest.Refusal(t, err))
	_, err = w.People().Update(kittest.All(t), cora, home+"/people/none", "", rename("x"))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/people/none"}, schoolstest.Refusal(t, err))
	require.Equal(t, []string{"PersonChanged " + before.Name}, w.Events(t)[events:])
}

// TestWhoDecidesHowSomebodySignsIn: a mail address links the first account, so
// whoever changes it could sign in as that person.
func TestWhoDecidesHowSomebodySignsIn(t *testing.T) {
	mail := func(f person.Fields) person.Fields { f.Email = "other@example.org"; return f }
	disable := func(f person.Fields) person.Fields { f.Disabled = true; return f }
	cora, ada, eve := home+"/people/cora", "people/ada", "people/eve"
	for name, c := range map[string]struct {
		by     string
		whose  person.Role // what the person holds
		change func(person.Fields) person.Fields
		want   []string
	}{
		"a coordinator changes the address of a lead":      {cora, person.Role{Role: grant.TeamLead, Node: school}, mail, nil},
		"a coordinator disables a lead":                    {cora, person.Role{Role: grant.TeamLead, Node: school}, disable, nil},
		"a coordinator changes no address of a reviewer":   {cora, person.Role{Role: grant.Reviewer, Node: home}, mail, []string{"ROLE_INSUFFICIENT", "person.email: grant_exceeds_own"}},
		"a coordinator disables no reviewer":               {cora, person.Role{Role: grant.Reviewer, Node: home}, disable, []string{"ROLE_INSUFFICIENT", "person.disabled: grant_exceeds_own"}},
		"the state changes the address of a reviewer":      {ada, person.Role{Role: grant.Reviewer, Node: home}, mail, nil},
		"nobody alone becomes who needed a second person":  {ada, person.Role{Role: grant.PanelChair, Node: home}, mail, []string{"CONFLICT_OF_INTEREST", "person.email: own_address"}},
		"the state disables a chair":                       {ada, person.Role{Role: grant.PanelChair, Node: home}, disable, nil},
		"a root changes the address of a chair":            {"people/dev-admin", person.Role{Role: grant.PanelChair, Node: home}, mail, nil},
		"somebody who holds nothing any more, of a reader": {eve, person.Role{Role: grant.TeamLead, Node: school}, mail, []string{"ROLE_INSUFFICIENT", "person.email: grant_exceeds_own"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := schoolstest.New(t)
			w.Hire(t, cora, grant.DistrictCoordinator, home)
			w.Hire(t, ada, grant.StateAdmin, "")
			p := w.Hire(t, home+"/people/p", c.whose.Role, c.whose.Node)
			by := grant.Actor{Subject: c.by, Grants: root().Grants}
			_, err := w.People().Update(kittest.All(t), by, p.Subject, "", c.change)
			if c.want == nil {
				require.NoError(t, err)
				_, err = w.People().Update(kittest.All(t), p, p.Subject, "", mail)
				require.NoError(t, err, "their own address is theirs")
				return
			}
			require.Equal(t, c.want, schoolstest.Refusal(t, err))
		})
	}
}

func TestTheLastStateAdministratorStays(t *testing.T) {
	w := schoolstest.New(t)
	ada := w.Hire(t, "people/ada", grant.StateAdmin, "")
	switched := func(off bool) func(person.Fields) person.Fields {
		return func(f person.Fields) person.Fields { f.Disabled = off; return f }
	}
	_, err := w.People().Update(kittest.All(t), ada, ada.Subject, "", switched(true))
	require.Equal(t, []string{"STATE_WRONG", ada.Subject + "/grants/first-1: last_state_admin"}, schoolstest.Refusal(t, err))
	bob := w.Hire(t, "people/bob", grant.StateAdmin, "")
	_, err = w.People().Update(kittest.All(t), ada, bob.Subject, "", switched(true))
	require.NoError(t, err)
	_, err = w.People().Update(kittest.All(t), bob, ada.Subject, "", switched(true))
	require.Equal(t, []string{"ROLE_INSUFFICIENT", "person.disabled: grant_exceeds_own"}, schoolstest.Refusal(t, err), "who is disabled holds nothing")
	_, err = w.People().Update(kittest.All(t), ada, ada.Subject, "", switched(true))
	require.Equal(t, []string{"STATE_WRONG", ada.Subject + "/grants/first-1: last_state_admin"}, schoolstest.Refusal(t, err), "who is disabled is no other one")
	_, err = w.People().Update(kittest.All(t), root(), ada.Subject, "", switched(true))
	require.NoError(t, err)
}

func TestPeopleAreListedWhereTheyAreRegistered(t *testing.T) {
	w := schoolstest.New(t)
	all := []string{home + "/people/a", home + "/people/b", foreign + "/people/a", "people/a"}
	for _, name := range all {
		parent, _, id := record.Split(name)
		_, err := w.People().Create(kittest.All(t), root(), parent, id, named(id), nil)
		require.NoError(t, err)
	}
	list := func(parent string, everywhere bool, r record.Range) []string {
		found, err := w.People().List(kittest.All(t), parent, everywhere, r)
		require.NoError(t, err)
		var names []string
		for _, p := range found {
			names = append(names, p.Name)
		}
		return names
	}
	require.Equal(t, all[:2], list(home, false, record.Range{}))
	require.Equal(t, all[3:], list("", false, record.Range{}))
	require.ElementsMatch(t, all, list("districts/-", true, record.Range{}))
	require.Equal(t, all[1:2], list(home, false, record.Range{After: []string{"d", "a"}}))
	_, err := w.People().List(kittest.All(t), "districts/none", false, record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
}
