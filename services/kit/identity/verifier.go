package identity

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// maxToken bounds the work an unknown caller can cause.
	maxToken = 16 << 10
	// maxKnown bounds the memory for tokens that were verified before.
	maxKnown = 4096
)

// Verifier checks tokens. It is safe for concurrent use.
//
// A token comes with every call of its bearer, so that a verifier remembers
// those it verified, by digest, as long as they and their keys are valid.
type Verifier struct {
	keys  keystore.Store
	now   func() time.Time
	limit int

	mu    sync.Mutex
	known map[memoKey]verified
}

// memoKey is what was asked about a token: a good token of one kind is none of
// another.
type memoKey struct {
	digest         [sha256.Size]byte
	kind, audience string
}

// verified is a token that was good, and the key that made it so.
type verified struct {
	identity   access.Identity
	owner, key string
	expiry     time.Time
}

// NewVerifier returns a verifier that believes the keys.
func NewVerifier(keys keystore.Store) *Verifier {
	return &Verifier{keys: keys, now: time.Now, limit: maxKnown, known: map[memoKey]verified{}}
}

// Access returns what an access token of the API says, or an unauthenticated
// error that does not tell the caller which check failed. Callers must not
// change the grants they get.
func (v *Verifier) Access(token string) (Access, error) {
	found, err := v.check(token, accessToken, apiAudience)
	if err != nil {
		return Access{}, err
	}
	id := found.identity
	return Access{Subject: id.Subject, Grants: id.Grants, Scopes: id.Scopes, Credential: id.Session}, nil
}

// Subject returns whom the gateway says a call is made for.
func (v *Verifier) Subject(token string) (access.Identity, error) {
	found, err := v.check(token, subjectToken, servicesAudience)
	return found.identity, err
}

// Service returns which service made a proof for calls to the one given.
func (v *Verifier) Service(token, called string) (string, error) {
	found, err := v.check(token, proofToken, called)
	return found.owner, err
}

func (v *Verifier) check(token, kind, audience string) (verified, error) {
	asked := memoKey{sha256.Sum256([]byte(token)), kind, audience}
	if found, ok := v.recall(asked); ok {
		return found, nil
	}
	found, err := v.verify(token, kind, audience)
	if err != nil {
		return verified{}, problem.WithCause(problem.Unauthenticated(problem.ReasonTokenInvalid), err)
	}
	v.remember(asked, found)
	return found, nil
}

func (v *Verifier) recall(asked memoKey) (verified, bool) {
	v.mu.Lock()
	found, ok := v.known[asked]
	v.mu.Unlock()
	if !ok {
		return verified{}, false
	}
	if _, good := v.keys.Find(found.owner, found.key); good && v.now().Before(found.expiry) {
		return found, true
	}
	v.mu.Lock()
	delete(v.known, asked)
	v.mu.Unlock()
	return verified{}, false
}

// remember forgets everything when full: who is still active is verified once
// more, which costs less than keeping an order.
func (v *Verifier) remember(asked memoKey, found verified) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= v.limit {
		clear(v.known)
	}
	v.known[asked] = found
}

func (v *Verifier) verify(token, kind, audience string) (verified, error) {
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
	header := parsed.Headers[0]
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); typ != kind {
		return verified{}, fmt.Errorf("token of type %q, want %s", typ, kind)
	}
	owner, err := ownerOf(parsed, kind)
	if err != nil {
		return verified{}, err
	}
	key, known := v.keys.Find(owner, header.KeyID)
	if !known {
		return verified{}, errors.New("token of an unknown key")
	}
	var c claims
	if err := parsed.Claims(key, &c); err != nil {
		return verified{}, err
	}
	if err := v.validate(c, kind, owner, audience); err != nil {
		return verified{}, err
	}
	id, err := c.identity()
	return verified{identity: id, owner: owner, key: header.KeyID, expiry: c.Expiry.Time()}, err
}

// ownerOf says whose keys a token is checked against. Only the gateway speaks
// for people and machines; a proof names its service, and is good only if one of
// that service's own keys made it.
func ownerOf(parsed *jwt.JSONWebToken, kind string) (string, error) {
	if kind != proofToken {
		return Gateway, nil
	}
	var c jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&c); err != nil {
		return "", err
	}
	return c.Issuer, nil
}

func (v *Verifier) validate(c claims, kind, owner, audience string) error {
	switch {
	case c.Expiry == nil || c.IssuedAt == nil || c.Subject == "":
		return errors.New("token without expiry, time of issue or subject")
	case len(c.Audience) != 1 || audience == "":
		return errors.New("token has not one audience")
	case c.Expiry.Time().Sub(c.IssuedAt.Time()) > lifeOf(kind):
		return errors.New("token lives longer than its kind may")
	case c.IssuedAt.Time().After(v.now().Add(skew)):
		return errors.New("token of the future")
	case kind == proofToken && c.Subject != owner:
		return errors.New("proof of another service")
	case kind == accessToken && len(c.Grants) > 0 && !Root(c.Subject):
		return errors.New("token with grants for somebody who brings none")
	}
	expected := jwt.Expected{Issuer: owner, AnyAudience: jwt.Audience{audience}, Time: v.now()}
	plain := c.Claims
	plain.IssuedAt = nil // judged above, with room for clocks that are apart
	return plain.ValidateWithLeeway(expected, 0)
}

func lifeOf(kind string) time.Duration {
	switch kind {
	case accessToken:
		return MaxAccessLife
	case subjectToken:
		return subjectLife
	default:
		return proofLife
	}
}
