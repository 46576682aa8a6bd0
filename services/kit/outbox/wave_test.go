package outbox

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/bus"
)

func TestAWaveNeverHoldsTwoEventsOfAResource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []row
		for i, name := range rapid.SliceOf(rapid.IntRange(0, 4)).Draw(t, "names") {
			rows = append(rows, row{seq: int64(i), ev: bus.Event{Name: fmt.Sprint(name)}})
		}
		last := map[string]int64{}
		sent := 0
		for rest := rows; len(rest) > 0; {
			var now []row
			now, rest = wave(rest)
			seen := map[string]bool{}
			for _, r := range now {
				require.False(t, seen[r.ev.Name], "two at once")
				seen[r.ev.Name] = true
				before, ok := last[r.ev.Name]
				require.True(t, !ok || before < r.seq, "a later one first")
				last[r.ev.Name] = r.seq
				sent++
			}
		}
		require.Equal(t, len(rows), sent)
	})
}

func TestSubjectsMatchAsTheBusUnderstandsThem(t *testing.T) {
	const subject = "tandem.schools.school.registered.v1.d1"
	for filter, want := range map[string]bool{
		subject: true, "tandem.>": true, "tandem.schools.*.*.v1.d1": true, ">": true,
		"tandem.badges.>": false, "tandem.schools.*.*.v1": false, subject + ".>": false, subject + ".*": false, "tandem.schools": false,
	} {
		require.Equal(t, want, matches(filter, subject), filter)
	}
}
