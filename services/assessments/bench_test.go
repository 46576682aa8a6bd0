package assessments_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"

	assessments "github.com/tandem-badges/tandem/services/assessments"
)

// BenchmarkStoreAnswers measures what an answer costs the domain and the database,
// without gRPC, for so many who answer at the same time, each with a token.
func BenchmarkStoreAnswers(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) *sqldb.DB{
		"sqlite": func(b *testing.B) *sqldb.DB { return kittest.SQLite(b, assessments.Name, assessments.Migrations) },
		"postgres": func(b *testing.B) *sqldb.DB {
			return kittest.OpenPostgres(b, kittest.DurablePostgres(b), assessments.Name, assessments.Migrations)
		},
	} {
		for _, clients := range []int{4, 16, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) { storeAnswers(b, open(b), clients) })
		}
	}
}

func storeAnswers(b *testing.B, db *sqldb.DB, clients int) {
	deps := kittest.Deps(b, assessments.Name, assessments.Migrations)
	var items []instrument.Item
	var answers []response.Answer
	for q := range 20 {
		id := fmt.Sprintf("item-%02d", q)
		items = append(items, instrument.Item{ID: id, Type: instrument.Scale, Options: []instrument.Option{{ID: "4", Score: 4}}})
		answers = append(answers, response.Answer{Item: id, Option: "4"})
	}
	campaigns := store.NewCampaigns(db, deps.Clock)
	require.NoError(b, campaigns.AddCampaign(kittest.All(b), campaign.Campaign{
		District: "d1", ID: "fall", State: campaign.Open, Version: 1, Schools: []campaign.School{{ID: "oak"}}, InstrumentVersion: "instruments/bench/versions/1",
	}))
	tokens := make([]string, b.N)
	for done := 0; done < b.N; done += 1000 {
		digests := make([]string, 0, 1000)
		for i := done; i < min(b.N, done+1000); i++ {
			tokens[i] = code.New()
			digests = append(digests, code.Digest(tokens[i]))
		}
		require.NoError(b, campaigns.AddInvitations(kittest.All(b), "d1", "fall", "oak", digests))
	}
	s := response.NewService(store.NewResponses(db, deps.Clock), one{Body: instrument.Body{Languages: []string{"en"}, Items: items}}, deps.Clock)
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range clients {
		all.Go(func() {
			for i := next.Add(1) - 1; int(i) < b.N; i = next.Add(1) - 1 {
				if _, err := s.Submit(b.Context(), response.Submission{Code: tokens[i], ResponseID: ids.New(), Language: "en", Answers: answers}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

// one is the only instrument there is.
type one instrument.Version

func (o one) Edition(context.Context, string, string) (instrument.Version, error) {
	o.State = edition.Published
	return instrument.Version(o), nil
}
