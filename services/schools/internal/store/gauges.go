package store

import (
	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
)

// Gauges tell operators how much the installation holds, over all districts.
func Gauges(db *sqldb.DB) []counted.Gauge {
	stages := make([]string, 0, len(phase.All()))
	for _, p := range phase.All() {
		stages = append(stages, string(p))
	}
	return []counted.Gauge{
		{Name: "tandem.schools", Description: "Schools registered.", Read: counted.Rows(db, `SELECT count(*) FROM schools`)},
		{Name: "tandem.teams", Description: "Teams of schools.", Read: counted.Rows(db, `SELECT count(*) FROM teams`)},
		{
			Name: "tandem.journeys", Description: "Journeys, by the phase they are in.", Label: "stage", Values: stages,
			Read: counted.Rows(db, `SELECT phase, count(*) FROM journeys GROUP BY phase`),
		},
	}
}
