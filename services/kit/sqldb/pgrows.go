package sqldb

import (
	"database/sql/driver"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// pgRows are the rows of a statement that was sent with its setting. They stream;
// closing them ends the message, and outside a transaction the setting's life.
type pgRows struct {
	results pgx.BatchResults
	rows    pgx.Rows
	columns []string
	first   bool // the first row is already read
	more    bool
}

// newPgRows reads the first row at once: what is wrong with a statement shows
// there, and so do its columns.
func newPgRows(results pgx.BatchResults) (*pgRows, error) {
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	r := &pgRows{results: results, rows: rows, first: true, more: rows.Next()}
	if err := rows.Err(); err != nil {
		rows.Close()
		_ = results.Close()
		return nil, err
	}
	for _, f := range rows.FieldDescriptions() {
		r.columns = append(r.columns, f.Name)
	}
	return r, nil
}

// Columns are the names of the columns.
func (r *pgRows) Columns() []string { return r.columns }

// Close passes over what was not read.
func (r *pgRows) Close() error {
	r.rows.Close()
	err := r.rows.Err()
	if cerr := r.results.Close(); err == nil {
		err = cerr
	}
	return err
}

// Next reads the next row.
func (r *pgRows) Next(dest []driver.Value) error {
	more := r.more
	if !r.first {
		more = r.rows.Next()
	}
	r.first = false
	if !more {
		// Closing waits until the statement is committed where it is a transaction of
		// its own. database/sql drops what goes wrong when it closes rows by itself.
		if err := r.Close(); err != nil {
			return err
		}
		return io.EOF
	}
	values, err := r.rows.Values()
	if err != nil {
		return err
	}
	for i, v := range values {
		if dest[i], err = plain(v); err != nil {
			return fmt.Errorf("column %s: %w", r.columns[i], err)
		}
	}
	return nil
}

// plain turns a value of the driver into one that database/sql knows.
func plain(v any) (driver.Value, error) {
	switch v := v.(type) {
	case int32:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case float32:
		return float64(v), nil
	case []byte:
		return append([]byte{}, v...), nil // the buffer is used for the next row
	case driver.Valuer:
		return v.Value()
	default:
		if !driver.IsValue(v) {
			return nil, fmt.Errorf("values of type %T are not read", v)
		}
		return v, nil
	}
}
