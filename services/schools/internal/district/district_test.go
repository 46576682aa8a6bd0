package district_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/scope"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

const (
	home    = schoolstest.District
	foreign = schoolstest.Foreign
	school  = schoolstest.School
	second  = schoolstest.Second
	abroad  = schoolstest.Abroad
)

func TestADistrictIsRegisteredWithTheIDThatTheStateGivesIt(t *testing.T) {
	w := schoolstest.Empty(t)
	fields := district.Fields{Title: "Maple", StateIdentifier: "0880", Region: "North", TimeZone: "America/Denver"}
	made, err := w.Districts().CreateDistrict(kittest.All(t), "0880", fields)
	require.NoError(t, err)
	require.Equal(t, district.District{Name: "districts/0880", Fields: fields, Meta: record.NewMeta(w.Clock.Now())}, made)
	got, err := w.Districts().GetDistrict(kittest.All(t), made.Name)
	require.NoError(t, err)
	require.Equal(t, made, got)
	require.Equal(t, []string{"DistrictRegistered districts/0880"}, w.Events(t))

	_, err = w.Districts().CreateDistrict(kittest.All(t), "0880", fields)
	require.Equal(t, []string{"RESOURCE_EXISTS districts/0880"}, schoolstest.Refusal(t, err))
	require.Len(t, w.Events(t), 1, "what was refused is not told")
}

func TestADistrictWithoutAnIDGetsANewOneEachTime(t *testing.T) {
	w := schoolstest.Empty(t)
	a, err := w.Districts().CreateDistrict(kittest.All(t), "", district.Fields{Title: "A"})
	require.NoError(t, err)
	b, err := w.Districts().CreateDistrict(kittest.All(t), "", district.Fields{Title: "A"})
	require.NoError(t, err)
	require.NotEqual(t, a.Name, b.Name)
}

func TestTheFieldsOfADistrict(t *testing.T) {
	good := func() district.Fields { return district.Fields{Title: "Maple"} }
	for name, c := range map[string]struct {
		id     string
		change func(*district.Fields)
		want   []string
	}{
		"an id has no capitals":           {"Maple", func(*district.Fields) {}, schoolstest.Invalid("district_id: id_form")},
		"an id has no slash":              {"a/b", func(*district.Fields) {}, schoolstest.Invalid("district_id: id_form")},
		"an id does not end with a dash":  {"a-", func(*district.Fields) {}, schoolstest.Invalid("district_id: id_form")},
		"an id has 63 characters at most": {strings.Repeat("a", 64), func(*district.Fields) {}, schoolstest.Invalid("district_id: id_form")},
		"a title is asked for":            {"", func(f *district.Fields) { f.Title = "" }, schoolstest.Invalid("district.title: required")},
		"a blank title is none":           {"", func(f *district.Fields) { f.Title = " \t" }, schoolstest.Invalid("district.title: required")},
		"a title of 200 characters fits":  {"", func(f *district.Fields) { f.Title = strings.Repeat("ü", 200) }, nil},
		"a title of 201 does not": {
			"", func(f *district.Fields) { f.Title = strings.Repeat("ü", 201) },
			schoolstest.Invalid("district.title: max_length"),
		},
		"an identifier of 65 characters does not fit": {
			"", func(f *district.Fields) { f.StateIdentifier = strings.Repeat("1", 65) },
			schoolstest.Invalid("district.state_identifier: max_length"),
		},
		"a region of 121 characters does not fit": {
			"", func(f *district.Fields) { f.Region = strings.Repeat("r", 121) },
			schoolstest.Invalid("district.region: max_length"),
		},
		"a time zone may be left out":        {"", func(f *district.Fields) { f.TimeZone = "" }, nil},
		"a time zone is one of the database": {"", func(f *district.Fields) { f.TimeZone = "America/Denver" }, nil},
		"a time zone that is not": {
			"", func(f *district.Fields) { f.TimeZone = "Mars/Base" },
			schoolstest.Invalid("district.time_zone: time_zone"),
		},
		"the zone of the machine is none": {
			"", func(f *district.Fields) { f.TimeZone = "Local" },
			schoolstest.Invalid("district.time_zone: time_zone"),
		},
		"everything wrong is told at once": {
			"", func(f *district.Fields) {
				*f = district.Fields{StateIdentifier: strings.Repeat("1", 65), Region: strings.Repeat("r", 121), TimeZone: "x"}
			},
			schoolstest.Invalid("district.title: required", "district.state_identifier: max_length",
				"district.region: max_length", "district.time_zone: time_zone"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := schoolstest.Empty(t)
			f := good()
			c.change(&f)
			_, err := w.Districts().CreateDistrict(kittest.All(t), c.id, f)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.want, schoolstest.Refusal(t, err))
			require.Empty(t, w.Events(t))
		})
	}
}

func TestADistrictIsChangedByWhoReadItLast(t *testing.T) {
	w := schoolstest.New(t)
	before, err := w.Districts().GetDistrict(kittest.All(t), home)
	require.NoError(t, err)
	w.Clock.Advance(time.Hour)
	rename := func(to string) func(district.Fields) district.Fields {
		return func(f district.Fields) district.Fields { f.Title = to; return f }
	}
	after, err := w.Districts().UpdateDistrict(kittest.All(t), home, etag.Of(before.Version), rename("New"))
	require.NoError(t, err)
	require.Equal(t, "New", after.Title)
	require.Equal(t, before.Version+1, after.Version)
	require.Equal(t, before.Created, after.Created)
	require.Equal(t, w.Clock.Now(), after.Updated)

	_, err = w.Districts().UpdateDistrict(kittest.All(t), home, etag.Of(before.Version), rename("Lost"))
	require.Equal(t, "ETAG_STALE", schoolstest.Refusal(t, err)[0][:10])
	_, err = w.Districts().UpdateDistrict(kittest.All(t), home, "", rename(""))
	require.Equal(t, schoolstest.Invalid("district.title: required"), schoolstest.Refusal(t, err))
	_, err = w.Districts().UpdateDistrict(kittest.All(t), "districts/none", "", rename("x"))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))

	got, err := w.Districts().GetDistrict(kittest.All(t), home)
	require.NoError(t, err)
	require.Equal(t, after, got, "what was refused changed nothing")
}

func TestDistrictsAreListedForTheNodesOfTheCaller(t *testing.T) {
	w := schoolstest.New(t)
	for name, c := range map[string]struct {
		nodes []string
		after []string
		want  []string
	}{
		"the state sees all":                     {[]string{""}, nil, []string{home, foreign}},
		"a district sees itself":                 {[]string{foreign}, nil, []string{foreign}},
		"a school sees its district":             {[]string{school}, nil, []string{home}},
		"two schools of a district see it once":  {[]string{school, second}, nil, []string{home}},
		"schools of two districts see both":      {[]string{school, abroad}, nil, []string{home, foreign}},
		"nobody sees nothing":                    {nil, nil, nil},
		"a page begins after the one before":     {[]string{""}, []string{"d"}, []string{foreign}},
		"a grant on what is not there sees none": {[]string{"districts/none"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := w.Districts().ListDistricts(kittest.All(t), scope.Of(c.nodes...), record.Range{After: c.after})
			require.NoError(t, err)
			var names []string
			for _, d := range list {
				names = append(names, d.Name)
			}
			require.Equal(t, c.want, names)
		})
	}
}
