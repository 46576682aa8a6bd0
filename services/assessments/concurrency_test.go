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
