package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

var _ machine.Store = (*Store)(nil)

const clientColumns = `district_id, id, version, created_at, updated_at, title, scopes, allowed_ips, disabled, end_at,
	approved, approver, creator, proposer, last_used_at`

// clientKey is where a client lies.
func clientKey(name string) (district, id string) {
	parent, id, _ := strings.Cut(name, "/apiClients/")
	return strings.TrimPrefix(parent, "districts/"), id
}

// Client reads a machine with its secrets.
func (s *Store) Client(ctx context.Context, name string) (machine.Client, error) {
	district, id := clientKey(name)
	return s.client(ctx, name, `district_id = $1 AND id = $2`, district, id)
}

// ClientOfKey reads the machine that an API key belongs to.
func (s *Store) ClientOfKey(ctx context.Context, digest machine.Digest) (machine.Client, error) {
	return s.client(ctx, "", `(district_id, id) IN (SELECT district_id, client_id FROM api_client_secrets WHERE digest = $1 AND kind = $2)`,
		digest.String(), string(machine.APIKey))
}

func (s *Store) client(ctx context.Context, name, where string, args ...any) (machine.Client, error) {
	found, err := s.clients(ctx, where, args...)
	if err != nil {
		return machine.Client{}, sqldb.MapError(err, name)
	}
	if len(found) == 0 {
		return machine.Client{}, problem.NotFound(name)
	}
	return found[0], nil
}

// ListClients lists the machines of a district after an id, by id.
func (s *Store) ListClients(ctx context.Context, parent, after string, limit int) ([]machine.Client, error) {
	found, err := s.clients(ctx, `district_id = $1 AND id > $2 ORDER BY id LIMIT $3`, strings.TrimPrefix(parent, "districts/"), after, limit)
	return found, sqldb.MapError(err, parent)
}

// EveryClient lists machines without their secrets, by district and id: those of
// one district, or of all where none is given.
func (s *Store) EveryClient(ctx context.Context, district, afterDistrict, afterID string, limit int) ([]machine.Client, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+clientColumns+` FROM api_clients
		WHERE (district_id = $1 OR $1 = '') AND (district_id, id) > ($2, $3) ORDER BY district_id, id LIMIT $4`,
		district, afterDistrict, afterID, limit)
	if err != nil {
		return nil, sqldb.MapError(err, "apiClients")
	}
	return scanClients(rows)
}

func (s *Store) clients(ctx context.Context, where string, args ...any) ([]machine.Client, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+clientColumns+` FROM api_clients WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	found, err := scanClients(rows)
	if err != nil {
		return nil, err
	}
	return found, s.addSecrets(ctx, found)
}

func scanClients(rows *sql.Rows) ([]machine.Client, error) {
	defer func() { _ = rows.Close() }()
	var found []machine.Client
	for rows.Next() {
		c, err := scanClient(rows)
		if err != nil {
			return nil, fmt.Errorf("read a machine: %w", err)
		}
		found = append(found, c)
	}
	return found, rows.Err()
}

// addSecrets reads the secrets of machines of one district, which are in the
// order of their ids.
func (s *Store) addSecrets(ctx context.Context, clients []machine.Client) error {
	if len(clients) == 0 {
		return nil
	}
	district, first := clientKey(clients[0].Name)
	_, last := clientKey(clients[len(clients)-1].Name)
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT client_id, id, kind, prefix, digest, created_at, expires_at, last_used_at
		FROM api_client_secrets WHERE district_id = $1 AND client_id BETWEEN $2 AND $3 ORDER BY client_id, id`, district, first, last)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	byName := map[string]*machine.Client{}
	for i := range clients {
		byName[clients[i].Name] = &clients[i]
	}
	for rows.Next() {
		client, secret, err := scanSecret(rows)
		if err != nil {
			return fmt.Errorf("read a secret: %w", err)
		}
		if c := byName["districts/"+district+"/apiClients/"+client]; c != nil {
			c.Secrets = append(c.Secrets, secret)
		}
	}
	return rows.Err()
}

func scanSecret(rows *sql.Rows) (client string, secret machine.Secret, err error) {
	var kind, digest string
	var created, expires, used int64
	if err := rows.Scan(&client, &secret.ID, &kind, &secret.Prefix, &digest, &created, &expires, &used); err != nil {
		return "", secret, err
	}
	secret.Kind = machine.Kind(kind)
	secret.Created, secret.Expires, secret.LastUse = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(used)
	secret.Digest, err = machine.ParseDigest(digest)
	return client, secret, err
}

func scanClient(rows *sql.Rows) (c machine.Client, err error) {
	var district, id, scopes, ips, approved string
	var created, updated, end, used int64
	err = rows.Scan(&district, &id, &c.Version, &created, &updated, &c.Title, &scopes, &ips, &c.Disabled, &end,
		&approved, &c.Approver, &c.Creator, &c.Proposer, &used)
	if err != nil {
		return c, err
	}
	c.Name = "districts/" + district + "/apiClients/" + id
	c.Created, c.Updated, c.End, c.LastUse = sqldb.Time(created), sqldb.Time(updated), sqldb.Time(end), sqldb.Time(used)
	return c, errors.Join(json.Unmarshal([]byte(scopes), &c.Scopes), json.Unmarshal([]byte(ips), &c.AllowedIPs),
		json.Unmarshal([]byte(approved), &c.Approved))
}

// InsertClient adds a machine.
func (s *Store) InsertClient(ctx context.Context, c machine.Client) error {
	values, err := clientValues(c)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `INSERT INTO api_clients (`+clientColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0)`, values...)
		if err != nil {
			return sqldb.MapError(err, c.Name)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: c.Name, After: c})
	})
}

// SaveClient writes a changed machine and what became of its secrets; it is stale
// when somebody else was faster.
func (s *Store) SaveClient(ctx context.Context, before, after machine.Client) error {
	values, err := clientValues(after)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, `UPDATE api_clients SET version = $3, created_at = $4, updated_at = $5, title = $6, scopes = $7,
			allowed_ips = $8, disabled = $9, end_at = $10, approved = $11, approver = $12, creator = $13, proposer = $14
			WHERE district_id = $1 AND id = $2 AND version = $15`, append(values, before.Version)...)
		if err == nil && n == 0 {
			return problem.Stale(after.Name)
		}
		if err != nil {
			return sqldb.MapError(err, after.Name)
		}
		if err := s.saveSecrets(ctx, before, after); err != nil {
			return sqldb.MapError(err, after.Name)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: after.Name, Before: before, After: after})
	})
}

// saveSecrets removes the secrets that went and adds those that came.
func (s *Store) saveSecrets(ctx context.Context, before, after machine.Client) error {
	district, client := clientKey(after.Name)
	for _, secret := range without(before.Secrets, after.Secrets) {
		_, err := s.db.Exec(ctx, `DELETE FROM api_client_secrets WHERE district_id = $1 AND client_id = $2 AND id = $3`,
			district, client, secret.ID)
		if err != nil {
			return err
		}
	}
	for _, secret := range without(after.Secrets, before.Secrets) {
		_, err := s.db.Exec(ctx, `INSERT INTO api_client_secrets
			(district_id, client_id, id, kind, prefix, digest, created_at, expires_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
			district, client, secret.ID, string(secret.Kind), secret.Prefix, secret.Digest.String(),
			sqldb.Micros(secret.Created), sqldb.Micros(secret.Expires))
		if err != nil {
			return err
		}
	}
	return nil
}

// without are the secrets that others do not have.
func without(secrets, others []machine.Secret) []machine.Secret {
	known := map[string]bool{}
	for _, secret := range others {
		known[secret.ID] = true
	}
	var rest []machine.Secret
	for _, secret := range secrets {
		if !known[secret.ID] {
			rest = append(rest, secret)
		}
	}
	return rest
}

// DeleteClient removes a machine with its secrets.
func (s *Store) DeleteClient(ctx context.Context, c machine.Client) error {
	district, id := clientKey(c.Name)
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, `DELETE FROM api_clients WHERE district_id = $1 AND id = $2 AND version = $3`, district, id, c.Version)
		if err == nil && n == 0 {
			return problem.Stale(c.Name)
		}
		if err != nil {
			return sqldb.MapError(err, c.Name)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: c.Name, Before: c})
	})
}

// Used notes when secrets were used last. That changes no version and no record:
// nobody decided it.
func (s *Store) Used(ctx context.Context, uses []machine.Use) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		for _, use := range uses {
			district, client := clientKey(use.Client)
			at := sqldb.Micros(use.At)
			_, err := s.db.Exec(ctx, `UPDATE api_client_secrets SET last_used_at = $4
				WHERE district_id = $1 AND client_id = $2 AND id = $3 AND last_used_at < $4`, district, client, use.Secret, at)
			if err != nil {
				return err
			}
			_, err = s.db.Exec(ctx, `UPDATE api_clients SET last_used_at = $3
				WHERE district_id = $1 AND id = $2 AND last_used_at < $3`, district, client, at)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// clientValues are the first fourteen of clientColumns.
func clientValues(c machine.Client) ([]any, error) {
	district, id := clientKey(c.Name)
	lists := make([]string, 3)
	for i, list := range [][]string{c.Scopes, c.AllowedIPs, c.Approved} {
		text, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		lists[i] = string(text)
	}
	return []any{
		district, id, c.Version, sqldb.Micros(c.Created), sqldb.Micros(c.Updated), c.Title, lists[0], lists[1], c.Disabled,
		sqldb.Micros(c.End), lists[2], c.Approver, c.Creator, c.Proposer,
	}, nil
}
