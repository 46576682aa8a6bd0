package inbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// retryLook is how often a running inbox looks for dead letters that an operator
// wants applied again.
const retryLook = 2 * time.Second

// RequestReplay asks the running service to apply dead letters again: those with
// the given event ids, or all when none is given. It returns how many. It needs
// no handlers, so a command can call it beside the service.
func RequestReplay(ctx context.Context, db *sqldb.DB, consumer string, eventIDs ...string) (int64, error) {
	ctx = tenant.Everything(ctx, "an operator asks for what no district sees")
	if len(eventIDs) == 0 {
		return db.Exec(ctx, `UPDATE dead_letters SET retry = TRUE WHERE consumer = $1`, consumer)
	}
	var total int64
	err := db.Tx(ctx, func(ctx context.Context) error {
		total = 0
		for _, id := range eventIDs {
			n, err := db.Exec(ctx, `UPDATE dead_letters SET retry = TRUE WHERE consumer = $1 AND event_id = $2`, consumer, id)
			if err != nil {
				return err
			}
			total += n
		}
		return nil
	})
	return total, err
}

// retry applies what was asked for, and what an older program kept for this one,
// until ctx ends. Two replicas may meet on the same letter: the inbox row lets one of
// them win.
func (i *Inbox) retry(ctx context.Context) {
	tick := time.NewTicker(retryLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		i.retryOnce(ctx)
	}
}

func (i *Inbox) retryOnce(ctx context.Context) {
	wanted, err := i.requested(ctx)
	if err == nil && len(wanted) > 0 {
		var n int
		n, err = i.ReplayDead(ctx, wanted...)
		i.log.InfoContext(ctx, "dead letters applied again", "consumer", i.consumer, "asked", len(wanted), "applied", n)
	}
	if err != nil && ctx.Err() == nil {
		i.log.WarnContext(ctx, "dead letters not applied again", "consumer", i.consumer, "error", err)
	}
}

// requested are the letters to apply, but for those that this program does not know.
func (i *Inbox) requested(ctx context.Context) (ids []string, err error) {
	ctx = tenant.Everything(ctx, "letters of every district may be wanted again")
	args, places := []any{i.consumer}, make([]string, 0, len(i.handlers))
	for kind := range i.handlers {
		args = append(args, kind)
		places = append(places, fmt.Sprintf("$%d", len(args)))
	}
	if len(places) == 0 {
		return nil, nil
	}
	rows, err := i.db.Conn(ctx).QueryContext(ctx, `SELECT event_id FROM dead_letters
		WHERE consumer = $1 AND retry AND type IN (`+strings.Join(places, ", ")+`) ORDER BY dead_at, event_id`, args...)
	if err != nil {
		return nil, fmt.Errorf("dead letters to retry: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
