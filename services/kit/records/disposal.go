package records

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// disposed counts what a disposition did to one table, as part of the transaction
// that does it. What is told afterwards is read from here: an answer that was lost
// on its way, or a process that ended, makes nothing be told as less than it was.
func disposed(ctx context.Context, db *sqldb.DB, district, disposition string, l Line) error {
	_, err := db.Exec(ctx, `INSERT INTO disposals (district_id, disposition, table_name, treatment, records) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district_id, disposition, table_name) DO UPDATE SET records = disposals.records + excluded.records`,
		district, disposition, l.Table, string(l.Treatment), l.Records)
	return err
}

// found raises the count of one table to what is there before it is deleted
// outside of a transaction. Repeated after an interruption it finds less, and the
// count stays.
func found(ctx context.Context, db *sqldb.DB, district, disposition string, l Line) error {
	_, err := db.Exec(ctx, `INSERT INTO disposals (district_id, disposition, table_name, treatment, records) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district_id, disposition, table_name) DO UPDATE SET records = excluded.records
		WHERE disposals.records < excluded.records`,
		district, disposition, l.Table, string(l.Treatment), l.Records)
	return err
}

// disposals are all counts of a disposition.
func disposals(ctx context.Context, db *sqldb.DB, district, disposition string) (lines []Line, err error) {
	rows, err := db.Conn(ctx).QueryContext(ctx, `SELECT table_name, records, treatment FROM disposals
		WHERE district_id = $1 AND disposition = $2 ORDER BY table_name`, district, disposition)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var l Line
		if err := rows.Scan(&l.Table, &l.Records, &l.Treatment); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, rows.Err()
}
