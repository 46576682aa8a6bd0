package person_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/etag"

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

func holding(role person.Role, node string) person.Actor {
	return person.Actor{Subject: "people/by", Grants: []person.Grant{{Role: role, Node: node}}}
}

func state() person.Actor       { return holding(person.StateAdmin, "") }
func coordinator() person.Actor { return holding(person.DistrictCoordinator, home) }

func granted(grants ...person.Grant) person.Fields {
	return person.Fields{DisplayName: "Ana", Grants: grants}
}

func TestAPersonIsRegisteredInADistrictOrInTheStateOffice(t *testing.T) {
	w := schoolstest.New(t)
	fields := person.Fields{
		DisplayName: "Ana Ü", Email: "ana@example.org", Demo: true,
		Grants: []person.Grant{{Role: person.Principal, Node: school}, {Role: person.TeamLead, Node: school}},
	}
	ana, err := w.People().Create(t.Context(), coordinator(), home, "ana", fields)
	require.NoError(t, err)
	require.Equal(t, person.Person{Name: home + "/people/ana", Fields: fields, Meta: record.NewMeta(w.Clock.Now())}, ana)
	got, err := w.People().Get(t.Context(), ana.Name)
	require.NoError(t, err)
	require.Equal(t, ana, got)
	office, err := w.People().Create(t.Context(), state(), "", "ada", granted(person.Grant{Role: person.StateAdmin}))
	require.NoError(t, err)
	require.Equal(t, "people/ada", office.Name)
	require.Equal(t, []string{"PersonChanged " + ana.Name, "PersonChanged people/ada"}, w.Events(t))

	_, err = w.People().Create(t.Context(), coordinator(), home, "ana", granted())
	require.Equal(t, []string{"RESOURCE_EXISTS " + ana.Name}, schoolstest.Refusal(t, err))
	_, err = w.People().Create(t.Context(), state(), "districts/none", "ana", granted())
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
	_, err = w.People().Create(t.Context(), state(), home, "Ana", granted())
	require.Equal(t, schoolstest.Invalid("person_id: id_form"), schoolstest.Refusal(t, err))
	_, err = w.People().Get(t.Context(), home+"/people/none")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/people/none"}, schoolstest.Refusal(t, err))
	require.Len(t, w.Events(t), 2)
}

func TestTheFieldsOfAPerson(t *testing.T) {
	w := schoolstest.New(t)
	lots := make([]person.Grant, 51)
	for i := range lots {
		lots[i] = person.Grant{Role: person.TeamLead, Node: fmt.Sprintf("%s/schools/x%d", home, i)}
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
		"more than 50 grants are too many": {granted(lots...), missing},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.People().Create(t.Context(), state(), home, "", c.fields)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
		})
	}
}

func TestGrantsLieOnNodesOfTheHome(t *testing.T) {
	w := schoolstest.New(t)
	for name, c := range map[string]struct {
		home  string
		grant person.Grant
		want  []string
	}{
		"the own district":                        {home, person.Grant{Role: person.DistrictCoordinator, Node: home}, nil},
		"a school of it":                          {home, person.Grant{Role: person.Principal, Node: school}, nil},
		"another district":                        {home, person.Grant{Role: person.Principal, Node: foreign}, []string{"person.grants[0].node: within_district"}},
		"a school of another district":            {home, person.Grant{Role: person.Principal, Node: abroad}, []string{"person.grants[0].node: within_district"}},
		"a district whose id begins alike":        {home, person.Grant{Role: person.Principal, Node: home + "x"}, []string{"person.grants[0].node: within_district"}},
		"the state":                               {home, person.Grant{Role: person.Reviewer}, []string{"person.grants[0].node: within_district"}},
		"a school that nobody knows":              {home, person.Grant{Role: person.Principal, Node: home + "/schools/none"}, []string{"person.grants[0].node: node_exists"}},
		"a team is no node":                       {home, person.Grant{Role: person.TeamLead, Node: schoolstest.Team}, []string{"person.grants[0].node: node_form"}},
		"a person is no node":                     {home, person.Grant{Role: person.TeamLead, Node: home + "/people/x"}, []string{"person.grants[0].node: node_form"}},
		"all schools are no node":                 {home, person.Grant{Role: person.TeamLead, Node: home + "/schools/-"}, []string{"person.grants[0].node: node_form"}},
		"a collection is no node":                 {home, person.Grant{Role: person.TeamLead, Node: home + "/schools/"}, []string{"person.grants[0].node: node_form"}},
		"all districts are no node":               {"", person.Grant{Role: person.TeamLead, Node: "districts/-"}, []string{"person.grants[0].node: node_form"}},
		"a role is asked for":                     {home, person.Grant{Node: school}, []string{"person.grants[0].role: required"}},
		"state staff on a district":               {"", person.Grant{Role: person.Reviewer, Node: foreign}, nil},
		"state staff on the state":                {"", person.Grant{Role: person.PanelChair}, nil},
		"state staff where no district is":        {"", person.Grant{Role: person.Reviewer, Node: "districts/none"}, []string{"person.grants[0].node: node_exists"}},
		"a state admin of the state":              {"", person.Grant{Role: person.StateAdmin}, nil},
		"a state analyst of the state":            {"", person.Grant{Role: person.StateAnalyst}, nil},
		"a state admin of one district is no one": {"", person.Grant{Role: person.StateAdmin, Node: home}, []string{"person.grants[0].node: state_role_on_state"}},
		"a state analyst of a school is no one":   {"", person.Grant{Role: person.StateAnalyst, Node: school}, []string{"person.grants[0].node: state_role_on_state"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.People().Create(t.Context(), state(), c.home, "", granted(c.grant))
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
		})
	}
	_, err := w.People().Create(t.Context(), state(), home, "", granted(
		person.Grant{Role: person.Principal, Node: school}, person.Grant{Role: person.TeamLead, Node: school}, person.Grant{Role: person.Principal, Node: school},
	))
	require.Equal(t, schoolstest.Invalid("person.grants[2]: unique"), schoolstest.Refusal(t, err))
}

func TestWhoMayGrantWhat(t *testing.T) {
	of := func(role person.Role, node string) person.Grant { return person.Grant{Role: role, Node: node} }
	for name, c := range map[string]struct {
		by    person.Actor
		grant person.Grant
		may   bool
	}{
		"the state grants its own role":                       {state(), of(person.StateAdmin, ""), true},
		"the state grants an analyst":                         {state(), of(person.StateAnalyst, ""), true},
		"the state grants a reviewer anywhere":                {state(), of(person.Reviewer, school), true},
		"the state grants the chair of a panel":               {state(), of(person.PanelChair, home), true},
		"the state grants a coordinator":                      {state(), of(person.DistrictCoordinator, foreign), true},
		"a coordinator grants another coordinator":            {coordinator(), of(person.DistrictCoordinator, home), true},
		"a coordinator grants a principal":                    {coordinator(), of(person.Principal, school), true},
		"a coordinator grants a lead":                         {coordinator(), of(person.TeamLead, school), true},
		"a coordinator grants a member":                       {coordinator(), of(person.TeamMember, school), true},
		"a coordinator grants a family liaison":               {coordinator(), of(person.FamilyLiaison, school), true},
		"a coordinator grants no reviewer":                    {coordinator(), of(person.Reviewer, school), false},
		"a coordinator grants no chair":                       {coordinator(), of(person.PanelChair, home), false},
		"a coordinator grants no analyst":                     {coordinator(), of(person.StateAnalyst, ""), false},
		"a coordinator grants no admin":                       {coordinator(), of(person.StateAdmin, ""), false},
		"a coordinator grants nothing on the state":           {coordinator(), of(person.TeamLead, ""), false},
		"a coordinator grants nothing in another district":    {coordinator(), of(person.TeamLead, abroad), false},
		"a coordinator grants nothing where the id is longer": {coordinator(), of(person.TeamLead, home+"x"), false},
		"a coordinator of one school grants there":            {holding(person.DistrictCoordinator, school), of(person.TeamLead, school), true},
		"a coordinator of one school grants nowhere else":     {holding(person.DistrictCoordinator, school), of(person.TeamLead, schoolstest.Second), false},
		"a coordinator of the state grants in any district":   {holding(person.DistrictCoordinator, ""), of(person.TeamLead, abroad), true},
		"an admin of a district is not of the state":          {holding(person.StateAdmin, home), of(person.TeamLead, school), false},
		"a principal grants nothing":                          {holding(person.Principal, school), of(person.TeamMember, school), false},
		"a lead grants nothing":                               {holding(person.TeamLead, school), of(person.TeamMember, school), false},
		"an analyst grants nothing":                           {holding(person.StateAnalyst, ""), of(person.TeamMember, school), false},
		"nobody grants nothing":                               {person.Actor{}, of(person.TeamMember, school), false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.may, c.by.MayGrant(c.grant)) })
	}
}

func TestEachGrantThatComesOrGoesIsLookedAt(t *testing.T) {
	lead, principal := person.Grant{Role: person.TeamLead, Node: school}, person.Grant{Role: person.Principal, Node: school}
	reviewer, chair := person.Grant{Role: person.Reviewer, Node: home}, person.Grant{Role: person.PanelChair, Node: home}
	for name, c := range map[string]struct {
		before, after []person.Grant
		want          []string
	}{
		"a role that may be given comes":        {nil, []person.Grant{lead}, nil},
		"a role that may be given goes":         {[]person.Grant{lead}, nil, nil},
		"one goes and another comes":            {[]person.Grant{lead}, []person.Grant{principal}, nil},
		"what may not be given stays":           {[]person.Grant{reviewer}, []person.Grant{reviewer}, nil},
		"what may not be given changes place":   {[]person.Grant{reviewer, lead}, []person.Grant{lead, reviewer}, nil},
		"what may not be given comes":           {[]person.Grant{lead}, []person.Grant{lead, reviewer}, []string{"person.grants[1]: grant_exceeds_own"}},
		"what may not be given goes":            {[]person.Grant{reviewer, lead}, []person.Grant{lead}, []string{"person.grants: grant_exceeds_own"}},
		"what may not be given comes for other": {[]person.Grant{reviewer}, []person.Grant{chair}, []string{"person.grants[0]: grant_exceeds_own", "person.grants: grant_exceeds_own"}},
		"each of several is named":              {nil, []person.Grant{reviewer, lead, chair}, []string{"person.grants[0]: grant_exceeds_own", "person.grants[2]: grant_exceeds_own"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := schoolstest.New(t)
			p, err := w.People().Create(t.Context(), state(), home, "p", granted(c.before...))
			require.NoError(t, err)
			_, err = w.People().Update(t.Context(), coordinator(), p.Name, "", func(f person.Fields) person.Fields {
				f.Grants = c.after
				return f
			})
			got, gerr := w.People().Get(t.Context(), p.Name)
			require.NoError(t, gerr)
			if c.want == nil {
				require.NoError(t, err)
				require.Equal(t, c.after, got.Grants)
				return
			}
			require.Equal(t, append([]string{"ROLE_INSUFFICIENT"}, c.want...), schoolstest.Refusal(t, err))
			require.Equal(t, p, got)
			require.Len(t, w.Events(t), 1)
		})
	}
}

func TestAPersonIsChangedByWhoReadItLast(t *testing.T) {
	w := schoolstest.New(t)
	before, err := w.People().Create(t.Context(), state(), home, "ana", granted(person.Grant{Role: person.Reviewer, Node: home}))
	require.NoError(t, err)
	w.Clock.Advance(time.Hour)
	rename := func(to string) func(person.Fields) person.Fields {
		return func(f person.Fields) person.Fields { f.DisplayName = to; return f }
	}
	after, err := w.People().Update(t.Context(), coordinator(), before.Name, etag.Of(before.Version), rename("Anna"))
	require.NoError(t, err)
	require.Equal(t, "Anna", after.DisplayName)
	require.Equal(t, before.Grants, after.Grants, "what the coordinator could not give stays")
	require.Equal(t, w.Clock.Now(), after.Updated)
	_, err = w.People().Update(t.Context(), coordinator(), before.Name, etag.Of(before.Version), rename("Lost"))
	require.Equal(t, []string{"ETAG_STALE " + before.Name}, schoolstest.Refusal(t, err))
	_, err = w.People().Update(t.Context(), coordinator(), before.Name, "", rename(""))
	require.Equal(t, schoolstest.Invalid("person.display_name: required"), schoolstest.Refusal(t, err))
	_, err = w.People().Update(t.Context(), coordinator(), home+"/people/none", "", rename("x"))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/people/none"}, schoolstest.Refusal(t, err))
	require.Equal(t, []string{"PersonChanged " + before.Name, "PersonChanged " + before.Name}, w.Events(t))
}

func TestPeopleAreListedWhereTheyAreRegistered(t *testing.T) {
	w := schoolstest.New(t)
	all := []string{home + "/people/a", home + "/people/b", foreign + "/people/a", "people/a"}
	for _, name := range all {
		parent, _, id := record.Split(name)
		_, err := w.People().Create(t.Context(), state(), parent, id, granted())
		require.NoError(t, err)
	}
	list := func(parent string, everywhere bool, r record.Range) []string {
		found, err := w.People().List(t.Context(), parent, everywhere, r)
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
	_, err := w.People().List(t.Context(), "districts/none", false, record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
}

func TestNoSequenceOfACoordinatorsCallsMakesMoreThanTheyHold(t *testing.T) {
	w := schoolstest.New(t)
	nodes := []string{"", home, school, foreign, abroad}
	rapid.Check(t, func(rt *rapid.T) {
		p, err := w.People().Create(t.Context(), state(), home, "", granted(person.Grant{Role: person.Reviewer, Node: home}))
		require.NoError(rt, err)
		for range rapid.IntRange(1, 5).Draw(rt, "calls") {
			after := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) person.Grant {
				return person.Grant{Role: grants().Draw(rt, "grant").Role, Node: rapid.SampledFrom(nodes).Draw(rt, "node")}
			}), 0, 3).Draw(rt, "after")
			if rapid.Bool().Draw(rt, "keeps the reviewer") {
				after = append(after, person.Grant{Role: person.Reviewer, Node: home})
			}
			_, _ = w.People().Update(t.Context(), coordinator(), p.Name, "", func(f person.Fields) person.Fields { f.Grants = after; return f })
		}
		got, err := w.People().Get(t.Context(), p.Name)
		require.NoError(rt, err)
		require.True(rt, slices.Contains(got.Grants, person.Grant{Role: person.Reviewer, Node: home}), "what others gave stays")
		for _, g := range got.Grants {
			require.True(rt, g == person.Grant{Role: person.Reviewer, Node: home} || coordinator().MayGrant(g), "%v", g)
		}
	})
}
