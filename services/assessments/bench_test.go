package assessments_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"

	assessments "github.com/tandem-badges/tandem/services/assessments"
)

// BenchmarkStoreAnswers measures what one batch of 500 answers costs to store
// durably on SQLite, with receipts and events.
func BenchmarkStoreAnswers(b *testing.B) {
	const batch = 500
	deps := kittest.Deps(b, assessments.Name, assessments.Migrations)
	answers := store.NewResponses(deps.DB, deps.Clock)
	c := campaign.Campaign{District: "d1", ID: "fall", State: campaign.Open, Version: 1, Schools: []campaign.School{{ID: "oak"}}}
	require.NoError(b, store.NewCampaigns(deps.DB, deps.Clock).AddCampaign(kittest.All(b), c))
	n := 0
	for b.Loop() {
		records := make([]response.Record, batch)
		for i := range records {
			n++
			records[i] = response.Record{ID: fmt.Sprint(n), District: "d1", Campaign: "fall", School: "oak", Language: "en", ReceiptKey: fmt.Sprint(n), Receipt: "r"}
			for q := range 18 {
				records[i].Answers = append(records[i].Answers, response.Answer{Item: fmt.Sprintf("item-%02d", q), Option: "4"})
			}
		}
		require.NoError(b, answers.Tx(kittest.All(b), func(ctx context.Context) error { return answers.Save(ctx, records) }))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "answers/s")
}
