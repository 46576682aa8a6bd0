package keys

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Keeper encrypts and decrypts small texts with a key that lies elsewhere: in a file of the
// operator, or in a key service. *secrets.Keeper of gocloud.dev is one.
type Keeper interface {
	Encrypt(ctx context.Context, plaintext []byte) ([]byte, error)
	Decrypt(ctx context.Context, ciphertext []byte) ([]byte, error)
}

// Vault seals private keys, so that who reads the database they are stored in has none of them.
// What it seals says which key it is: a sealed key that is put in the place of another does not open.
type Vault struct{ keepers []Keeper }

var (
	// ErrSealed is a sealed key that none of the keepers opens: theirs is not the key it was sealed with.
	ErrSealed = errors.New("the private key cannot be decrypted: the keeper's key is not the one that encrypted it")
	// ErrSwapped is a sealed key that lies in the place of another.
	ErrSwapped = errors.New("the private key is not the one that belongs here")
	errNoVault = errors.New("a vault needs a keeper")
)

// NewVault makes a vault. The first keeper seals, all of them open: so a keeper's key is changed by
// putting the new one first, sealing anew (Stale), and then leaving the old one out.
func NewVault(keepers ...Keeper) (*Vault, error) {
	if len(keepers) == 0 {
		return nil, errNoVault
	}
	return &Vault{keepers: keepers}, nil
}

// sealedForm begins what is encrypted; then follow the name, a zero and the seed.
const sealedForm = "tandem issuer key 1\x00"

// Seal encrypts a key under its name.
func (v *Vault) Seal(ctx context.Context, name string, key *Local) ([]byte, error) {
	plain := append(inner(name), key.private.Seed()...)
	sealed, err := v.keepers[0].Encrypt(ctx, plain)
	clear(plain)
	if err != nil {
		return nil, fmt.Errorf("encrypt key %s: %w", name, err)
	}
	return sealed, nil
}

func inner(name string) []byte { return []byte(sealedForm + name + "\x00") }

// Open decrypts the key of a name and checks that it is the private half of public. Stale tells
// that another keeper than the first opened it, so that it should be sealed anew.
func (v *Vault) Open(ctx context.Context, name string, public ed25519.PublicKey, sealed []byte) (key *Local, stale bool, err error) {
	var causes []error
	for i, keeper := range v.keepers {
		plain, err := keeper.Decrypt(ctx, sealed)
		if err != nil {
			causes = append(causes, err)
			continue
		}
		key, err := unpack(name, public, plain)
		clear(plain)
		return key, i > 0, err
	}
	return nil, false, fmt.Errorf("key %s: %w: %w", name, ErrSealed, errors.Join(causes...))
}

func unpack(name string, public ed25519.PublicKey, plain []byte) (*Local, error) {
	seed, ours := bytes.CutPrefix(plain, inner(name))
	if !ours || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("key %s: %w", name, ErrSwapped)
	}
	key, err := FromSeed(seed)
	if err != nil {
		return nil, err
	}
	if !key.Public().Equal(public) {
		return nil, fmt.Errorf("key %s: %w", name, ErrSwapped)
	}
	return key, nil
}

// Generate makes a new key.
func Generate() (*Local, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Local{private: private}, nil
}

// Format names a key by its public half, so that no verb of fmt ever writes the private one.
func (l Local) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, VerificationMethod(l.Public())) }

// LogValue is the same for logs.
func (l Local) LogValue() slog.Value { return slog.StringValue(VerificationMethod(l.Public())) }

// MarshalText is the same for encoders.
func (l Local) MarshalText() ([]byte, error) { return []byte(VerificationMethod(l.Public())), nil }

// As is a key under another name than its did:key: the identifier of an issuer, and the method by
// which the issuer's document names the key.
func As(key Signer, did, method string) Signer { return named{Signer: key, did: did, method: method} }

type named struct {
	Signer
	did, method string
}

// DID implements Signer.
func (n named) DID() string { return n.did }

// VerificationMethod implements Signer.
func (n named) VerificationMethod() string { return n.method }
