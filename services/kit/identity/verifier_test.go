package identity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestATokenEndsWhenItSaysAlsoIfItWasVerifiedBefore(t *testing.T) {
	p := newParties()
	start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	p.gateway.now = func() time.Time { return start }
	token, err := p.gateway.MintAccess(Access{Subject: "people/p"}, time.Minute)
	require.NoError(t, err)
	p.verifier.now = func() time.Time { return start.Add(time.Minute - time.Second) }
	_, err = p.verifier.Access(token)
	require.NoError(t, err)
	p.verifier.now = func() time.Time { return start.Add(time.Minute + time.Second) }
	_, err = p.verifier.Access(token)
	require.True(t, problem.Is(err, problem.KindUnauthenticated))
}

func TestClocksOfMachinesMayBeALittleApart(t *testing.T) {
	p := newParties()
	p.gateway.now = func() time.Time { return time.Now().Add(skew / 2) }
	token, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)
	_, err = p.verifier.Subject(token)
	require.NoError(t, err)
}

func TestAKeyIsGoodUntilItIsRetiredAndNotLonger(t *testing.T) {
	p := newParties()
	token, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)
	old, err := p.keys.Signing(Gateway)
	require.NoError(t, err)
	_, err = p.keys.Rotate(Gateway, time.Now())
	require.NoError(t, err)
	_, err = p.verifier.Subject(token)
	require.NoError(t, err, "the key before is still good")
	fresh, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)

	require.NoError(t, p.keys.Retire(Gateway, old.ID))
	_, err = p.verifier.Subject(token)
	require.True(t, problem.Is(err, problem.KindUnauthenticated), "remembered or not: %v", err)
	_, err = p.verifier.Subject(fresh)
	require.NoError(t, err)
}

func TestProofsAreUsedAgainForAWhileAndNotAfterARotation(t *testing.T) {
	p := newParties()
	now := time.Now()
	p.schools.now = func() time.Time { return now }
	prove := func(service string) string {
		token, err := p.schools.Prove(service)
		require.NoError(t, err)
		return token
	}
	first := prove("badges")
	require.Equal(t, first, prove("badges"))
	require.NotEqual(t, first, prove("evidence"))
	now = now.Add(proofLife / 2)
	second := prove("badges")
	require.NotEqual(t, first, second)
	_, err := p.keys.Rotate("schools", time.Now())
	require.NoError(t, err)
	require.NotEqual(t, second, prove("badges"))
}

func TestMemoryOfTokensIsBounded(t *testing.T) {
	p := newParties()
	p.verifier.limit = 3
	for range 10 {
		token, err := p.gateway.MintSubject(principal())
		require.NoError(t, err)
		_, err = p.verifier.Subject(token)
		require.NoError(t, err)
		require.LessOrEqual(t, len(p.verifier.known), 3)
	}
}

func TestSecretsAreEqualForOnePurposeOnlyAndOutliveKeys(t *testing.T) {
	p := newParties()
	secret := func(s *Signer, purpose string) []byte {
		t.Helper()
		secret, err := s.Secret(purpose)
		require.NoError(t, err)
		require.Len(t, secret, 32)
		return secret
	}
	before := secret(p.gateway, "stream")
	require.Equal(t, before, secret(NewSigner(p.keys, Gateway), "stream"), "replicas agree")
	require.NotEqual(t, before, secret(p.gateway, "pages"))
	require.NotEqual(t, before, secret(p.schools, "stream"))
	old, err := p.keys.Signing(Gateway)
	require.NoError(t, err)
	_, err = p.keys.Rotate(Gateway, time.Now())
	require.NoError(t, err)
	require.NoError(t, p.keys.Retire(Gateway, old.ID))
	require.Equal(t, before, secret(p.gateway, "stream"))
}

func TestGrantsHoldFromTheirStartUntilTheirEnd(t *testing.T) {
	grant := func(start, end time.Time) access.Grant {
		return access.Grant{Role: accessv1.Role_ROLE_PRINCIPAL, Start: start, End: end}
	}
	var none time.Time
	for name, c := range map[string]struct {
		grant access.Grant
		holds bool
	}{
		"no bounds":         {grant(none, none), true},
		"begins now":        {grant(school, none), true},
		"begins later":      {grant(school.Add(1), none), false},
		"ends now":          {grant(none, school), false},
		"ends later":        {grant(none, school.Add(1)), true},
		"between":           {grant(school.Add(-1), school.Add(1)), true},
		"over":              {grant(school.Add(-2), school.Add(-1)), false},
		"begins as it ends": {grant(school, school), false},
	} {
		t.Run(name, func(t *testing.T) {
			other := grant(none, none)
			id := access.Identity{Subject: "people/p", Grants: []access.Grant{c.grant, other}}
			got := At(id, school)
			want := []access.Grant{other}
			if c.holds {
				want = []access.Grant{c.grant, other}
			}
			require.Equal(t, want, got.Grants)
			require.Len(t, id.Grants, 2, "who was given is left alone")
			require.Equal(t, c.grant, id.Grants[0])
		})
	}
}

func BenchmarkVerifyKnownToken(b *testing.B) {
	keys, err := keystore.OpenFile(b.TempDir(), keystore.Options{})
	require.NoError(b, err)
	token, err := NewSigner(keys, Gateway).MintSubject(principal())
	require.NoError(b, err)
	verifier := NewVerifier(keys)
	for b.Loop() {
		if _, err := verifier.Subject(token); err != nil {
			b.Fatal(err)
		}
	}
}
