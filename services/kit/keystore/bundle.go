package keystore

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"time"
)

// Bundle is an owner's keys as the files they travel in, by the names of the files: the private ones
// to the owner's machines, the public ones to all others.
type Bundle struct {
	Private map[string][]byte
	Public  map[string][]byte
}

// NewBundle makes a key that signs from then on and is kept nowhere.
func NewBundle(owner string, from time.Time) (Bundle, error) {
	if err := checkOwner(owner); err != nil {
		return Bundle{}, err
	}
	b := Bundle{Private: map[string][]byte{}, Public: map[string][]byte{}}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Bundle{}, err
	}
	from = from.UTC().Truncate(time.Millisecond)
	return b, b.add(entry{Key: Key{ID: idOf(from, public), From: from, Public: public}, private: private})
}

// Bundle returns the keys of an owner that are good. It fails where the private half of none is here:
// whoever got such a bundle could not sign.
func (f *File) Bundle(owner string) (Bundle, error) {
	if err := checkOwner(owner); err != nil {
		return Bundle{}, err
	}
	b := Bundle{Private: map[string][]byte{}, Public: map[string][]byte{}}
	for _, one := range f.current(owner) {
		if err := b.add(one); err != nil {
			return Bundle{}, fmt.Errorf("key %s of %s: %w", one.ID, owner, err)
		}
	}
	if len(b.Private) == 0 {
		return Bundle{}, fmt.Errorf("private key of %s: %w", owner, ErrNoKey)
	}
	return b, nil
}

func (b Bundle) add(one entry) error {
	public, err := publicText(one.Public)
	if err != nil {
		return err
	}
	b.Public[one.ID+publicExt] = public
	if one.private == nil {
		return nil
	}
	private, err := privateText(one.private)
	if err != nil {
		return err
	}
	b.Private[one.ID+privateExt] = private
	return nil
}

// NewSecret makes a secret as its file holds it.
func NewSecret() []byte {
	fresh := make([]byte, secretSize)
	_, _ = rand.Read(fresh) // never fails
	return SecretText(fresh)
}

// SecretText is a secret as its file holds it.
func SecretText(secret []byte) []byte { return []byte(hex.EncodeToString(secret) + "\n") }

func privateText(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateType, Bytes: der}), nil
}

func publicText(key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: publicType, Bytes: der}), nil
}
