package machine

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	writeEvery = 10 * time.Second
	lastWrite  = 5 * time.Second
)

// Use says that a secret was used in the minute that began At.
type Use struct {
	Client, Secret string
	At             time.Time
}

// Uses remembers when secrets were used, to the minute, until Run writes it. So
// a call costs no write, and a secret is written once a minute at most. It holds
// as many entries as secrets were used within a few seconds.
type Uses struct {
	mu      sync.Mutex
	pending map[string]Use // by secret
}

// NewUses returns an empty memory.
func NewUses() *Uses { return &Uses{pending: map[string]Use{}} }

func (u *Uses) note(client string, secret *Secret, now time.Time) {
	minute := now.Truncate(time.Minute)
	if u == nil || !minute.After(secret.LastUse) {
		return // known in the database already
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pending[secret.ID] = Use{Client: client, Secret: secret.ID, At: minute}
}

// Write writes what is remembered. What cannot be written waits for the next time.
func (u *Uses) Write(ctx context.Context, store Store) error {
	u.mu.Lock()
	uses := make([]Use, 0, len(u.pending))
	for _, use := range u.pending {
		uses = append(uses, use)
	}
	u.mu.Unlock()
	if len(uses) == 0 {
		return nil
	}
	if err := store.Used(tenant.Everything(ctx, "uses of machines of all districts are written together"), uses); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	written := make(map[string]Use, len(uses))
	for _, use := range uses {
		written[use.Secret] = use
	}
	maps.DeleteFunc(u.pending, func(id string, use Use) bool { return written[id] == use })
	return nil
}

// Run writes every few seconds until ctx ends, and then once more.
func (u *Uses) Run(ctx context.Context, store Store, log *slog.Logger) error {
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := u.Write(ctx, store); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "uses of machines not written yet", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			return u.Write(last, store)
		}
	}
}
