// Package keystore keeps the keys with which the parts of the platform prove
// themselves.
//
// Each key has an owner: the gateway, or one of the services. Its id says from
// when it signs and carries a fingerprint of its public half, so that ids sort
// by age and a key cannot be swapped behind its name. The newest key whose time
// has come signs. The ones before it stay good for verifying as long as
// something they signed may still be under way (Options.Keep), then they are
// accepted no more and their files go.
//
// [Store] is what package identity needs of a place for keys; a key management
// service would be another one. [File] keeps them in a folder, [Memory] in a test.
package keystore

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Key is the public half of a key.
type Key struct {
	ID     string
	From   time.Time // from when it signs
	Public ed25519.PublicKey
}

// Signing is a key to sign with. The private half may be somewhere else.
type Signing struct {
	Key
	Signer crypto.Signer
}

// Store keeps keys by owner. It is safe for concurrent use.
type Store interface {
	// Signing returns the key that the owner signs with now. The first one is made
	// when it is asked for.
	Signing(owner string) (Signing, error)
	// Find returns a key of the owner that is good for verifying.
	Find(owner, id string) (ed25519.PublicKey, bool)
	// Public lists the owner's keys that are good for verifying, newest first.
	Public(owner string) ([]Key, error)
	// Rotate makes a key that signs from then on.
	Rotate(owner string, from time.Time) (Key, error)
	// Retire ends a key at once, also for verifying.
	Retire(owner, id string) error
	// Secret returns 32 bytes that only the owner knows and that rotation leaves alone.
	Secret(owner string) ([]byte, error)
}

// ErrNoKey says that the owner has no such key here.
var ErrNoKey = errors.New("no such key")

const (
	secretSize  = 32
	fingerprint = 8 // bytes
	idTime      = "20060102T150405.000Z"
)

var ownerPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

func checkOwner(owner string) error {
	if !ownerPattern.MatchString(owner) {
		return fmt.Errorf("%q is no owner of keys: want a lower-case name such as gateway", owner)
	}
	return nil
}

// idOf names a key.
func idOf(from time.Time, public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return from.UTC().Format(idTime) + "-" + hex.EncodeToString(sum[:fingerprint])
}

// fromOf reads from when the key of an id signs.
func fromOf(id string) (time.Time, error) {
	at, _, _ := strings.Cut(id, "-")
	return time.Parse(idTime, at)
}

// accepted returns the keys, newest first, that are good for verifying: all but
// those whose successor began longer than keep ago. Where private keys are at
// hand, a public one alone succeeds nobody: its private half may never come,
// when the making of a key was cut off.
func accepted(all []entry, keep time.Duration, now time.Time) []entry {
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(b.ID, a.ID) })
	owned := slices.ContainsFunc(all, func(e entry) bool { return e.private != nil })
	for i, one := range all {
		succeeds := one.private != nil || !owned
		if succeeds && !one.From.Add(keep).After(now) {
			return all[:i+1]
		}
	}
	return all
}

// next is a start for a new key: the time asked for, and after every key there is.
func next(from time.Time, all []Key) time.Time {
	from = from.UTC().Truncate(time.Millisecond)
	for _, one := range all {
		if !from.After(one.From) {
			from = one.From.Add(time.Millisecond)
		}
	}
	return from
}
