package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// journeyRow is a journey with its standard in a column of its own.
type journeyRow struct {
	journey.Journey
	standard string
}

func journeys() table[journeyRow] {
	return table[journeyRow]{
		name: "journeys", collection: "journeys",
		columns: "cycle, past_cycles, framework_version, phase, standard, choice, sign_off, evidence_plan, " +
			"presentation, sustain_plan, application, award, revising, verdict_at",
		fields: func(j *journeyRow) []any {
			return []any{
				&j.Cycle, jsonText(&j.PastCycles), &j.FrameworkVersion, text(&j.Phase), &j.standard, jsonText(&j.Choice),
				jsonText(&j.SignedOff), &j.EvidencePlan, jsonText(&j.Presentation), &j.SustainPlan, &j.Application, &j.Award,
				&j.Revising, micros(&j.VerdictAt),
			}
		},
		meta: func(j *journeyRow) (*string, *record.Meta) { return &j.Name, &j.Meta },
	}
}

// Journey reads one journey.
func (s *Store) Journey(ctx context.Context, name string) (journey.Journey, error) {
	row, err := journeys().get(ctx, s.db, name, "")
	return row.Journey, err
}

// InsertJourney adds a journey.
func (s *Store) InsertJourney(ctx context.Context, j journey.Journey) error {
	return journeys().insert(ctx, s.db, journeyRow{Journey: j, standard: j.Standard()})
}

// UpdateJourney writes a changed journey.
func (s *Store) UpdateJourney(ctx context.Context, j journey.Journey) error {
	return journeys().update(ctx, s.db, journeyRow{Journey: j, standard: j.Standard()})
}

// ListJourneys lists the journeys of a team.
func (s *Store) ListJourneys(ctx context.Context, team string, r record.Range) ([]journey.Journey, error) {
	rows, err := journeys().list(ctx, s.db, team, "", r)
	list := make([]journey.Journey, len(rows))
	for i, row := range rows {
		list[i] = row.Journey
	}
	return list, err
}
