package api

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"pgregory.net/rapid"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/mask"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

func TestNamesHaveTheFormOfTheirResource(t *testing.T) {
	for name, c := range map[string]struct {
		name  string
		forms []string
		ok    bool
	}{
		"a district":                {"districts/0880", []string{districtForm}, true},
		"a school":                  {"districts/d/schools/s", []string{schoolForm}, true},
		"a school is no district":   {"districts/d/schools/s", []string{districtForm}, false},
		"a district without its id": {"districts/", []string{districtForm}, false},
		"nothing":                   {"", []string{districtForm}, false},
		"a person of either place":  {"people/p", []string{personForm, officeForm}, true},
		"a person of neither":       {"schools/s/people/p", []string{personForm, officeForm}, false},
		"a step":                    {"districts/d/schools/s/teams/t/journeys/j/steps/x", []string{stepForm}, true},
		"a goal is no step":         {"districts/d/schools/s/teams/t/journeys/j/goals/x", []string{stepForm}, false},
		"something before it":       {"/districts/d", []string{districtForm}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkName("name", c.name, c.forms...)
			if c.ok {
				require.NoError(t, err)
				return
			}
			p, ok := problem.As(err)
			require.True(t, ok)
			require.Equal(t, "name_form", p.Violations[0].Rule)
			require.Contains(t, p.Violations[0].Fix, c.forms[0])
		})
	}
}

func TestAMaskChangesTheFieldsThatItNamesAndNoOther(t *testing.T) {
	editable := []string{"title", "state_identifier", "grade_low", "grade_high", "enrollment", "title_one", "charter"}
	fields := rapid.Custom(func(rt *rapid.T) district.SchoolFields {
		word := rapid.SampledFrom([]string{"", "a", "b"})
		return district.SchoolFields{
			Title: word.Draw(rt, "title"), StateIdentifier: word.Draw(rt, "identifier"), GradeLow: word.Draw(rt, "low"), GradeHigh: word.Draw(rt, "high"),
			Enrollment: rapid.Int64Range(0, 3).Draw(rt, "enrollment"), TitleOne: rapid.Bool().Draw(rt, "title one"), Charter: rapid.Bool().Draw(rt, "charter"),
		}
	})
	out := func(f district.SchoolFields) *schoolsv1.School { return schoolOut(district.School{SchoolFields: f}) }
	values := func(f district.SchoolFields) []any {
		return []any{f.Title, f.StateIdentifier, f.GradeLow, f.GradeHigh, f.Enrollment, f.TitleOne, f.Charter}
	}
	rapid.Check(t, func(rt *rapid.T) {
		before, in := fields.Draw(rt, "before"), fields.Draw(rt, "in")
		paths := rapid.SliceOfDistinct(rapid.SampledFrom(append(slices.Clone(editable), "etag", "name")), rapid.ID).Draw(rt, "mask")
		change, err := mask.Change(&fieldmaskpb.FieldMask{Paths: paths}, out(in), editable, out, schoolFields)
		require.NoError(rt, err)
		after := values(change(before))
		for i, field := range editable {
			given := values(in)[i]
			want := values(before)[i]
			populated := given != "" && given != int64(0) && given != false
			if slices.Contains(paths, field) || len(paths) == 0 && populated {
				want = given
			}
			require.Equal(rt, want, after[i], field)
		}
	})
	for _, path := range []string{"state", "create_time", "colour", "title.x", ""} {
		_, err := mask.Change(&fieldmaskpb.FieldMask{Paths: []string{"title", path}}, &schoolsv1.School{}, editable, out, schoolFields)
		p, ok := problem.As(err)
		require.True(t, ok, path)
		require.Equal(t, "editable_field", p.Violations[0].Rule)
	}
	change, err := mask.Change(&fieldmaskpb.FieldMask{Paths: []string{"*"}}, &schoolsv1.School{Title: "New"}, editable, out, schoolFields)
	require.NoError(t, err)
	require.Equal(t, district.SchoolFields{Title: "New"}, change(district.SchoolFields{Title: "Old", GradeLow: "K", Charter: true}))
}

func TestWhatComesInGoesOutTheSame(t *testing.T) {
	d := district.Fields{Title: "t", StateIdentifier: "i", Region: "r", TimeZone: "z"}
	require.Equal(t, d, districtFields(districtOut(district.District{Fields: d})))
	f := district.FeederFields{Title: "t", Schools: []string{"a", "b"}}
	require.Equal(t, f, feederFields(feederOut(district.Feeder{FeederFields: f})))
	p := person.Fields{DisplayName: "n", Email: "e", Demo: true, Disabled: true}
	require.Equal(t, p, personFields(personOut(person.Person{Fields: p})))
	c := cycle.Fields{
		Title: "t", StartDate: "s", EndDate: "e", Terms: []cycle.Term{{Title: "t", StartDate: "s", EndDate: "e"}},
		Windows: []cycle.Window{{Phase: phase.Planning, Start: kittest.Start(), End: kittest.Start().Add(time.Microsecond)}},
	}
	require.Equal(t, c, cycleFields(cycleOut(cycle.Cycle{Fields: c})))
	tf := team.Fields{Title: "t", Purpose: "p"}
	require.Equal(t, tf, teamFields(teamOut(team.Team{Fields: tf})))
	m := team.MemberFields{Person: "p", DisplayName: "n", Group: team.Student, Lead: true}
	require.Equal(t, m, memberFields(memberOut(team.Member{MemberFields: m})))
	g := journey.GoalFields{Title: "t", Indicator: "i", ImprovementPlanGoal: "p", Measure: "m"}
	require.Equal(t, g, goalFields(goalOut(journey.Goal{GoalFields: g})))
	s := journey.StepFields{Title: "t", Goal: "g", Owner: "o", DueDate: "d", BudgetCents: 7}
	require.Equal(t, s, stepFields(stepOut(journey.Step{StepFields: s})))
}

func TestAJourneyGoesOutWhole(t *testing.T) {
	now := kittest.Start()
	got := journeyOut(journey.Journey{
		Name: "j", Cycle: "c", PastCycles: []string{"b"}, FrameworkVersion: "f", Phase: phase.Applied, EvidencePlan: "e", SustainPlan: "s",
		Application: "a", Award: "w", Meta: record.NewMeta(now),
		Choice:       &journey.Choice{Standard: "st", Reasons: "r", DataSummary: "d", ChooseTime: now, ChosenBy: "p"},
		SignedOff:    &journey.Signature{Signer: "q", SignTime: now, PlanDigest: "00", Statement: "x"},
		Presentation: &journey.Presentation{Summary: "y", PresentDate: "2027-05-01", Attendees: 3},
	})
	require.Empty(t, cmp.Diff(&schoolsv1.Journey{
		Name: "j", Cycle: "c", PastCycles: []string{"b"}, FrameworkVersion: "f", Phase: schoolsv1.Phase_PHASE_APPLIED, EvidencePlan: "e", SustainPlan: "s",
		Application: "a", Award: "w", CreateTime: stamp(now), UpdateTime: stamp(now), Etag: `"1"`,
		Choice:       &schoolsv1.Choice{Standard: "st", Reasons: "r", DataSummary: "d", ChooseTime: stamp(now), ChosenBy: "p"},
		SignOff:      &schoolsv1.SignOff{Signer: "q", SignTime: stamp(now), PlanDigest: "00", Statement: "x"},
		Presentation: &schoolsv1.Presentation{Summary: "y", PresentDate: "2027-05-01", Attendees: 3},
	}, got, protocmp.Transform()))
	bare := journeyOut(journey.Journey{Phase: phase.Forming})
	require.Nil(t, bare.GetChoice())
	require.Nil(t, bare.GetSignOff())
	require.Nil(t, bare.GetPresentation())
	require.Nil(t, bare.GetCreateTime(), "no time is no time, not 1970")
}

func TestPagesHoldEveryRowOnceInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n, size := rapid.IntRange(0, 20).Draw(rt, "rows"), rapid.Int32Range(1, 7).Draw(rt, "size")
		fetch := func(r record.Range) ([]int, error) {
			from := 0
			if len(r.After) == 1 {
				last, err := strconv.Atoi(r.After[0])
				require.NoError(rt, err)
				from = last + 1
			}
			var rows []int
			for i := from; i < n && len(rows) < r.Limit; i++ {
				rows = append(rows, i)
			}
			return rows, nil
		}
		req := &schoolsv1.ListDistrictsRequest{PageSize: size}
		var seen []int
		for {
			rows, next, err := list(req, fetch, func(i int) []string { return []string{strconv.Itoa(i)} }, func(i int) *int { return &i })
			require.NoError(rt, err)
			require.LessOrEqual(rt, len(rows), int(size))
			for _, row := range rows {
				seen = append(seen, *row)
			}
			if next == "" {
				break
			}
			require.Len(rt, rows, int(size), "a page that is not the last is full")
			req.PageToken = next
		}
		require.Len(rt, seen, n)
		require.True(rt, slices.IsSorted(seen))
	})
}
