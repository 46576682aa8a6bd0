package identity

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

const secretSize = 32

// Secret derives a key for another purpose from the signing key, for things that
// every replica must be able to open and nobody outside. It changes with the
// signing key.
func (s *Signer) Secret(purpose string) ([]byte, error) {
	secret, err := hkdf.Key(sha256.New, s.key.Seed(), nil, "tandem "+purpose, secretSize)
	if err != nil {
		return nil, fmt.Errorf("derive secret: %w", err)
	}
	return secret, nil
}
