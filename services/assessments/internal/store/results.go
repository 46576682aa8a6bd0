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
)

// Results keeps results and releases, and reads the answers they count.
type Results struct{ base }

// NewResults returns the store of results.
func NewResults(db *sqldb.DB, c clock.Clock) *Results { return &Results{base{db, c}} }

func scanText(row scanner) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}

// AddRelease adds a release and its results.
func (s *Results) AddRelease(ctx context.Context, r result.Release, results []result.Result) error {
	read := func(ctx context.Context) (result.Release, error) { return s.GetRelease(ctx, r.District, r.ID) }
	return audit.Added(ctx, s.db, r.Name(), read, func(ctx context.Context) error {
		err := s.insert(ctx, r.Name(), `
			INSERT INTO releases (district_id, release_id, campaign_id, schools, minimum_cell, digest, created_at, round, epsilon) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			r.District, r.ID, r.Campaign, r.Schools, r.Minimum, r.Digest, sqldb.Micros(r.CreateTime), r.Round, int64(r.Epsilon))
		if err != nil {
			return err
		}
		rows := make([][]any, len(results))
		for i, one := range results {
			body, err := encode(one.Table)
			if err != nil {
				return err
			}
			rows[i] = []any{
				one.District, one.School, one.ID, one.Campaign, one.Release, one.Cycle, one.Wave, one.FrameworkVersion, one.Sufficient(), body, one.Digest,
				sqldb.Micros(one.CreateTime), one.Minimum,
			}
		}
		return s.insertMany(ctx, `INSERT INTO results (`+resultInserted+`)`, rows)
	})
}

const resultInserted = `district_id, school_id, result_id, campaign_id, release_id, cycle, wave, framework_version, sufficient, body, digest, created_at, minimum_cell`

const resultColumns = `district_id, school_id, result_id, campaign_id, release_id, cycle, wave, framework_version, body, digest, created_at, minimum_cell`

func scanResult(row scanner) (r result.Result, err error) {
	var body string
	var created int64
	err = row.Scan(&r.District, &r.School, &r.ID, &r.Campaign, &r.Release, &r.Cycle, &r.Wave, &r.FrameworkVersion, &body, &r.Digest, &created, &r.Minimum)
	if err != nil {
		return r, err
	}
	r.CreateTime = sqldb.Time(created)
	err = decode(body, &r.Table)
	return r, err
}

// Released records that a result can be read.
func (s *Results) Released(ctx context.Context, r result.Result) error {
	return outbox.Add(ctx, s.db, s.clock.Now(), &assessmentsv1.ResultsReleased{
		Name: r.Name(), Release: result.ReleaseName(r.District, r.Release), Campaign: campaign.Name(r.District, r.Campaign),
		Cycle: r.Cycle, Wave: int32(r.Wave), FrameworkVersion: r.FrameworkVersion, Sufficient: r.Sufficient(), //nolint:gosec // at most 50
	})
}

const releaseColumns = `r.district_id, r.release_id, r.campaign_id, r.schools, r.minimum_cell, r.digest, r.created_at, r.round, r.epsilon`

func scanRelease(row scanner) (r result.Release, err error) {
	var created int64
	err = row.Scan(&r.District, &r.ID, &r.Campaign, &r.Schools, &r.Minimum, &r.Digest, &created, &r.Round, &r.Epsilon)
	r.CreateTime = sqldb.Time(created)
	return r, err
}

// GetRelease reads one release.
func (s *Results) GetRelease(ctx context.Context, district, id string) (result.Release, error) {
	return one(ctx, s.base, result.ReleaseName(district, id), scanRelease,
		`SELECT `+releaseColumns+` FROM releases r WHERE district_id = $1 AND release_id = $2`, district, id)
}

// Releases lists the releases of campaigns that the viewer sees.
func (s *Results) Releases(ctx context.Context, district string, v campaign.Viewer, after string, limit int) ([]result.Release, error) {
	condition, args := seen(v, 4)
	return all(ctx, s.base, scanRelease, `SELECT `+releaseColumns+` FROM releases r
		JOIN campaigns c ON c.district_id = r.district_id AND c.campaign_id = r.campaign_id
		WHERE r.district_id = $1 AND r.release_id > $2 AND `+condition+` ORDER BY r.release_id LIMIT $3`,
		append([]any{district, after, limit}, args...)...)
}

// Result reads one released result.
func (s *Results) Result(ctx context.Context, district, school, id string) (result.Result, error) {
	name := result.Result{District: district, School: school, ID: id}.Name()
	return one(ctx, s.base, name, scanResult, `SELECT `+resultColumns+` FROM results
		WHERE district_id = $1 AND school_id = $2 AND result_id = $3 AND release_id <> ''`, district, school, id)
}

// Results lists the released results of a school, the newest first.
func (s *Results) Results(ctx context.Context, district, school string, after result.Position, limit int) ([]result.Result, error) {
	return all(ctx, s.base, scanResult, `SELECT `+resultColumns+` FROM results
		WHERE district_id = $1 AND school_id = $2 AND release_id <> '' AND ($3 = '' OR created_at < $4 OR (created_at = $4 AND result_id < $3))
		ORDER BY created_at DESC, result_id DESC LIMIT $5`, district, school, after.ID, sqldb.Micros(after.CreateTime), limit)
}

// NewestSufficient reads the newest released result that has numbers.
func (s *Results) NewestSufficient(ctx context.Context, district, school string) (result.Result, error) {
	return one(ctx, s.base, campaign.SchoolName(district, school)+"/results/-", scanResult, `SELECT `+resultColumns+` FROM results
		WHERE district_id = $1 AND school_id = $2 AND release_id <> '' AND sufficient ORDER BY created_at DESC, result_id DESC LIMIT 1`, district, school)
}
