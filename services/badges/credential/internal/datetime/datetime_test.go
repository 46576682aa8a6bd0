package datetime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
)

func TestTimeStampsNeedADateATimeAndAZone(t *testing.T) {
	for _, bad := range []string{
		"", "2026-05-01", "2026-05-01T09:00:00", "2026-05-01 09:00:00Z", "2026-13-01T09:00:00Z", "2026-00-01T09:00:00Z",
		"2026-05-01T09:00:00,5Z", "2026-05-01T9:00:00Z", "2026-05-01t09:00:00Z", "2026-05-01T09:00:00z", "2026-02-29T09:00:00Z",
		"2026-05-00T09:00:00Z", "2026-05-01T09:00:60Z", "2026-05-01T09:60:00Z", "2026-05-01T24:00:01Z", "2026-05-01T24:00:00.1Z",
		"2026-05-01T25:00:00Z", "2026-05-01T09:00:00.Z", "2026-05-01T09:00:00+1:00", "2026-05-01T09:00:00+14:01",
		"2026-05-01T09:00:00-15:00", "2026-05-01T09:00:00+01:60", "2026-05-01T09:00:00+0100", " 2026-05-01T09:00:00Z",
		"2026-05-01T09:00:00Z\n", "02026-05-01T09:00:00Z", "226-05-01T09:00:00Z", "2026-05-01T09:00:00." + strings.Repeat("0", 99) + "Z",
	} {
		_, err := datetime.Parse(bad)
		require.Error(t, err, bad)
	}
}

func TestTimeStampsAreReadInEveryForm(t *testing.T) {
	for text, want := range map[string]string{
		"2026-05-01T07:00:00Z":           "2026-05-01T07:00:00Z",
		"2026-05-01T09:00:00.25+02:00":   "2026-05-01T07:00:00Z",
		"2026-05-01T00:30:00-14:00":      "2026-05-01T14:30:00Z",
		"2026-05-01T00:00:00-00:00":      "2026-05-01T00:00:00Z",
		"2024-02-29T24:00:00.000Z":       "2024-03-01T00:00:00Z",
		"2026-05-01T07:00:00.123456789Z": "2026-05-01T07:00:00Z",
	} {
		got, err := datetime.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, datetime.Format(got), text)
	}
	got, err := datetime.Parse("12026-05-01T07:00:00.5Z")
	require.NoError(t, err)
	require.Equal(t, time.Date(12026, 5, 1, 7, 0, 0, 500_000_000, time.UTC), got)
	require.Equal(t, "2026-05-01T00:00:00Z", datetime.Format(time.Date(2026, 5, 1, 0, 0, 0, 999, time.UTC)))
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "seconds"), 0).UTC()
		got, err := datetime.Parse(datetime.Format(at))
		require.NoError(t, err)
		require.Equal(t, at, got)
	})
}
