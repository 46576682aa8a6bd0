package stream

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/bus"
)

// sealer hides positions on the bus from those who carry them.
type sealer struct{ aead cipher.AEAD }

func newSealer(secret []byte) (*sealer, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("seal event positions: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal event positions: %w", err)
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(position string) (string, error) {
	sealed := s.aead.Seal(nil, nil, []byte(position), nil) //nolint:gosec // the cipher makes a random nonce for each position by itself
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open returns the position, or bus.ErrCursor for anything that seal has not made.
func (s *sealer) open(id string) (string, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return "", bus.ErrCursor
	}
	position, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return "", bus.ErrCursor
	}
	return string(position), nil
}
