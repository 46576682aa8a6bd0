package rollup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

func TestATableThatWasWithdrawnTellsNothing(t *testing.T) {
	q := &Question{Categories: []Category{{ID: "yes"}, {ID: "no"}, {ID: NotScored}}}
	row := rowOf(q, release.Published{}, 3)
	require.Equal(t, tally{question: q, total: release.Withheld, counts: []int64{release.Withheld, release.Withheld, release.Withheld}}, row)
}

func TestGroupsOfTheStateAreThoseOfRegions(t *testing.T) {
	levels := func(places ...Place) (out []Level) {
		for i := range places {
			places[i].Key, places[i].Parent = string(rune('a'+i)), i-1
		}
		tree := &Tree{Places: places}
		rows, _ := tree.rows()
		for _, i := range tree.tops(rows).rows {
			out = append(out, tree.Places[i].Level)
		}
		return out
	}
	require.Equal(t, []Level{State, Region}, levels(Place{Level: State}, Place{Level: Region}, Place{Level: District}, Place{Level: School}))
	require.Equal(t, []Level{State}, levels(Place{Level: State}, Place{Level: District}, Place{Level: School}), "parts of the state that are no regions have no row, and regions would not add up")
	require.Equal(t, []Level{District}, levels(Place{Level: District}, Place{Level: Feeder}, Place{Level: School}))
}
