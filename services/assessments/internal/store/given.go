package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// given is a table made of arguments: g(columns), all texts. The statement that
// reads it is the same for any number of rows, so that the database plans it once:
// PostgreSQL gets an array for each column, SQLite all in one JSON text. The
// arguments are the first of the statement.
func (b base) given(columns []string, rows [][]string) (table string, args []any, err error) {
	if b.db.Dialect() != sqldb.Postgres {
		raw, err := json.Marshal(rows)
		fields := make([]string, len(columns))
		for i, c := range columns {
			fields[i] = fmt.Sprintf("value ->> %d AS %s", i, c)
		}
		return "(SELECT " + strings.Join(fields, ", ") + " FROM json_each($1)) AS g", []any{string(raw)}, err
	}
	arrays := make([]string, len(columns))
	for i := range columns {
		column := make([]string, len(rows))
		for n, row := range rows {
			column[n] = row[i]
		}
		arrays[i] = fmt.Sprintf("$%d::text[]", i+1)
		args = append(args, column)
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS g(" + strings.Join(columns, ", ") + ")", args, nil
}
