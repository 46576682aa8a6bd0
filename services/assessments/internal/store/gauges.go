package store

import (
	"context"
	"strconv"

	gauge "github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

// Gauges tell operators how many surveys there are, over all districts.
func Gauges(db *sqldb.DB) []gauge.Gauge {
	names := map[campaign.State]string{
		campaign.Draft: "draft", campaign.Open: "open", campaign.Closed: "closed", campaign.Published: "published",
	}
	count := gauge.Rows(db, `SELECT state, count(*) FROM campaigns GROUP BY state`)
	values := make([]string, 0, len(names))
	for state := campaign.Draft; names[state] != ""; state++ {
		values = append(values, names[state])
	}
	return []gauge.Gauge{{
		Name: "tandem.survey.campaigns", Description: "Surveys, by where they stand.", Label: "state", Values: values,
		Read: func(ctx context.Context) (map[string]float64, error) {
			numbers, err := count(ctx)
			byName := map[string]float64{}
			for state, name := range names {
				byName[name] = numbers[strconv.Itoa(int(state))]
			}
			return byName, err
		},
	}}
}
