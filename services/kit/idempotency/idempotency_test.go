package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/idempotency"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/internal/sample"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// api is a method that adds a row and answers with its number.
type api struct {
	db    *sqldb.DB
	calls atomic.Int32
	fail  error
}

func (a *api) handle(ctx context.Context, _ any) (any, error) {
	n := a.calls.Add(1)
	ctx = tenant.OrNone(ctx) // what a handler of an anonymous call finds out
	_, err := a.db.Conn(ctx).ExecContext(ctx, `INSERT INTO leases (name, holder, expires_at) VALUES ($1, 'effect', 0)`, ids.New())
	if err != nil {
		return nil, err
	}
	return wrapperspb.String(fmt.Sprint("answer ", n)), a.fail
}

func (a *api) call(ctx context.Context, method string, req proto.Message) (string, error) {
	intercept := idempotency.UnaryInterceptor(a.db)
	resp, err := intercept(ctx, req, &grpc.UnaryServerInfo{FullMethod: method}, a.handle)
	if err != nil {
		return "", err
	}
	return resp.(*wrapperspb.StringValue).GetValue(), nil
}

func (a *api) effects(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, a.db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT count(*) FROM leases WHERE holder = 'effect'`).Scan(&n))
	return n
}

func request(t *testing.T, id, note string) proto.Message {
	t.Helper()
	s, err := sample.New("schools")
	require.NoError(t, err)
	return s.Message("Request", "request_id", id, "note", note)
}

const method = "/tandem.schools.v1.Schools/CreateSchool"

func TestARequestIsDoneOnce(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		a := &api{db: db}
		ctx := kittest.Context(t, "people/ana")
		first, err := a.call(ctx, method, request(t, "r1", "x"))
		require.NoError(t, err)
		again, err := a.call(ctx, method, request(t, "r1", "x"))
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, 1, a.effects(t))

		t.Run("with another body it is refused", func(t *testing.T) {
			_, err := a.call(ctx, method, request(t, "r1", "y"))
			e, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, problem.KindInvalid, e.Kind)
			require.Equal(t, problem.ReasonRequestIDReused, e.Reason)
			require.Equal(t, "request_id", e.Violations[0].Field)
			require.Equal(t, "reused", e.Violations[0].Rule)
		})
		t.Run("another caller, method or id is another request", func(t *testing.T) {
			other := kittest.Context(t, "people/ben", access.Grant{})
			for _, call := range []func() (string, error){
				func() (string, error) { return a.call(other, method, request(t, "r1", "x")) },
				func() (string, error) { return a.call(ctx, method+"s", request(t, "r1", "x")) },
				func() (string, error) { return a.call(ctx, method, request(t, "r2", "x")) },
			} {
				got, err := call()
				require.NoError(t, err)
				require.NotEqual(t, first, got)
			}
			require.Equal(t, 4, a.effects(t))
		})
	})
}

func TestARequestWithoutIDIsDoneEachTime(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	for _, req := range []proto.Message{request(t, "", "x"), wrapperspb.String("no such field")} {
		calls := 0
		for range 2 {
			_, err := idempotency.UnaryInterceptor(db)(t.Context(), req, &grpc.UnaryServerInfo{FullMethod: method},
				func(ctx context.Context, _ any) (any, error) {
					calls++
					require.False(t, db.InTx(ctx))
					return wrapperspb.String(""), nil
				})
			require.NoError(t, err)
		}
		require.Equal(t, 2, calls)
	}
}

func TestAFailedRequestMayBeRepeated(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		a := &api{db: db, fail: errors.New("no")}
		_, err := a.call(t.Context(), method, request(t, "r1", "x"))
		require.ErrorIs(t, err, a.fail)
		require.Zero(t, a.effects(t), "its effect is undone with it")
		a.fail = nil
		_, err = a.call(t.Context(), method, request(t, "r1", "x"))
		require.NoError(t, err)
		require.Equal(t, 1, a.effects(t))
	})
}

func TestTheSameRequestAtTheSameTimeIsDoneOnce(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		a := &api{db: db}
		var wg sync.WaitGroup
		answers := make([]string, 6)
		for i := range answers {
			wg.Go(func() {
				var err error
				if answers[i], err = a.call(t.Context(), method, request(t, "r1", "x")); err != nil {
					t.Errorf("call: %v", err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, a.effects(t))
		require.Equal(t, strings.Repeat(answers[0], len(answers)), strings.Join(answers, ""))
	})
}

func TestOldAnswersAreForgotten(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		for id, age := range map[string]time.Duration{"old": 8 * 24 * time.Hour, "new": time.Hour} {
			_, err := db.Exec(kittest.All(t), `INSERT INTO requests (subject, method, request_id, body_hash, created_at) VALUES ('', '', $1, '', $2)`,
				id, sqldb.Micros(time.Now().Add(-age)))
			require.NoError(t, err)
		}
		kittest.Go(t, func(ctx context.Context) error { return idempotency.Clean(ctx, db) })
		kittest.Eventually(t, func() bool {
			var left string
			err := db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT min(request_id) || count(*) FROM requests`).Scan(&left)
			return err == nil && left == "new1"
		}, "only the new one stays")
	})
}

func TestAFileIsGivenOnceAndNowhereKept(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	intercept := idempotency.UnaryInterceptor(db)
	calls := 0
	call := func() (any, error) {
		return intercept(kittest.All(t), request(t, "r1", "letters"), &grpc.UnaryServerInfo{FullMethod: "/s/Print"}, func(context.Context, any) (any, error) {
			calls++
			return &httpbody.HttpBody{ContentType: "application/pdf", Data: []byte("a code to answer with")}, nil
		})
	}
	first, err := call()
	require.NoError(t, err)
	require.NotEmpty(t, first.(*httpbody.HttpBody).GetData())
	_, err = call()
	require.True(t, problem.Is(err, problem.KindPrecondition), "%v", err)
	require.Equal(t, 1, calls)
	var stored []byte
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), `SELECT response FROM requests WHERE request_id = 'r1'`).Scan(&stored))
	require.NotContains(t, string(stored), "a code")
}
