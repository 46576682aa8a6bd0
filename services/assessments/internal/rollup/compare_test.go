package rollup_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// said is a page of one place with so many favorable answers to two items.
func said(table string, answers int, favorable ...int) rollup.Page {
	p := rollup.Page{Table: table, Level: rollup.School}
	standard := rollup.Measure{Shown: true}
	for i, n := range favorable {
		share := float64(n) / float64(answers)
		m := func(x float64) rollup.Measure { return rollup.Measure{Shown: true, Value: x} }
		e := rollup.Estimate{Value: m(share), SE: m(0.02), Low: m(share - 0.04), High: m(share + 0.04)}
		p.Items = append(p.Items, rollup.ItemEstimate{Item: string(rune('a' + i)), Standard: "welcome", Answers: rollup.Count{Shown: true, Value: answers}, Share: e})
		standard.Value += share / float64(len(favorable))
	}
	p.Standards = []rollup.StandardEstimate{{Standard: "welcome", Items: len(favorable), Share: rollup.Estimate{Value: standard, SE: rollup.Measure{Shown: true, Value: 0.02}}}}
	return p
}

func TestGapsAreStaffLessFamilies(t *testing.T) {
	families, staff := said("school-oak", 500, 250, 250, 250, 250), said("school-oak", 500, 400, 255, 250)
	staff.Items[2].Share = rollup.Estimate{Value: rollup.Measure{Reason: "hidden"}}
	gaps := rollup.Gaps(families, staff, rules())
	require.Len(t, gaps, 3, "items that both were asked")
	require.InDelta(t, 0.3, gaps[0].Gap.Value.Value, 1e-9)
	require.InDelta(t, 0.0283, gaps[0].Gap.SE.Value, 1e-4, "both errors, squared and added")
	require.Equal(t, "A notable difference.", gaps[0].Reading)
	require.Equal(t, "No difference shown.", gaps[1].Reading)
	require.False(t, gaps[2].Gap.Value.Shown || gaps[2].P.Shown, "what is hidden is not compared")
	require.Equal(t, families.Items[0].Share.Value, gaps[0].Family)

	lax := rules()
	lax.PracticalDifference = 40
	require.Equal(t, "A small difference.", rollup.Gaps(families, staff, lax)[0].Reading)
}

func TestChangesAreTakenPlaceByPlace(t *testing.T) {
	before := []rollup.Page{said("school-oak", 500, 250, 250), said("school-elm", 500, 250, 250)}
	now := []rollup.Page{said("school-oak", 500, 350, 250), said("school-elm", 500, 252, 250), said("school-new", 500, 100, 100)}
	rollup.Compare(now, before, "releases/r", rules())
	require.Len(t, now[0].Changes, 3, "two items and the standard")
	first, last := now[0].Changes[0], now[0].Changes[2]
	require.Equal(t, "a", first.Item)
	require.Equal(t, "releases/r", first.Before)
	require.InDelta(t, 0.2, first.Change.Value.Value, 1e-9)
	require.Equal(t, "A notable difference.", first.Reading)
	require.Empty(t, last.Item)
	require.Equal(t, "welcome", last.Standard)
	require.InDelta(t, 0.1, last.Change.Value.Value, 1e-9)
	require.Equal(t, "No difference shown.", now[1].Changes[0].Reading)
	require.Empty(t, now[2].Changes, "it was not asked before")
	require.Less(t, last.P.Value, now[1].Changes[2].P.Value)
}
