package assessments_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// TestATokenSentByManyAtOnceTakesOneAnswer sends one token with many response
// ids, and one response id many times.
func TestATokenSentByManyAtOnceTakesOneAnswer(t *testing.T) {
	w := start(t)
	c := w.opened("tokens", func(c *assessmentsv1.Campaign) { c.Mode = assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN })
	invited, err := w.campaigns.BatchCreateInvitations(w.coordinator(), &assessmentsv1.BatchCreateInvitationsRequest{
		Parent: c.GetName(), School: "districts/d1/schools/oak", Count: 2,
	})
	require.NoError(t, err)

	var stored atomic.Int32
	var receipts sync.Map
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			_, err := w.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{Code: invited.GetCodes()[0], ResponseId: fmt.Sprintf("response-%d", i), Answers: answers(i)})
			if err == nil {
				stored.Add(1)
			} else if status.Code(err) != codes.FailedPrecondition {
				t.Error(err)
			}
		})
		all.Go(func() {
			r, err := w.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{Code: invited.GetCodes()[1], ResponseId: "response-x", Answers: answers(1)})
			if err != nil {
				t.Error(err)
			}
			receipts.Store(r.GetReceipt(), true)
		})
	}
	all.Wait()
	require.EqualValues(t, 1, stored.Load())
	n := 0
	receipts.Range(func(any, any) bool { n++; return true })
	require.Equal(t, 1, n, "the same answer has one receipt")
	require.Equal(t, 2, w.events()["ResponseCounted"])
}

// TestNothingStoredLeadsFromATokenToItsAnswer reads the rows as somebody with the
// whole database and a code would.
func TestNothingStoredLeadsFromATokenToItsAnswer(t *testing.T) {
	w := start(t)
	c := w.opened("tokens", func(c *assessmentsv1.Campaign) { c.Mode = assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN })
	invited, err := w.campaigns.BatchCreateInvitations(w.coordinator(), &assessmentsv1.BatchCreateInvitationsRequest{
		Parent: c.GetName(), School: "districts/d1/schools/oak", Count: 1,
	})
	require.NoError(t, err)
	given := invited.GetCodes()[0]
	receipt, err := w.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{Code: given, ResponseId: "response-secret", Answers: answers(1)})
	require.NoError(t, err)

	row := func(query string, into ...any) {
		require.NoError(t, w.deps.DB.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), query).Scan(into...))
	}
	var hash string
	var burned bool
	row(`SELECT code_hash, burned FROM invitations`, &hash, &burned)
	require.True(t, burned)
	require.Equal(t, code.Digest(given), hash, "the code itself is not kept")
	var response string
	row(`SELECT response_id || ' ' || day || ' ' || options || ' ' || language FROM responses`, &response)
	var kept string
	row(`SELECT receipt_key || ' ' || receipt || ' ' || day FROM receipts`, &kept)
	for _, secret := range []string{given, hash, "response-secret", receipt.GetReceipt(), code.Digest("response-secret"), code.Digest("response-secret", given)} {
		require.NotContains(t, response, secret)
	}
	require.NotContains(t, kept, hash)
	require.NotContains(t, kept, given)
}
