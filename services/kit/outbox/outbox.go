// Package outbox publishes events that are true: they are written in the
// transaction that made them so, and leave for the bus once it is committed.
//
// A service calls Add inside DB.Tx. One Relay per service, held by a lease, reads
// what is not sent yet, publishes it in order per resource and marks it sent when
// the bus has stored it. A crash between the two publishes again with the same
// id, which the bus within ten minutes, and package inbox for good, apply once.
// The rows stay for a while as the history from which Replay rebuilds a stream.
//
// Order per resource is the order of seq. It is also the order of commits as
// long as the transaction changes the resource's own row before it calls Add, as
// every command does that checks a version.
package outbox

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	wakeTopic  = "outbox"
	maxPayload = 512 << 10 // half of what the bus takes: events carry ids and facts, not documents
)

// Add records an event about the resource in the message's field name, as part
// of the transaction in ctx. The message type carries the event option that says
// where it is published.
func Add(ctx context.Context, db *sqldb.DB, now time.Time, msg proto.Message) error {
	return AddAll(ctx, db, now, []proto.Message{msg})
}

// AddAll is Add for many events, in their order, with as few statements as the
// database can do it.
func AddAll(ctx context.Context, db *sqldb.DB, now time.Time, msgs []proto.Message) error {
	if !db.InTx(ctx) {
		return sqldb.ErrNoTx
	}
	if err := insert(ctx, db, now, msgs); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	db.AfterCommit(ctx, func() { Added(db) })
	return nil
}

// newRow is an event before it is stored.
type newRow struct {
	id, district, subject, kind, name string
	payload                           []byte
}

func newRowOf(msg proto.Message) (newRow, error) {
	topic, err := bus.TopicOf(msg)
	if err != nil {
		return newRow{}, err
	}
	name, err := nameOf(msg)
	if err != nil {
		return newRow{}, err
	}
	district, err := bus.DistrictOf(name)
	if err != nil {
		return newRow{}, err
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		return newRow{}, fmt.Errorf("event %s: %w", topic.Type, err)
	}
	if len(payload) > maxPayload {
		return newRow{}, fmt.Errorf("event %s is %d bytes, more than %d", topic.Type, len(payload), maxPayload)
	}
	return newRow{id: ids.New(), district: district, subject: topic.Subject(district), kind: topic.Type, name: name, payload: payload}, nil
}

const columns = `INSERT INTO outbox (id, district_id, subject, type, name, occurred_at, payload, traceparent)`

// insert adds rows: one by one, or on PostgreSQL, where each statement is a way
// there and back, several with one.
func insert(ctx context.Context, db *sqldb.DB, now time.Time, msgs []proto.Message) error {
	if db.Dialect() == sqldb.Postgres && len(msgs) > 1 {
		text, args, err := Clause(ctx, now, 1, "TRUE", msgs)
		if err == nil {
			_, err = db.Conn(ctx).ExecContext(ctx, text, args...)
		}
		return err
	}
	for _, msg := range msgs {
		r, err := newRowOf(msg)
		if err != nil {
			return err
		}
		if _, err := db.Conn(ctx).ExecContext(ctx, columns+` VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			r.id, r.district, r.subject, r.kind, r.name, sqldb.Micros(now), r.payload, telemetry.Carry(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// Clause is AddAll as a part of a larger statement of PostgreSQL: its text and its
// arguments, of which $first is the first. The events are the rows e, numbered from
// one by e.place, and where says which of them happened. Whoever runs the statement
// calls Added after its commit.
func Clause(ctx context.Context, now time.Time, first int, where string, msgs []proto.Message) (text string, args []any, err error) {
	texts, payloads := make([][]string, 5), make([][]byte, len(msgs))
	for i, msg := range msgs {
		r, err := newRowOf(msg)
		if err != nil {
			return "", nil, err
		}
		for c, text := range []string{r.id, r.district, r.subject, r.kind, r.name} {
			texts[c] = append(texts[c], text)
		}
		payloads[i] = r.payload
	}
	args = []any{texts[0], texts[1], texts[2], texts[3], texts[4], payloads, sqldb.Micros(now), telemetry.Carry(ctx)}
	places := make([]any, len(args)+1)
	for i := range args {
		places[i] = first + i
	}
	places[len(args)] = where
	return fmt.Sprintf(columns+` SELECT e.id, e.district, e.subject, e.kind, e.name, $%[7]d::bigint, e.payload, $%[8]d::text
		FROM unnest($%[1]d::text[], $%[2]d::text[], $%[3]d::text[], $%[4]d::text[], $%[5]d::text[], $%[6]d::bytea[])
			WITH ORDINALITY AS e (id, district, subject, kind, name, payload, place) WHERE %[9]s ORDER BY e.place`, places...), args, nil
}

// Added tells the relay of this process that events are committed.
func Added(db *sqldb.DB) { db.Wake(wakeTopic) }

// nameOf reads the resource name an event is about.
func nameOf(msg proto.Message) (string, error) {
	m := msg.ProtoReflect()
	f := m.Descriptor().Fields().ByName("name")
	if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
		return "", fmt.Errorf("event %s has no string field name", m.Descriptor().FullName())
	}
	name := m.Get(f).String()
	if name == "" {
		return "", fmt.Errorf("event %s: field name is empty", m.Descriptor().FullName())
	}
	return name, nil
}

// Backlog tells how many events wait to be published and since when the oldest
// does; zero when none waits.
func Backlog(ctx context.Context, db *sqldb.DB) (n int, oldest time.Time, err error) {
	ctx = tenant.Everything(ctx, "operators are told how many events wait, and nothing of them")
	var micros int64
	err = db.Conn(ctx).QueryRowContext(ctx,
		`SELECT count(*), coalesce(min(occurred_at), 0) FROM outbox WHERE sent_at IS NULL`).Scan(&n, &micros)
	return n, sqldb.Time(micros), err
}
