// Package operations keeps long work: a google.longrunning.Operation is a row
// that survives restarts, with progress in its metadata.
//
// An API handler calls Start in its transaction and answers with the Operation.
// The service's Worker, under a lease, runs the function registered for the type
// of the metadata and goes on with it after a restart; the metadata holds what
// the work needs and how far it is. Clients read the row with Get until done. The
// trace of the call that started it goes on in the work.
package operations

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const wakeTopic = "operations"

// Start records new work under a name the service gives, as part of the
// transaction in ctx when there is one.
func Start(ctx context.Context, db *sqldb.DB, name string, metadata proto.Message) (*longrunningpb.Operation, error) {
	packed, err := anypb.New(metadata)
	if err != nil {
		return nil, err
	}
	body, err := proto.Marshal(packed)
	if err != nil {
		return nil, err
	}
	err = db.Tx(ctx, func(ctx context.Context) error {
		_, err := db.Conn(ctx).ExecContext(ctx, `
			INSERT INTO operations (district_id, name, type, metadata, created_at, updated_at, traceparent)
			VALUES ($1, $2, $3, $4, $5, $5, $6)`,
			districtOf(name), name, string(metadata.ProtoReflect().Descriptor().FullName()), body, sqldb.Micros(time.Now()), telemetry.Carry(ctx))
		db.AfterCommit(ctx, func() { db.Wake(wakeTopic) })
		return sqldb.MapError(err, name)
	})
	if err != nil {
		return nil, err
	}
	return &longrunningpb.Operation{Name: name, Metadata: packed}, nil
}

// Progress replaces the metadata of running work. Called in the transaction that
// did a part of it, the work goes on after that part when it is resumed.
func Progress(ctx context.Context, db *sqldb.DB, name string, metadata proto.Message) error {
	body, err := packed(metadata)
	if err != nil {
		return err
	}
	return update(ctx, db, name, `metadata = $3`, body)
}

// Succeed ends work with its result. Called in the work's last transaction, the
// result and the end are one.
func Succeed(ctx context.Context, db *sqldb.DB, name string, response proto.Message) error {
	body, err := packed(response)
	if err != nil {
		return err
	}
	return update(ctx, db, name, `done = TRUE, response = $3`, body)
}

// Fail ends work with an error, told to clients as an API error would be.
func Fail(ctx context.Context, db *sqldb.DB, name string, cause error) error {
	body, err := proto.Marshal(status.Convert(apierr.ToStatus(ctx, cause)).Proto())
	if err != nil {
		return err
	}
	return update(ctx, db, name, `done = TRUE, failure = $3`, body)
}

// update changes work that is not done. What is done stays as it ended.
func update(ctx context.Context, db *sqldb.DB, name, set string, body []byte) error {
	return db.Tx(ctx, func(ctx context.Context) error {
		n, err := db.Exec(ctx, `UPDATE operations SET updated_at = $2, `+set+` WHERE name = $1 AND NOT done`,
			name, sqldb.Micros(time.Now()), body)
		if err != nil {
			return fmt.Errorf("operation %s: %w", name, err)
		}
		if n == 0 {
			_, err = load(ctx, db, name)
		}
		return err
	})
}

// Get returns an operation as clients see it.
func Get(ctx context.Context, db *sqldb.DB, name string) (*longrunningpb.Operation, error) {
	r, err := load(ctx, db, name)
	if err != nil {
		return nil, err
	}
	return r.operation()
}

// row is an operation as stored.
type row struct {
	name                        string
	done                        bool
	metadata, response, failure []byte
}

func load(ctx context.Context, db *sqldb.DB, name string) (row, error) {
	r := row{name: name}
	err := db.Conn(ctx).QueryRowContext(ctx, `SELECT done, metadata, response, failure FROM operations WHERE name = $1`, name).
		Scan(&r.done, &r.metadata, &r.response, &r.failure)
	return r, sqldb.MapError(err, name)
}

func (r row) operation() (*longrunningpb.Operation, error) {
	op := &longrunningpb.Operation{Name: r.name, Done: r.done, Metadata: &anypb.Any{}}
	err := proto.Unmarshal(r.metadata, op.GetMetadata())
	if r.response != nil {
		var a anypb.Any
		err = errors.Join(err, proto.Unmarshal(r.response, &a))
		op.Result = &longrunningpb.Operation_Response{Response: &a}
	}
	if r.failure != nil {
		var s spb.Status
		err = errors.Join(err, proto.Unmarshal(r.failure, &s))
		op.Result = &longrunningpb.Operation_Error{Error: &s}
	}
	if err != nil {
		return nil, fmt.Errorf("operation %s: %w", r.name, err)
	}
	return op, nil
}

// districtOf is the district whose work it is.
func districtOf(name string) string {
	rest, ok := strings.CutPrefix(name, "districts/")
	if !ok {
		return tenant.State
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

func packed(msg proto.Message) ([]byte, error) {
	a, err := anypb.New(msg)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(a)
}

// isTransient tells whether work that failed so should simply go on later.
func isTransient(err error) bool {
	return status.Code(err) == codes.Unavailable || problem.Is(err, problem.KindUnavailable) || problem.Is(err, problem.KindAborted) || sqldb.IsRetryable(err)
}
