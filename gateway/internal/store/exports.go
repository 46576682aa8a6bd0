package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/upkeep"

	"github.com/tandem-badges/tandem/gateway/internal/records"
)

// InsertExport remembers an export that was taken; the same file again counts
// from its last time.
func (s *Store) InsertExport(ctx context.Context, e records.Export) error {
	name := exportName(e.District, e.SHA256)
	ctx = upkeep.With(ctx, "a district is given its records in read-only mode, too, and that is on record")
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `INSERT INTO district_exports (district_id, sha256, taken_at, taken_by) VALUES ($1, $2, $3, $4)
			ON CONFLICT (district_id, sha256) DO UPDATE SET taken_at = excluded.taken_at, taken_by = excluded.taken_by`,
			e.District, e.SHA256, sqldb.Micros(e.Taken), e.By)
		if err != nil {
			return err
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: name, After: e})
	})
	return sqldb.MapError(err, name)
}

// Export reads one by its digest.
func (s *Store) Export(ctx context.Context, district, sha256 string) (records.Export, error) {
	e := records.Export{District: district, SHA256: sha256}
	var taken int64
	err := s.db.Conn(ctx).QueryRowContext(ctx, `SELECT taken_at, taken_by FROM district_exports WHERE district_id = $1 AND sha256 = $2`,
		district, sha256).Scan(&taken, &e.By)
	if err != nil {
		return records.Export{}, sqldb.MapError(err, exportName(district, sha256))
	}
	e.Taken = sqldb.Time(taken)
	return e, nil
}

func exportName(district, sha256 string) string {
	return "districts/" + district + "/exports/" + sha256
}
