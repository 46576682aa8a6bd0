package sqldb

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpansAreNamedByWhatAStatementDoesAndItsTable(t *testing.T) {
	for text, want := range map[string][2]string{
		`SELECT title FROM schools WHERE id = $1`:                                                               {"SELECT", "schools"},
		`SELECT g.code FROM unnest($1::text[]) AS g (code) JOIN links w ON w.code = g.code`:                     {"SELECT", "links"},
		`INSERT INTO outbox (id) VALUES ($1) ON CONFLICT DO UPDATE SET id = $1`:                                 {"INSERT", "outbox"},
		`UPDATE outbox SET sent_at = $1`:                                                                        {"UPDATE", "outbox"},
		`DELETE FROM drafts`:                                                                                    {"DELETE", "drafts"},
		`WITH g AS (SELECT * FROM unnest($1) AS g), n AS (INSERT INTO receipts (id) SELECT id FROM g) SELECT 1`: {"WITH", "receipts"},
		`WITH g AS (SELECT id FROM jobs FOR UPDATE SKIP LOCKED) SELECT id FROM g`:                               {"WITH", "jobs"},
		`SELECT 1`: {"SELECT", ""},
		`COMMIT`:   {"COMMIT", ""},
	} {
		operation, table := subject(text)
		require.Equal(t, want, [2]string{operation, table}, text)
	}
}

func TestWhatNobodyRecordsCostsNoMemory(t *testing.T) {
	tr, ctx := newTracer(SQLite, "schools"), t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		below, span := tr.transaction(ctx)
		statement := tr.statement(below, "SELECT title FROM schools WHERE id = $1")
		end(statement, nil)
		end(span, nil)
	}))
}

// BenchmarkUnrecorded is what a transaction of one statement pays for traces that
// nobody records, beside its metrics.
func BenchmarkUnrecorded(b *testing.B) {
	tr, ctx := newTracer(SQLite, "schools"), b.Context()
	for b.Loop() {
		below, span := tr.transaction(ctx)
		end(tr.statement(below, "SELECT title FROM schools WHERE id = $1"), nil)
		end(span, nil)
	}
}
