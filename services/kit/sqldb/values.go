package sqldb

import (
	"database/sql"
	"time"
)

// Micros is a time as both dialects store it: microseconds since 1970, UTC. The
// zero time is stored as 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time reads what Micros wrote.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// NullMicros is Micros for a column that is NULL where there is no time.
func NullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: Micros(t), Valid: !t.IsZero()}
}

// NullTime reads what NullMicros wrote.
func NullTime(micros sql.NullInt64) time.Time { return Time(micros.Int64) }
