package store

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
)

// LooseTopic is the wake-up call of the sweeper.
const LooseTopic = "loose contents"

const contentColumns = `district_id, sha256, size_bytes, state, updated_at, version`

func scanContent(row scanner) (c artifact.Content, err error) {
	var updated int64
	err = row.Scan(&c.District, &c.SHA256, &c.Size, &c.State, &updated, &c.Version)
	c.UpdateTime = sqldb.Time(updated)
	return c, err
}

// Content reads the row of a content.
func (s *Artifacts) Content(ctx context.Context, district, sha256 string) (artifact.Content, error) {
	return one(ctx, s.base, "content "+sha256, scanContent, `SELECT `+contentColumns+` FROM contents WHERE district_id = $1 AND sha256 = $2`, district, sha256)
}

// AddContent adds the row of a content, unless there is one.
func (s *Artifacts) AddContent(ctx context.Context, c artifact.Content) error {
	return s.changedContent(ctx, c.District, c.SHA256, func(ctx context.Context) error {
		return s.exec(ctx, "content "+c.SHA256, `INSERT INTO contents (`+contentColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (district_id, sha256) DO NOTHING`, c.District, c.SHA256, c.Size, int(c.State), sqldb.Micros(c.UpdateTime), c.Version)
	})
}

// changedContent enters a change of a content in the audit log, under a name of
// its own: many artifacts may share it.
func (s *Artifacts) changedContent(ctx context.Context, district, sha256 string, write func(context.Context) error) error {
	read := func(ctx context.Context) (artifact.Content, error) { return s.Content(ctx, district, sha256) }
	return audit.Changed(ctx, s.db, "districts/"+district+"/contents/"+sha256, read, write)
}

// SaveContent replaces the row of a content.
func (s *Artifacts) SaveContent(ctx context.Context, c artifact.Content) error {
	return s.changedContent(ctx, c.District, c.SHA256, func(ctx context.Context) error {
		return s.replace(ctx, "content "+c.SHA256, `UPDATE contents SET state = $3, updated_at = $4, version = $5
			WHERE district_id = $1 AND sha256 = $2 AND version = $6`,
			c.District, c.SHA256, int(c.State), sqldb.Micros(c.UpdateTime), c.Version, c.Version-1)
	})
}

// LoosenContent makes a stored content loose and calls the sweeper.
func (s *Artifacts) LoosenContent(ctx context.Context, district, sha256 string) error {
	err := s.changedContent(ctx, district, sha256, func(ctx context.Context) error {
		return s.exec(ctx, "content "+sha256, `UPDATE contents SET state = $3, updated_at = $4, version = version + 1
			WHERE district_id = $1 AND sha256 = $2 AND state = $5`,
			district, sha256, int(artifact.Loose), sqldb.Micros(s.clock.Now()), int(artifact.Stored))
	})
	s.db.AfterCommit(ctx, func() { s.db.Wake(LooseTopic) })
	return err
}

// Sweepable lists the contents that the sweeper has to look at.
func (s *Artifacts) Sweepable(ctx context.Context, arrivedBefore time.Time, limit int) ([]artifact.Content, error) {
	ctx = tenant.Everything(ctx, "contents that nothing uses are looked for in every district")
	return all(ctx, s.base, scanContent, `SELECT `+contentColumns+` FROM contents
		WHERE state IN ($1, $2) OR (state = $3 AND updated_at < $4) ORDER BY updated_at, district_id, sha256 LIMIT $5`,
		int(artifact.Loose), int(artifact.Erasing), int(artifact.Arriving), sqldb.Micros(arrivedBefore), limit)
}

// UsesContent tells whether accepted evidence or a manifest has the content.
func (s *Artifacts) UsesContent(ctx context.Context, district, sha256 string) (bool, error) {
	n, err := s.number(ctx, `
		SELECT (SELECT count(*) FROM artifacts WHERE district_id = $1 AND sha256 = $2 AND state = $3)
		     + (SELECT count(*) FROM frozen_contents WHERE district_id = $1 AND sha256 = $2)`,
		district, sha256, int(artifact.Accepted))
	return n > 0, err
}

// ForgetContent removes the row of a content that was erased.
func (s *Artifacts) ForgetContent(ctx context.Context, c artifact.Content) error {
	return s.changedContent(ctx, c.District, c.SHA256, func(ctx context.Context) error {
		return s.exec(ctx, "content "+c.SHA256, `DELETE FROM contents WHERE district_id = $1 AND sha256 = $2 AND version = $3`, c.District, c.SHA256, c.Version)
	})
}
