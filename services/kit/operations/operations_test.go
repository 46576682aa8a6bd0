package operations_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/operations"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const name = "districts/d1/operations/import"

// The metadata is how many rows are done; the work is five rows.
const rows = 5

func start(t *testing.T, db *sqldb.DB, name string) {
	t.Helper()
	op, err := operations.Start(kittest.All(t), db, name, wrapperspb.Int64(0))
	require.NoError(t, err)
	require.Equal(t, name, op.GetName())
	require.False(t, op.GetDone())
}

func get(t *testing.T, db *sqldb.DB, name string) *longrunningpb.Operation {
	t.Helper()
	op, err := operations.Get(kittest.All(t), db, name)
	require.NoError(t, err)
	return op
}

func done(t *testing.T, db *sqldb.DB, name string) *longrunningpb.Operation {
	t.Helper()
	kittest.Eventually(t, func() bool { return get(t, db, name).GetDone() }, "operation is done")
	return get(t, db, name)
}

func progress(t *testing.T, op *longrunningpb.Operation) int64 {
	t.Helper()
	var n wrapperspb.Int64Value
	require.NoError(t, op.GetMetadata().UnmarshalTo(&n))
	return n.GetValue()
}

func work(t *testing.T, db *sqldb.DB, fn operations.Func) (stop func()) {
	w := operations.NewWorker(db, kittest.Log(t))
	w.On(&wrapperspb.Int64Value{}, fn)
	return kittest.Go(t, w.Run)
}

func TestAnOperationGoesFromStartToResult(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		start(t, db, name)
		_, err := operations.Start(kittest.All(t), db, name, wrapperspb.Int64(0))
		require.True(t, problem.Is(err, problem.KindAlreadyExists), "%v", err)
		require.NoError(t, operations.Progress(kittest.All(t), db, name, wrapperspb.Int64(3)))
		require.EqualValues(t, 3, progress(t, get(t, db, name)))
		require.NoError(t, operations.Succeed(kittest.All(t), db, name, wrapperspb.String("5 rows")))
		require.NoError(t, operations.Fail(kittest.All(t), db, name, errors.New("too late")), "what is done stays as it ended")
		var result wrapperspb.StringValue
		require.NoError(t, get(t, db, name).GetResponse().UnmarshalTo(&result))
		require.Equal(t, "5 rows", result.GetValue())
	})
}

func TestAnUnknownOperationIsNotFound(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	_, err := operations.Get(kittest.All(t), db, "no")
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.True(t, problem.Is(operations.Progress(kittest.All(t), db, "no", wrapperspb.Int64(1)), problem.KindNotFound))
}

func TestAFailureIsToldAsTheAPIWould(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		for op, c := range map[string]struct {
			err  error
			code codes.Code
		}{
			"rule":     {problem.Invalid(problem.Violation{Field: "rows[3].id", Rule: "unique", Fix: "Use each id once."}), codes.InvalidArgument},
			"internal": {errors.New("secret cause"), codes.Internal},
		} {
			start(t, db, op)
			stop := work(t, db, func(context.Context, operations.Operation) (proto.Message, error) { return nil, c.err })
			failure := done(t, db, op).GetError()
			stop()
			require.EqualValues(t, c.code, failure.GetCode())
			require.NotContains(t, failure.GetMessage(), "secret")
		}
	})
}

func TestWorkGoesOnAfterARestartWhereItWas(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		start(t, db, name)
		half := make(chan struct{})
		var did atomic.Int64
		importRows := func(stopAt int64) operations.Func {
			return func(ctx context.Context, op operations.Operation) (proto.Message, error) {
				var n wrapperspb.Int64Value
				if err := op.Metadata(&n); err != nil {
					return nil, err
				}
				for i := n.GetValue(); i < rows; i++ {
					if i == stopAt {
						close(half)
						<-ctx.Done()
						return nil, ctx.Err()
					}
					did.Add(1)
					if err := operations.Progress(ctx, db, op.Name, wrapperspb.Int64(i+1)); err != nil {
						return nil, err
					}
				}
				return wrapperspb.String("all"), nil
			}
		}
		stop := work(t, db, importRows(2))
		<-half
		stop()
		require.False(t, get(t, db, name).GetDone(), "a shutdown is no end")
		require.EqualValues(t, 2, progress(t, get(t, db, name)))
		work(t, db, importRows(-1))
		require.NotNil(t, done(t, db, name).GetResponse())
		require.EqualValues(t, rows, did.Load(), "no row twice")
	})
}

func TestOfThreeReplicasOneDoesTheWork(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		var runs atomic.Int32
		for range 3 {
			work(t, db, func(context.Context, operations.Operation) (proto.Message, error) {
				runs.Add(1)
				return wrapperspb.String("done"), nil
			})
		}
		for _, op := range []string{"a", "b", "c"} {
			start(t, db, op)
		}
		for _, op := range []string{"a", "b", "c"} {
			done(t, db, op)
		}
		require.EqualValues(t, 3, runs.Load())
	})
}

func TestWorkWaitsForAPartThatIsAwayAndAPanicEndsOnlyIt(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	start(t, db, "away")
	start(t, db, "broken")
	work(t, db, func(_ context.Context, op operations.Operation) (proto.Message, error) {
		if op.Name == "broken" {
			panic("nil map") //nolint:forbidigo // the worker must survive it
		}
		if op.Attempt == 1 {
			return nil, problem.Unavailable("assessments")
		}
		return wrapperspb.String("done"), nil
	})
	require.EqualValues(t, codes.Internal, done(t, db, "broken").GetError().GetCode())
	require.NotNil(t, done(t, db, "away").GetResponse())
}

func TestWorkThatGoesOnLaterIsNotGivenUp(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		start(t, db, name)
		var turns atomic.Int32
		work(t, db, func(ctx context.Context, op operations.Operation) (proto.Message, error) {
			if op.Attempt != 1 {
				return nil, errors.New("it never failed")
			}
			if turns.Add(1) <= 12 { // more often than work may fail
				db.Wake("operations")
				return nil, operations.ErrLater
			}
			return wrapperspb.String("done"), nil
		})
		require.NotNil(t, done(t, db, name).GetResponse())
		require.EqualValues(t, 13, turns.Load())
	})
}

func TestAWorkerBesideHasItsOwnWork(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	start(t, db, "slow")
	release := make(chan struct{})
	work(t, db, func(context.Context, operations.Operation) (proto.Message, error) {
		<-release
		return wrapperspb.String("slow"), nil
	})
	other := operations.NewWorker(db, kittest.Log(t)).Beside("other")
	other.On(&wrapperspb.StringValue{}, func(context.Context, operations.Operation) (proto.Message, error) {
		return wrapperspb.String("quick"), nil
	})
	kittest.Go(t, other.Run)
	_, err := operations.Start(kittest.All(t), db, "quick", wrapperspb.String("go"))
	require.NoError(t, err)
	require.NotNil(t, done(t, db, "quick").GetResponse())
	require.False(t, get(t, db, "slow").GetDone())
	close(release)
	require.NotNil(t, done(t, db, "slow").GetResponse())
}
