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

// Counted lists the schools that have a result of the campaign.
func (s *Results) Counted(ctx context.Context, district, campaignID string) ([]string, error) {
	return all(ctx, s.base, scanText, `SELECT school_id FROM results WHERE district_id = $1 AND campaign_id = $2`, district, campaignID)
}

// Answers reads the answers of a school one by one.
func (s *Results) Answers(ctx context.Context, district, campaignID, school string, each func(options map[string]string)) error {
	rows, err := s.db.Conn(ctx).QueryContext(ctx,
		`SELECT options FROM responses WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3`, district, campaignID, school)
	if err != nil {
		return sqldb.MapError(err, "responses")
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		raw, err := scanText(rows)
		if err != nil {
			return err
		}
		options := map[string]string{}
		if err := decode(raw, &options); err != nil {
			return err
		}
		each(options)
	}
	return sqldb.MapError(rows.Err(), "responses")
}

// HasPaper tells whether answers of the school came on paper.
func (s *Results) HasPaper(ctx context.Context, district, campaignID, school string) (bool, error) {
	return s.exists(ctx, `SELECT 1 FROM campaign_schools WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND paper`, district, campaignID, school)
}

// AddResult adds a result without a release.
func (s *Results) AddResult(ctx context.Context, r result.Result) error {
	body, err := encode(r.Table)
	if err != nil {
		return err
	}
	read := audit.Row(s.db, "results", `district_id = $1 AND school_id = $2 AND result_id = $3`, r.District, r.School, r.ID)
	return audit.Added(ctx, s.db, r.Name(), read, func(ctx context.Context) error {
		return s.insert(ctx, r.Name(), `
			INSERT INTO results (district_id, school_id, result_id, campaign_id, cycle, wave, framework_version, sufficient, body, digest, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			r.District, r.School, r.ID, r.Campaign, r.Cycle, r.Wave, r.FrameworkVersion, r.Sufficient(), body, r.Digest, sqldb.Micros(r.CreateTime))
	})
}

const resultColumns = `district_id, school_id, result_id, campaign_id, release_id, cycle, wave, framework_version, body, digest, created_at`

func scanResult(row scanner) (r result.Result, err error) {
	var body string
	var created int64
	err = row.Scan(&r.District, &r.School, &r.ID, &r.Campaign, &r.Release, &r.Cycle, &r.Wave, &r.FrameworkVersion, &body, &r.Digest, &created)
	if err != nil {
		return r, err
	}
	r.CreateTime = sqldb.Time(created)
	err = decode(body, &r.Table)
	return r, err
}

// Unreleased lists the results of a campaign before its release.
func (s *Results) Unreleased(ctx context.Context, district, campaignID string) ([]result.Result, error) {
	return s.ofCampaign(ctx, district, campaignID, "")
}

func (s *Results) ofCampaign(ctx context.Context, district, campaignID, release string) ([]result.Result, error) {
	return all(ctx, s.base, scanResult, `SELECT `+resultColumns+` FROM results
		WHERE district_id = $1 AND campaign_id = $2 AND release_id = $3 ORDER BY school_id`, district, campaignID, release)
}

// Release adds the release and gives its results their release and time.
func (s *Results) Release(ctx context.Context, r result.Release) ([]result.Result, error) {
	read := func(ctx context.Context) (result.Release, error) { return s.GetRelease(ctx, r.District, r.ID) }
	err := audit.Added(ctx, s.db, r.Name(), read, func(ctx context.Context) error {
		err := s.insert(ctx, r.Name(), `
			INSERT INTO releases (district_id, release_id, campaign_id, schools, minimum_cell, digest, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			r.District, r.ID, r.Campaign, r.Schools, r.Minimum, r.Digest, sqldb.Micros(r.CreateTime))
		if err != nil {
			return err
		}
		_, err = s.db.Exec(ctx, `UPDATE results SET release_id = $3, created_at = $4 WHERE district_id = $1 AND campaign_id = $2 AND release_id = ''`,
			r.District, r.Campaign, r.ID, sqldb.Micros(r.CreateTime))
		return sqldb.MapError(err, r.Name())
	})
	if err != nil {
		return nil, err
	}
	return s.ofCampaign(ctx, r.District, r.Campaign, r.ID)
}

// Released records that a result can be read.
func (s *Results) Released(ctx context.Context, r result.Result) error {
	return outbox.Add(ctx, s.db, s.clock.Now(), &assessmentsv1.ResultsReleased{
		Name: r.Name(), Release: result.ReleaseName(r.District, r.Release), Campaign: campaign.Name(r.District, r.Campaign),
		Cycle: r.Cycle, Wave: int32(r.Wave), FrameworkVersion: r.FrameworkVersion, Sufficient: r.Sufficient(), //nolint:gosec // at most 50
	})
}

const releaseColumns = `r.district_id, r.release_id, r.campaign_id, r.schools, r.minimum_cell, r.digest, r.created_at`

func scanRelease(row scanner) (r result.Release, err error) {
	var created int64
	err = row.Scan(&r.District, &r.ID, &r.Campaign, &r.Schools, &r.Minimum, &r.Digest, &created)
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
