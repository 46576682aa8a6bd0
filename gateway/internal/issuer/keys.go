package issuer

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tandem-badges/tandem/services/kit/ids"
)

const (
	algorithm = string(jose.RS256) // the one that every relying party must know
	keyBits   = 2048
)

// keys hold the key that signs.
type keys struct {
	mu  sync.RWMutex
	key jose.JSONWebKey
}

func newKeys() (*keys, error) {
	k := &keys{}
	return k, k.rotate()
}

func (k *keys) rotate() error {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.key = jose.JSONWebKey{Key: private, KeyID: ids.New(), Algorithm: algorithm, Use: "sig"}
	return nil
}

func (k *keys) current() jose.JSONWebKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.key
}

func (k *keys) public() jose.JSONWebKeySet {
	key := k.current()
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}}
}

func (k *keys) sign(claims any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: k.current()}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}
