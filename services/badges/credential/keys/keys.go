// Package keys holds the Ed25519 keys with which issuers sign, and writes them as did:key.
//
// Whoever signs has a Signer and never sees the private key. A Vault seals private keys for a
// database, with a Keeper whose own key lies elsewhere; FileStore keeps one in a file. Package
// dataintegrity signs with a Signer; the verifying side only needs the public forms in multikey.go.
package keys

import (
	"context"
	"crypto/ed25519"
	"errors"
)

// Signer signs for one issuer.
type Signer interface {
	// DID is the issuer's identifier, such as did:key:z6Mk….
	DID() string
	// VerificationMethod is the address of the public key that a proof names.
	VerificationMethod() string
	// Sign returns the Ed25519 signature of data.
	Sign(ctx context.Context, data []byte) ([]byte, error)
}

// Store keeps one key for each issuer.
type Store interface {
	// Signer returns the issuer's signer and makes the key at the first call. The issuer is a
	// short name: lower-case letters, digits and inner hyphens, at most 63.
	Signer(ctx context.Context, issuer string) (Signer, error)
}

// Local is a Signer whose key is in this process's memory.
type Local struct{ private ed25519.PrivateKey }

// ErrSeed is returned for a seed of the wrong length.
var ErrSeed = errors.New("an Ed25519 seed has 32 bytes")

// FromSeed makes a Local from a 32-byte seed.
func FromSeed(seed []byte) (*Local, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, ErrSeed
	}
	return &Local{private: ed25519.NewKeyFromSeed(seed)}, nil
}

// Public returns the public key.
func (l *Local) Public() ed25519.PublicKey {
	return ed25519.PublicKey(l.private[ed25519.SeedSize:])
}

// DID implements Signer.
func (l *Local) DID() string { return DID(l.Public()) }

// VerificationMethod implements Signer.
func (l *Local) VerificationMethod() string { return VerificationMethod(l.Public()) }

// Sign implements Signer.
func (l *Local) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(l.private, data), nil
}

var _ Signer = (*Local)(nil)
