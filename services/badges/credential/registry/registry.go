package registry

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// Registry is the issuers that somebody vouches for.
type Registry struct {
	// ID is the address of the registry, and Name who keeps it.
	ID, Name string
	// Issued is when it was signed, Expires until when it may be relied on.
	Issued, Expires time.Time
	Issuers         []Issuer
	// SignedBy is the public key whose signature Parse found in order, multibase.
	SignedBy string
	// Pinned tells whether that key is one that the verifier trusts.
	Pinned bool

	methods map[string]known
}

// Issuer is who may have issued a badge.
type Issuer struct {
	// ID is the identifier (DID), and FormerIDs those it had before: badges under them are its own.
	ID        string
	FormerIDs []string
	Name      string
	URL       string
	Keys      []Key
}

// Key is a key of an issuer.
type Key struct {
	VerificationMethod string
	PublicKeyMultibase string
	// Created is when it was made, Retired when another took over, Compromised from when its
	// proofs are refused; zero where that did not happen.
	Created, Retired, Compromised time.Time
}

var (
	// ErrExpired is returned by Current for a registry that is too old to be relied on.
	ErrExpired = errors.New("the issuer registry is too old: fetch a new one")
	// ErrNotYet is returned by Current for a registry from the future.
	ErrNotYet = errors.New("the issuer registry is from the future: set the clock of this machine")
)

// clockSkew is how far clocks may differ.
const clockSkew = 5 * time.Minute

// Current refuses a registry that is not in force at a time.
func (r *Registry) Current(now time.Time) error {
	if now.Add(clockSkew).Before(r.Issued) {
		return fmt.Errorf("%w (it was signed on %s)", ErrNotYet, datetime.Format(r.Issued))
	}
	if !now.Before(r.Expires) {
		return fmt.Errorf("%w (it ended on %s)", ErrExpired, datetime.Format(r.Expires))
	}
	return nil
}

// Issuer finds an issuer by an identifier that it has or had.
func (r *Registry) Issuer(did string) (Issuer, bool) {
	for _, i := range r.Issuers {
		if i.has(did) {
			return i, true
		}
	}
	return Issuer{}, false
}

func (i Issuer) has(did string) bool {
	return did != "" && (i.ID == did || slices.Contains(i.FormerIDs, did))
}

// known is a key by one of its names.
type known struct {
	key         ed25519.PublicKey
	controller  string
	compromised time.Time
}

// Resolve implements dataintegrity.Resolver for the listed keys, under all identifiers of their
// issuers, and beside them for every did:key. A listed key is compromised by whatever name it goes.
func (r *Registry) Resolve(ctx context.Context, method string) (dataintegrity.Method, error) {
	if k, has := r.methods[method]; has {
		return dataintegrity.Method{Controller: k.controller, Key: k.key, Compromised: k.compromised}, nil
	}
	if found, err := (dataintegrity.DIDKey{}).Resolve(ctx, method); err == nil {
		return found, nil
	}
	return dataintegrity.Method{}, dataintegrity.ErrMethodUnknown
}

// index lists every name of every key. A name that leads to two keys, or an identifier that two
// issuers claim, would let one speak for the other: such a registry is refused.
func (r *Registry) index() error {
	r.methods = map[string]known{}
	owner := map[string]string{}
	for _, i := range r.Issuers {
		for _, did := range append([]string{i.ID}, i.FormerIDs...) {
			if other, taken := owner[did]; taken && other != i.ID {
				return fmt.Errorf("two issuers have the identifier %s", did)
			}
			owner[did] = i.ID
		}
		for _, k := range i.Keys {
			if err := r.add(i, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Registry) add(i Issuer, k Key) error {
	public, err := keys.DecodeMultikey(k.PublicKeyMultibase)
	if err != nil {
		return fmt.Errorf("key %s: %w", k.VerificationMethod, err)
	}
	did, fragment, _ := strings.Cut(k.VerificationMethod, "#")
	if fragment == "" || !i.has(did) {
		return fmt.Errorf("key %s does not lie under an identifier of %s", k.VerificationMethod, i.ID)
	}
	if strings.HasPrefix(did, didKey) && k.VerificationMethod != keys.VerificationMethod(public) {
		return fmt.Errorf("key %s is not the key that its name says", k.VerificationMethod)
	}
	for _, name := range Names(i.ID, i.FormerIDs, k.VerificationMethod, public) {
		controller, _, _ := strings.Cut(name, "#")
		if other, taken := r.methods[name]; taken && !other.key.Equal(public) {
			return fmt.Errorf("two keys have the name %s", name)
		}
		r.methods[name] = known{key: public, controller: controller, compromised: earliest(r.methods[name].compromised, k.Compromised)}
	}
	return nil
}

// earliest is the earlier of two moments of compromise, where zero means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

const didKey = "did:key:"

// Names are all verification methods under which proofs may name a key of an issuer: the one it
// was made with, the same under each did:web that the issuer has or had, and its did:key.
func Names(id string, former []string, method string, public ed25519.PublicKey) []string {
	did, fragment, _ := strings.Cut(method, "#")
	out := []string{method, keys.VerificationMethod(public)}
	if strings.HasPrefix(did, didKey) {
		fragment = keys.EncodeMultikey(public)
	}
	for _, one := range append([]string{id}, former...) {
		if !strings.HasPrefix(one, didKey) {
			out = append(out, one+"#"+fragment)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
