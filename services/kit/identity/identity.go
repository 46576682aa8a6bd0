// Package identity proves who calls, inside the platform and at its door.
//
// There are three kinds of signed tokens (JWT, EdDSA), told apart by their type,
// audience and owner of the key, so that none is ever taken for another:
//
//   - An access token is what clients send to the API. For a person it says who
//     they are and nothing about their rights; a machine's names its scopes and
//     the secret it was given for; only the root identities bring grants.
//   - A subject token is what the gateway sends to services: who calls, with the
//     grants and scopes of this moment, for a few minutes. Services hand it on with
//     their own calls, so that the rights of the person who began travel with the
//     work. Only the gateway's keys make them: a service cannot act for somebody.
//   - A service proof says which service makes a call, to one other service, for
//     a minute. Every call needs one, also within a process.
//
// Token lifetimes follow real time; the start and end of grants follow the
// product's clock, at each call. Keys come from package keystore. The verified
// caller lands in the context, where package access reads it.
package identity

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/services/kit/access"
)

const (
	// Gateway owns the keys that sign access and subject tokens.
	Gateway = "gateway"
	// Admin is the root identity that development mode invents.
	Admin = "people/dev-admin"
	// Operator is the root identity of whoever holds the gateway's key.
	Operator = "people/operator"

	// MaxAccessLife bounds access tokens.
	MaxAccessLife = 24 * time.Hour
	subjectLife   = 5 * time.Minute
	proofLife     = time.Minute
	// skew is how far the clocks of two machines may be apart.
	skew = 10 * time.Second

	accessMargin = time.Hour
	proofMargin  = 10 * time.Minute
)

// Root tells whether a subject is one of the two that are no registered people
// and bring their grants in their token.
func Root(subject string) bool { return subject == Admin || subject == Operator }

// KeyLife is how long an owner's key is good for verifying after its successor
// has begun.
func KeyLife(owner string) time.Duration {
	if owner == Gateway {
		return MaxAccessLife + accessMargin
	}
	return proofLife + proofMargin
}

// At returns the identity with the grants that hold at the time.
func At(id access.Identity, now time.Time) access.Identity {
	over := func(g access.Grant) bool {
		return now.Before(g.Start) || !g.End.IsZero() && !now.Before(g.End)
	}
	if slices.ContainsFunc(id.Grants, over) {
		id.Grants = slices.DeleteFunc(slices.Clone(id.Grants), over)
	}
	return id
}

type tokenKey struct{}

// WithToken returns a context whose outgoing calls carry the subject token.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// Token returns the subject token of the call in the context, or "".
func Token(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string)
	return token
}

// forward adds the token unless the call already says who calls.
func forward(ctx context.Context) context.Context {
	token := Token(ctx)
	md, _ := metadata.FromOutgoingContext(ctx)
	if token == "" || len(md.Get(subjectMetadata)) > 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, subjectMetadata, "Bearer "+token)
}
