package identity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// maxToken bounds the work an unknown caller can cause.
	maxToken = 16 << 10
	// maxKnown bounds the memory for tokens that were verified before.
	maxKnown = 4096
)

// Verifier checks identity tokens. It is safe for concurrent use.
//
// A token comes with every call of its bearer, so that a verifier remembers
// those it verified, by digest, as long as they are valid.
type Verifier struct {
	keys  map[string]ed25519.PublicKey
	now   func() time.Time
	limit int

	mu    sync.Mutex
	known map[[sha256.Size]byte]verified
}

type verified struct {
	identity access.Identity
	expiry   time.Time
}

// NewVerifier returns a verifier that accepts the signatures of all the keys:
// the present one and, after a rotation, the one before.
func NewVerifier(keys ...ed25519.PublicKey) *Verifier {
	v := &Verifier{
		keys:  make(map[string]ed25519.PublicKey, len(keys)),
		now:   time.Now,
		limit: maxKnown,
		known: map[[sha256.Size]byte]verified{},
	}
	for _, key := range keys {
		v.keys[keyID(key)] = key
	}
	return v
}

// Verify returns whom the token speaks for, or an unauthenticated error that
// does not tell the caller which check failed. Callers must not change the
// grants they get.
func (v *Verifier) Verify(token string) (access.Identity, error) {
	digest := sha256.Sum256([]byte(token))
	if id, ok := v.recall(digest); ok {
		return id, nil
	}
	found, err := v.verify(token)
	if err != nil {
		return access.Identity{}, problem.WithCause(problem.Unauthenticated(problem.ReasonTokenInvalid), err)
	}
	v.remember(digest, found)
	return found.identity, nil
}

func (v *Verifier) recall(digest [sha256.Size]byte) (access.Identity, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	found, ok := v.known[digest]
	if !ok || v.now().After(found.expiry) {
		delete(v.known, digest)
		return access.Identity{}, false
	}
	return found.identity, true
}

// remember forgets everything when full: who is still active is verified once
// more, which costs less than keeping an order.
func (v *Verifier) remember(digest [sha256.Size]byte, found verified) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= v.limit {
		clear(v.known)
	}
	v.known[digest] = found
}

func (v *Verifier) verify(token string) (verified, error) {
	if len(token) > maxToken {
		return verified{}, fmt.Errorf("token of %d bytes", len(token))
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return verified{}, err
	}
	if len(parsed.Headers) != 1 {
		return verified{}, errors.New("token has not one signature")
	}
	key, known := v.keys[parsed.Headers[0].KeyID]
	if !known {
		return verified{}, errors.New("token of an unknown key")
	}
	var c claims
	if err := parsed.Claims(key, &c); err != nil {
		return verified{}, err
	}
	if c.Expiry == nil || c.Subject == "" {
		return verified{}, errors.New("token without expiry or subject")
	}
	expected := jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: v.now()}
	if err := c.ValidateWithLeeway(expected, 0); err != nil {
		return verified{}, err
	}
	id, err := c.identity()
	return verified{identity: id, expiry: c.Expiry.Time()}, err
}
