package store

import (
	"context"
	"database/sql"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// RollUps keeps tables of releases and reads the answers they count.
type RollUps struct{ base }

// NewRollUps returns the store of roll-ups.
func NewRollUps(db *sqldb.DB, c clock.Clock) *RollUps { return &RollUps{base{db, c}} }

// Answers reads the answers of a campaign one by one, without a copy of any.
func (s base) Answers(ctx context.Context, district, campaignID string, each func(rollup.Answer) error) error {
	rows, err := s.db.Conn(ctx).QueryContext(ctx,
		`SELECT school_id, language, options, groups FROM responses WHERE district_id = $1 AND campaign_id = $2`, district, campaignID)
	if err != nil {
		return sqldb.MapError(err, "responses")
	}
	defer func() { _ = rows.Close() }()
	var school, language, options, groups sql.RawBytes
	var at string
	for rows.Next() {
		if err := rows.Scan(&school, &language, &options, &groups); err != nil {
			return sqldb.MapError(err, "responses")
		}
		if at != string(school) {
			at = string(school)
		}
		if err := each(rollup.Answer{School: at, Language: language, Options: options, Groups: groups}); err != nil {
			return err
		}
	}
	return sqldb.MapError(rows.Err(), "responses")
}

// Answered counts the answers of each school.
func (s base) Answered(ctx context.Context, district, campaignID string) (map[string]int64, error) {
	out := map[string]int64{}
	err := s.scanEach(ctx, func(row scanner) error {
		var school string
		var n int64
		err := row.Scan(&school, &n)
		out[school] = n
		return err
	}, `SELECT school_id, COUNT(*) FROM responses WHERE district_id = $1 AND campaign_id = $2 GROUP BY school_id`, district, campaignID)
	return out, err
}

// scanEach calls scan with every row.
func (s base) scanEach(ctx context.Context, scan func(scanner) error, query string, args ...any) error {
	_, err := all(ctx, s, func(row scanner) (struct{}, error) { return struct{}{}, scan(row) }, query, args...)
	return err
}

// Paper lists the schools with answers on paper.
func (s base) Paper(ctx context.Context, district, campaignID string) (map[string]bool, error) {
	out := map[string]bool{}
	err := s.scanEach(ctx, func(row scanner) error {
		var school string
		err := row.Scan(&school)
		out[school] = true
		return err
	}, `SELECT school_id FROM campaign_schools WHERE district_id = $1 AND campaign_id = $2 AND paper`, district, campaignID)
	return out, err
}

// Units counts whom a campaign asked: its recipients, or the codes that were made.
// Who asked by an open link asked nobody in particular.
func (s base) Units(ctx context.Context, c campaign.Campaign) (map[string]rollup.Units, error) {
	out := map[string]rollup.Units{}
	switch c.Mode {
	case campaign.Confidential:
		return out, s.scanEach(ctx, func(row scanner) error { return addRecipients(out, row) }, `
			SELECT school_id, language, groups, COUNT(*) FROM recipients
			WHERE district_id = $1 AND campaign_id = $2 AND (burned OR disposition <> $3) GROUP BY school_id, language, groups`,
			c.District, c.ID, int(recipient.NotEligible))
	case campaign.Token:
		return out, s.scanEach(ctx, func(row scanner) error {
			var school string
			var u rollup.Units
			err := row.Scan(&school, &u.Asked)
			out[school] = u
			return err
		}, `SELECT school_id, COUNT(*) FROM invitations WHERE district_id = $1 AND campaign_id = $2 GROUP BY school_id`, c.District, c.ID)
	default:
		return out, nil
	}
}

func addRecipients(out map[string]rollup.Units, row scanner) error {
	var school, language, raw string
	var n int
	if err := row.Scan(&school, &language, &raw, &n); err != nil {
		return err
	}
	groups := map[string]string{}
	if err := decode(raw, &groups); err != nil {
		return err
	}
	u := out[school]
	if u.Groups == nil {
		u.Groups = map[string]int{}
	}
	u.Asked += n
	for variable, value := range groups {
		if value != "" {
			u.Groups[rollup.GroupKey{Variable: variable, Value: value}.String()] += n
		}
	}
	out[school] = u
	return nil
}

// Snapshot reads the newest snapshot of a campaign.
func (s base) Snapshot(ctx context.Context, district, campaignID string) (rollup.Snapshot, error) {
	snap, err := one(ctx, s, campaign.Name(district, campaignID), func(row scanner) (snap rollup.Snapshot, err error) {
		var body string
		if err := row.Scan(&snap.Round, &body); err != nil {
			return snap, err
		}
		return snap, decode(body, &snap)
	}, `SELECT round, body FROM result_snapshots WHERE district_id = $1 AND campaign_id = $2 ORDER BY round DESC LIMIT 1`, district, campaignID)
	snap.District, snap.Campaign = district, campaignID
	if problem.Is(err, problem.KindNotFound) {
		return snap, nil
	}
	return snap, err
}

// SaveSnapshot keeps a snapshot.
func (s base) SaveSnapshot(ctx context.Context, snap rollup.Snapshot) error {
	body, err := encode(snap)
	if err != nil {
		return err
	}
	return s.insert(ctx, campaign.Name(snap.District, snap.Campaign),
		`INSERT INTO result_snapshots (district_id, campaign_id, round, body) VALUES ($1, $2, $3, $4)`, snap.District, snap.Campaign, snap.Round, body)
}

// WaveCampaigns lists the closed and published campaigns of a wave in all districts.
func (s *RollUps) WaveCampaigns(ctx context.Context, w rollup.Wave) ([]campaign.Campaign, error) {
	ctx = tenant.Everything(ctx, "a statewide release counts the campaigns of every district")
	list, err := all(ctx, s.base, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns c
		WHERE instrument_id = $1 AND cycle = $2 AND wave = $3 AND state >= $4 ORDER BY district_id, campaign_id`,
		w.Instrument, w.Cycle, w.Number, int(campaign.Closed))
	return s.withSchools(ctx, list, err)
}

const stateReleaseColumns = `release_id, instrument_id, instrument_version, framework_version, cycle, wave, round, districts, schools, minimum_cell, digest, audit, created_at`

func scanStateRelease(row scanner) (r rollup.Release, err error) {
	var audited string
	var created int64
	err = row.Scan(&r.ID, &r.Instrument, &r.InstrumentVersion, &r.FrameworkVersion, &r.Cycle, &r.Wave, &r.Round, &r.Districts, &r.Schools, &r.Minimum, &r.Digest, &audited, &created)
	if err != nil {
		return r, err
	}
	r.Instrument, r.CreateTime = "instruments/"+r.Instrument, sqldb.Time(created)
	return r, decode(audited, &r.Audit)
}

// AddRelease adds a statewide release.
func (s *RollUps) AddRelease(ctx context.Context, r rollup.Release, w rollup.Wave) error {
	audited, err := encode(r.Audit)
	if err != nil {
		return err
	}
	read := func(ctx context.Context) (rollup.Release, error) { return s.Release(ctx, r.ID) }
	return audit.Added(ctx, s.db, r.Name(), read, func(ctx context.Context) error {
		return s.insert(ctx, r.Name(), `
			INSERT INTO state_releases (district_id, wave_key, `+stateReleaseColumns+`) VALUES (`+places(1, 15)+`)`,
			state, w.String(), r.ID, w.Instrument, r.InstrumentVersion, r.FrameworkVersion, r.Cycle, r.Wave, r.Round, r.Districts, r.Schools, r.Minimum, r.Digest, audited, sqldb.Micros(r.CreateTime))
	})
}

// Release reads a statewide release.
func (s *RollUps) Release(ctx context.Context, id string) (rollup.Release, error) {
	return one(ctx, s.base, rollup.Release{ID: id}.Name(), scanStateRelease,
		`SELECT `+stateReleaseColumns+` FROM state_releases WHERE district_id = $1 AND release_id = $2`, state, id)
}

// Releases lists statewide releases, the newest first.
func (s *RollUps) Releases(ctx context.Context, after rollup.Position, limit int) ([]rollup.Release, error) {
	return all(ctx, s.base, scanStateRelease, `SELECT `+stateReleaseColumns+` FROM state_releases
		WHERE district_id = $1 AND ($2 = '' OR created_at < $3 OR (created_at = $3 AND release_id < $2))
		ORDER BY created_at DESC, release_id DESC LIMIT $4`, state, after.ID, sqldb.Micros(after.CreateTime), limit)
}

// LatestRound reads the newest statewide release of a wave.
func (s *RollUps) LatestRound(ctx context.Context, w rollup.Wave) (rollup.Release, error) {
	r, err := one(ctx, s.base, "releases/-", scanStateRelease,
		`SELECT `+stateReleaseColumns+` FROM state_releases WHERE district_id = $1 AND wave_key = $2 ORDER BY round DESC LIMIT 1`, state, w.String())
	if problem.Is(err, problem.KindNotFound) {
		return rollup.Release{}, nil
	}
	return r, err
}

// SavePlan keeps what an operation needs to know.
func (s base) SavePlan(ctx context.Context, district, operation string, p rollup.Plan) error {
	body, err := encode(p)
	if err != nil {
		return err
	}
	return s.insert(ctx, operation, `INSERT INTO publish_plans (district_id, operation, body) VALUES ($1, $2, $3)`, district, operation, body)
}

// Plan reads what an operation needs to know.
func (s base) Plan(ctx context.Context, district, operation string) (rollup.Plan, error) {
	return one(ctx, s, operation, func(row scanner) (p rollup.Plan, err error) {
		body, err := scanText(row)
		if err != nil {
			return p, err
		}
		return p, decode(body, &p)
	}, `SELECT body FROM publish_plans WHERE district_id = $1 AND operation = $2`, district, operation)
}
