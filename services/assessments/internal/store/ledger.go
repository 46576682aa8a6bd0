package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Kinds tells which kinds of releases there are about a wave.
func (s base) Kinds(ctx context.Context, w rollup.Wave) (k rollup.Kinds, err error) {
	ctx = tenant.Everything(ctx, "a wave is released in one way, exact or noisy, in whichever district")
	err = s.scanEach(ctx, func(row scanner) error {
		var noisy bool
		err := row.Scan(&noisy)
		k.Noisy, k.Exact = k.Noisy || noisy, k.Exact || !noisy
		return err
	}, `SELECT DISTINCT epsilon > 0 FROM release_shapes WHERE wave_key = $1`, w.String())
	return k, err
}

// Spent sums up what noisy releases of a campaign cost.
func (s base) Spent(ctx context.Context, district, campaignID string) (out rollup.Spent, err error) {
	ctx = tenant.Everything(ctx, "a statewide release costs the campaigns of every district")
	err = s.db.Conn(ctx).QueryRowContext(ctx, `
		SELECT CAST(COALESCE(SUM(epsilon), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN statewide THEN 0 ELSE epsilon END), 0) AS BIGINT) FROM epsilon_spent
		WHERE district_id = $1 AND campaign_id = $2`, district, campaignID).Scan(&out.All, &out.Own)
	return out, sqldb.MapError(err, campaign.Name(district, campaignID))
}

// Spend adds the charges of a release.
func (s base) Spend(ctx context.Context, releaseID string, charges []rollup.Charge) error {
	rows := make([][]any, len(charges))
	for i, c := range charges {
		rows[i] = []any{c.District, c.Campaign, releaseID, c.Statewide, int64(c.Epsilon), sqldb.Micros(s.clock.Now())}
	}
	if len(rows) == 0 {
		return nil
	}
	return s.insertMany(ctx, `INSERT INTO epsilon_spent (district_id, campaign_id, release_id, statewide, epsilon, created_at)`, rows)
}

// SpentOn finds the campaign in a release that has spent most.
func (s base) SpentOn(ctx context.Context, releaseID string) (most release.Epsilon, err error) {
	ctx = tenant.Everything(ctx, "the privacy loss of a release takes in other releases of its campaigns")
	err = s.db.Conn(ctx).QueryRowContext(ctx, `
		SELECT CAST(COALESCE(MAX(spent), 0) AS BIGINT) FROM (
			SELECT SUM(e.epsilon) AS spent FROM epsilon_spent e
			JOIN epsilon_spent m ON m.district_id = e.district_id AND m.campaign_id = e.campaign_id AND m.release_id = $1
			GROUP BY e.district_id, e.campaign_id) s`, releaseID).Scan(&most)
	return most, sqldb.MapError(err, "releases/"+releaseID)
}
