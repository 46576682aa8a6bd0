package counted

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Rows returns a Read that runs a query without arguments. It answers one number,
// or rows of a value of the label and its number.
func Rows(db *sqldb.DB, query string) func(ctx context.Context) (map[string]float64, error) {
	return func(ctx context.Context) (map[string]float64, error) {
		rows, err := db.Conn(ctx).QueryContext(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		counts := map[string]float64{}
		for rows.Next() {
			var value string
			var n float64
			into := []any{&value, &n}
			if err := rows.Scan(into[2-len(columns):]...); err != nil {
				return nil, err
			}
			counts[value] = n
		}
		return counts, rows.Err()
	}
}
