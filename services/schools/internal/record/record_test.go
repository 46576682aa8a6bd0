package record_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

func TestNamesAreTakenApartAsTheyWereJoined(t *testing.T) {
	segment := rapid.StringMatching(`[a-z0-9]{1,8}`)
	rapid.Check(t, func(rt *rapid.T) {
		parent := ""
		if rapid.Bool().Draw(rt, "has a parent") {
			parent = record.Join("", segment.Draw(rt, "above"), segment.Draw(rt, "parent"))
		}
		collection, id := segment.Draw(rt, "collection"), segment.Draw(rt, "id")
		name := record.Join(parent, collection, id)
		gotParent, gotCollection, gotID := record.Split(name)
		require.Equal(rt, []string{parent, collection, id}, []string{gotParent, gotCollection, gotID})
		require.Equal(rt, parent, record.Parent(name))
		require.True(rt, record.Within(name, parent))
	})
}

func TestWhatANameTells(t *testing.T) {
	for name, want := range map[string]struct{ district, school, parent string }{
		"":                                {record.State, "", ""},
		"people/p":                        {record.State, "", ""},
		"cycles/c":                        {record.State, "", ""},
		"badgeDefinitions/b/versions/v":   {record.State, "", "badgeDefinitions/b"},
		"districts/d":                     {"d", "", ""},
		"districts/d/people/p":            {"d", "", "districts/d"},
		"districts/d/schools":             {"d", "", "districts"},
		"districts/d/schools/s":           {"d", "districts/d/schools/s", "districts/d"},
		"districts/d/schools/s/teams/t":   {"d", "districts/d/schools/s", "districts/d/schools/s"},
		"districts/d/feederSystems/f":     {"d", "", "districts/d"},
		"districts/d/schools/s/results/r": {"d", "districts/d/schools/s", "districts/d/schools/s"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want.district, record.District(name))
			require.Equal(t, want.school, record.School(name))
			require.Equal(t, want.parent, record.Parent(name))
		})
	}
}

func TestANodeHoldsWhatIsBelowAndNothingThatOnlyBeginsAlike(t *testing.T) {
	for name, c := range map[string]struct {
		name, node string
		want       bool
	}{
		"itself":                   {"districts/d", "districts/d", true},
		"below":                    {"districts/d/schools/s", "districts/d", true},
		"far below":                {"districts/d/schools/s/teams/t", "districts/d", true},
		"the state holds all":      {"districts/d", "", true},
		"the state holds itself":   {"", "", true},
		"above":                    {"districts/d", "districts/d/schools/s", false},
		"begins alike":             {"districts/de", "districts/d", false},
		"a district not the state": {"", "districts/d", false},
		"another":                  {"districts/e/schools/s", "districts/d", false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, record.Within(c.name, c.node)) })
	}
}

func TestAChangeCountsTheVersionAndKeepsWhenItWasMade(t *testing.T) {
	made, changed := time.Unix(1, 0), time.Unix(2, 0)
	m := record.NewMeta(made)
	require.Equal(t, record.Meta{Version: 1, Created: made, Updated: made}, m)
	m.Touch(changed)
	require.Equal(t, record.Meta{Version: 2, Created: made, Updated: changed}, m)
	require.NoError(t, m.Check("", "x"))
	require.NoError(t, m.Check(etag.Of(2), "x"))
	require.True(t, problem.Is(m.Check(etag.Of(1), "x"), problem.KindAborted))
	require.True(t, problem.Is(m.Check("2", "x"), problem.KindAborted), "an etag that was never given out")
}

func TestAnIDIsChosenOrNew(t *testing.T) {
	chosen, err := record.ChooseID("0880", "district_id")
	require.NoError(t, err)
	require.Equal(t, "0880", chosen)
	fresh, err := record.ChooseID("", "district_id")
	require.NoError(t, err)
	require.True(t, ids.Valid(fresh))
	for _, bad := range []string{"A", "a b", "-a", "a-", "a/b", "ä", strings.Repeat("a", 64), "_"} {
		_, err := record.ChooseID(bad, "district_id")
		p, ok := problem.As(err)
		require.True(t, ok, bad)
		require.Equal(t, "district_id", p.Violations[0].Field)
		require.Equal(t, "id_form", p.Violations[0].Rule)
	}
}

// found returns what was collected, as "field: rule".
func found(err error) []string {
	p, ok := problem.As(err)
	if !ok {
		return nil
	}
	var all []string
	for _, v := range p.Violations {
		all = append(all, v.Field+": "+v.Rule)
	}
	return all
}

func TestBrokenRulesAreCollected(t *testing.T) {
	r := record.For("school")
	require.True(t, r.OK())
	require.NoError(t, r.Err())
	r.Text("title", "", 3)
	r.Text("name", "four", 3)
	r.Short("region", "äöü", 3)
	r.Short("region", "äöüß", 3)
	require.True(t, r.Date("good", "2028-02-29"))
	require.False(t, r.Date("bad", "2027-02-29"))
	require.False(t, r.Date("none", ""))
	require.False(t, r.Date("long", "2027-2-9"))
	other := record.For("")
	other.Add("plain", "rule", "Fix.")
	r.Merge(other)
	require.False(t, r.OK())
	require.Equal(t, []string{
		"school.title: required", "school.name: max_length", "school.region: max_length", "school.bad: calendar_day",
		"school.none: required", "school.long: calendar_day", "plain: rule",
	}, found(r.Err()))
}
