package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	leaseTTL    = 5 * time.Second
	pollEvery   = time.Second
	maxAttempts = 10 // runs of one operation that end in the same passing failure, or with the process
)

// Operation is work in the hands of a Worker.
type Operation struct {
	Name     string
	Attempt  int // 1 at first; more after a restart
	metadata *anypb.Any
}

// Metadata reads the work's metadata: as Start or the last Progress left it.
func (o Operation) Metadata(into proto.Message) error { return o.metadata.UnmarshalTo(into) }

// ErrLater is what a Func returns that did a part of its work and goes on with the
// rest in a later round, so that other operations have their turn. It may do so as
// often as it wants.
var ErrLater = errors.New("operation goes on later")

// Func does the work and returns its result. It begins where the metadata says;
// its context ends when the process stops or another replica takes over, and
// touches rows of the district the operation's name lies in.
type Func func(ctx context.Context, op Operation) (proto.Message, error)

// Worker runs a service's operations, one at a time and oldest first.
type Worker struct {
	db    *sqldb.DB
	log   *slog.Logger
	lease string
	funcs map[string]Func
}

// NewWorker returns a worker without functions; add them with On.
func NewWorker(db *sqldb.DB, log *slog.Logger) *Worker {
	return &Worker{db: db, log: log, lease: "operations", funcs: map[string]Func{}}
}

// Beside gives the worker a lease of its own, so that its work and that of the
// service's other worker do not wait for each other. The two must have functions
// for different types.
func (w *Worker) Beside(name string) *Worker {
	w.lease = "operations-" + name
	return w
}

// On sets the function for operations whose metadata has the type of the
// message. Call it before Run.
func (w *Worker) On(metadata proto.Message, fn Func) {
	w.funcs[string(metadata.ProtoReflect().Descriptor().FullName())] = fn
}

// Run works until ctx ends. Replicas may each run one: a lease keeps all but one
// waiting.
func (w *Worker) Run(ctx context.Context) error {
	err := lease.Run(ctx, w.db, w.lease, w.db.Schema(), leaseTTL, w.work)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (w *Worker) work(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.pass(ctx); err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "operations wait: database does not answer", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-w.db.Wakes(wakeTopic):
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// pass runs each pending operation once.
func (w *Worker) pass(ctx context.Context) error {
	pending, err := w.pending(tenant.Everything(ctx, "the worker looks for every district's work"))
	if err != nil {
		return err
	}
	for _, p := range pending {
		fn := w.funcs[p.kind]
		if fn == nil || ctx.Err() != nil {
			continue // a newer version's work waits for a newer worker
		}
		if err := w.run(tenant.With(ctx, districtOf(p.op.Name)), p, fn); err != nil {
			return err
		}
	}
	return nil
}

// pending is an operation as a pass finds it.
type pending struct {
	op          Operation
	kind        string
	metadata    []byte
	traceparent string
}

func (w *Worker) pending(ctx context.Context) (out []pending, err error) {
	rows, err := w.db.Conn(ctx).QueryContext(ctx,
		`SELECT name, type, metadata, attempts, traceparent FROM operations WHERE NOT done ORDER BY created_at, name LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		p := pending{op: Operation{metadata: &anypb.Any{}}}
		if err := rows.Scan(&p.op.Name, &p.kind, &p.metadata, &p.op.Attempt, &p.traceparent); err != nil {
			return nil, err
		}
		if err := proto.Unmarshal(p.metadata, p.op.metadata); err != nil {
			return nil, fmt.Errorf("operation %s: %w", p.op.Name, err)
		}
		p.op.Attempt++
		out = append(out, p)
	}
	return out, rows.Err()
}

// run runs one operation and records how it ended. Work that a shutdown cut off
// stays as it is; work that ends the process each time is given up at some point.
func (w *Worker) run(ctx context.Context, p pending, fn Func) error {
	op := p.op
	if _, err := w.db.Exec(ctx, `UPDATE operations SET attempts = attempts + 1 WHERE name = $1 AND NOT done`, op.Name); err != nil {
		return err
	}
	ctx, span := p.begin(ctx)
	response, err := guard(ctx, op, fn)
	w.end(ctx, span, p, err)
	switch {
	case err == nil:
		return Succeed(ctx, w.db, op.Name, response)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrLater):
		_, err := w.db.Exec(ctx, `UPDATE operations SET attempts = 0 WHERE name = $1 AND NOT done`, op.Name)
		return err
	case isTransient(err) && op.Attempt < maxAttempts:
		w.log.WarnContext(ctx, "operation will go on", "operation", op.Name, "attempt", op.Attempt, "error", err)
		return nil
	default:
		w.log.ErrorContext(ctx, "operation failed", "operation", op.Name, "attempt", op.Attempt, "error", err)
		return Fail(ctx, w.db, op.Name, err)
	}
}

// guard turns a panic of the function into a failure of its operation.
func guard(ctx context.Context, op Operation, fn Func) (response proto.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("operation panicked: %v", r)
		}
	}()
	if op.Attempt > maxAttempts {
		return nil, fmt.Errorf("operation was begun %d times and never ended", maxAttempts)
	}
	return fn(ctx, op)
}
