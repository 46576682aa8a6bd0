package dataintegrity

import (
	"context"
	"crypto/ed25519"
	"errors"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// Method is a public key and who may use it.
type Method struct {
	// Controller is the identifier of the issuer that the key belongs to.
	Controller string
	Key        ed25519.PublicKey
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
	return Method{Controller: did, Key: key}, err
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
