package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

const (
	scope       = "github.com/tandem-badges/tandem/services/kit/sqldb"
	longestText = 1000 // bytes of a statement in its span
)

// noSpan is for what nobody records: everything done with it costs nothing.
var noSpan = trace.SpanFromContext(context.Background())

// tracer makes spans of transactions and statements. It makes them below spans
// that are recorded and nowhere else: a lease that is renewed and a relay that
// looks for work are no traces of their own, and what is not sampled costs one
// look into the context.
//
// A span holds the statement's text, in which values stand as $1, and never its
// arguments.
type tracer struct {
	system attribute.KeyValue
	schema attribute.KeyValue
}

func newTracer(dialect Dialect, schema string) tracer {
	system := "sqlite"
	if dialect == Postgres {
		system = "postgresql"
	}
	return tracer{system: attribute.String("db.system.name", system), schema: attribute.String("db.namespace", schema)}
}

// transaction begins the span of a transaction; its statements are below it.
func (t *tracer) transaction(ctx context.Context) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, noSpan
	}
	return parent.TracerProvider().Tracer(scope).Start(ctx, "transaction",
		trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(t.system, t.schema))
}

// statement begins the span of a statement.
func (t *tracer) statement(ctx context.Context, text string) trace.Span {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return noSpan
	}
	text = strings.Join(strings.Fields(text), " ")
	operation, table := subject(text)
	attrs := []attribute.KeyValue{
		t.system, t.schema, attribute.String("db.operation.name", operation),
		attribute.String("db.query.text", strings.ToValidUTF8(text[:min(len(text), longestText)], "")),
	}
	name := operation
	if table != "" {
		name += " " + table
		attrs = append(attrs, attribute.String("db.collection.name", table))
	}
	_, span := parent.TracerProvider().Tracer(scope).Start(ctx, name,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	return span
}

// Words of SQL are in capitals here, names of tables are not, and a function has its
// parenthesis at once.
var (
	changed = regexp.MustCompile(`\b(?:INSERT INTO|UPDATE|DELETE FROM) ([a-z_][a-z0-9_]*)`)
	tableOf = regexp.MustCompile(`\b(?:INTO|FROM|UPDATE|JOIN) ([a-z_][a-z0-9_]*)(?:[^(a-z0-9_]|$)`)
)

// subject is what a statement does and the table it names first; of one in several
// parts, the one it changes first.
func subject(text string) (operation, table string) {
	operation, _, _ = strings.Cut(text, " ")
	found := tableOf.FindStringSubmatch(text)
	if first := changed.FindStringSubmatch(text); operation == "WITH" && first != nil {
		found = first
	}
	if found != nil {
		table = found[1]
	}
	return operation, table
}

// end ends a span. What went wrong is told by its code alone: messages may quote
// values.
func end(span trace.Span, err error) {
	if err != nil && !errors.Is(err, io.EOF) && span.IsRecording() {
		span.SetStatus(codes.Error, "")
		var pg *pgconn.PgError
		if errors.As(err, &pg) {
			span.SetAttributes(attribute.String("db.response.status_code", pg.Code))
		}
	}
	span.End()
}

// traced has a span last until the rows are closed: SQLite does its work while
// they are read.
func traced(span trace.Span, rows driver.Rows, err error) (driver.Rows, error) {
	if err != nil || !span.IsRecording() {
		end(span, err)
		return rows, err
	}
	return &tracedRows{Rows: rows, span: span}, nil
}

type tracedRows struct {
	driver.Rows
	span trace.Span
	err  error // the first that reading met
}

// Next reads the next row.
func (r *tracedRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err != nil && !errors.Is(err, io.EOF) && r.err == nil {
		r.err = err
	}
	return err
}

// Close ends the rows and their span.
func (r *tracedRows) Close() error {
	err := r.Rows.Close()
	if r.err == nil {
		r.err = err
	}
	end(r.span, r.err)
	return err
}
