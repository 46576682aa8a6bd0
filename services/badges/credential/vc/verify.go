package vc

import (
	"context"
	"crypto/ed25519"
	"math"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
)

// clockSkew is how far in the future a token may be made, as clocks differ.
const clockSkew = 5 * time.Minute

// VerifyJWT checks a token's signature and that its claims say the same as its document. The key must
// belong to the controller, the issuer, unless that is empty. The validity that the document states
// (validFrom, validUntil) is for the caller to check, as for a document with a proof in it; claims
// about time are checked here only where the document is silent. The error is an *Error, or a
// *dataintegrity.Error for a compromised key.
func VerifyJWT(ctx context.Context, text string, resolver dataintegrity.Resolver, controller string, now time.Time) error {
	t, err := parseToken(text)
	if err != nil {
		return err
	}
	_, err = t.verify(ctx, dataintegrity.VerifyOptions{Now: now, Resolver: resolver, Controller: controller})
	return err
}

// verify checks the token and returns who controls its key.
func (t token) verify(ctx context.Context, opts dataintegrity.VerifyOptions) (string, error) {
	method, err := opts.Resolver.Resolve(ctx, t.method)
	if err != nil {
		return "", refuseFor(CodeMethod, "the key that the token names cannot be found", err)
	}
	if opts.Controller != "" && method.Controller != opts.Controller {
		return "", refuse(CodeController, "the token was signed with a key that does not belong to the issuer")
	}
	purpose := opts.Purpose
	if purpose == "" {
		purpose = dataintegrity.AssertionMethod
	}
	if !method.Allows(purpose) {
		return "", refuse(CodePurposeKey, "the key's owner does not allow it to be used for the purpose "+purpose)
	}
	signed, err := jose.ParseSignedCompact(t.text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return "", refuseFor(CodeToken, "the token cannot be read", err)
	}
	if len(method.Key) != ed25519.PublicKeySize {
		return "", refuse(CodeMethod, "the key that the token names is not an Ed25519 key")
	}
	if _, err := signed.Verify(method.Key); err != nil {
		return "", refuse(CodeSignature, "the signature does not match: the token was changed after signing")
	}
	made, err := t.checkClaims(opts.Now)
	if err != nil {
		return "", err
	}
	return method.Controller, method.CheckCompromise(made)
}

// checkClaims compares the claims with the document and returns when the token was made, zero if it
// does not say.
func (t token) checkClaims(now time.Time) (time.Time, error) {
	want := claimsOf(t.document())
	for _, name := range []string{"iss", "sub", "jti"} {
		if got, has := t.payload[name]; has && got != want[name] {
			return time.Time{}, refuse(CodeClaims, "the token's claim "+name+" is not what its document says")
		}
	}
	for _, name := range []string{"nbf", "exp"} {
		if err := t.checkTime(name, want, now); err != nil {
			return time.Time{}, err
		}
	}
	iat, has, err := t.time("iat")
	if err != nil || !has {
		return time.Time{}, err
	}
	if iat.After(now.Add(clockSkew)) {
		return time.Time{}, refuse(CodeTime, "the token says that it was made in the future")
	}
	return iat, nil
}

// checkTime holds a claim about time against the document, or against the clock where the document is silent.
func (t token) checkTime(name string, want map[string]any, now time.Time) error {
	at, has, err := t.time(name)
	if err != nil || !has {
		return err
	}
	stated, documented := want[name].(float64)
	switch {
	case documented && float64(at.Unix()) != stated:
		return refuse(CodeClaims, "the token's claim "+name+" is not the time that its document says")
	case documented:
	case name == "nbf" && now.Add(clockSkew).Before(at):
		return refuse(CodeTime, "the token is not valid yet")
	case name == "exp" && !now.Before(at):
		return refuse(CodeTime, "the token is no longer valid")
	}
	return nil
}

// time reads a claim in seconds since 1970; parts of a second are cut off, as the document's are.
func (t token) time(name string) (at time.Time, has bool, err error) {
	value, has := t.payload[name]
	if !has {
		return time.Time{}, false, nil
	}
	const limit = 1 << 40 // the year 36812
	seconds, isNumber := value.(float64)
	if !isNumber || math.Abs(seconds) > limit {
		return time.Time{}, false, refuse(CodeClaims, "the token's claim "+name+" is not a time in seconds since 1970")
	}
	return time.Unix(int64(math.Floor(seconds)), 0).UTC(), true, nil
}

// answers tells whether the token was made for who asks: for their challenge and their domains.
func (t token) answers(opts dataintegrity.VerifyOptions) error {
	if opts.Challenge != "" && t.payload["nonce"] != opts.Challenge {
		return refuse(CodeChallenge, "the token does not answer the challenge")
	}
	for _, domain := range append([]string{opts.Domain}, opts.Domains...) {
		if domain != "" && !t.audience(domain) {
			return refuse(CodeDomain, "the token was made for another domain")
		}
	}
	return nil
}

// audience tells whether the token was made for a domain.
func (t token) audience(domain string) bool {
	if items, isList := t.payload["aud"].([]any); isList {
		return slices.Contains(items, any(domain))
	}
	return t.payload["aud"] == domain
}
