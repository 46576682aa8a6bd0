package district_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/scope"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

func TestTheFieldsOfASchool(t *testing.T) {
	w := schoolstest.New(t)
	for name, c := range map[string]struct {
		change func(*district.SchoolFields)
		want   []string
	}{
		"a title is enough":          {func(*district.SchoolFields) {}, nil},
		"a title is asked for":       {func(f *district.SchoolFields) { f.Title = "" }, []string{"school.title: required"}},
		"a title of 201 is too long": {func(f *district.SchoolFields) { f.Title = strings.Repeat("x", 201) }, []string{"school.title: max_length"}},
		"an identifier of 65 is too long": {
			func(f *district.SchoolFields) { f.StateIdentifier = strings.Repeat("x", 65) },
			[]string{"school.state_identifier: max_length"},
		},
		"grades go from PK to 12":        {func(f *district.SchoolFields) { f.GradeLow, f.GradeHigh = "PK", "12" }, nil},
		"one grade is a range":           {func(f *district.SchoolFields) { f.GradeLow, f.GradeHigh = "05", "05" }, nil},
		"PK comes before K":              {func(f *district.SchoolFields) { f.GradeLow, f.GradeHigh = "PK", "K" }, nil},
		"K does not come before PK":      {func(f *district.SchoolFields) { f.GradeLow, f.GradeHigh = "K", "PK" }, []string{"school.grade_high: grade_order"}},
		"9 comes before 10":              {func(f *district.SchoolFields) { f.GradeLow, f.GradeHigh = "09", "10" }, nil},
		"a grade has two digits":         {func(f *district.SchoolFields) { f.GradeLow = "9" }, []string{"school.grade_low: grade"}},
		"there is no grade 13":           {func(f *district.SchoolFields) { f.GradeHigh = "13" }, []string{"school.grade_high: grade"}},
		"one end may be open":            {func(f *district.SchoolFields) { f.GradeHigh = "05" }, nil},
		"nobody enrolled is fine":        {func(f *district.SchoolFields) { f.Enrollment = 0 }, nil},
		"a hundred thousand is the most": {func(f *district.SchoolFields) { f.Enrollment = 100_000 }, nil},
		"more is a mistake":              {func(f *district.SchoolFields) { f.Enrollment = 100_001 }, []string{"school.enrollment: range"}},
		"fewer than nobody is, too":      {func(f *district.SchoolFields) { f.Enrollment = -1 }, []string{"school.enrollment: range"}},
		"all that is wrong is told at once": {
			func(f *district.SchoolFields) {
				*f = district.SchoolFields{GradeLow: "x", GradeHigh: "y", Enrollment: -1}
			},
			[]string{"school.title: required", "school.grade_low: grade", "school.grade_high: grade", "school.enrollment: range"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := district.SchoolFields{Title: "Oak"}
			c.change(&f)
			made, err := w.Districts().CreateSchool(kittest.All(t), home, "", f)
			if c.want != nil {
				require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, f, made.SchoolFields)
			require.Equal(t, district.Open, made.State)
		})
	}
}

func TestASchoolNeedsItsDistrict(t *testing.T) {
	w := schoolstest.New(t)
	_, err := w.Districts().CreateSchool(kittest.All(t), "districts/none", "x", district.SchoolFields{Title: "x"})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
	_, err = w.Districts().CreateSchools(kittest.All(t), "districts/none", []district.Draft{draft("districts/none", "x", "x")})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
	_, err = w.Districts().ListSchools(kittest.All(t), district.SchoolQuery{District: "districts/none", Scope: scope.Of("")}, record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
	_, err = w.Districts().CreateSchool(kittest.All(t), home, "No", district.SchoolFields{Title: "x"})
	require.Equal(t, schoolstest.Invalid("school_id: id_form"), schoolstest.Refusal(t, err))
	require.Empty(t, w.Events(t))
}

func draft(parent, id, title string) district.Draft {
	return district.Draft{Parent: parent, ID: id, Fields: district.SchoolFields{Title: title}}
}

func TestABatchIsRegisteredWholeOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct {
		drafts []district.Draft
		want   []string
	}{
		"a good batch": {[]district.Draft{draft(home, "a", "A"), draft(home, "b", "B"), draft(home, "", "C"), draft(home, "", "D")}, nil},
		"one of another district": {
			[]district.Draft{draft(home, "a", "A"), draft(foreign, "b", "B")},
			schoolstest.Invalid("requests[1].parent: same_parent"),
		},
		"one without a parent": {
			[]district.Draft{draft("", "a", "A")},
			schoolstest.Invalid("requests[0].parent: same_parent"),
		},
		"an id twice": {
			[]district.Draft{draft(home, "a", "A"), draft(home, "b", "B"), draft(home, "a", "C")},
			schoolstest.Invalid("requests[2].school_id: unique"),
		},
		"two ids that are none are not twice the same": {
			[]district.Draft{draft(home, "A", "A"), draft(home, "B", "B")},
			schoolstest.Invalid("requests[0].school_id: id_form", "requests[1].school_id: id_form"),
		},
		"everything wrong at its place": {
			[]district.Draft{draft(foreign, "", ""), draft(home, "fine", "Fine"), draft(home, "No", " "), draft(home, "fine", strings.Repeat("x", 201))},
			schoolstest.Invalid(
				"requests[0].parent: same_parent", "requests[0].school.title: required",
				"requests[2].school_id: id_form", "requests[2].school.title: required",
				"requests[3].school_id: unique", "requests[3].school.title: max_length",
			),
		},
		"one that is there already": {
			[]district.Draft{draft(home, "a", "A"), draft(home, "s2", "B"), draft(home, "c", "C")},
			[]string{"RESOURCE_EXISTS " + second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := schoolstest.New(t)
			made, err := w.Districts().CreateSchools(kittest.All(t), home, c.drafts)
			list, lerr := w.Districts().ListSchools(kittest.All(t), district.SchoolQuery{District: home, Scope: scope.Of("")}, record.Range{})
			require.NoError(t, lerr)
			if c.want != nil {
				require.Equal(t, c.want, schoolstest.Refusal(t, err))
				require.Len(t, list, 2, "no school of the batch is there")
				require.Empty(t, w.Events(t))
				return
			}
			require.NoError(t, err)
			require.Len(t, list, 2+len(c.drafts))
			var told []string
			for i, s := range made {
				require.Equal(t, c.drafts[i].Fields, s.SchoolFields, "in the order of the request")
				told = append(told, "SchoolRegistered "+s.Name)
			}
			require.Equal(t, told, w.Events(t))
		})
	}
}

func TestABatchOfAnySizeIsAllOrNone(t *testing.T) {
	w := schoolstest.New(t)
	rapid.Check(t, func(rt *rapid.T) {
		count := func() int {
			list, err := w.Districts().ListSchools(kittest.All(t), district.SchoolQuery{District: home, Scope: scope.Of("")}, record.Range{})
			require.NoError(rt, err)
			return len(list)
		}
		drafts := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) district.Draft {
			return draft(
				rapid.SampledFrom([]string{home, home, home, foreign}).Draw(rt, "parent"),
				rapid.SampledFrom([]string{"", "", "", "s", "x", "No"}).Draw(rt, "id"),
				rapid.SampledFrom([]string{"Oak", "Elm", "Ash", ""}).Draw(rt, "title"),
			)
		}), 1, 4).Draw(rt, "drafts")
		before := count()
		made, err := w.Districts().CreateSchools(kittest.All(t), home, drafts)
		if err != nil {
			require.Equal(rt, before, count())
			return
		}
		require.Len(rt, made, len(drafts))
		require.Equal(rt, before+len(drafts), count())
	})
}

func TestASchoolIsChangedAndClosed(t *testing.T) {
	w := schoolstest.New(t)
	before, err := w.Districts().GetSchool(kittest.All(t), school)
	require.NoError(t, err)
	w.Clock.Advance(time.Minute)
	grow := func(f district.SchoolFields) district.SchoolFields { f.Enrollment = 412; return f }
	after, err := w.Districts().UpdateSchool(kittest.All(t), school, etag.Of(before.Version), grow)
	require.NoError(t, err)
	require.Equal(t, int64(412), after.Enrollment)
	require.Equal(t, before.Title, after.Title)
	require.Equal(t, w.Clock.Now(), after.Updated)

	_, err = w.Districts().UpdateSchool(kittest.All(t), school, etag.Of(before.Version), grow)
	require.Contains(t, schoolstest.Refusal(t, err)[0], "ETAG_STALE")
	_, err = w.Districts().CloseSchool(kittest.All(t), school, etag.Of(before.Version))
	require.Contains(t, schoolstest.Refusal(t, err)[0], "ETAG_STALE")
	_, err = w.Districts().UpdateSchool(kittest.All(t), school, "", func(f district.SchoolFields) district.SchoolFields { f.Title = ""; return f })
	require.Equal(t, schoolstest.Invalid("school.title: required"), schoolstest.Refusal(t, err))

	closed, err := w.Districts().CloseSchool(kittest.All(t), school, etag.Of(after.Version))
	require.NoError(t, err)
	require.Equal(t, district.Closed, closed.State)
	_, err = w.Districts().CloseSchool(kittest.All(t), school, "")
	require.Equal(t, []string{"STATE_WRONG", school + ": school_open"}, schoolstest.Refusal(t, err))
	got, err := w.Districts().GetSchool(kittest.All(t), school)
	require.NoError(t, err)
	require.Equal(t, closed, got, "its history stays")
	_, err = w.Districts().CloseSchool(kittest.All(t), home+"/schools/none", "")
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + home + "/schools/none"}, schoolstest.Refusal(t, err))
	require.Equal(t, []string{"SchoolChanged " + school, "SchoolClosed " + school}, w.Events(t))
}
