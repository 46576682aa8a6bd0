// Package seal keeps secrets that the gateway must be able to read again: client
// secrets of identity providers, and the identity tokens that sign people out at
// their issuer.
//
// They are encrypted with AES-256-GCM before they reach the database, under a key
// derived from the platform's own secret, and bound to the row they belong to: a
// sealed value that is moved to another row does not open.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// ErrBroken says that a value was not sealed by this platform for this row.
var ErrBroken = errors.New("sealed value does not open: it was changed, moved, or sealed with another key")

// Box seals and opens. The zero Box refuses both; use New.
type Box struct{ aead cipher.AEAD }

// New returns a box with a key of 32 bytes.
func New(key []byte) (Box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return Box{}, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return Box{}, fmt.Errorf("seal: %w", err)
	}
	return Box{aead}, nil
}

// Seal encrypts text for the row with this name; an empty text stays empty.
func (b Box) Seal(row, text string) []byte {
	if text == "" {
		return []byte{}
	}
	return b.aead.Seal(nil, nil, []byte(text), []byte(row)) //nolint:gosec // the cipher makes a random nonce for each text by itself
}

// Open returns what was sealed for the row.
func (b Box) Open(row string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	text, err := b.aead.Open(nil, nil, sealed, []byte(row))
	if err != nil {
		return "", ErrBroken
	}
	return string(text), nil
}
