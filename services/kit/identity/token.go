package identity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/ids"
)

// Tokens are for the product's own services only.
const (
	issuer   = "tandem"
	audience = "tandem"
)

type grantClaim struct {
	Role string `json:"role"`
	Node string `json:"node"`
}

type claims struct {
	jwt.Claims
	Grants []grantClaim `json:"grants,omitempty"`
}

// Signer makes identity tokens. It is safe for concurrent use.
type Signer struct {
	key ed25519.PrivateKey
	now func() time.Time
}

// NewSigner returns a signer with the key.
func NewSigner(key ed25519.PrivateKey) *Signer {
	return &Signer{key: key, now: time.Now}
}

// Public returns the key that verifies this signer's tokens.
func (s *Signer) Public() ed25519.PublicKey {
	return ed25519.PublicKey(s.key[ed25519.PrivateKeySize-ed25519.PublicKeySize:])
}

// Mint returns a token that speaks for the identity until ttl has passed in
// real time: moving the product's clock neither ends nor prolongs a session.
func (s *Signer) Mint(id access.Identity, ttl time.Duration) (string, error) {
	if id.Subject == "" {
		return "", errors.New("mint identity token: no subject")
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.EdDSA,
		Key:       jose.JSONWebKey{Key: s.key, KeyID: keyID(s.Public())},
	}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("mint identity token: %w", err)
	}
	now := s.now()
	c := claims{Claims: jwt.Claims{
		Issuer:   issuer,
		Audience: jwt.Audience{audience},
		Subject:  id.Subject,
		IssuedAt: jwt.NewNumericDate(now),
		Expiry:   jwt.NewNumericDate(now.Add(ttl)),
		ID:       ids.New(),
	}}
	for _, g := range id.Grants {
		c.Grants = append(c.Grants, grantClaim{Role: g.Role.String(), Node: g.Node})
	}
	token, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		return "", fmt.Errorf("mint identity token: %w", err)
	}
	return token, nil
}

func (c claims) identity() (access.Identity, error) {
	id := access.Identity{Subject: c.Subject}
	for _, g := range c.Grants {
		role, known := accessv1.Role_value[g.Role]
		if !known || role == int32(accessv1.Role_ROLE_UNSPECIFIED) {
			return access.Identity{}, fmt.Errorf("token with unknown role %q", g.Role)
		}
		id.Grants = append(id.Grants, access.Grant{Role: accessv1.Role(role), Node: g.Node})
	}
	return id, nil
}

// keyID is a short fingerprint, by which a verifier finds the key of a token.
func keyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}
