package dataintegrity

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// Method is a public key and who may use it.
type Method struct {
	// Controller is the identifier of the issuer that the key belongs to.
	Controller string
	Key        ed25519.PublicKey
	// Compromised is when somebody else may have got hold of the key; zero: it is in good hands.
	// A proof holds only when it says that it was made before.
	Compromised time.Time
	// Purposes are the proof purposes that the controller allows the key, empty: all that a
	// signing key can serve.
	Purposes []string
}

// Resolver finds the public key of a verification method.
type Resolver interface {
	Resolve(ctx context.Context, verificationMethod string) (Method, error)
}

// ErrMethodUnknown is returned by a Resolver that does not know a verification method.
var ErrMethodUnknown = errors.New("the key is not known here")

// DIDKey resolves did:key methods, which hold their key themselves.
type DIDKey struct{}

// Resolve implements Resolver.
func (DIDKey) Resolve(_ context.Context, method string) (Method, error) {
	did, key, err := keys.ParseVerificationMethod(method)
	return Method{Controller: did, Key: key, Purposes: SigningPurposes()}, err
}

// Known resolves a fixed list of methods and, beside them, did:key.
type Known map[string]Method

// Resolve implements Resolver.
func (k Known) Resolve(ctx context.Context, method string) (Method, error) {
	if m, ok := k[method]; ok {
		return m, nil
	}
	if m, err := (DIDKey{}).Resolve(ctx, method); err == nil {
		return m, nil
	}
	return Method{}, ErrMethodUnknown
}
