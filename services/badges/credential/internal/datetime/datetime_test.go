package datetime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
)

func TestTimeStampsNeedADateATimeAndAZone(t *testing.T) {
	for _, bad := range []string{"", "2026-05-01", "2026-05-01T09:00:00", "2026-05-01 09:00:00Z", "2026-13-01T09:00:00Z", "2026-05-01T09:00:00,5Z", "2026-05-01T9:00:00Z"} {
		_, err := datetime.Parse(bad)
		require.Error(t, err, bad)
	}
	got, err := datetime.Parse("2026-05-01T09:00:00.25+02:00")
	require.NoError(t, err)
	require.Equal(t, "2026-05-01T07:00:00Z", datetime.Format(got))
	require.Equal(t, "2026-05-01T00:00:00Z", datetime.Format(time.Date(2026, 5, 1, 0, 0, 0, 999, time.UTC)))
}
