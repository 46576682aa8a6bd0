package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

const (
	batch     = 256
	pollEvery = 500 * time.Millisecond
	leaseTTL  = 5 * time.Second
)

// Chainer links waiting entries into the chains of their districts.
type Chainer struct {
	db  *sqldb.DB
	log *slog.Logger
}

// NewChainer returns the chainer of a service's database. Replicas may each run
// one: a lease keeps all but one waiting.
func NewChainer(db *sqldb.DB, log *slog.Logger) *Chainer { return &Chainer{db: db, log: log} }

// Run links until ctx ends.
func (c *Chainer) Run(ctx context.Context) error {
	ctx = tenant.Everything(ctx, "every district has a chain, and one chainer for all")
	ctx = upkeep.With(ctx, "an entry of what is committed is to have its place")
	err := lease.Run(ctx, c.db, "audit-chain", c.db.Schema(), leaseTTL, c.follow)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// follow holds the lease. It wakes on a commit in this process at once, and looks
// every half second for commits of others. A failure is tried again.
func (c *Chainer) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := c.Link(ctx)
		if err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "audit entries wait to be linked", "service", c.db.Schema(), "error", err)
		}
		if n == batch && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-c.db.Wakes(wakeTopic):
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// Link gives up to one batch of waiting entries their places and returns how
// many. It may run beside another: the key of the chain lets one of two succeed.
func (c *Chainer) Link(ctx context.Context) (linked int, err error) {
	// Read committed is enough, and keeps writers that add entries out of conflict.
	err = c.db.TxWith(ctx, sqldb.TxOptions{Isolation: sql.LevelReadCommitted}, func(ctx context.Context) error {
		waiting, err := c.waiting(ctx)
		if err != nil {
			return err
		}
		heads := map[string]Head{}
		for _, w := range waiting {
			head, ok := heads[w.District]
			if !ok {
				if head, err = HeadOf(ctx, c.db, w.District); err != nil {
					return err
				}
			}
			if heads[w.District], err = c.append(ctx, w, head); err != nil {
				return err
			}
		}
		linked = len(waiting)
		return nil
	})
	return linked, err
}

// link is an entry that waits, with its place in the table of those.
type link struct {
	Entry
	seq int64
}

// waiting are the oldest entries that wait. The order of seq is that of commits
// for each resource, whose row its transaction holds before it records.
func (c *Chainer) waiting(ctx context.Context) (found []link, err error) {
	rows, err := c.db.Conn(ctx).QueryContext(ctx, fmt.Sprintf(
		`SELECT seq, district_id, %s FROM audit_pending ORDER BY seq LIMIT %d`, facts, batch))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e, at := link{Entry: Entry{Service: c.db.Schema()}}, int64(0)
		if err := rows.Scan(&e.seq, &e.District, &e.ID, &at, &e.Actor, &e.OnBehalfOf, &e.Action, &e.Resource,
			&e.BeforeDigest, &e.AfterDigest, &e.ReasonDigest, &e.RequestID); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		e.Time = sqldb.Time(at)
		found = append(found, e)
	}
	return found, rows.Err()
}

func (c *Chainer) append(ctx context.Context, e link, head Head) (Head, error) {
	e.Sequence, e.PreviousHash = head.Sequence+1, head.Hash
	hash, err := e.Seal()
	if err != nil {
		return head, err
	}
	q := c.db.Conn(ctx)
	_, err = q.ExecContext(ctx, `INSERT INTO audit_entries (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		e.District, e.Sequence, e.ID, sqldb.Micros(e.Time), e.Actor, e.OnBehalfOf, e.Action, e.Resource,
		e.BeforeDigest, e.AfterDigest, e.ReasonDigest, e.RequestID, e.PreviousHash, hash)
	if err != nil {
		return head, fmt.Errorf("link audit entry: %w", err)
	}
	if _, err := q.ExecContext(ctx, `DELETE FROM audit_pending WHERE seq = $1`, e.seq); err != nil {
		return head, fmt.Errorf("link audit entry: %w", err)
	}
	return Head{Sequence: e.Sequence, Hash: hash}, nil
}

// Head is the newest entry of a chain. Whoever keeps it elsewhere notices when
// the chain is cut.
type Head struct {
	Sequence int64  `json:"sequence"`
	Hash     string `json:"hash"`
}

// HeadOf reads the head of a district's chain; an empty chain has sequence 0.
func HeadOf(ctx context.Context, db *sqldb.DB, district string) (Head, error) {
	head := Head{Hash: first}
	err := db.Conn(ctx).QueryRowContext(ctx,
		`SELECT sequence, hash FROM audit_entries WHERE district_id = $1 ORDER BY sequence DESC LIMIT 1`, district).
		Scan(&head.Sequence, &head.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return head, nil
	}
	if err != nil {
		return head, fmt.Errorf("head of the audit log: %w", err)
	}
	return head, nil
}
