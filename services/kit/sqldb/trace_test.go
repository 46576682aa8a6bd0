package sqldb_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// ended are the spans that ended, by name; of equal names the last.
func ended(r *tracetest.SpanRecorder) map[string]sdktrace.ReadOnlySpan {
	spans := map[string]sdktrace.ReadOnlySpan{}
	for _, s := range r.Ended() {
		spans[s.Name()] = s
	}
	return spans
}

func attributes(s sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes() {
		out[string(a.Key)] = a.Value.String()
	}
	return out
}

func TestATracedTransactionShowsItsStatementsAndNoneOfTheirValues(t *testing.T) {
	recorder := kittest.Spans(t)
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		recorder.Reset()
		ctx, call := otel.Tracer("test").Start(kittest.All(t), "call")
		require.NoError(t, db.Tx(ctx, func(ctx context.Context) error { return addSchool(ctx, db, "zqschool") }))
		var title string
		require.NoError(t, db.Conn(ctx).QueryRowContext(ctx, `SELECT title
			FROM schools WHERE id = $1`, "zqschool").Scan(&title))
		call.End()

		spans := ended(recorder)
		require.Len(t, spans, 5, "%v", spans)
		tx, insert, commit, read := spans["transaction"], spans["INSERT schools"], spans["COMMIT"], spans["SELECT schools"]
		require.Equal(t, call.SpanContext().SpanID(), tx.Parent().SpanID())
		require.Equal(t, tx.SpanContext().SpanID(), insert.Parent().SpanID())
		require.Equal(t, tx.SpanContext().SpanID(), commit.Parent().SpanID())
		require.Equal(t, call.SpanContext().SpanID(), read.Parent().SpanID())
		require.Equal(t, map[string]string{
			"db.system.name": map[sqldb.Dialect]string{sqldb.SQLite: "sqlite", sqldb.Postgres: "postgresql"}[db.Dialect()],
			"db.namespace":   "schools", "db.operation.name": "SELECT", "db.collection.name": "schools",
			"db.query.text": "SELECT title FROM schools WHERE id = $1",
		}, attributes(read))
		for _, s := range recorder.Ended() {
			require.NotContains(t, strings.Join(values(s), " "), "zqschool", s.Name())
		}
	})
}

func values(s sdktrace.ReadOnlySpan) []string {
	all := []string{s.Name(), s.Status().Description}
	for _, v := range attributes(s) {
		all = append(all, v)
	}
	for _, e := range s.Events() {
		for _, a := range e.Attributes {
			all = append(all, a.Value.String())
		}
	}
	return all
}

func TestAFailedStatementIsMarkedByItsCodeAlone(t *testing.T) {
	recorder := kittest.Spans(t)
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error { return addSchool(ctx, db, "zqtwice") }))
		recorder.Reset()
		ctx, call := otel.Tracer("test").Start(kittest.All(t), "call")
		require.Error(t, db.Tx(ctx, func(ctx context.Context) error { return addSchool(ctx, db, "zqtwice") }))
		call.End()
		spans := ended(recorder)
		require.Equal(t, codes.Error, spans["INSERT schools"].Status().Code)
		require.Equal(t, codes.Error, spans["transaction"].Status().Code)
		for _, s := range recorder.Ended() {
			require.NotContains(t, strings.Join(values(s), " "), "zqtwice", s.Name())
		}
		if db.Dialect() == sqldb.Postgres {
			require.Equal(t, "23505", attributes(spans["INSERT schools"])["db.response.status_code"])
		}
	})
}

func TestNothingIsTracedWhereNobodyRecords(t *testing.T) {
	recorder := kittest.Spans(t)
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		recorder.Reset()
		require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error { return addSchool(ctx, db, "a") }))
		unsampled := trace.ContextWithSpanContext(kittest.All(t), trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true,
		}))
		require.NoError(t, db.Tx(unsampled, func(ctx context.Context) error { return addSchool(ctx, db, "b") }))
		require.Empty(t, recorder.Ended())
	})
}

func TestDatabasesAreMeasured(t *testing.T) {
	metrics := kittest.Metrics(t)
	kittest.Databases(t, "schools", migrations(), func(t *testing.T, db *sqldb.DB) {
		before := metrics()
		require.Positive(t, before[`tandem_db_connections_max{schema="schools"}`])
		require.Contains(t, before, `tandem_db_waits_total{schema="schools"}`)
		require.Contains(t, before, `tandem_db_wait_seconds_total{schema="schools"}`)

		attempts := 0
		require.NoError(t, db.Tx(kittest.All(t), func(ctx context.Context) error {
			require.Positive(t, metrics()[`tandem_db_connections{schema="schools",state="in_use"}`])
			if attempts++; attempts < 3 {
				return db.Tx(ctx, func(context.Context) error { return &pgconn.PgError{Code: "40001"} })
			}
			return nil
		}))
		after := metrics()
		const done, again = `tandem_db_transaction_duration_seconds_count{schema="schools"}`, `tandem_db_transaction_retries_total{schema="schools"}`
		require.InDelta(t, before[done]+1, after[done], 0)
		require.InDelta(t, before[again]+2, after[again], 0)

		require.NoError(t, db.Close())
		require.NotContains(t, metrics(), `tandem_db_connections_max{schema="schools"}`, "a closed database tells nothing")
	})
}
