package store

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
)

// SelfAssessments keeps self-assessments and ratings.
type SelfAssessments struct{ base }

// NewSelfAssessments returns the store of self-assessments.
func NewSelfAssessments(db *sqldb.DB, c clock.Clock) *SelfAssessments {
	return &SelfAssessments{base{db, c}}
}

// AddAssessment adds a self-assessment.
func (s *SelfAssessments) AddAssessment(ctx context.Context, a selfassessment.Assessment) error {
	consensus, err := encode(a.Consensus)
	if err != nil {
		return err
	}
	return audit.Added(ctx, s.db, a.Name(), s.reader(a), func(ctx context.Context) error {
		return s.insert(ctx, a.Name(), `
			INSERT INTO self_assessments (district_id, school_id, team_id, assessment_id, cycle, framework_version, state, consensus, notes,
			  settled_at, created_at, updated_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			a.Team.District, a.Team.School, a.Team.ID, a.ID, a.Cycle, a.FrameworkVersion, int(a.State), consensus, a.Notes,
			sqldb.Micros(a.SettleTime), sqldb.Micros(a.CreateTime), sqldb.Micros(a.UpdateTime), a.Version)
	})
}

// reader reads the self-assessment as it is kept, for the audit log.
func (s *SelfAssessments) reader(a selfassessment.Assessment) func(context.Context) (selfassessment.Assessment, error) {
	return func(ctx context.Context) (selfassessment.Assessment, error) { return s.Assessment(ctx, a.Team, a.ID) }
}

const assessmentColumns = `a.district_id, a.school_id, a.team_id, a.assessment_id, a.cycle, a.framework_version, a.state, a.consensus, a.notes,
	a.settled_at, a.created_at, a.updated_at, a.version,
	(SELECT count(*) FROM ratings r WHERE r.district_id = a.district_id AND r.school_id = a.school_id AND r.team_id = a.team_id AND r.assessment_id = a.assessment_id)`

func scanAssessment(row scanner) (a selfassessment.Assessment, err error) {
	var consensus string
	var settled, created, updated int64
	err = row.Scan(&a.Team.District, &a.Team.School, &a.Team.ID, &a.ID, &a.Cycle, &a.FrameworkVersion, &a.State, &consensus, &a.Notes,
		&settled, &created, &updated, &a.Version, &a.Ratings)
	if err != nil {
		return a, err
	}
	a.SettleTime, a.CreateTime, a.UpdateTime = sqldb.Time(settled), sqldb.Time(created), sqldb.Time(updated)
	err = decode(consensus, &a.Consensus)
	return a, err
}

// Assessment reads one self-assessment.
func (s *SelfAssessments) Assessment(ctx context.Context, t selfassessment.Team, id string) (selfassessment.Assessment, error) {
	name := selfassessment.Assessment{Team: t, ID: id}.Name()
	return one(ctx, s.base, name, scanAssessment, `SELECT `+assessmentColumns+` FROM self_assessments a
		WHERE a.district_id = $1 AND a.school_id = $2 AND a.team_id = $3 AND a.assessment_id = $4`, t.District, t.School, t.ID, id)
}

// Assessments lists the self-assessments of a team.
func (s *SelfAssessments) Assessments(ctx context.Context, t selfassessment.Team, after string, limit int) ([]selfassessment.Assessment, error) {
	return all(ctx, s.base, scanAssessment, `SELECT `+assessmentColumns+` FROM self_assessments a
		WHERE a.district_id = $1 AND a.school_id = $2 AND a.team_id = $3 AND a.assessment_id > $4 ORDER BY a.assessment_id LIMIT $5`,
		t.District, t.School, t.ID, after, limit)
}

// Rating reads the unsettled self-assessment of a team and cycle.
func (s *SelfAssessments) Rating(ctx context.Context, t selfassessment.Team, cycle string) (selfassessment.Assessment, error) {
	return one(ctx, s.base, t.Name()+"/selfAssessments/-", scanAssessment, `SELECT `+assessmentColumns+` FROM self_assessments a
		WHERE a.district_id = $1 AND a.school_id = $2 AND a.team_id = $3 AND a.cycle = $4 AND a.state = 1`, t.District, t.School, t.ID, cycle)
}

// SaveAssessment replaces a self-assessment.
func (s *SelfAssessments) SaveAssessment(ctx context.Context, a selfassessment.Assessment) error {
	consensus, err := encode(a.Consensus)
	if err != nil {
		return err
	}
	return audit.Changed(ctx, s.db, a.Name(), s.reader(a), func(ctx context.Context) error {
		return s.replace(ctx, a.Name(), `
			UPDATE self_assessments SET state = $5, consensus = $6, notes = $7, settled_at = $8, updated_at = $9, version = $10
			WHERE district_id = $1 AND school_id = $2 AND team_id = $3 AND assessment_id = $4 AND version = $11`,
			a.Team.District, a.Team.School, a.Team.ID, a.ID, int(a.State), consensus, a.Notes, sqldb.Micros(a.SettleTime), sqldb.Micros(a.UpdateTime), a.Version, a.Version-1)
	})
}

// Settled records that the consensus stands.
func (s *SelfAssessments) Settled(ctx context.Context, a selfassessment.Assessment) error {
	return outbox.Add(ctx, s.db, s.clock.Now(), &assessmentsv1.SelfAssessmentSettled{
		Name: a.Name(), Team: a.Team.Name(), Cycle: a.Cycle, FrameworkVersion: a.FrameworkVersion,
	})
}

// AddOpinion adds a rating. It is not entered in the audit log, which would tell,
// by name and time, whose opinion it is: that is not kept anywhere.
func (s *SelfAssessments) AddOpinion(ctx context.Context, a selfassessment.Assessment, o selfassessment.Opinion) error {
	levels, err := encode(o.Levels)
	if err != nil {
		return err
	}
	return s.insert(ctx, a.Name()+"/ratings/"+o.ID, `
		INSERT INTO ratings (district_id, school_id, team_id, assessment_id, rating_id, rater_hash, levels, group_number, day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.Team.District, a.Team.School, a.Team.ID, a.ID, o.ID, o.Rater, levels, o.Group, sqldb.Micros(o.Day))
}

// HasRated tells whether a rating has the digest of its rater.
func (s *SelfAssessments) HasRated(ctx context.Context, a selfassessment.Assessment, rater string) (bool, error) {
	return s.exists(ctx, `SELECT 1 FROM ratings WHERE district_id = $1 AND school_id = $2 AND team_id = $3 AND assessment_id = $4 AND rater_hash = $5`,
		a.Team.District, a.Team.School, a.Team.ID, a.ID, rater)
}

// Opinions lists ratings without who gave them.
func (s *SelfAssessments) Opinions(ctx context.Context, a selfassessment.Assessment, after string, limit int) ([]selfassessment.Opinion, error) {
	return all(ctx, s.base, func(row scanner) (o selfassessment.Opinion, err error) {
		var levels string
		var day int64
		if err = row.Scan(&o.ID, &levels, &o.Group, &day); err != nil {
			return o, err
		}
		o.Day = sqldb.Time(day)
		err = decode(levels, &o.Levels)
		return o, err
	}, `SELECT rating_id, levels, group_number, day FROM ratings
		WHERE district_id = $1 AND school_id = $2 AND team_id = $3 AND assessment_id = $4 AND rating_id > $5 ORDER BY rating_id LIMIT $6`,
		a.Team.District, a.Team.School, a.Team.ID, a.ID, after, limit)
}

// NewestSettled finds the self-assessment that the ranking of needs uses.
func (s *SelfAssessments) NewestSettled(ctx context.Context, district, school, team, frameworkVersion string) (result.Assessment, error) {
	a, err := one(ctx, s.base, campaign.SchoolName(district, school)+"/teams/-/selfAssessments/-", scanAssessment, `
		SELECT `+assessmentColumns+` FROM self_assessments a
		WHERE a.district_id = $1 AND a.school_id = $2 AND ($3 = '' OR a.team_id = $3) AND ($4 = '' OR a.framework_version = $4) AND a.state = $5
		ORDER BY a.settled_at DESC, a.assessment_id DESC LIMIT 1`, district, school, team, frameworkVersion, int(selfassessment.Settled))
	if err != nil {
		return result.Assessment{}, err
	}
	out := result.Assessment{Name: a.Name(), FrameworkVersion: a.FrameworkVersion, SettleTime: a.SettleTime, Levels: map[string]int{}}
	for _, l := range a.Consensus {
		out.Levels[l.Standard] = l.Level
	}
	return out, nil
}
