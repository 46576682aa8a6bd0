package store

import (
	"context"
	"database/sql"

	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	statusListColumns  = "name, issuer, purpose, ordinal, filled, created_at"
	statusEntryColumns = "list, idx, credential, purpose, value, reason, changed_at, version"
)

// stateRows lets work touch the rows of no district: status lists have credentials of many.
func stateRows(ctx context.Context) context.Context { return tenant.With(ctx, tenant.State) }

func scanStatusList(r row) (l status.List, err error) {
	var created int64
	err = r.Scan(&l.Name, &l.Issuer, &l.Purpose, &l.Ordinal, &l.Full, &created)
	l.CreateTime = moment(created)
	return l, err
}

func scanStatusEntry(r row) (e status.Entry, err error) {
	var changed int64
	err = r.Scan(&e.List, &e.Index, &e.Credential, &e.Purpose, &e.On, &e.Reason, &changed, &e.Version)
	e.ChangeTime = moment(changed)
	return e, err
}

// OpenStatusList is the newest list of an issuer for a purpose.
func (s *Store) OpenStatusList(ctx context.Context, issuer, purpose string) (status.List, error) {
	l, err := scanStatusList(s.db.Conn(stateRows(ctx)).QueryRowContext(stateRows(ctx), "SELECT "+statusListColumns+
		" FROM status_lists WHERE district_id = $1 AND issuer = $2 AND purpose = $3 ORDER BY ordinal DESC LIMIT 1",
		tenant.State, issuer, purpose))
	if ok, err := found(err); !ok {
		return status.List{}, err
	}
	return l, nil
}

// InsertStatusList opens a list, unless another replica did.
func (s *Store) InsertStatusList(ctx context.Context, l status.List) error {
	_, err := s.db.Exec(stateRows(ctx), "INSERT INTO status_lists (district_id, "+statusListColumns+
		") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
		tenant.State, l.Name, l.Issuer, l.Purpose, l.Ordinal, l.Full, micros(l.CreateTime))
	return sqldb.MapError(err, l.Name)
}

// FillStatusList says that a list takes no more entries.
func (s *Store) FillStatusList(ctx context.Context, name string) error {
	_, err := s.db.Exec(stateRows(ctx), "UPDATE status_lists SET filled = TRUE WHERE district_id = $1 AND name = $2", tenant.State, name)
	return sqldb.MapError(err, name)
}

// StatusList reads a list.
func (s *Store) StatusList(ctx context.Context, name string) (status.List, error) {
	return one(stateRows(ctx), s, name, scanStatusList, "SELECT "+statusListColumns+
		" FROM status_lists WHERE district_id = $1 AND name = $2", tenant.State, name)
}

// StatusLists reads all lists.
func (s *Store) StatusLists(ctx context.Context) ([]status.List, error) {
	return all(stateRows(ctx), s, scanStatusList, "SELECT "+statusListColumns+
		" FROM status_lists WHERE district_id = $1 ORDER BY name", tenant.State)
}

// InsertStatusEntry takes an index, unless it is taken.
func (s *Store) InsertStatusEntry(ctx context.Context, e status.Entry) (bool, error) {
	n, err := s.db.Exec(stateRows(ctx), "INSERT INTO status_entries (district_id, "+statusEntryColumns+
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (district_id, list, idx) DO NOTHING",
		tenant.State, e.List, e.Index, e.Credential, e.Purpose, e.On, e.Reason, micros(e.ChangeTime), e.Version)
	return n > 0, sqldb.MapError(err, e.Credential)
}

// CountStatusEntries counts the entries of a list.
func (s *Store) CountStatusEntries(ctx context.Context, list string) (n int, err error) {
	ctx = stateRows(ctx)
	err = s.db.Conn(ctx).QueryRowContext(ctx, "SELECT count(*) FROM status_entries WHERE district_id = $1 AND list = $2",
		tenant.State, list).Scan(&n)
	return n, err
}

// StatusEntries are the places of a credential.
func (s *Store) StatusEntries(ctx context.Context, credential string) ([]status.Entry, error) {
	return all(stateRows(ctx), s, scanStatusEntry, "SELECT "+statusEntryColumns+
		" FROM status_entries WHERE district_id = $1 AND credential = $2 ORDER BY purpose", tenant.State, credential)
}

// SetStatusEntry changes one row, which is one bit. What it says already it need not be told.
func (s *Store) SetStatusEntry(ctx context.Context, e status.Entry) (list string, err error) {
	ctx = stateRows(ctx)
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		err := s.db.Conn(ctx).QueryRowContext(ctx, `UPDATE status_entries SET value = $4, reason = $5, changed_at = $6, version = version + 1
			WHERE district_id = $1 AND credential = $2 AND purpose = $3 AND value <> $4 RETURNING list`,
			tenant.State, e.Credential, e.Purpose, e.On, e.Reason, micros(e.ChangeTime)).Scan(&list)
		_, err = found(err)
		return err
	})
	return list, sqldb.MapError(err, e.Credential)
}

// StatusRows reads the bits of a list that are set, and when a bit of it changed last.
func (s *Store) StatusRows(ctx context.Context, list string) (out status.Rows, err error) {
	ctx = stateRows(ctx)
	var changed sql.NullInt64
	if err = s.db.Conn(ctx).QueryRowContext(ctx, `SELECT max(changed_at) FROM status_entries
		WHERE district_id = $1 AND list = $2 AND version > 1`, tenant.State, list).Scan(&changed); err != nil {
		return out, err
	}
	out.Change = moment(changed.Int64)
	out.Set, err = all(ctx, s, func(r row) (i int, err error) {
		err = r.Scan(&i)
		return i, err
	}, "SELECT idx FROM status_entries WHERE district_id = $1 AND list = $2 AND value ORDER BY idx", tenant.State, list)
	return out, err
}

// RevokedBy are the entries of an issuer that say revoked.
func (s *Store) RevokedBy(ctx context.Context, issuer string) ([]status.Entry, error) {
	return all(stateRows(ctx), s, scanStatusEntry, `SELECT e.list, e.idx, e.credential, e.purpose, e.value, e.reason, e.changed_at, e.version
		FROM status_lists l JOIN status_entries e ON e.district_id = l.district_id AND e.list = l.name
		WHERE l.district_id = $1 AND l.issuer = $2 AND l.purpose = 'revocation' AND e.value ORDER BY e.credential`, tenant.State, issuer)
}

// AwardReason is why the award of a credential was taken away or suspended.
func (s *Store) AwardReason(ctx context.Context, credential string) (reason string, err error) {
	ctx = tenant.Everything(ctx, "why a credential does not stand is public, and its name says nothing of a district")
	_, err = found(s.db.Conn(ctx).QueryRowContext(ctx, `SELECT CASE state WHEN 'SUSPENDED' THEN suspend_reason ELSE revoke_reason END
		FROM awards WHERE credential = $1`, credential).Scan(&reason))
	return reason, err
}

// SignedStatusList reads what was signed last.
func (s *Store) SignedStatusList(ctx context.Context, name string) (status.Signed, error) {
	ctx = stateRows(ctx)
	out := status.Signed{List: name}
	var signed int64
	_, err := found(s.db.Conn(ctx).QueryRowContext(ctx, `SELECT document, etag, bits, method, signed_at, version FROM status_documents
		WHERE district_id = $1 AND list = $2`, tenant.State, name).
		Scan(&out.Document, &out.ETag, &out.Bits, &out.Method, &signed, &out.Version))
	out.SignTime = moment(signed)
	return out, err
}

// SaveSignedStatusList takes the place of the version before. It refuses when another replica was faster.
func (s *Store) SaveSignedStatusList(ctx context.Context, d status.Signed) error {
	n, err := s.db.Exec(stateRows(ctx), `INSERT INTO status_documents (district_id, list, document, etag, bits, method, signed_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (district_id, list) DO UPDATE SET document = excluded.document,
		etag = excluded.etag, bits = excluded.bits, method = excluded.method, signed_at = excluded.signed_at, version = excluded.version
		WHERE status_documents.version = excluded.version - 1`,
		tenant.State, d.List, d.Document, d.ETag, d.Bits, d.Method, micros(d.SignTime), d.Version)
	if err == nil && n == 0 {
		return problem.Stale(d.List)
	}
	return sqldb.MapError(err, d.List)
}
