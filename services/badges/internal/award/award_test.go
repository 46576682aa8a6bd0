package award_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/internal/award"
)

func TestAnAwardEndsOnTheSameDayOfALaterMonth(t *testing.T) {
	at := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 10, 30, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		from   time.Time
		months int
		want   time.Time
	}{
		"three years":             {at(2026, time.September, 1), 36, at(2029, time.September, 1)},
		"from the 31st to a 30th": {at(2026, time.August, 31), 1, at(2026, time.September, 30)},
		"from the 31st to a leap": {at(2027, time.August, 31), 6, at(2028, time.February, 29)},
		"over the turn of a year": {at(2026, time.December, 31), 2, at(2027, time.February, 28)},
	} {
		t.Run(name, func(t *testing.T) {
			expire, lapse := award.Ends(c.from, c.months, 90)
			require.Equal(t, c.want, expire)
			require.Equal(t, c.want.AddDate(0, 0, 90), lapse)
		})
	}
}

func TestEndsComeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(1e9, 4e9).Draw(t, "from"), 0).UTC()
		months := rapid.IntRange(1, 120).Draw(t, "months")
		expire, lapse := award.Ends(from, months, rapid.IntRange(0, 730).Draw(t, "days"))
		require.True(t, expire.After(from))
		require.False(t, lapse.Before(expire))
		require.LessOrEqual(t, expire.Day(), from.Day())
		require.Equal(t, from.Format(time.TimeOnly), expire.Format(time.TimeOnly))
	})
}

func TestOnlyBadgesInForceOrInGraceCount(t *testing.T) {
	for state, counts := range map[award.State]bool{award.Active: true, award.Grace: true, award.Lapsed: false, award.Revoked: false} {
		require.Equal(t, counts, state.Counts(), state)
	}
}
