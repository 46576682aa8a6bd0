package district_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

func feeder(schools ...string) district.FeederFields {
	return district.FeederFields{Title: "East", Schools: schools}
}

func many(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s/schools/x%d", foreign, i)
	}
	return all
}

func TestTheSchoolsOfAFeederSystem(t *testing.T) {
	w := schoolstest.New(t)
	_, err := w.Districts().CreateFeeder(kittest.All(t), home, "taken", feeder(second))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		fields district.FeederFields
		want   []string
	}{
		"none yet":                     {feeder(), nil},
		"a school of the district":     {feeder(school), nil},
		"a title is asked for":         {district.FeederFields{}, []string{"feeder_system.title: required"}},
		"a title of 201 is too long":   {district.FeederFields{Title: strings.Repeat("x", 201)}, []string{"feeder_system.title: max_length"}},
		"a school of another district": {feeder(abroad), []string{"feeder_system.schools[0]: same_district"}},
		"a school that nobody knows":   {feeder(home + "/schools/none"), []string{"feeder_system.schools[0]: school_exists"}},
		"a person is no school":        {feeder(home + "/people/s"), []string{"feeder_system.schools[0]: school_exists"}},
		"a school twice":               {feeder(school, school), []string{"feeder_system.schools[1]: unique"}},
		"a school of another system":   {feeder(school, second), []string{"feeder_system.schools[1]: one_feeder_system"}},
		"each at its place":            {feeder(abroad, school, home+"/schools/none", second, school), []string{"feeder_system.schools[0]: same_district", "feeder_system.schools[2]: school_exists", "feeder_system.schools[3]: one_feeder_system", "feeder_system.schools[4]: unique"}},
		"more schools than a district has": {
			feeder(many(201)...),
			append([]string{"feeder_system.schools: max_items"}, func() (each []string) {
				for i := range 201 {
					each = append(each, fmt.Sprintf("feeder_system.schools[%d]: same_district", i))
				}
				return each
			}()...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := w.Districts().CreateFeeder(kittest.All(t), home, "", c.fields)
			if c.want != nil {
				require.Equal(t, schoolstest.Invalid(c.want...), schoolstest.Refusal(t, err))
				return
			}
			require.NoError(t, err)
			got, err := w.Districts().GetFeeder(kittest.All(t), made.Name)
			require.NoError(t, err)
			require.Equal(t, made, got)
			require.NoError(t, w.Districts().DeleteFeeder(kittest.All(t), made.Name, ""))
		})
	}
}

func TestAFeederSystemComesAndGoesAndItsSchoolsStay(t *testing.T) {
	w := schoolstest.New(t)
	made, err := w.Districts().CreateFeeder(kittest.All(t), home, "east", feeder(school, second))
	require.NoError(t, err)
	turn := func(f district.FeederFields) district.FeederFields { f.Schools = []string{second, school}; return f }
	turned, err := w.Districts().UpdateFeeder(kittest.All(t), made.Name, etag.Of(made.Version), turn)
	require.NoError(t, err)
	require.Equal(t, []string{second, school}, turned.Schools, "the order is the way of the pupils")
	_, err = w.Districts().UpdateFeeder(kittest.All(t), made.Name, etag.Of(made.Version), turn)
	require.Contains(t, schoolstest.Refusal(t, err)[0], "ETAG_STALE")
	_, err = w.Districts().UpdateFeeder(kittest.All(t), made.Name, "", func(f district.FeederFields) district.FeederFields {
		f.Schools = []string{abroad}
		return f
	})
	require.Equal(t, schoolstest.Invalid("feeder_system.schools[0]: same_district"), schoolstest.Refusal(t, err))

	require.Contains(t, schoolstest.Refusal(t, w.Districts().DeleteFeeder(kittest.All(t), made.Name, etag.Of(made.Version)))[0], "ETAG_STALE")
	require.NoError(t, w.Districts().DeleteFeeder(kittest.All(t), made.Name, etag.Of(turned.Version)))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + made.Name}, schoolstest.Refusal(t, w.Districts().DeleteFeeder(kittest.All(t), made.Name, "")))
	_, err = w.Districts().GetFeeder(kittest.All(t), made.Name)
	require.Equal(t, []string{"RESOURCE_NOT_FOUND " + made.Name}, schoolstest.Refusal(t, err))
	for _, name := range []string{school, second} {
		_, err := w.Districts().GetSchool(kittest.All(t), name)
		require.NoError(t, err)
	}
}

func TestFeederSystemsNeedTheirDistrict(t *testing.T) {
	w := schoolstest.New(t)
	_, err := w.Districts().CreateFeeder(kittest.All(t), "districts/none", "", feeder())
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
	_, err = w.Districts().ListFeeders(kittest.All(t), "districts/none", record.Range{})
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
	_, err = w.Districts().CreateFeeder(kittest.All(t), home, "No", feeder())
	require.Equal(t, schoolstest.Invalid("feeder_system_id: id_form"), schoolstest.Refusal(t, err))
	list, err := w.Districts().ListFeeders(kittest.All(t), home, record.Range{})
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestHoweverFeederSystemsChangeNoSchoolIsInTwo(t *testing.T) {
	w := schoolstest.New(t)
	feeders := []string{home + "/feederSystems/a", home + "/feederSystems/b", home + "/feederSystems/c"}
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "calls") {
			name := rapid.SampledFrom(feeders).Draw(rt, "feeder")
			fields := feeder(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{school, second}), 0, 2, rapid.ID).Draw(rt, "schools")...)
			switch rapid.SampledFrom([]string{"create", "update", "delete"}).Draw(rt, "call") {
			case "create":
				_, _ = w.Districts().CreateFeeder(kittest.All(t), home, name[len(name)-1:], fields)
			case "update":
				_, _ = w.Districts().UpdateFeeder(kittest.All(t), name, "", func(district.FeederFields) district.FeederFields { return fields })
			default:
				_ = w.Districts().DeleteFeeder(kittest.All(t), name, "")
			}
			list, err := w.Districts().ListFeeders(kittest.All(t), home, record.Range{})
			require.NoError(rt, err)
			in := map[string]string{}
			for _, f := range list {
				for _, s := range f.Schools {
					require.Empty(rt, in[s], "%s is in two feeder systems", s)
					in[s] = f.Name
				}
			}
			for _, s := range []string{school, second} {
				of, err := w.Store.FeederOf(kittest.All(t), s)
				require.NoError(rt, err)
				require.Equal(rt, in[s], of, "the key of the store tells the same")
			}
		}
	})
}
