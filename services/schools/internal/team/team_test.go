package team_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const (
	home    = schoolstest.District
	school  = schoolstest.School
	ourTeam = schoolstest.Team
)

func TestATeamIsFormedAtAnOpenSchool(t *testing.T) {
	w := schoolstest.New(t)
	fields := team.Fields{Title: "Action team", Purpose: "Families feel welcome"}
	made, err := w.Teams().Create(kittest.All(t), school, "act", fields)
	require.NoError(t, err)
	require.Equal(t, team.Team{Name: school + "/teams/act", Fields: fields, Meta: record.NewMeta(w.Clock.Now())}, made)
	got, err := w.Teams().Get(kittest.All(t), made.Name)
	require.NoError(t, err)
	require.Equal(t, made, got)

	_, err = w.Teams().Create(kittest.All(t), school, "act", fields)
	require.Equal(t, []string{"RESOURCE_EXISTS " + made.Name}, schoolstest.Refusal(t, err))
	_, err = w.Teams().Create(kittest.All(t), home+"/schools/none", "", fields)
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/schools/none"}, schoolstest.Refusal(t, err))
	_, err = w.Teams().Create(kittest.All(t), school, "No", fields)
	require.Equal(t, schoolstest.Invalid("team_id: id_form"), schoolstest.Refusal(t, err))

	_, err = w.Districts().CloseSchool(kittest.All(t), school, "")
	require.NoError(t, err)
	_, err = w.Teams().Create(kittest.All(t), school, "", fields)
	require.Equal(t, []string{"STATE_WRONG", school + ": school_open"}, schoolstest.Refusal(t, err))
	require.Equal(t, []string{"TeamFormed " + made.Name, "SchoolClosed " + school}, w.Events(t))
	_, err = w.Teams().Get(kittest.All(t), made.Name)
	require.NoError(t, err, "the team of a school that closed stays")
}

func TestTheFieldsOfATeam(t *testing.T) {
	w := schoolstest.New(t)
	for name, c := range map[string]struct {
		fields team.Fields
		want   []string
	}{
		"a title is enough":             {team.Fields{Title: "T"}, nil},
		"a title is asked for":          {team.Fields{Purpose: "P"}, []string{"team.title: required"}},
		"a title of 201 is too long":    {team.Fields{Title: strings.Repeat("t", 201)}, []string{"team.title: max_length"}},
		"a purpose of 2000 fits":        {team.Fields{Title: "T", Purpose: strings.Repeat("p", 2000)}, nil},
		"a purpose of 2001 is too long": {team.Fields{Title: "T", Purpose: strings.Repeat("p", 2001)}, []string{"team.purpose: max_length"}},
		"both wrong are told at once":   {team.Fields{Purpose: strings.Repeat("p", 2001)}, []string{"team.title: required", "team.purpose: max_length"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Teams().Create(kittest.All(t), school, "", c.fields)
			_, uerr := w.Teams().Update(kittest.All(t), ourTeam, "", func(team.Fields) team.Fields { return c.fields })
			if c.want == nil {
				require.NoError(t, err)
				require.NoError(t, uerr)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, uerr))
		})
	}
}

func TestATeamIsChangedByWhoReadItLast(t *testing.T) {
	w := schoolstest.New(t)
	before, err := w.Teams().Get(kittest.All(t), ourTeam)
	require.NoError(t, err)
	w.Clock.Advance(time.Hour)
	purpose := func(f team.Fields) team.Fields { f.Purpose = "New"; return f }
	after, err := w.Teams().Update(kittest.All(t), ourTeam, etag.Of(before.Version), purpose)
	require.NoError(t, err)
	require.Equal(t, "New", after.Purpose)
	require.Equal(t, before.Title, after.Title)
	require.Equal(t, w.Clock.Now(), after.Updated)
	_, err = w.Teams().Update(kittest.All(t), ourTeam, etag.Of(before.Version), purpose)
	require.Equal(t, []string{"ETAG_STALE " + ourTeam}, schoolstest.Refusal(t, err))
	_, err = w.Teams().Update(kittest.All(t), school+"/teams/none", "", purpose)
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + school + "/teams/none"}, schoolstest.Refusal(t, err))
	require.Empty(t, w.Events(t))
}

func TestTeamsAreListedBelowTheirSchool(t *testing.T) {
	w := schoolstest.New(t)
	for _, id := range []string{"a", "z"} {
		_, err := w.Teams().Create(kittest.All(t), school, id, team.Fields{Title: id})
		require.NoError(t, err)
	}
	names := func(school string, r record.Range) []string {
		list, err := w.Teams().List(kittest.All(t), school, r)
		require.NoError(t, err)
		var all []string
		for _, one := range list {
			all = append(all, one.Name)
		}
		return all
	}
	require.Equal(t, []string{school + "/teams/a", ourTeam, school + "/teams/z"}, names(school, record.Range{}))
	require.Equal(t, []string{ourTeam}, names(school, record.Range{After: []string{"a"}, Limit: 1}))
	require.Empty(t, names(schoolstest.Second, record.Range{}))
	_, err := w.Teams().List(kittest.All(t), home+"/schools/none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/schools/none"}, schoolstest.Refusal(t, err))
}

func TestTheGroupsAreTheFive(t *testing.T) {
	require.Equal(t, []team.Group{team.Staff, team.Family, team.Student, team.Leadership, team.Community}, team.Groups())
	for _, g := range team.Groups() {
		require.True(t, g.Valid(), g)
	}
	for _, g := range []team.Group{"", "STAFF", "alumni"} {
		require.False(t, g.Valid(), g)
	}
}
