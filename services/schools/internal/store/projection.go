package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// projection says how what another service told is kept. An older event never
// overwrites a newer one; the same one twice changes nothing.
type projection[T any] struct {
	name    string
	columns string
	fields  func(*T) []any
	key     func(*T) (source *string, at *time.Time)
	keep    string // further condition under which a row may be overwritten
}

func (p projection[T]) save(ctx context.Context, db *sqldb.DB, v T) error {
	source, at := p.key(&v)
	args := append([]any{record.District(*source), *source, sqldb.Micros(*at)}, bind(p.fields(&v))...)
	columns := strings.Split(p.columns, ", ")
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = excluded." + c
	}
	_, err := db.Exec(ctx, fmt.Sprintf(`
		INSERT INTO %[1]s (district_id, source, event_time, %[2]s) VALUES (%[3]s)
		ON CONFLICT (district_id, source) DO UPDATE SET event_time = excluded.event_time, %[4]s
		WHERE excluded.event_time >= %[1]s.event_time%[5]s`,
		p.name, p.columns, placeholders(1, len(args)), strings.Join(sets, ", "), p.keep), args...)
	return sqldb.MapError(err, *source)
}

func (p projection[T]) query(ctx context.Context, db *sqldb.DB, rest string, args ...any) ([]T, error) {
	rows, err := db.Conn(ctx).QueryContext(ctx,
		fmt.Sprintf(`SELECT source, event_time, %s FROM %s WHERE %s`, p.columns, p.name, rest), args...)
	if err != nil {
		return nil, sqldb.MapError(err, p.name)
	}
	defer func() { _ = rows.Close() }()
	var found []T
	for rows.Next() {
		var v T
		source, at := p.key(&v)
		if err := rows.Scan(append([]any{source, micros(at)}, p.fields(&v)...)...); err != nil {
			return nil, fmt.Errorf("read %s: %w", p.name, err)
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

func surveyResults() projection[journey.SurveyResult] {
	return projection[journey.SurveyResult]{
		name: "proj_survey_results", columns: "school, release, campaign, cycle, wave, framework_version, sufficient",
		fields: func(r *journey.SurveyResult) []any {
			return []any{&r.School, &r.Release, &r.Campaign, &r.Cycle, &r.Wave, &r.FrameworkVersion, &r.Sufficient}
		},
		key: func(r *journey.SurveyResult) (*string, *time.Time) { return &r.Source, &r.EventTime },
	}
}

func selfAssessments() projection[journey.SelfAssessment] {
	return projection[journey.SelfAssessment]{
		name: "proj_self_assessments", columns: "team, cycle, framework_version",
		fields: func(a *journey.SelfAssessment) []any { return []any{&a.Team, &a.Cycle, &a.FrameworkVersion} },
		key:    func(a *journey.SelfAssessment) (*string, *time.Time) { return &a.Source, &a.EventTime },
	}
}

func evidence() projection[journey.Evidence] {
	return projection[journey.Evidence]{
		name: "proj_evidence", columns: "journey, step, indicator, occur_date, speaking_groups, sha256, withdrawn",
		fields: func(e *journey.Evidence) []any {
			return []any{&e.Journey, &e.Step, &e.Indicator, &e.OccurDate, jsonText(&e.Groups), &e.SHA256, &e.Withdrawn}
		},
		key: func(e *journey.Evidence) (*string, *time.Time) { return &e.Source, &e.EventTime },
		// What was withdrawn does not come back, even with an event of the same moment.
		keep: " AND NOT proj_evidence.withdrawn",
	}
}

func badgeRules() projection[journey.BadgeRules] {
	return projection[journey.BadgeRules]{
		name: "proj_badge_rules", columns: "badge_definition, standard, framework_version, rules",
		fields: func(b *journey.BadgeRules) []any {
			return []any{&b.BadgeDefinition, &b.Standard, &b.FrameworkVersion, jsonText(&b.Rules)}
		},
		key: func(b *journey.BadgeRules) (*string, *time.Time) { return &b.Source, &b.EventTime },
	}
}

func awards() projection[journey.Award] {
	return projection[journey.Award]{
		name: "proj_awards", columns: "journey, application, standard, badge_definition_version, credential, state",
		fields: func(a *journey.Award) []any {
			return []any{&a.Journey, &a.Application, &a.Standard, &a.BadgeDefinitionVersion, &a.Credential, &a.State}
		},
		key: func(a *journey.Award) (*string, *time.Time) { return &a.Source, &a.EventTime },
	}
}

// SaveSurveyResult keeps a released result.
func (s *Store) SaveSurveyResult(ctx context.Context, r journey.SurveyResult) error {
	return surveyResults().save(ctx, s.db, r)
}

// SurveyResults returns the released results of a school, the oldest wave first.
func (s *Store) SurveyResults(ctx context.Context, school string) ([]journey.SurveyResult, error) {
	return surveyResults().query(ctx, s.db, `district_id = $1 AND school = $2 ORDER BY cycle, wave, source`, record.District(school), school)
}

// SaveSelfAssessment keeps a settled self-assessment.
func (s *Store) SaveSelfAssessment(ctx context.Context, a journey.SelfAssessment) error {
	return selfAssessments().save(ctx, s.db, a)
}

// SelfAssessments returns the settled self-assessments of a team.
func (s *Store) SelfAssessments(ctx context.Context, team string) ([]journey.SelfAssessment, error) {
	return selfAssessments().query(ctx, s.db, `district_id = $1 AND team = $2 ORDER BY event_time, source`, record.District(team), team)
}

// SaveEvidence keeps a piece of evidence as it is now.
func (s *Store) SaveEvidence(ctx context.Context, e journey.Evidence) error {
	return evidence().save(ctx, s.db, e)
}

// Evidence returns the accepted evidence of a journey.
func (s *Store) Evidence(ctx context.Context, name string) ([]journey.Evidence, error) {
	return evidence().query(ctx, s.db, `district_id = $1 AND journey = $2 AND NOT withdrawn ORDER BY source`, record.District(name), name)
}

// SaveBadgeRules keeps what an edition of a badge asks.
func (s *Store) SaveBadgeRules(ctx context.Context, b journey.BadgeRules) error {
	return badgeRules().save(ctx, s.db, b)
}

// BadgeRules returns the rules of the edition that was defined last.
func (s *Store) BadgeRules(ctx context.Context, standard, frameworkVersion string) (journey.BadgeRules, bool, error) {
	found, err := badgeRules().query(ctx, s.db,
		`standard = $1 AND framework_version = $2 ORDER BY event_time DESC, source DESC LIMIT 1`, standard, frameworkVersion)
	if err != nil || len(found) == 0 {
		return journey.BadgeRules{}, false, err
	}
	return found[0], true, nil
}

// SaveAward keeps an award as it is now. What a later event does not repeat stays.
func (s *Store) SaveAward(ctx context.Context, a journey.Award) error {
	known, err := s.Award(ctx, a.Source)
	if err != nil {
		return err
	}
	for into, old := range map[*string]string{
		&a.Journey: known.Journey, &a.Application: known.Application, &a.Standard: known.Standard,
		&a.BadgeDefinitionVersion: known.BadgeDefinitionVersion, &a.Credential: known.Credential,
	} {
		if *into == "" {
			*into = old
		}
	}
	if known.EventTime.After(a.EventTime) { // the award itself, seen after its end
		a.State, a.EventTime = known.State, known.EventTime
	}
	return awards().save(ctx, s.db, a)
}

// Award returns what is known of an award; empty when nothing is.
func (s *Store) Award(ctx context.Context, name string) (journey.Award, error) {
	found, err := awards().query(ctx, s.db, `district_id = $1 AND source = $2`, record.District(name), name)
	if err != nil || len(found) == 0 {
		return journey.Award{}, err
	}
	return found[0], nil
}
