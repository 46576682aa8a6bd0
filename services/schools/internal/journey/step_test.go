package journey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

func TestTheFieldsOfAStep(t *testing.T) {
	w := newWorld(t)
	s, other := w.site(t, phase.Planning, nil), w.site(t, phase.Planning, nil)
	meta := record.NewMeta(w.clock.Now())
	invited, departed := aTeam+"/members/invited", aTeam+"/members/departed"
	elsewhere := school + "/teams/other/members/m"
	for _, m := range []team.Member{
		{Name: invited, Meta: meta},
		{Name: departed, Meta: meta, Confirmed: true, Departed: true},
		{Name: elsewhere, Meta: meta, Confirmed: true},
	} {
		require.NoError(t, w.kept.InsertMember(kittest.All(t), m))
	}
	for name, c := range map[string]struct {
		change func(*journey.StepFields)
		want   []string
	}{
		"a good step":                       {func(*journey.StepFields) {}, nil},
		"another goal of the journey":       {func(f *journey.StepFields) { f.Goal = s.spare }, nil},
		"a goal of another journey":         {func(f *journey.StepFields) { f.Goal = other.goal }, []string{"step.goal: goal_of_journey"}},
		"a goal that is not there":          {func(f *journey.StepFields) { f.Goal = s.name + "/goals/none" }, []string{"step.goal: goal_of_journey"}},
		"a step is no goal":                 {func(f *journey.StepFields) { f.Goal = s.step }, []string{"step.goal: goal_of_journey"}},
		"no goal":                           {func(f *journey.StepFields) { f.Goal = "" }, []string{"step.goal: goal_of_journey"}},
		"another member of the team":        {func(f *journey.StepFields) { f.Owner = aTeam + "/members/m4" }, nil},
		"somebody who is only invited":      {func(f *journey.StepFields) { f.Owner = invited }, []string{"step.owner: confirmed_member"}},
		"somebody who left":                 {func(f *journey.StepFields) { f.Owner = departed }, []string{"step.owner: confirmed_member"}},
		"a member of another team":          {func(f *journey.StepFields) { f.Owner = elsewhere }, []string{"step.owner: confirmed_member"}},
		"a person is no member":             {func(f *journey.StepFields) { f.Owner = "districts/d/people/p" }, []string{"step.owner: confirmed_member"}},
		"nobody":                            {func(f *journey.StepFields) { f.Owner = "" }, []string{"step.owner: confirmed_member"}},
		"a day that does not exist":         {func(f *journey.StepFields) { f.DueDate = "2026-11-31" }, []string{"step.due_date: calendar_day"}},
		"a title of 301 is too long":        {func(f *journey.StepFields) { f.Title = strings.Repeat("x", 301) }, []string{"step.title: max_length"}},
		"a budget of nothing":               {func(f *journey.StepFields) { f.BudgetCents = 0 }, nil},
		"a budget of a billion":             {func(f *journey.StepFields) { f.BudgetCents = 100_000_000_000 }, nil},
		"a budget of more than a billion":   {func(f *journey.StepFields) { f.BudgetCents = 100_000_000_001 }, []string{"step.budget_cents: range"}},
		"a budget that brings in something": {func(f *journey.StepFields) { f.BudgetCents = -1 }, []string{"step.budget_cents: range"}},
		"everything missing is told at once": {
			func(f *journey.StepFields) { *f = journey.StepFields{BudgetCents: -1} },
			[]string{"step.title: required", "step.due_date: required", "step.budget_cents: range", "step.goal: goal_of_journey", "step.owner: confirmed_member"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := s.aStep()
			c.change(&f)
			made, err := s.CreateStep(kittest.All(t), s.name, "", f)
			_, uerr := s.UpdateStep(kittest.All(t), s.step, "", func(journey.StepFields) journey.StepFields { return f })
			if c.want == nil {
				require.NoError(t, err)
				require.NoError(t, uerr)
				require.Equal(t, f, made.StepFields)
				return
			}
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
			require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, uerr))
		})
	}
}

func TestAStepComesAndGoes(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	made, err := s.CreateStep(kittest.All(t), s.name, "x", s.aStep())
	require.NoError(t, err)
	_, err = s.CreateStep(kittest.All(t), s.name, "x", s.aStep())
	require.Equal(t, []string{"RESOURCE_EXISTS " + made.Name}, schoolstest.Refusal(t, err))
	_, err = s.CreateStep(kittest.All(t), s.name, "No", s.aStep())
	require.Equal(t, schoolstest.Invalid("step_id: id_form"), schoolstest.Refusal(t, err))
	w.clock.Advance(time.Hour)
	title := func(f journey.StepFields) journey.StepFields { f.Title = "New"; return f }
	changed, err := s.UpdateStep(kittest.All(t), made.Name, etag.Of(1), title)
	require.NoError(t, err)
	require.Equal(t, record.Meta{Version: 2, Created: made.Created, Updated: w.clock.Now()}, changed.Meta)
	_, err = s.UpdateStep(kittest.All(t), made.Name, etag.Of(1), title)
	require.Equal(t, []string{"ETAG_STALE " + made.Name}, schoolstest.Refusal(t, err))
	require.Equal(t, []string{"ETAG_STALE " + made.Name}, schoolstest.Refusal(t, s.DeleteStep(kittest.All(t), made.Name, etag.Of(1))))
	require.NoError(t, s.DeleteStep(kittest.All(t), made.Name, etag.Of(2)))
	gone := []string{"RESOURCE_NOT_FOUND " + made.Name}
	require.Equal(t, gone, schoolstest.Refusal(t, s.DeleteStep(kittest.All(t), made.Name, "")))
	_, err = s.GetStep(kittest.All(t), made.Name)
	require.Equal(t, gone, schoolstest.Refusal(t, err))
	_, err = s.CompleteStep(kittest.All(t), made.Name, "", "o")
	require.Equal(t, gone, schoolstest.Refusal(t, err))
	list, err := s.ListSteps(kittest.All(t), s.name, record.Range{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = s.ListSteps(kittest.All(t), s.name+"none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + s.name + "none"}, schoolstest.Refusal(t, err))
}

func TestWhatWasDoneStaysAsItIs(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Underway, nil)
	for _, bad := range []struct{ outcome, rule string }{{" ", "outcome: required"}, {strings.Repeat("x", 4001), "outcome: max_length"}} {
		_, err := s.CompleteStep(kittest.All(t), s.step, "", bad.outcome)
		require.Equal(t, schoolstest.Invalid(bad.rule), schoolstest.Refusal(t, err))
	}
	w.clock.Advance(time.Hour)
	done, err := s.CompleteStep(kittest.All(t), s.step, etag.Of(1), "Two greeters")
	require.NoError(t, err)
	require.True(t, done.Completed)
	require.Equal(t, w.clock.Now(), done.CompleteTime)
	require.Equal(t, "Two greeters", done.Outcome)
	over := []string{"STATE_WRONG", s.step + ": step_open"}
	_, err = s.CompleteStep(kittest.All(t), s.step, "", "again")
	require.Equal(t, over, schoolstest.Refusal(t, err))
	change := func(f journey.StepFields) journey.StepFields { f.Title = "x"; return f }
	_, err = s.UpdateStep(kittest.All(t), s.step, "", change)
	require.Equal(t, over, schoolstest.Refusal(t, err))
	got, err := s.GetStep(kittest.All(t), s.step)
	require.NoError(t, err)
	require.Equal(t, done, got)

	back := func(p phase.Phase) { // the journey goes on in another cycle, or is revised
		j := s.now()
		j.Phase, j.Revising = p, p == phase.Applied
		j.Touch(w.clock.Now())
		require.NoError(t, w.kept.UpdateJourney(kittest.All(t), j))
	}
	back(phase.Planning)
	require.Equal(t, over, schoolstest.Refusal(t, s.DeleteStep(kittest.All(t), s.step, "")))
	_, err = s.UpdateStep(kittest.All(t), s.step, "", change)
	require.Equal(t, over, schoolstest.Refusal(t, err))
	back(phase.Applied)
	amended, err := s.UpdateStep(kittest.All(t), s.step, "", change)
	require.NoError(t, err, "a revision may ask for more")
	require.True(t, amended.Completed)
}

func TestAStepThatTheTeamReflectedOnStays(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Planning, nil)
	reflection := s.name + "/reflections/r"
	require.NoError(t, w.kept.InsertReflection(kittest.All(t), journey.Reflection{Name: reflection, Step: s.step, Meta: record.NewMeta(w.clock.Now())}))
	parts := s.parts()
	require.Equal(t, []string{"HAS_CHILDREN", reflection + ": step_without_reflections"}, schoolstest.Refusal(t, s.DeleteStep(kittest.All(t), s.step, "")))
	require.Equal(t, parts, s.parts())
}

func TestReflections(t *testing.T) {
	w := newWorld(t)
	s, other := w.site(t, phase.Underway, nil), w.site(t, phase.Underway, nil)
	good := journey.Reflection{Step: s.step, Text: "Parents smile back", Group: team.Family}
	for name, c := range map[string]struct {
		change func(*journey.Reflection)
		want   []string
	}{
		"a good one":                       {func(*journey.Reflection) {}, nil},
		"a text is asked for":              {func(r *journey.Reflection) { r.Text = " " }, []string{"reflection.text: required"}},
		"a text of 8001 is too long":       {func(r *journey.Reflection) { r.Text = strings.Repeat("x", 8001) }, []string{"reflection.text: max_length"}},
		"a group is asked for":             {func(r *journey.Reflection) { r.Group = "" }, []string{"reflection.group: required"}},
		"a step of another journey":        {func(r *journey.Reflection) { r.Step = other.step }, []string{"reflection.step: step_of_journey"}},
		"a step that is not there":         {func(r *journey.Reflection) { r.Step = s.name + "/steps/none" }, []string{"reflection.step: step_of_journey"}},
		"a goal is no step":                {func(r *journey.Reflection) { r.Step = s.goal }, []string{"reflection.step: step_of_journey"}},
		"everything missing":               {func(r *journey.Reflection) { *r = journey.Reflection{} }, []string{"reflection.text: required", "reflection.group: required", "reflection.step: step_of_journey"}},
		"who writes is not for the asking": {func(r *journey.Reflection) { r.Author = "people/other" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := good
			c.change(&r)
			made, err := s.CreateReflection(kittest.All(t), "people/p", s.name, "", r)
			if c.want != nil {
				require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, "people/p", made.Author)
			got, err := s.GetReflection(kittest.All(t), made.Name)
			require.NoError(t, err)
			require.Equal(t, made, got)
		})
	}
	_, err := s.CreateReflection(kittest.All(t), "people/p", s.name, "No", good)
	require.Equal(t, schoolstest.Invalid("reflection_id: id_form"), schoolstest.Refusal(t, err))
	list, err := s.ListReflections(kittest.All(t), s.name, record.Range{})
	require.NoError(t, err)
	require.Len(t, list, 2)
	_, err = s.ListReflections(kittest.All(t), s.name+"none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + s.name + "none"}, schoolstest.Refusal(t, err))
}

func TestNotes(t *testing.T) {
	w := newWorld(t)
	s := w.site(t, phase.Discovering, nil)
	for name, c := range map[string]struct {
		note journey.Note
		want []string
	}{
		"about all standards":           {journey.Note{Text: "t"}, nil},
		"about one":                     {journey.Note{Text: "t", Standard: "communicate"}, nil},
		"about one that is not there":   {journey.Note{Text: "t", Standard: "none"}, []string{"note.standard: standard_of_framework"}},
		"an indicator is no standard":   {journey.Note{Text: "t", Standard: "welcome-1"}, []string{"note.standard: standard_of_framework"}},
		"a text is asked for":           {journey.Note{}, []string{"note.text: required"}},
		"a text of 8001 is too long":    {journey.Note{Text: strings.Repeat("x", 8001)}, []string{"note.text: max_length"}},
		"both wrong are told at once":   {journey.Note{Standard: "none"}, []string{"note.text: required", "note.standard: standard_of_framework"}},
		"who writes is not to be asked": {journey.Note{Text: "t", Author: "people/other"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := s.CreateNote(kittest.All(t), "people/p", s.name, "", c.note)
			if c.want != nil {
				require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, "people/p", made.Author)
			got, err := s.GetNote(kittest.All(t), made.Name)
			require.NoError(t, err)
			require.Equal(t, made, got)
		})
	}
	_, err := s.CreateNote(kittest.All(t), "people/p", s.name+"none", "", journey.Note{Text: "t"})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + s.name + "none"}, schoolstest.Refusal(t, err))
	_, err = s.ListNotes(kittest.All(t), s.name+"none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + s.name + "none"}, schoolstest.Refusal(t, err))
	list, err := s.ListNotes(kittest.All(t), s.name, record.Range{})
	require.NoError(t, err)
	require.Len(t, list, 3)

	team, _, _ := strings.Cut(s.name, "/journeys/")
	school, _, _ := strings.Cut(team, "/teams/")
	for _, of := range []string{"", team} {
		counts, err := s.CountNotes(kittest.All(t), school, of)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"": 2, "communicate": 1}, counts, of)
	}
	_, err = s.CountNotes(kittest.All(t), school+"none", "")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + school + "none"}, schoolstest.Refusal(t, err))
	_, err = s.CountNotes(kittest.All(t), school, team+"none")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + team + "none"}, schoolstest.Refusal(t, err))
}
