package assessments_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// The answer to a request id is kept so that it can be given again; the codes in
// it must not be, since whoever reads a code may answer in a family's place.
func TestCodesAreShownOnceAndNowhereKept(t *testing.T) {
	w := start(t)
	c := w.opened("secret", func(c *assessmentsv1.Campaign) {
		c.Mode = assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN
		c.Schools = []string{"districts/d1/schools/oak"}
	})
	req := &assessmentsv1.BatchCreateInvitationsRequest{
		Parent: c.GetName(), School: "districts/d1/schools/oak", Count: 3, RequestId: "letters-of-october",
	}
	invited, err := w.campaigns.BatchCreateInvitations(w.coordinator(), req)
	require.NoError(t, err)
	require.Len(t, invited.GetCodes(), 3)
	again, err := w.campaigns.BatchCreateInvitations(w.coordinator(), req)
	require.NoError(t, err)
	require.Empty(t, again.GetCodes())

	var invitations int
	require.NoError(t, w.deps.DB.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM invitations`).Scan(&invitations))
	require.Equal(t, 3, invitations, "the repeated request makes none")
	var stored []byte
	require.NoError(t, w.deps.DB.Conn(kittest.All(t)).QueryRowContext(kittest.All(t),
		`SELECT response FROM requests WHERE request_id = 'letters-of-october'`).Scan(&stored))
	for _, code := range invited.GetCodes() {
		require.False(t, strings.Contains(string(stored), code), "a code lies in the table of requests")
	}
}
