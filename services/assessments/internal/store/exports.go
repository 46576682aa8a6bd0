package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/export"
)

// Exports remembers files of published results.
type Exports struct{ base }

// NewExports returns the store of exports.
func NewExports(db *sqldb.DB, c clock.Clock) *Exports { return &Exports{base{db, c}} }

const exportColumns = `district_id, release_id, export_id, format, blob_key, size, sha256, lines, created_at, expires_at`

func scanExport(row scanner) (e export.Export, err error) {
	var created, expires int64
	err = row.Scan(&e.District, &e.Release, &e.ID, &e.Format, &e.Key, &e.Size, &e.SHA256, &e.Rows, &created, &expires)
	e.CreateTime, e.ExpireTime = sqldb.Time(created), sqldb.Time(expires)
	return e, err
}

func (s *Exports) reader(e export.Export) func(context.Context) (export.Export, error) {
	return func(ctx context.Context) (export.Export, error) { return s.Export(ctx, e.District, e.Release, e.ID) }
}

// AddExport adds a file.
func (s *Exports) AddExport(ctx context.Context, e export.Export) error {
	return audit.Added(ctx, s.db, e.Name(), s.reader(e), func(ctx context.Context) error {
		return s.insert(ctx, e.Name(), `INSERT INTO exports (`+exportColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			e.District, e.Release, e.ID, int(e.Format), e.Key, e.Size, e.SHA256, e.Rows, sqldb.Micros(e.CreateTime), sqldb.Micros(e.ExpireTime))
	})
}

// Export reads what is known of a file.
func (s *Exports) Export(ctx context.Context, district, release, id string) (export.Export, error) {
	name := export.Export{District: district, Release: release, ID: id}.Name()
	return one(ctx, s.base, name, scanExport, `SELECT `+exportColumns+` FROM exports
		WHERE district_id = $1 AND release_id = $2 AND export_id = $3`, district, release, id)
}

// Expired lists files whose time is over.
func (s *Exports) Expired(ctx context.Context) ([]export.Export, error) {
	ctx = tenant.Everything(ctx, "files whose time is over are deleted in every district")
	return all(ctx, s.base, scanExport, `SELECT `+exportColumns+` FROM exports WHERE expires_at <= $1 ORDER BY expires_at LIMIT 100`, sqldb.Micros(s.clock.Now()))
}

// DeleteExport forgets a file.
func (s *Exports) DeleteExport(ctx context.Context, e export.Export) error {
	return s.Tx(ctx, func(ctx context.Context) error {
		return audit.Removed(ctx, s.db, e.Name(), s.reader(e), func(ctx context.Context) error {
			_, err := s.db.Exec(ctx, `DELETE FROM exports WHERE district_id = $1 AND release_id = $2 AND export_id = $3`, e.District, e.Release, e.ID)
			return sqldb.MapError(err, e.Name())
		})
	})
}
