// Package issuer keeps who issues badges: the profiles of the state and of districts, the keys
// with which they sign, and what became of those keys.
//
// An issuer has one key at a time. Rotating it (Rotate) makes another and destroys the private half
// of the one before: what that key signed stays valid, and nobody can sign with it any more. A key
// that may be in wrong hands (Compromise) is replaced at once, and its proofs made from that moment
// on fail everywhere, for good. An issuer with a did:web keeps its identifier through all of that;
// a did:key is its key, so that a new key is a new identifier and the old one becomes a former one.
//
// Whether a proof is good (Resolve) and whose it is (ByDID) are two answers. Others read both from
// what is published: DidDocument for who looks an issuer up on the web, Registry for who verifies
// without a network.
//
// What is here is in system time, which verifiers compare with their own clocks. Neighbours:
// packages issuing and status sign with SignerFor; internal/keeper opens the vault that keeps
// private keys encrypted; every change of a key is entered in the transparency log.
package issuer

import (
	"context"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
)

// State is the name of the state's own issuer, which is made at the first start.
const State = "issuers/state"

// stateTitle is what the state's issuer is called until somebody changes it.
const stateTitle = "State Office of Family-School Partnerships"

// DIDMethod is how an issuer is identified.
type DIDMethod string

// The methods.
const (
	Web DIDMethod = "WEB" // an address, whose document lists the keys
	Key DIDMethod = "KEY" // the key itself
)

// Issuer is who signs credentials.
type Issuer struct {
	Name string
	// District is the district that issues under this name; empty for the state.
	District string
	Profile
	Method DIDMethod
	// DID is the identifier, and FormerDIDs those it had before, newest first.
	DID        string
	FormerDIDs []string
	CreateTime time.Time
	UpdateTime time.Time
	Version    int64
}

// Has tells whether an identifier is or was the issuer's.
func (i Issuer) Has(did string) bool { return i.DID == did || slices.Contains(i.FormerDIDs, did) }

// become gives the issuer an identifier and keeps the one before.
func (i *Issuer) become(did string) {
	if i.DID == did {
		return
	}
	former := append([]string{i.DID}, i.FormerDIDs...)
	i.DID, i.FormerDIDs = did, slices.DeleteFunc(former, func(f string) bool { return f == "" || f == did })
}

// method is how the issuer's proofs name a key.
func (i Issuer) method(k SigningKey) string {
	if i.Method == Web {
		return i.DID + "#" + names.ID(k.Name)
	}
	return keys.VerificationMethod(k.Public)
}

// methods are all names by which a proof may name a key of the issuer.
func (i Issuer) methods(k SigningKey) []string {
	return registry.Names(i.DID, i.FormerDIDs, i.method(k), k.Public)
}

// Profile is what people may change of an issuer.
type Profile struct {
	Title, URL, Email, ImageURL string
}

// KeyState is where a key stands.
type KeyState string

// The states of a key.
const (
	Current     KeyState = "CURRENT"
	Retired     KeyState = "RETIRED"
	Compromised KeyState = "COMPROMISED"
)

// SigningKey is a key of an issuer, or the one that signs the registry.
type SigningKey struct {
	Name   string // issuers/{issuer}/keys/{key}
	Issuer string
	Public ed25519.PublicKey
	// Method is how proofs name it now; it follows from the issuer and is not stored.
	Method string
	// Sealed is the encrypted private half, for a current key only.
	Sealed         []byte
	State          KeyState
	CreateTime     time.Time
	RetireTime     time.Time // zero while it signs
	CompromiseTime time.Time // zero for a key in good hands
	Reason         string    // why it is taken for compromised
	UpdateTime     time.Time
	Version        int64
}

// KeyRotated says that an issuer signs with a new key.
type KeyRotated struct{ Key SigningKey }

// KeyCompromised says that a key may be in wrong hands.
type KeyCompromised struct{ Key SigningKey }

// Slice is a part of a list; a limit of 0 means all.
type Slice struct {
	After string
	Limit int
}

// Store keeps issuers and keys. All of it is the state's and public, but for what is sealed.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Record(ctx context.Context, at time.Time, event any) error

	InsertIssuer(ctx context.Context, i Issuer) error
	// UpdateIssuer writes the profile, the method and the DIDs.
	UpdateIssuer(ctx context.Context, i Issuer) error
	Issuer(ctx context.Context, name string) (Issuer, error)
	// IssuerOf finds the issuer of a district; "" is the state's.
	IssuerOf(ctx context.Context, district string) (Issuer, error)
	// IssuerByDID finds an issuer by an identifier that it has or had.
	IssuerByDID(ctx context.Context, did string) (Issuer, error)
	Issuers(ctx context.Context, p Slice) ([]Issuer, error)

	InsertKey(ctx context.Context, k SigningKey) error
	UpdateKey(ctx context.Context, k SigningKey) error
	Key(ctx context.Context, name string) (SigningKey, error)
	// KeyByPublic finds whose key it is.
	KeyByPublic(ctx context.Context, public ed25519.PublicKey) (SigningKey, error)
	// CurrentKey reads the key that signs for an issuer. In a transaction the key stays current
	// until its end, so that nothing is signed with a key that is being replaced.
	CurrentKey(ctx context.Context, issuer string) (SigningKey, error)
	// Keys lists the keys of an issuer, newest first; of "" all of all.
	Keys(ctx context.Context, issuer string, p Slice) ([]SigningKey, error)
}

// Log is the transparency log.
type Log interface {
	Append(ctx context.Context, e translog.Entry) error
}
