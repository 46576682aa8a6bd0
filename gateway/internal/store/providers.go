package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
)

var _ provider.Store = (*Store)(nil)

const providerColumns = `id, version, created_at, updated_at, title, issuer, client_id, client_secret, tenant, tenant_claim, tenant_value, scopes, create_people, disabled`

// Provider reads one identity provider.
func (s *Store) Provider(ctx context.Context, name string) (provider.Provider, error) {
	if len(name) <= len(provider.Collection) {
		return provider.Provider{}, problem.NotFound(name)
	}
	found, err := s.providers(ctx, `id = $2`, tenant.State, name[len(provider.Collection):])
	if err != nil {
		return provider.Provider{}, err
	}
	if len(found) == 0 {
		return provider.Provider{}, problem.NotFound(name)
	}
	return found[0], nil
}

// Providers lists identity providers by id, after the one given.
func (s *Store) Providers(ctx context.Context, after string, limit int) ([]provider.Provider, error) {
	return s.providers(ctx, `id > $2 ORDER BY id LIMIT $3`, tenant.State, after, limit)
}

func (s *Store) providers(ctx context.Context, where string, args ...any) ([]provider.Provider, error) {
	ctx = tenant.OrNone(ctx) // the page for signing in shows them to everybody
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+providerColumns+` FROM identity_providers WHERE district_id = $1 AND `+where, args...)
	if err != nil {
		return nil, sqldb.MapError(err, "identity provider")
	}
	defer func() { _ = rows.Close() }()
	var found []provider.Provider
	for rows.Next() {
		var p provider.Provider
		var id, scopes string
		var created, updated int64
		err := rows.Scan(&id, &p.Version, &created, &updated, &p.Title, &p.Issuer, &p.ClientID, &p.Sealed, &p.Tenant,
			&p.TenantClaim, &p.TenantValue, &scopes, &p.CreatePeople, &p.Disabled)
		if err != nil {
			return nil, fmt.Errorf("read identity provider: %w", err)
		}
		p.Name, p.Created, p.Updated = provider.Collection+id, sqldb.Time(created), sqldb.Time(updated)
		if err := json.Unmarshal([]byte(scopes), &p.Scopes); err != nil {
			return nil, fmt.Errorf("read identity provider: %w", err)
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// InsertProvider adds an identity provider.
func (s *Store) InsertProvider(ctx context.Context, p provider.Provider) error {
	args, err := providerArgs(p)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `INSERT INTO identity_providers (district_id, `+providerColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, args...)
	if err != nil {
		return sqldb.MapError(err, p.Name)
	}
	return audit.Record(ctx, s.db, audit.Change{Resource: p.Name, After: p})
}

// UpdateProvider writes a changed identity provider.
func (s *Store) UpdateProvider(ctx context.Context, before, after provider.Provider) error {
	args, err := providerArgs(after)
	if err != nil {
		return err
	}
	n, err := s.db.Exec(ctx, `UPDATE identity_providers SET version = $3, created_at = $4, updated_at = $5, title = $6, issuer = $7,
		client_id = $8, client_secret = $9, tenant = $10, tenant_claim = $11, tenant_value = $12, scopes = $13, create_people = $14, disabled = $15
		WHERE district_id = $1 AND id = $2 AND version = $16`, append(args, before.Version)...)
	if err == nil && n == 0 {
		return problem.Stale(after.Name)
	}
	if err != nil {
		return sqldb.MapError(err, after.Name)
	}
	return audit.Record(ctx, s.db, audit.Change{Resource: after.Name, Before: before, After: after})
}

// DeleteProvider removes an identity provider.
func (s *Store) DeleteProvider(ctx context.Context, p provider.Provider) error {
	n, err := s.db.Exec(ctx, `DELETE FROM identity_providers WHERE district_id = $1 AND id = $2 AND version = $3`, tenant.State, p.ID(), p.Version)
	if err == nil && n == 0 {
		return problem.Stale(p.Name)
	}
	if err != nil {
		return sqldb.MapError(err, p.Name)
	}
	return audit.Record(ctx, s.db, audit.Change{Resource: p.Name, Before: p})
}

// EndProviderSessions ends all sessions begun with an identity provider.
func (s *Store) EndProviderSessions(ctx context.Context, name string) error {
	ctx = tenant.Everything(ctx, "an issuer of the state may vouch for people of any district")
	_, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE provider = $1`, name)
	return sqldb.MapError(err, name)
}

// providerArgs are the values of a row, in the order of its columns.
func providerArgs(p provider.Provider) ([]any, error) {
	scopes := p.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	text, err := json.Marshal(scopes)
	if err != nil {
		return nil, fmt.Errorf("write identity provider: %w", err)
	}
	return []any{
		tenant.State, p.ID(), p.Version, sqldb.Micros(p.Created), sqldb.Micros(p.Updated), p.Title, p.Issuer, p.ClientID,
		p.Sealed, p.Tenant, p.TenantClaim, p.TenantValue, string(text), p.CreatePeople, p.Disabled,
	}, nil
}
