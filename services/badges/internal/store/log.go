package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/logbook"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// logTopic wakes the writer of the log in this process.
const logTopic = "log"

// public is for the rows of the log, which belong to no district.
func public(ctx context.Context) context.Context { return tenant.With(ctx, tenant.State) }

// Enter adds an entry to those that wait for the log.
func (s *Store) Enter(ctx context.Context, leaf []byte, at time.Time) error {
	if !s.db.InTx(ctx) {
		return fmt.Errorf("enter into the log: %w", sqldb.ErrNoTx)
	}
	_, err := s.db.Exec(public(ctx), "INSERT INTO log_pending (district_id, entered_at, leaf) VALUES ($1, $2, $3)",
		tenant.State, micros(at), leaf)
	if err != nil {
		return fmt.Errorf("enter into the log: %w", err)
	}
	s.db.AfterCommit(ctx, func() { s.db.Wake(logTopic) })
	return nil
}

// Entered is heard when an entry was committed in this process.
func (s *Store) Entered() <-chan struct{} { return s.db.Wakes(logTopic) }

// Waiting are the oldest entries that wait.
func (s *Store) Waiting(ctx context.Context, most int) ([]logbook.Waiting, error) {
	return all(public(ctx), s, func(r row) (w logbook.Waiting, err error) {
		err = r.Scan(&w.Seq, &w.Leaf)
		return w, err
	}, "SELECT seq, leaf FROM log_pending WHERE district_id = $1 ORDER BY seq LIMIT $2", tenant.State, limit(most))
}

// Backlog tells how many entries wait, and since when.
func (s *Store) Backlog(ctx context.Context) (entries int64, since time.Time, err error) {
	ctx = public(ctx)
	var oldest int64
	err = s.db.Conn(ctx).QueryRowContext(ctx, "SELECT count(*), coalesce(min(entered_at), 0) FROM log_pending WHERE district_id = $1",
		tenant.State).Scan(&entries, &oldest)
	return entries, moment(oldest), err
}

// Head reads how far the log is; before it began that is nothing, of version 0.
func (s *Store) Head(ctx context.Context) (h logbook.Head, err error) {
	ctx = public(ctx)
	var root string
	ok, err := found(s.db.Conn(ctx).QueryRowContext(ctx, `SELECT origin, size, root, published, checkpoint, version
		FROM log_heads WHERE district_id = $1`, tenant.State).Scan(&h.Origin, &h.Size, &root, &h.Published, &h.Checkpoint, &h.Version))
	if err != nil || !ok {
		return logbook.Head{}, err
	}
	h.Root, err = tlog.ParseHash(root)
	return h, err
}

// Advance replaces the head and adds rows. Read committed is enough, since the version of the
// head is compared, and keeps those who enter something out of conflict.
func (s *Store) Advance(ctx context.Context, next logbook.Head, rows []logbook.Row, done []logbook.Waiting) error {
	return s.db.TxWith(public(ctx), sqldb.TxOptions{Isolation: sql.LevelReadCommitted}, func(ctx context.Context) error {
		if err := s.advance(ctx, next); err != nil {
			return err
		}
		for _, r := range rows {
			_, err := s.db.Exec(ctx, `INSERT INTO log_entries (district_id, position, kind, subject, digest, leaf)
				VALUES ($1, $2, $3, $4, $5, $6)`, tenant.State, r.Position, r.Kind, r.Subject, r.Digest, r.Leaf)
			if err != nil {
				return fmt.Errorf("enter into the log: %w", err)
			}
		}
		for _, w := range done {
			if _, err := s.db.Exec(ctx, "DELETE FROM log_pending WHERE seq = $1", w.Seq); err != nil {
				return fmt.Errorf("enter into the log: %w", err)
			}
		}
		return nil
	})
}

func (s *Store) advance(ctx context.Context, next logbook.Head) error {
	if next.Checkpoint == nil {
		next.Checkpoint = []byte{}
	}
	statement := `UPDATE log_heads SET origin = $2, size = $3, root = $4, published = $5, checkpoint = $6, version = $7
		WHERE district_id = $1 AND version = $7 - 1`
	if next.Version == 1 {
		statement = `INSERT INTO log_heads (district_id, origin, size, root, published, checkpoint, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (district_id) DO NOTHING`
	}
	n, err := s.db.Exec(ctx, statement, tenant.State, next.Origin, next.Size, next.Root.String(), next.Published, next.Checkpoint, next.Version)
	if err != nil {
		return fmt.Errorf("head of the log: %w", err)
	}
	if n == 0 {
		return problem.Stale("log")
	}
	return nil
}

// Leaves reads leaves in their order.
func (s *Store) Leaves(ctx context.Context, from, to int64) ([][]byte, error) {
	return all(public(ctx), s, func(r row) (leaf []byte, err error) {
		err = r.Scan(&leaf)
		return leaf, err
	}, "SELECT leaf FROM log_entries WHERE district_id = $1 AND position >= $2 AND position < $3 ORDER BY position", tenant.State, from, to)
}

// Newest lists rows before a position, the newest first.
func (s *Store) Newest(ctx context.Context, before int64, most int) ([]logbook.Row, error) {
	return all(public(ctx), s, scanEntry, `SELECT position, leaf FROM log_entries
		WHERE district_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3`, tenant.State, before, limit(most))
}

// Signed finds the newest row that says that a credential was signed.
func (s *Store) Signed(ctx context.Context, credential, address string, before int64) (logbook.Row, error) {
	c, err := s.Credential(ctx, credential)
	if err != nil && !problem.Is(err, problem.KindNotFound) {
		return logbook.Row{}, err
	}
	return one(public(ctx), s, credential, scanEntry, `SELECT position, leaf FROM log_entries
		WHERE district_id = $1 AND (subject = $2 OR (digest = $3 AND digest <> '')) AND position < $4 AND kind IN ('issued', 'reissued')
		ORDER BY position DESC LIMIT 1`, tenant.State, address, c.Digest, before)
}

// Past are the entries of all that was issued and revoked before there was a log. The address of
// a credential is in its document, whatever the platform's address is by now.
func (s *Store) Past(ctx context.Context) ([]translog.Entry, error) {
	ctx = tenant.Everything(ctx, "what was issued before there was a log is entered, in every district")
	found, err := all(ctx, s, func(r row) (past past, err error) {
		var document []byte
		if err = r.Scan(&document, &past.Issuer, &past.Digest, &past.state); err == nil {
			err = json.Unmarshal(document, &past)
		}
		return past, err
	}, `SELECT c.document, c.issuer, c.digest, coalesce(w.state, '') FROM credentials c
		LEFT JOIN awards w ON w.district_id = c.district_id AND w.name = c.award
		WHERE c.kind <> 'EXTERNAL' ORDER BY c.issued_at, c.name`)
	var out []translog.Entry
	for _, p := range found {
		out = append(out, translog.Entry{Kind: translog.Issued, Issuer: p.Issuer, Subject: p.ID, Digest: p.Digest})
		if p.state == string(award.Revoked) {
			out = append(out, translog.Entry{Kind: translog.Revoked, Issuer: p.Issuer, Subject: p.ID})
		}
	}
	return out, err
}

// past is what the log wants to know of a credential.
type past struct {
	ID     string `json:"id"`
	Issuer string `json:"-"`
	Digest string `json:"-"`
	state  string
}

func scanEntry(r row) (e logbook.Row, err error) {
	if err = r.Scan(&e.Position, &e.Leaf); err != nil {
		return e, err
	}
	e.Entry, err = logbook.Read(e.Leaf)
	return e, err
}
