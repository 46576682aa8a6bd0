package issuer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// platform is the owner of keys that are no issuer's: they sign the registry and the log.
const platform = "platform/"

// tries is how often replicas that start together may be in each other's way.
const tries = 5

// Keyring keeps private keys: encrypted in the store, and the ones in use open in memory. It is
// safe for concurrent use.
type Keyring struct {
	store Store
	vault *keys.Vault
	now   func() time.Time // system time
	id    func() string

	mu   sync.Mutex
	open map[string]opened // by owner
}

type opened struct {
	name string
	key  *keys.Local
}

// NewKeyring returns the keys in a store; now is system time.
func NewKeyring(store Store, vault *keys.Vault, now func() time.Time, id func() string) *Keyring {
	return &Keyring{store: store, vault: vault, now: now, id: id, open: map[string]opened{}}
}

// Platform is the key of the platform for a purpose such as "registry" or "log". It is made when it
// is asked for first; processes that ask together get the same one.
func (r *Keyring) Platform(ctx context.Context, purpose string) (*keys.Local, error) {
	owner := platform + purpose
	var current SigningKey
	err := again(func() (err error) {
		current, err = r.store.CurrentKey(ctx, owner)
		if problem.Is(err, problem.KindNotFound) {
			current, err = r.add(ctx, owner, nil, time.Time{})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("key of the platform for its %s: %w", purpose, err)
	}
	return r.use(ctx, current)
}

// again repeats work that another replica did at the same moment: it finds it done then.
func again(work func() error) (err error) {
	for range tries {
		if err = work(); !problem.Is(err, problem.KindAlreadyExists) && !problem.Is(err, problem.KindAborted) {
			return err
		}
	}
	return err
}

// add keeps a key for an owner, a new one or one that was kept elsewhere.
func (r *Keyring) add(ctx context.Context, owner string, key *keys.Local, made time.Time) (SigningKey, error) {
	now := r.now()
	if key == nil {
		var err error
		if key, err = keys.Generate(); err != nil {
			return SigningKey{}, err
		}
		made = now
	}
	k := SigningKey{
		Name: names.Child(owner, "keys", r.id()), Issuer: owner, Public: key.Public(),
		State: Current, CreateTime: made, UpdateTime: now, Version: 1,
	}
	var err error
	if k.Sealed, err = r.vault.Seal(ctx, k.Name, key); err != nil {
		return SigningKey{}, err
	}
	return k, r.store.InsertKey(ctx, k)
}

// use opens a key, or finds it open. Keys that were replaced, here or by another process, are
// forgotten as soon as their successor is used.
func (r *Keyring) use(ctx context.Context, k SigningKey) (*keys.Local, error) {
	r.mu.Lock()
	have := r.open[k.Issuer]
	r.mu.Unlock()
	if have.name == k.Name {
		return have.key, nil
	}
	key, _, err := r.vault.Open(ctx, k.Name, k.Public, k.Sealed)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[k.Issuer] = opened{name: k.Name, key: key}
	return key, nil
}

// Examine opens every key that signs and changes nothing. It tells how many there are, and how many of
// them were sealed with a keeper's key that is on its way out.
func (r *Keyring) Examine(ctx context.Context) (signing, stale int, err error) {
	all, err := r.store.Keys(ctx, "", Slice{})
	if err != nil {
		return 0, 0, err
	}
	for _, k := range all {
		if k.State != Current {
			continue
		}
		signing++
		_, old, err := r.vault.Open(ctx, k.Name, k.Public, k.Sealed)
		if err != nil {
			return signing, stale, err
		}
		if old {
			stale++
		}
	}
	return signing, stale, nil
}

// Check opens every key that signs, so that a wrong keeper is told at the start and not at the next
// badge, and seals anew what was sealed with a keeper's key that is on its way out.
func (r *Keyring) Check(ctx context.Context) error {
	all, err := r.store.Keys(ctx, "", Slice{})
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.State != Current {
			continue
		}
		if err := again(func() error { return r.check(ctx, k.Name) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *Keyring) check(ctx context.Context, name string) error {
	k, err := r.store.Key(ctx, name)
	if err != nil || k.State != Current {
		return err
	}
	key, stale, err := r.vault.Open(ctx, k.Name, k.Public, k.Sealed)
	if err != nil || !stale {
		return err
	}
	if k.Sealed, err = r.vault.Seal(ctx, k.Name, key); err != nil {
		return err
	}
	k.UpdateTime, k.Version = r.now(), k.Version+1
	return r.store.UpdateKey(ctx, k)
}
