package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

const (
	day = 24 * time.Hour
	// keyAge is when a key should have been rotated: once a quarter, and some.
	keyAge = 120 * day
)

const bringKeys = "Make the keys of all parts in one place and bring each process its own folder whole and the .pub files of the others: `tandem keys manifest` does that for Kubernetes, docs/operators.md tells how otherwise. A key that cannot be read counts as missing."

// lookAtKeys says whether the parts that run here can prove themselves, and know
// the others.
func (e *examination) lookAtKeys(_ context.Context, n *notes) {
	keys, err := app.OpenKeys(e.Settings.Data, nil)
	if err != nil {
		n.fail("folder", "Set the mode it names with chmod, or put the file back from a copy.", "%v", err)
		return
	}
	if len(keys.Owners()) == 0 && e.alone() {
		n.warn("folder", "Nothing, if this is a new installation: each part makes its first key when it starts.", "there are no keys in %s", filepath.Join(e.Settings.Data, "keys"))
		return
	}
	for _, owner := range app.DatabaseNames() {
		if e.runs(owner) {
			e.lookAtOwnKeys(n, keys, owner)
			continue
		}
		known, err := keys.Public(owner)
		_, private := keys.Bundle(owner)
		switch {
		case err != nil || len(known) == 0:
			n.fail(owner, bringKeys, "no public key of it is here: its calls would be refused")
		case private == nil:
			n.warn(owner, "Take the .key files of "+owner+" away from here; the .pub files are enough.", "its private key is here, where it does not run")
		default:
			n.ok(owner, "%d public keys to know it by", len(known))
		}
	}
}

func (e *examination) lookAtOwnKeys(n *notes, keys *keystore.File, owner string) {
	bundle, err := keys.Bundle(owner)
	known, publicErr := keys.Public(owner)
	switch {
	case errors.Is(err, keystore.ErrNoKey) && len(known) > 0:
		n.fail(owner, bringKeys, "public keys of it are here and no private one: it does not start")
		return
	case errors.Is(err, keystore.ErrNoKey):
		n.fail(owner, bringKeys, "it has no key here: it would make one that the others do not know")
		return
	case err != nil || publicErr != nil:
		n.fail(owner, bringKeys, "%v", errors.Join(err, publicErr))
		return
	}
	e.lookAtAge(n, owner, known, bundle)
	if owner != identity.Gateway {
		return
	}
	if _, err := os.Stat(filepath.Join(e.Settings.Data, "keys", owner, keystore.SecretFile)); err != nil {
		n.fail("gateway/secret", "Bring it from where the gateway ran before; without it, secrets that the gateway sealed must be entered again.", "%v", err)
	}
}

// lookAtAge tells which key signs, since when, and which comes next.
func (e *examination) lookAtAge(n *notes, owner string, known []keystore.Key, bundle keystore.Bundle) {
	now, next := time.Now(), ""
	for _, key := range known { // newest first
		if bundle.Private[key.ID+".key"] == nil {
			continue
		}
		if key.From.After(now) {
			next = ", the next one signs from " + key.From.Format(time.RFC3339)
			continue
		}
		age := now.Sub(key.From)
		if age > keyAge && next == "" {
			n.warn(owner, "tandem keys rotate "+owner+", once a quarter", "signs with a key that is %d days old", age/day)
			return
		}
		n.ok(owner, "signs with a key that is %d days old%s", age/day, next)
		return
	}
	n.warn(owner, "Wait for that time, or look at the clock of this machine.", "no key signs yet%s", next)
}
