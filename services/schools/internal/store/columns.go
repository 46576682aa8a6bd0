package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// textColumn keeps a named text type.
type textColumn[T ~string] struct{ v *T }

func text[T ~string](v *T) textColumn[T] { return textColumn[T]{v} }

// Scan implements sql.Scanner.
func (c textColumn[T]) Scan(src any) error {
	switch s := src.(type) {
	case string:
		*c.v = T(s)
	case []byte:
		*c.v = T(s)
	default:
		return fmt.Errorf("column holds %T, not text", src)
	}
	return nil
}

// Value implements driver.Valuer.
func (c textColumn[T]) Value() (driver.Value, error) { return string(*c.v), nil }

// microsColumn keeps a time as microseconds; the zero time is 0.
type microsColumn struct{ v *time.Time }

func micros(v *time.Time) microsColumn { return microsColumn{v} }

// Scan implements sql.Scanner.
func (c microsColumn) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("column holds %T, not microseconds", src)
	}
	*c.v = sqldb.Time(n)
	return nil
}

// Value implements driver.Valuer.
func (c microsColumn) Value() (driver.Value, error) { return sqldb.Micros(*c.v), nil }

// jsonColumn keeps a value as JSON text.
type jsonColumn[T any] struct{ v *T }

func jsonText[T any](v *T) jsonColumn[T] { return jsonColumn[T]{v} }

// Scan implements sql.Scanner.
func (c jsonColumn[T]) Scan(src any) error {
	var raw []byte
	switch s := src.(type) {
	case string:
		raw = []byte(s)
	case []byte:
		raw = s
	default:
		return fmt.Errorf("column holds %T, not JSON", src)
	}
	return json.Unmarshal(raw, c.v)
}

// Value implements driver.Valuer.
func (c jsonColumn[T]) Value() (driver.Value, error) {
	raw, err := json.Marshal(*c.v)
	return string(raw), err
}
