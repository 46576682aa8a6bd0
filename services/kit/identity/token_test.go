package identity

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func principal() access.Identity {
	return access.Identity{Subject: "people/p", Session: "s1", Scopes: []string{"a.read", "b"}, Grants: []access.Grant{
		{Role: accessv1.Role_ROLE_PRINCIPAL, Node: "districts/0880/schools/maple"},
		{Role: accessv1.Role_ROLE_REVIEWER, Node: access.State, Start: school, End: school.Add(time.Hour)},
	}}
}

var school = time.Date(2026, 9, 1, 8, 0, 0, 123000, time.UTC)

// parties are a gateway and a service with keys in one store.
type parties struct {
	keys             *keystore.Memory
	gateway, schools *Signer
	verifier         *Verifier
}

func newParties() parties {
	keys := keystore.NewMemory()
	return parties{keys, NewSigner(keys, Gateway), NewSigner(keys, "schools"), NewVerifier(keys)}
}

func TestTokensSayWhatTheyWereMintedFor(t *testing.T) {
	p := newParties()
	subject, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)
	machine := Access{Subject: "districts/a/apiClients/c", Scopes: []string{"a.read", "b"}, Credential: "secret-1"}
	bearer, err := p.gateway.MintAccess(machine, time.Minute)
	require.NoError(t, err)
	root := Access{Subject: Operator, Grants: principal().Grants}
	operator, err := p.gateway.MintAccess(root, time.Minute)
	require.NoError(t, err)
	proof, err := p.schools.Prove("badges")
	require.NoError(t, err)
	for range 2 { // the second time from memory
		id, err := p.verifier.Subject(subject)
		require.NoError(t, err)
		require.Equal(t, principal(), id)
		for token, want := range map[string]Access{bearer: machine, operator: root} {
			got, err := p.verifier.Access(token)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		service, err := p.verifier.Service(proof, "badges")
		require.NoError(t, err)
		require.Equal(t, "schools", service)
	}
}

// Every kind of token is tried in every place where one is taken.
func TestATokenOfOneKindIsNoneOfAnother(t *testing.T) {
	p := newParties()
	subject, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)
	bearer, err := p.gateway.MintAccess(Access{Subject: "people/p"}, time.Minute)
	require.NoError(t, err)
	gateway, err := p.gateway.Prove("badges")
	require.NoError(t, err)
	schools, err := p.schools.Prove("badges")
	require.NoError(t, err)
	places := map[string]func(string) error{
		"as access token":         func(token string) error { _, err := p.verifier.Access(token); return err },
		"as subject token":        func(token string) error { _, err := p.verifier.Subject(token); return err },
		"as proof to badges":      func(token string) error { _, err := p.verifier.Service(token, "badges"); return err },
		"as proof to evidence":    func(token string) error { _, err := p.verifier.Service(token, "evidence"); return err },
		"as proof to nobody":      func(token string) error { _, err := p.verifier.Service(token, ""); return err },
		"as proof to the API":     func(token string) error { _, err := p.verifier.Service(token, apiAudience); return err },
		"as proof to all of them": func(token string) error { _, err := p.verifier.Service(token, servicesAudience); return err },
	}
	for name, c := range map[string]struct{ token, place string }{
		"an access token":       {bearer, "as access token"},
		"a subject token":       {subject, "as subject token"},
		"the gateway's proof":   {gateway, "as proof to badges"},
		"the proof of a school": {schools, "as proof to badges"},
	} {
		for range 2 { // also when another place remembers the token
			for place, take := range places {
				err := take(c.token)
				require.Equal(t, place == c.place, err == nil, "%s %s: %v", name, place, err)
			}
		}
	}
}

// forger signs whatever it is told to, with any key.
type forger struct {
	kind, audience, kid string
	alg                 jose.SignatureAlgorithm
	key                 any
	header              map[jose.HeaderKey]any
	claims              claims
}

func (f forger) token(t *testing.T) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(f.kind))
	for name, value := range f.header {
		options = options.WithHeader(name, value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: f.alg, Key: jose.JSONWebKey{Key: f.key, KeyID: f.kid}}, options)
	require.NoError(t, err)
	if f.audience != "" {
		f.claims.Audience = jwt.Audience{f.audience}
	}
	token, err := jwt.Signed(signer).Claims(f.claims).Serialize()
	require.NoError(t, err)
	return token
}

// good is what the owner itself would sign.
func good(t *testing.T, keys keystore.Store, owner, kind, audience string) forger {
	t.Helper()
	key, err := keys.Signing(owner)
	require.NoError(t, err)
	private, ok := key.Signer.(ed25519.PrivateKey)
	require.True(t, ok)
	now := time.Now()
	return forger{kind: kind, audience: audience, kid: key.ID, alg: jose.EdDSA, key: private, claims: claims{Claims: jwt.Claims{
		Issuer: owner, Subject: owner, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}}}
}

func TestBadTokensAreRefusedWhereverTheyAreTaken(t *testing.T) {
	p := newParties()
	_, stranger, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	for place, c := range map[string]struct {
		owner, kind, audience string
		take                  func(string) error
	}{
		"access":  {Gateway, accessToken, apiAudience, func(token string) error { _, err := p.verifier.Access(token); return err }},
		"subject": {Gateway, subjectToken, servicesAudience, func(token string) error { _, err := p.verifier.Subject(token); return err }},
		"proof":   {"schools", proofToken, "badges", func(token string) error { _, err := p.verifier.Service(token, "badges"); return err }},
	} {
		valid := good(t, p.keys, c.owner, c.kind, c.audience)
		require.NoError(t, c.take(valid.token(t)), place)
		change := func(edit func(*forger)) string {
			f := valid
			edit(&f)
			return f.token(t)
		}
		parts := strings.Split(valid.token(t), ".")
		encode := base64.RawURLEncoding.EncodeToString
		public, ok := valid.key.(ed25519.PrivateKey).Public().(ed25519.PublicKey)
		require.True(t, ok)
		for name, token := range map[string]string{
			"empty":                     "",
			"no token at all":           "hello",
			"too long":                  strings.Repeat("a", maxToken+1),
			"long and signed":           change(func(f *forger) { f.claims.Credential = strings.Repeat("a", maxToken) }),
			"expired":                   change(func(f *forger) { f.claims.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Second)) }),
			"without an expiry":         change(func(f *forger) { f.claims.Expiry = nil }),
			"without a time of issue":   change(func(f *forger) { f.claims.IssuedAt = nil }),
			"issued tomorrow":           change(func(f *forger) { f.claims.IssuedAt = jwt.NewNumericDate(time.Now().Add(time.Minute)) }),
			"living longer than it may": change(func(f *forger) { f.claims.Expiry = jwt.NewNumericDate(time.Now().Add(MaxAccessLife + time.Hour)) }),
			"not valid yet":             change(func(f *forger) { f.claims.NotBefore = jwt.NewNumericDate(time.Now().Add(time.Minute)) }),
			"for another audience":      change(func(f *forger) { f.audience = "elsewhere" }),
			"without an audience":       change(func(f *forger) { f.audience = "" }),
			"for two audiences":         change(func(f *forger) { f.audience, f.claims.Audience = "", jwt.Audience{c.audience, "elsewhere"} }),
			"from another issuer":       change(func(f *forger) { f.claims.Issuer = "evidence" }),
			"without an issuer":         change(func(f *forger) { f.claims.Issuer = "" }),
			"without a subject":         change(func(f *forger) { f.claims.Subject = "" }),
			"with a role nobody knows":  change(func(f *forger) { f.claims.Subject, f.claims.Grants = Operator, []grantClaim{{Role: "ROLE_KING"}} }),
			"with the role that is none": change(func(f *forger) {
				f.claims.Subject, f.claims.Grants = Operator, []grantClaim{{Role: "ROLE_UNSPECIFIED"}}
			}),
			"of another key":     change(func(f *forger) { f.key = stranger }),
			"of a key not named": change(func(f *forger) { f.kid = "" }),
			"of a key that brings itself": change(func(f *forger) {
				f.key, f.header = stranger, map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: stranger.Public()}}
			}),
			"of no type":        change(func(f *forger) { f.kind = "" }),
			"of the usual type": change(func(f *forger) { f.kind = "JWT" }),
			"signed with a shared secret that is the public key": change(func(f *forger) { f.alg, f.key = jose.HS256, []byte(public) }),
			"unsigned":                   encode([]byte(`{"alg":"none","typ":"`+c.kind+`","kid":"`+valid.kid+`"}`)) + "." + parts[1] + ".",
			"with changed claims":        parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2],
			"with the signature cut off": parts[0] + "." + parts[1] + ".",
			"with two signatures":        twice(t, valid),
		} {
			t.Run(place+" "+name, func(t *testing.T) {
				err := c.take(token)
				e, ok := problem.As(err)
				require.True(t, ok, "%v", err)
				require.Equal(t, problem.ReasonTokenInvalid, e.Reason)
			})
		}
	}
}

// twice is a token in the form that can hold several signatures.
func twice(t *testing.T, f forger) string {
	t.Helper()
	key := jose.SigningKey{Algorithm: f.alg, Key: jose.JSONWebKey{Key: f.key, KeyID: f.kid}}
	signer, err := jose.NewMultiSigner([]jose.SigningKey{key, key}, (&jose.SignerOptions{}).WithType(jose.ContentType(f.kind)))
	require.NoError(t, err)
	f.claims.Audience = jwt.Audience{f.audience}
	text, err := json.Marshal(f.claims)
	require.NoError(t, err)
	signed, err := signer.Sign(text)
	require.NoError(t, err)
	return signed.FullSerialize()
}

// A service that was taken over can prove itself, and nothing more.
func TestAServicesKeyCannotSpeakForAnybody(t *testing.T) {
	p := newParties()
	_, err := p.schools.MintSubject(principal())
	require.ErrorContains(t, err, "the keys of schools make none")
	_, err = p.schools.MintAccess(Access{Subject: "people/p"}, time.Minute)
	require.ErrorContains(t, err, "the keys of schools make none")

	for name, edit := range map[string]func(*forger){
		"in its own name":  func(*forger) {},
		"in the gateway's": func(f *forger) { f.claims.Issuer = Gateway },
		"for a person":     func(f *forger) { f.claims.Issuer, f.claims.Subject = Gateway, "people/p" },
		"with the gateway's id": func(f *forger) {
			key, err := p.keys.Signing(Gateway)
			require.NoError(t, err)
			f.claims.Issuer, f.kid = Gateway, key.ID
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := good(t, p.keys, "schools", subjectToken, servicesAudience)
			edit(&f)
			_, err := p.verifier.Subject(f.token(t))
			require.True(t, problem.Is(err, problem.KindUnauthenticated), "%v", err)
			f.kind, f.audience = accessToken, apiAudience
			_, err = p.verifier.Access(f.token(t))
			require.True(t, problem.Is(err, problem.KindUnauthenticated), "%v", err)
		})
	}
	f := good(t, p.keys, "schools", proofToken, "badges")
	f.claims.Subject = "evidence"
	_, err = p.verifier.Service(f.token(t), "badges")
	require.Error(t, err, "nor prove another service")
	f.claims.Issuer = "evidence"
	_, err = p.verifier.Service(f.token(t), "badges")
	require.Error(t, err, "nor prove another service by its name")
}

func TestOnlyRootIdentitiesBringGrantsInAnAccessToken(t *testing.T) {
	p := newParties()
	grants := principal().Grants
	_, err := p.gateway.MintAccess(Access{Subject: "people/p", Grants: grants}, time.Minute)
	require.ErrorContains(t, err, "not for a token")
	f := good(t, p.keys, Gateway, accessToken, apiAudience)
	f.claims.Subject, f.claims.Grants = "people/p", grantClaims(grants)
	_, err = p.verifier.Access(f.token(t))
	require.True(t, problem.Is(err, problem.KindUnauthenticated), "%v", err)
	f.claims.Subject = Admin
	_, err = p.verifier.Access(f.token(t))
	require.NoError(t, err)
}

func TestNobodyAndForeverCannotBeMinted(t *testing.T) {
	p := newParties()
	_, err := p.gateway.MintSubject(access.Identity{})
	require.ErrorContains(t, err, "no subject")
	for _, ttl := range []time.Duration{0, -time.Minute, MaxAccessLife + time.Second} {
		_, err = p.gateway.MintAccess(Access{Subject: "people/p"}, ttl)
		require.ErrorContains(t, err, "life")
	}
}
