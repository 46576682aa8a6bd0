package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

var _ webhook.Store = (*Store)(nil)

const endpointColumns = `district_id, id, version, created_at, updated_at, url, description, event_types, disabled, disabled_reason,
	secret, old_secret, old_secret_end, since_at, last_success, first_failure`

// endpointKey is where an endpoint lies.
func endpointKey(name string) (district, id string) {
	parent, id, _ := strings.Cut(name, "/webhookEndpoints/")
	return strings.TrimPrefix(parent, "districts/"), id
}

func endpointName(district, id string) string {
	return "districts/" + district + "/webhookEndpoints/" + id
}

// Endpoint reads one endpoint.
func (s *Store) Endpoint(ctx context.Context, name string) (webhook.Endpoint, error) {
	district, id := endpointKey(name)
	found, err := s.endpoints(ctx, `district_id = $1 AND id = $2`, district, id)
	if err == nil && len(found) == 0 {
		err = problem.NotFound(name)
	}
	if err != nil {
		return webhook.Endpoint{}, sqldb.MapError(err, name)
	}
	return found[0], nil
}

// Endpoints lists the endpoints of a district after an id, by id.
func (s *Store) Endpoints(ctx context.Context, district, after string, limit int) ([]webhook.Endpoint, error) {
	found, err := s.endpoints(ctx, `district_id = $1 AND id > $2 ORDER BY id LIMIT $3`, strings.TrimPrefix(district, "districts/"), after, limit)
	return found, sqldb.MapError(err, district)
}

// Listening lists the enabled endpoints of a district, or of all.
func (s *Store) Listening(ctx context.Context, district string) ([]webhook.Endpoint, error) {
	found, err := s.endpoints(ctx, `($1 = '' OR district_id = $1) AND NOT disabled ORDER BY district_id, id`, district)
	return found, sqldb.MapError(err, "webhook endpoints")
}

func (s *Store) endpoints(ctx context.Context, where string, args ...any) (found []webhook.Endpoint, err error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+endpointColumns+` FROM webhook_endpoints WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e, err := scanEndpoint(rows)
		if err != nil {
			return nil, fmt.Errorf("read a webhook endpoint: %w", err)
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

func scanEndpoint(rows *sql.Rows) (e webhook.Endpoint, err error) {
	var district, id, types string
	var created, updated, oldEnd, since, success, failure int64
	err = rows.Scan(&district, &id, &e.Version, &created, &updated, &e.URL, &e.Description, &types, &e.Disabled, &e.DisabledReason,
		&e.Secret, &e.OldSecret, &oldEnd, &since, &success, &failure)
	if err != nil {
		return e, err
	}
	e.Name = endpointName(district, id)
	e.Created, e.Updated, e.OldSecretEnd = sqldb.Time(created), sqldb.Time(updated), sqldb.Time(oldEnd)
	e.Since, e.LastSuccess, e.FirstFailure = sqldb.Time(since), sqldb.Time(success), sqldb.Time(failure)
	if len(e.OldSecret) == 0 {
		e.OldSecret = nil
	}
	return e, json.Unmarshal([]byte(types), &e.EventTypes)
}

func endpointValues(e webhook.Endpoint) ([]any, error) {
	district, id := endpointKey(e.Name)
	types, err := json.Marshal(e.EventTypes)
	return []any{
		district, id, e.Version, sqldb.Micros(e.Created), sqldb.Micros(e.Updated), e.URL, e.Description, string(types),
		e.Disabled, e.DisabledReason, append([]byte{}, e.Secret...), append([]byte{}, e.OldSecret...), sqldb.Micros(e.OldSecretEnd),
		sqldb.Micros(e.Since), sqldb.Micros(e.LastSuccess), sqldb.Micros(e.FirstFailure),
	}, err
}

// InsertEndpoint adds an endpoint.
func (s *Store) InsertEndpoint(ctx context.Context, e webhook.Endpoint) error {
	values, err := endpointValues(e)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `INSERT INTO webhook_endpoints (`+endpointColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, values...)
		if err != nil {
			return sqldb.MapError(err, e.Name)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: e.Name, After: e})
	})
}

// SaveEndpoint writes a changed endpoint; it is stale when somebody else was faster.
func (s *Store) SaveEndpoint(ctx context.Context, before, after webhook.Endpoint) error {
	values, err := endpointValues(after)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, `UPDATE webhook_endpoints SET version = $3, created_at = $4, updated_at = $5, url = $6, description = $7,
			event_types = $8, disabled = $9, disabled_reason = $10, secret = $11, old_secret = $12, old_secret_end = $13, since_at = $14,
			last_success = $15, first_failure = $16
			WHERE district_id = $1 AND id = $2 AND version = $17`, append(values, before.Version)...)
		if err == nil && n == 0 {
			return problem.Stale(after.Name)
		}
		if err != nil {
			return sqldb.MapError(err, after.Name)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: after.Name, Before: before, After: after})
	})
}

// DeleteEndpoint removes an endpoint with its deliveries.
func (s *Store) DeleteEndpoint(ctx context.Context, e webhook.Endpoint) error {
	district, id := endpointKey(e.Name)
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, `DELETE FROM webhook_endpoints WHERE district_id = $1 AND id = $2 AND version = $3`, district, id, e.Version)
		if err == nil && n == 0 {
			return problem.Stale(e.Name)
		}
		if err != nil {
			return sqldb.MapError(err, e.Name)
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: e.Name, Before: e})
	})
}

// Took notes that an endpoint took an event. It is no change of the endpoint.
func (s *Store) Took(ctx context.Context, name string, at time.Time) error {
	district, id := endpointKey(name)
	_, err := s.db.Exec(ctx, `UPDATE webhook_endpoints SET last_success = $3, first_failure = 0 WHERE district_id = $1 AND id = $2`,
		district, id, sqldb.Micros(at))
	return sqldb.MapError(err, name)
}

// Refused notes that it did not, and returns since when it takes none.
func (s *Store) Refused(ctx context.Context, name string, at time.Time) (time.Time, error) {
	district, id := endpointKey(name)
	var since int64
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		return s.db.Conn(ctx).QueryRowContext(ctx, `UPDATE webhook_endpoints
			SET first_failure = CASE WHEN first_failure = 0 THEN $3 ELSE first_failure END
			WHERE district_id = $1 AND id = $2 RETURNING first_failure`, district, id, sqldb.Micros(at)).Scan(&since)
	})
	return sqldb.Time(since), sqldb.MapError(err, name)
}
