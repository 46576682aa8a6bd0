// Package ledger compares what clients were told with what an installation has: each write that
// was acknowledged is stored once, told of by one event, found once in the event stream, and
// applied once by who listens. It reads tables and streams past the program, as a database
// administrator could.
//
// Package load makes the writes and the records that this begins with.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/tandem-badges/tandem/deploy/e2e/load"
)

// Options say where things are.
type Options struct {
	Database  string        // URL of a role that sees all rows
	NATS      string        // URL with user and password
	Authority string        // file with who signed the certificate of NATS; empty: connections are plain
	Records   string        // folder with the records of loads, *.jsonl
	Wait      time.Duration // for events that are still on their way
}

// Count is one line of the comparison: how many there are of a thing at each place.
type Count struct {
	What                                           string
	Acknowledged, Rows, Events, InStream, Applied  int64
	AppliedElsewhere                               bool // somebody listens to these events
	lost, doubled, unknown, unstreamed, streamedMo []string
}

// String is one line.
func (c Count) String() string {
	text := fmt.Sprintf("%-16s acknowledged %d = rows %d = events %d = in the stream %d", c.What, c.Acknowledged, c.Rows, c.Events, c.InStream)
	if c.AppliedElsewhere {
		text += fmt.Sprintf(" = applied %d", c.Applied)
	}
	return text
}

// check is nil where all numbers are one.
func (c Count) check() error {
	want := c.Acknowledged
	if c.Rows != want || c.Events != want || c.InStream != want || c.AppliedElsewhere && c.Applied != want {
		return fmt.Errorf("these should be equal: %s", c)
	}
	var broken []error
	for what, names := range map[string][]string{
		"acknowledged and not stored": c.lost, "told of by more than one event": c.doubled, "stored and never acknowledged": c.unknown,
		"events that are not in the stream": c.unstreamed, "events that are in the stream twice": c.streamedMo,
	} {
		if len(names) > 0 {
			broken = append(broken, fmt.Errorf("%s: %s: %d, such as %s", c.What, what, len(names), names[0]))
		}
	}
	return errors.Join(broken...)
}

// books are all that is compared.
type books struct {
	opts   Options
	db     *sql.DB
	stream map[string]streamed // by stream
}

// Compare waits until all events were sent and applied, and returns a line for each kind of
// write. The error says what is wrong.
func Compare(ctx context.Context, o Options) ([]Count, error) {
	acked, err := acknowledged(o.Records)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", o.Database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	b := &books{opts: o, db: db}
	if err := b.settle(ctx); err != nil {
		return nil, err
	}
	if b.stream, err = readStreams(ctx, o, "TANDEM_SCHOOLS", "TANDEM_ASSESSMENTS"); err != nil {
		return nil, err
	}
	var counts []Count
	var broken []error
	for _, compare := range []func(context.Context, map[string][]string) (Count, error){b.schools, b.assessments, b.answers} {
		count, err := compare(ctx, acked)
		if err == nil {
			err = count.check()
		}
		counts, broken = append(counts, count), append(broken, err)
	}
	return counts, errors.Join(append(broken, b.deadLetters(ctx))...)
}

// acknowledged are the ids of writes, by kind.
func acknowledged(folder string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no records of a load in %s", folder)
	}
	acked := map[string][]string{}
	for _, name := range files {
		file, err := os.Open(name) //nolint:gosec // of our own folder
		if err != nil {
			return nil, err
		}
		err = load.ReadRecords(file, func(r load.Record) {
			if r.Acked {
				acked[r.Kind] = append(acked[r.Kind], r.ID)
			}
		})
		_ = file.Close()
		if err != nil {
			return nil, err
		}
	}
	for kind, ids := range acked { // one that was sent again has two receipts
		slices.Sort(ids)
		acked[kind] = slices.Compact(ids)
	}
	return acked, nil
}

// settle waits for what is on its way: outboxes that are not empty, and events that the schools
// service has not applied.
func (b *books) settle(ctx context.Context) error {
	deadline := time.Now().Add(b.opts.Wait)
	for {
		var unsent, unapplied int64
		err := b.db.QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM schools.outbox WHERE sent_at IS NULL) + (SELECT count(*) FROM assessments.outbox WHERE sent_at IS NULL)
			+ (SELECT count(*) FROM evidence.outbox WHERE sent_at IS NULL) + (SELECT count(*) FROM badges.outbox WHERE sent_at IS NULL),
			(SELECT count(*) FROM assessments.outbox o WHERE o.type LIKE '%SelfAssessmentSettled'
			   AND NOT EXISTS (SELECT 1 FROM schools.inbox i WHERE i.consumer = 'schools' AND i.event_id = o.id))`).Scan(&unsent, &unapplied)
		if err == nil && unsent == 0 && unapplied == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(err, fmt.Errorf("after %s, %d events are not sent and %d are not applied", b.opts.Wait, unsent, unapplied))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// deadLetters wants none.
func (b *books) deadLetters(ctx context.Context) error {
	var dead int64
	if err := b.db.QueryRowContext(ctx, `SELECT count(*) FROM schools.dead_letters`).Scan(&dead); err != nil {
		return err
	}
	if dead > 0 {
		return fmt.Errorf("%d events could not be applied", dead)
	}
	return nil
}

// names reads the first column.
func (b *books) names(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := b.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		all = append(all, last(name))
	}
	slices.Sort(all)
	return all, rows.Err()
}

// last is the id at the end of a resource name.
func last(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// missing are those of a that b lacks; both are sorted.
func missing(a, b []string) (none []string) {
	for _, name := range a {
		if _, found := slices.BinarySearch(b, name); !found {
			none = append(none, name)
		}
	}
	return none
}

// repeated are those that stand there more than once.
func repeated(sorted []string) (twice []string) {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			twice = append(twice, sorted[i])
		}
	}
	return twice
}
