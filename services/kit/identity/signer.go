package identity

import (
	"crypto"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/keystore"
)

const secretSize = 32

// Signer makes the tokens of one owner of keys. It is safe for concurrent use.
type Signer struct {
	keys  keystore.Store
	owner string
	now   func() time.Time

	mu     sync.Mutex
	proofs map[string]proof // by the service called
}

// proof is one that was made before, with the key that signed it.
type proof struct {
	token, key string
	until      time.Time
}

// NewSigner returns a signer for the gateway or a service.
func NewSigner(keys keystore.Store, owner string) *Signer {
	return &Signer{keys: keys, owner: owner, now: time.Now, proofs: map[string]proof{}}
}

// Keys is the store that the signer takes its keys from.
func (s *Signer) Keys() keystore.Store { return s.keys }

// Access is what an access token says.
type Access struct {
	Subject string
	// Grants of a root identity; nobody else's are in a token.
	Grants []access.Grant
	// Scopes of a machine.
	Scopes []string
	// Credential is the id of the secret that a machine showed.
	Credential string
}

// MintAccess returns an access token for the API, good for ttl of real time:
// moving the product's clock neither ends nor prolongs it.
func (s *Signer) MintAccess(a Access, ttl time.Duration) (string, error) {
	switch {
	case s.owner != Gateway:
		return "", fmt.Errorf("mint access token: the keys of %s make none", s.owner)
	case len(a.Grants) > 0 && !Root(a.Subject):
		return "", fmt.Errorf("mint access token: the grants of %s are not for a token; only %s and %s bring their own", a.Subject, Admin, Operator)
	case ttl <= 0 || ttl > MaxAccessLife:
		return "", fmt.Errorf("mint access token: a life of %s is not within %s", ttl, MaxAccessLife)
	}
	return s.mint(accessToken, apiAudience, ttl, claims{
		Claims: jwt.Claims{Subject: a.Subject}, Grants: grantClaims(a.Grants), Scope: joinScopes(a.Scopes), Credential: a.Credential,
	})
}

// MintSubject returns a subject token: what the services believe about who calls.
func (s *Signer) MintSubject(id access.Identity) (string, error) {
	if s.owner != Gateway {
		return "", fmt.Errorf("mint subject token: the keys of %s make none", s.owner)
	}
	return s.mint(subjectToken, servicesAudience, subjectLife, claims{
		Claims: jwt.Claims{Subject: id.Subject}, Grants: grantClaims(id.Grants), Scope: joinScopes(id.Scopes), Credential: id.Session,
	})
}

// Prove returns a proof of this service for calls to another. It is used again
// for half its life, so that who checks it knows it already.
func (s *Signer) Prove(service string) (string, error) {
	key, err := s.keys.Signing(s.owner)
	if err != nil {
		return "", fmt.Errorf("prove %s: %w", s.owner, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.proofs[service]; ok && known.key == key.ID && s.now().Before(known.until) {
		return known.token, nil
	}
	token, err := s.sign(key, proofToken, service, proofLife, claims{Claims: jwt.Claims{Subject: s.owner}})
	if err != nil {
		return "", err
	}
	s.proofs[service] = proof{token: token, key: key.ID, until: s.now().Add(proofLife / 2)}
	return token, nil
}

// Secret derives a key for another purpose, for what every replica must be able
// to open and nobody outside. Rotation of the signing key does not change it.
func (s *Signer) Secret(purpose string) ([]byte, error) {
	seed, err := s.keys.Secret(s.owner)
	if err != nil {
		return nil, fmt.Errorf("derive secret: %w", err)
	}
	secret, err := hkdf.Key(sha256.New, seed, nil, "tandem "+purpose, secretSize)
	if err != nil {
		return nil, fmt.Errorf("derive secret: %w", err)
	}
	return secret, nil
}

func (s *Signer) mint(kind, audience string, ttl time.Duration, c claims) (string, error) {
	key, err := s.keys.Signing(s.owner)
	if err != nil {
		return "", fmt.Errorf("mint %s: %w", kind, err)
	}
	return s.sign(key, kind, audience, ttl, c)
}

func (s *Signer) sign(key keystore.Signing, kind, audience string, ttl time.Duration, c claims) (string, error) {
	if c.Subject == "" {
		return "", fmt.Errorf("mint %s: no subject", kind)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: opaque{key}}, (&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
	if err != nil {
		return "", fmt.Errorf("mint %s: %w", kind, err)
	}
	now := s.now()
	c.Issuer, c.Audience, c.ID = s.owner, jwt.Audience{audience}, ids.New()
	c.IssuedAt, c.Expiry = jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(ttl))
	token, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		return "", fmt.Errorf("mint %s: %w", kind, err)
	}
	return token, nil
}

// opaque lets the library sign with a key whose private half may be elsewhere.
type opaque struct{ key keystore.Signing }

// Public names the key.
func (o opaque) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: o.key.Public, KeyID: o.key.ID, Algorithm: string(jose.EdDSA), Use: "sig"}
}

// Algs are the algorithms of the key: one.
func (o opaque) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{jose.EdDSA} }

// SignPayload signs.
func (o opaque) SignPayload(payload []byte, alg jose.SignatureAlgorithm) ([]byte, error) {
	if alg != jose.EdDSA {
		return nil, errors.New("this key signs with EdDSA only")
	}
	return o.key.Signer.Sign(rand.Reader, payload, crypto.Hash(0))
}
