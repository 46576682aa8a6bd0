// Package idempotency makes repeating a request harmless.
//
// A request whose field request_id is set runs in one transaction with a row
// that remembers the answer. The same caller sending the same request again gets
// that answer, whether the first answer was lost on the way or both arrive at
// once; with another body it is refused. A request that fails leaves no row and
// may be repeated with the same id. A file is given once: the same request is not
// done again, and refused. Streams are not covered.
//
// The interceptor stands after access and validation in package grpcserver's
// chain: a stored answer is given only to who may still make the call.
package idempotency

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	keep       = 7 * 24 * time.Hour
	cleanEvery = time.Hour
	cleanLease = time.Minute
)

// UnaryInterceptor runs requests that carry a request_id at most once. The
// handler runs inside db.Tx, so that its stores join that transaction.
func UnaryInterceptor(db *sqldb.DB) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		msg, ok := req.(proto.Message)
		if !ok {
			return handler(ctx, req)
		}
		id := requestID(msg)
		if id == "" {
			return handler(ctx, req)
		}
		who, _ := access.FromContext(ctx)
		hash, err := hashOf(msg)
		if err != nil {
			return nil, err
		}
		c := call{db: db, subject: who.Subject, method: info.FullMethod, id: id, hash: hash}
		return c.run(ctx, func(ctx context.Context) (any, error) { return handler(ctx, req) })
	}
}

// call is one request with an id.
type call struct {
	db                        *sqldb.DB
	subject, method, id, hash string
}

// run does the request in one transaction. Two equal requests at once have no
// serial order until one of them is done; the database makes the other run again,
// and then it finds the answer.
func (c call) run(ctx context.Context, handler func(ctx context.Context) (any, error)) (resp any, err error) {
	err = c.db.Tx(ctx, func(ctx context.Context) error {
		resp, err = c.once(ctx, handler)
		return err
	})
	if err != nil {
		return nil, sqldb.MapError(err, "request")
	}
	return resp, nil
}

// once returns the stored answer, or runs the handler and stores its answer.
func (c call) once(ctx context.Context, handler func(ctx context.Context) (any, error)) (any, error) {
	own := tenant.OrNone(ctx) // an anonymous request has no tenant until its handler found one
	stored, err := c.stored(own)
	if err != nil || stored != nil {
		return stored, err
	}
	q := c.db.Conn(ctx)
	// Claimed before the work, so that the same request at the same time waits.
	_, err = q.ExecContext(own, `
		INSERT INTO requests (subject, method, request_id, body_hash, created_at) VALUES ($1, $2, $3, $4, $5)`,
		c.subject, c.method, c.id, c.hash, sqldb.Micros(time.Now()))
	if err != nil {
		return nil, fmt.Errorf("claim request: %w", err)
	}
	resp, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := pack(resp)
	if err != nil {
		return nil, err
	}
	_, err = q.ExecContext(own, `UPDATE requests SET response = $4 WHERE subject = $1 AND method = $2 AND request_id = $3`,
		c.subject, c.method, c.id, answer)
	return resp, err
}

func (c call) stored(ctx context.Context) (any, error) {
	var hash string
	var answer []byte
	err := c.db.Conn(ctx).QueryRowContext(ctx,
		`SELECT body_hash, response FROM requests WHERE subject = $1 AND method = $2 AND request_id = $3`,
		c.subject, c.method, c.id).Scan(&hash, &answer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for request: %w", err)
	case hash != c.hash:
		return nil, reused()
	}
	var packed anypb.Any
	if err := proto.Unmarshal(answer, &packed); err != nil {
		return nil, fmt.Errorf("stored answer: %w", err)
	}
	if packed.MessageIs(&httpbody.HttpBody{}) {
		return nil, givenOnce()
	}
	return packed.UnmarshalNew()
}

// givenOnce refuses to repeat a file: files are big, and may hold what is shown once.
func givenOnce() error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: "request_id", Rule: "file_given_once",
		Fix: "This request was done and its file was given once. Ask with a new request id for another.",
	})
}

func reused() error {
	return &problem.Error{Kind: problem.KindInvalid, Reason: problem.ReasonRequestIDReused, Violations: []problem.Violation{{
		Field: "request_id", Rule: "reused",
		Fix: "This request id was used for another request. Use a new one for each new request.",
	}}}
}

// Clean forgets answers after a week, until ctx ends. Run it as a task of the
// service; a lease keeps it to one replica.
func Clean(ctx context.Context, db *sqldb.DB) error {
	ctx = tenant.With(ctx) // requests belong to callers, and no statement reads them without one
	err := lease.Run(ctx, db, "requests-clean", db.Schema(), cleanLease, func(ctx context.Context) error {
		for ctx.Err() == nil {
			// A failure waits for the next round: nothing depends on the rows being gone.
			_, _ = db.Exec(ctx, `DELETE FROM requests WHERE created_at < $1`, sqldb.Micros(time.Now().Add(-keep)))
			select {
			case <-ctx.Done():
			case <-time.After(cleanEvery):
			}
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func requestID(msg proto.Message) string {
	m := msg.ProtoReflect()
	f := m.Descriptor().Fields().ByName("request_id")
	if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
		return ""
	}
	return m.Get(f).String()
}

func hashOf(msg proto.Message) (string, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		return "", fmt.Errorf("hash of the request: %w", err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// pack makes the answer a row. What the API marks as a secret (debug_redact) is
// shown once, in the first answer, and never stored.
func pack(resp any) ([]byte, error) {
	msg, ok := resp.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("answer of type %T cannot be stored", resp)
	}
	packed, err := anypb.New(withoutSecrets(msg))
	if err != nil {
		return nil, err
	}
	return proto.Marshal(packed)
}

func withoutSecrets(msg proto.Message) proto.Message {
	if _, file := msg.(*httpbody.HttpBody); file {
		return &httpbody.HttpBody{}
	}
	kept := proto.Clone(msg)
	fields := kept.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		options, _ := fields.Get(i).Options().(*descriptorpb.FieldOptions)
		if options.GetDebugRedact() {
			kept.ProtoReflect().Clear(fields.Get(i))
		}
	}
	return kept
}
