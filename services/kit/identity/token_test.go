package identity

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func principal() access.Identity {
	return access.Identity{Subject: "people/p", Grants: []access.Grant{
		{Role: accessv1.Role_ROLE_PRINCIPAL, Node: "districts/0880/schools/maple"},
		{Role: accessv1.Role_ROLE_REVIEWER, Node: access.State},
	}}
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	return key
}

func TestVerifiedTokenSpeaksForWhoItWasMintedFor(t *testing.T) {
	signer := NewSigner(newKey(t))
	token, err := signer.Mint(principal(), time.Minute)
	require.NoError(t, err)

	verifier := NewVerifier(signer.Public())
	for range 2 { // the second time from memory
		id, err := verifier.Verify(token)
		require.NoError(t, err)
		require.Equal(t, principal(), id)
	}
}

func TestTokenEndsWhenItSaysAlsoIfItWasVerifiedBefore(t *testing.T) {
	signer := NewSigner(newKey(t))
	verifier := NewVerifier(signer.Public())
	start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	signer.now = func() time.Time { return start }
	token, err := signer.Mint(principal(), time.Minute)
	require.NoError(t, err)

	verifier.now = func() time.Time { return start.Add(time.Minute) }
	_, err = verifier.Verify(token)
	require.NoError(t, err)
	verifier.now = func() time.Time { return start.Add(time.Minute + time.Second) }
	_, err = verifier.Verify(token)
	require.True(t, problem.Is(err, problem.KindUnauthenticated))
}

func TestVerifierAcceptsThePreviousKeyAfterARotation(t *testing.T) {
	before, after := NewSigner(newKey(t)), NewSigner(newKey(t))
	token, err := before.Mint(principal(), time.Minute)
	require.NoError(t, err)

	_, err = NewVerifier(after.Public(), before.Public()).Verify(token)
	require.NoError(t, err)
	_, err = NewVerifier(after.Public()).Verify(token)
	require.True(t, problem.Is(err, problem.KindUnauthenticated))
}

func TestBadTokensAreRefused(t *testing.T) {
	key := newKey(t)
	verifier := NewVerifier(NewSigner(key).Public())
	valid := claims{
		Claims: jwt.Claims{Issuer: issuer, Audience: jwt.Audience{audience}, Subject: "people/p", Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour))},
		Grants: []grantClaim{{Role: "ROLE_PRINCIPAL", Node: ""}},
	}
	change := func(edit func(*claims)) string {
		c := valid
		edit(&c)
		return sign(t, jose.EdDSA, key, keyID(NewSigner(key).Public()), c)
	}
	good := change(func(*claims) {})
	_, err := verifier.Verify(good)
	require.NoError(t, err)

	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	cases := map[string]string{
		"empty":                      "",
		"no token at all":            "hello",
		"too long":                   strings.Repeat("a", maxToken+1),
		"expired":                    change(func(c *claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Second)) }),
		"without an expiry":          change(func(c *claims) { c.Expiry = nil }),
		"not valid yet":              change(func(c *claims) { c.NotBefore = jwt.NewNumericDate(time.Now().Add(time.Hour)) }),
		"for another audience":       change(func(c *claims) { c.Audience = jwt.Audience{"elsewhere"} }),
		"without an audience":        change(func(c *claims) { c.Audience = nil }),
		"from another issuer":        change(func(c *claims) { c.Issuer = "elsewhere" }),
		"without a subject":          change(func(c *claims) { c.Subject = "" }),
		"with a role nobody knows":   change(func(c *claims) { c.Grants = []grantClaim{{Role: "ROLE_KING"}} }),
		"with the role that is none": change(func(c *claims) { c.Grants = []grantClaim{{Role: "ROLE_UNSPECIFIED"}} }),
		"of another key":             sign(t, jose.EdDSA, newKey(t), keyID(NewSigner(key).Public()), valid),
		"of a key not named":         sign(t, jose.EdDSA, key, "", valid),
		"unsigned":                   none,
		"signed with a shared secret that is the public key": sign(t, jose.HS256, []byte(NewSigner(key).Public()), keyID(NewSigner(key).Public()), valid),
		"with changed claims":                                parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2],
		"with the signature cut off":                         parts[0] + "." + parts[1] + ".",
	}
	for name, token := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := verifier.Verify(token)
			e, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, problem.ReasonTokenInvalid, e.Reason)
		})
	}
}

func TestNobodyCannotBeMinted(t *testing.T) {
	_, err := NewSigner(newKey(t)).Mint(access.Identity{}, time.Minute)
	require.ErrorContains(t, err, "no subject")
}

func TestMemoryOfTokensIsBounded(t *testing.T) {
	signer := NewSigner(newKey(t))
	verifier := NewVerifier(signer.Public())
	verifier.limit = 3
	for range 10 {
		token, err := signer.Mint(principal(), time.Minute)
		require.NoError(t, err)
		_, err = verifier.Verify(token)
		require.NoError(t, err)
		require.LessOrEqual(t, len(verifier.known), 3)
	}
}

func BenchmarkVerifyKnownToken(b *testing.B) {
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(b, err)
	signer := NewSigner(key)
	token, err := signer.Mint(principal(), time.Hour)
	require.NoError(b, err)
	verifier := NewVerifier(signer.Public())
	for b.Loop() {
		if _, err := verifier.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, c claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	require.NoError(t, err)
	token, err := jwt.Signed(signer).Claims(c).Serialize()
	require.NoError(t, err)
	return token
}
