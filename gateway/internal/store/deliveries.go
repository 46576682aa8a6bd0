package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

// Webhooks is the topic on which senders are woken (sqldb.DB.Wakes).
const Webhooks = "webhooks"

const deliveryColumns = `district_id, endpoint_id, event_id, event_type, happened_at, body, state, attempts, status, error,
	due_at, created_at, updated_at, traceparent`

// AddDeliveries keeps deliveries that are not kept yet.
func (s *Store) AddDeliveries(ctx context.Context, all []webhook.Delivery) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		for _, d := range all {
			district, endpoint := endpointKey(d.Endpoint)
			_, err := s.db.Exec(ctx, `INSERT INTO webhook_deliveries (`+deliveryColumns+`)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
				district, endpoint, d.Event, d.EventType, sqldb.Micros(d.Happened), append([]byte{}, d.Body...), int(d.State), d.Attempts,
				d.Status, d.Error, sqldb.Micros(d.Due), sqldb.Micros(d.Created), sqldb.Micros(d.Updated), d.TraceParent)
			if err != nil {
				return sqldb.MapError(err, d.Endpoint)
			}
		}
		s.db.AfterCommit(ctx, func() { s.db.Wake(Webhooks) })
		return nil
	})
}

// Position is how far the bus was followed.
func (s *Store) Position(ctx context.Context) (p webhook.Position, err error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT bus_cursor, begun_at FROM webhook_position WHERE district_id = $1`, tenant.State)
	if err != nil {
		return p, sqldb.MapError(err, Webhooks)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var begun int64
		if err := rows.Scan(&p.Cursor, &begun); err != nil {
			return p, fmt.Errorf("read a position: %w", err)
		}
		p.Begun = sqldb.Time(begun)
	}
	return p, rows.Err()
}

// SavePosition keeps how far the bus was followed.
func (s *Store) SavePosition(ctx context.Context, p webhook.Position) error {
	_, err := s.db.Exec(ctx, `INSERT INTO webhook_position (district_id, bus_cursor, begun_at) VALUES ($1, $2, $3)
		ON CONFLICT (district_id) DO UPDATE SET bus_cursor = excluded.bus_cursor, begun_at = excluded.begun_at`,
		tenant.State, p.Cursor, sqldb.Micros(p.Begun))
	return sqldb.MapError(err, Webhooks)
}

// Due names enabled endpoints that have something to be sent.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (names []string, err error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT district_id, id FROM webhook_endpoints e WHERE NOT disabled AND EXISTS (
		SELECT 1 FROM webhook_deliveries d WHERE d.district_id = e.district_id AND d.endpoint_id = e.id AND d.state = 1 AND d.due_at <= $1)
		LIMIT $2`, sqldb.Micros(now), limit)
	if err != nil {
		return nil, sqldb.MapError(err, Webhooks)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var district, id string
		if err := rows.Scan(&district, &id); err != nil {
			return nil, fmt.Errorf("read what is due: %w", err)
		}
		names = append(names, endpointName(district, id))
	}
	return names, rows.Err()
}

// Claim takes deliveries that are due. Two claims at once may look at the same
// ones; the change decides, since the second finds due_at moved.
func (s *Store) Claim(ctx context.Context, endpoint string, now, until time.Time, limit int) (claimed []webhook.Delivery, err error) {
	district, id := endpointKey(endpoint)
	err = s.db.TxWith(ctx, sqldb.TxOptions{Isolation: sql.LevelReadCommitted}, func(ctx context.Context) error {
		claimed = nil
		due, err := s.deliveries(ctx, `district_id = $1 AND endpoint_id = $2 AND state = 1 AND due_at <= $3 ORDER BY due_at, event_id LIMIT $4`,
			district, id, sqldb.Micros(now), limit)
		if err != nil {
			return err
		}
		for _, d := range due {
			n, err := s.db.Exec(ctx, `UPDATE webhook_deliveries SET due_at = $4, attempts = attempts + 1
				WHERE district_id = $1 AND endpoint_id = $2 AND event_id = $3 AND state = 1 AND due_at = $5`,
				district, id, d.Event, sqldb.Micros(until), sqldb.Micros(d.Due))
			if err != nil {
				return err
			}
			if n == 1 {
				d.Due, d.Attempts = until, d.Attempts+1
				claimed = append(claimed, d)
			}
		}
		return nil
	})
	return claimed, sqldb.MapError(err, endpoint)
}

// Finish writes what came of a try, unless the claim was lost meanwhile.
func (s *Store) Finish(ctx context.Context, d webhook.Delivery, claimed time.Time) (held bool, err error) {
	district, id := endpointKey(d.Endpoint)
	n, err := s.db.Exec(ctx, `UPDATE webhook_deliveries SET state = $4, status = $5, error = $6, due_at = $7, updated_at = $8
		WHERE district_id = $1 AND endpoint_id = $2 AND event_id = $3 AND state = 1 AND due_at = $9`,
		district, id, d.Event, int(d.State), d.Status, d.Error, sqldb.Micros(d.Due), sqldb.Micros(d.Updated), sqldb.Micros(claimed))
	return n == 1, sqldb.MapError(err, d.Endpoint)
}

// GiveUp ends what waits for an endpoint.
func (s *Store) GiveUp(ctx context.Context, endpoint, reason string, now time.Time) error {
	district, id := endpointKey(endpoint)
	_, err := s.db.Exec(ctx, `UPDATE webhook_deliveries SET state = 3, error = $3, due_at = 0, updated_at = $4
		WHERE district_id = $1 AND endpoint_id = $2 AND state = 1`, district, id, reason, sqldb.Micros(now))
	return sqldb.MapError(err, endpoint)
}

// Replay makes what happened in a time due now, also what waits for its next try.
func (s *Store) Replay(ctx context.Context, endpoint string, from, to time.Time, failedOnly bool, now time.Time) (n int, err error) {
	district, id := endpointKey(endpoint)
	until := int64(math.MaxInt64)
	if !to.IsZero() {
		until = sqldb.Micros(to)
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		changed, err := s.db.Exec(ctx, `UPDATE webhook_deliveries SET state = 1, attempts = 0, due_at = $5, updated_at = $5
			WHERE district_id = $1 AND endpoint_id = $2 AND happened_at >= $3 AND happened_at < $4
			AND (state = 3 OR NOT $6) AND event_type <> $7`,
			district, id, sqldb.Micros(from), until, sqldb.Micros(now), failedOnly, webhook.PingType)
		n = int(changed)
		s.db.AfterCommit(ctx, func() { s.db.Wake(Webhooks) })
		return err
	})
	return n, sqldb.MapError(err, endpoint)
}

// Delivery reads one delivery.
func (s *Store) Delivery(ctx context.Context, endpoint, event string) (webhook.Delivery, error) {
	district, id := endpointKey(endpoint)
	found, err := s.deliveries(ctx, `district_id = $1 AND endpoint_id = $2 AND event_id = $3`, district, id, event)
	if err == nil && len(found) == 0 {
		err = problem.NotFound(endpoint + "/deliveries/" + event)
	}
	if err != nil {
		return webhook.Delivery{}, sqldb.MapError(err, endpoint)
	}
	return found[0], nil
}

// Deliveries lists those of an endpoint, the newest first.
func (s *Store) Deliveries(ctx context.Context, endpoint string, state webhook.State, after webhook.Range) ([]webhook.Delivery, error) {
	district, id := endpointKey(endpoint)
	last := int64(math.MaxInt64)
	if !after.Happened.IsZero() {
		last = sqldb.Micros(after.Happened)
	}
	found, err := s.deliveries(ctx, `district_id = $1 AND endpoint_id = $2 AND (happened_at, event_id) < ($3, $4)
		AND ($5 = 0 OR state = $5) ORDER BY happened_at DESC, event_id DESC LIMIT $6`,
		district, id, last, after.Event, int(state), after.Limit)
	return found, sqldb.MapError(err, endpoint)
}

func (s *Store) deliveries(ctx context.Context, where string, args ...any) (found []webhook.Delivery, err error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+deliveryColumns+` FROM webhook_deliveries WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var d webhook.Delivery
		var district, endpoint string
		var happened, due, created, updated int64
		err := rows.Scan(&district, &endpoint, &d.Event, &d.EventType, &happened, &d.Body, &d.State, &d.Attempts, &d.Status, &d.Error,
			&due, &created, &updated, &d.TraceParent)
		if err != nil {
			return nil, fmt.Errorf("read a delivery: %w", err)
		}
		d.Endpoint = endpointName(district, endpoint)
		d.Happened, d.Due, d.Created, d.Updated = sqldb.Time(happened), sqldb.Time(due), sqldb.Time(created), sqldb.Time(updated)
		found = append(found, d)
	}
	return found, rows.Err()
}

// Prune removes what is finished and was not touched since.
func (s *Store) Prune(ctx context.Context, before time.Time) (int, error) {
	n, err := s.db.Exec(ctx, `DELETE FROM webhook_deliveries WHERE state <> 1 AND updated_at < $1`, sqldb.Micros(before))
	return int(n), sqldb.MapError(err, Webhooks)
}
