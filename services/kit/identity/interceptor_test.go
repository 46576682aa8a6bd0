package identity

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestAuthenticate(t *testing.T) {
	_, err := echo.File()
	require.NoError(t, err)
	p := newParties()
	token, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)
	bearer, err := p.gateway.MintAccess(Access{Subject: Operator, Grants: principal().Grants}, time.Minute)
	require.NoError(t, err)
	proof := func(s *Signer, to string) []string {
		token, err := s.Prove(to)
		require.NoError(t, err)
		return []string{token}
	}
	toMe := proof(p.gateway, "echo")
	cases := map[string]struct {
		method string
		values []string
		proofs []string
		reason problem.Reason // "": passes
		caller bool
	}{
		"a good token":                          {echo.GetMine, []string{"Bearer " + token}, toMe, "", true},
		"a good token on a public RPC":          {echo.GetPublic, []string{"Bearer " + token}, toMe, "", true},
		"nobody on a public RPC":                {echo.GetPublic, nil, toMe, "", false},
		"nobody on the server's own RPC":        {"/grpc.health.v1.Health/Check", nil, nil, "", false},
		"nobody":                                {echo.GetMine, nil, toMe, problem.ReasonIdentityMissing, false},
		"nobody on an RPC without a rule":       {echo.Unruled, nil, toMe, problem.ReasonIdentityMissing, false},
		"a bad token":                           {echo.GetMine, []string{"Bearer x"}, toMe, problem.ReasonTokenInvalid, false},
		"a bad token on a public RPC":           {echo.GetPublic, []string{"Bearer x"}, toMe, problem.ReasonTokenInvalid, false},
		"an empty header":                       {echo.GetPublic, []string{""}, toMe, problem.ReasonTokenInvalid, false},
		"a scheme without a token":              {echo.GetMine, []string{"Bearer "}, toMe, problem.ReasonTokenInvalid, false},
		"a token without its scheme":            {echo.GetMine, []string{token}, toMe, problem.ReasonTokenInvalid, false},
		"two tokens, though both are good ones": {echo.GetMine, []string{"Bearer " + token, "Bearer " + token}, toMe, problem.ReasonTokenInvalid, false},
		"the token of a client":                 {echo.GetMine, []string{"Bearer " + bearer}, toMe, problem.ReasonTokenInvalid, false},
		"a proof in place of a token":           {echo.GetMine, []string{"Bearer " + toMe[0]}, toMe, problem.ReasonTokenInvalid, false},
		"no proof":                              {echo.GetMine, []string{"Bearer " + token}, nil, problem.ReasonIdentityMissing, false},
		"no proof on a public RPC":              {echo.GetPublic, nil, nil, problem.ReasonIdentityMissing, false},
		"a proof for another service":           {echo.GetMine, []string{"Bearer " + token}, proof(p.gateway, "badges"), problem.ReasonTokenInvalid, false},
		"a token in place of a proof":           {echo.GetMine, []string{"Bearer " + token}, []string{token}, problem.ReasonTokenInvalid, false},
		"the name of a service":                 {echo.GetMine, []string{"Bearer " + token}, []string{"gateway"}, problem.ReasonTokenInvalid, false},
		"two proofs":                            {echo.GetMine, []string{"Bearer " + token}, append(proof(p.schools, "echo"), toMe...), problem.ReasonTokenInvalid, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			guard := NewGuard(NewVerifier(p.keys), "echo", func() time.Time { return school })
			md := metadata.MD{subjectMetadata: c.values, proofMetadata: c.proofs}
			ctx, err := guard.Authenticate(context.Background(), c.method, md)
			if c.reason != "" {
				e, ok := problem.As(err)
				require.True(t, ok, "%v", err)
				require.Equal(t, c.reason, e.Reason)
				return
			}
			require.NoError(t, err)
			id, known := access.FromContext(ctx)
			require.Equal(t, c.caller, known)
			require.Equal(t, c.caller, Token(ctx) == token)
			if c.caller {
				want := principal()
				want.Service = Gateway
				require.Equal(t, want, id)
			}
		})
	}
}

func TestTheGuardLooksAtTheProductsClockWithEachCall(t *testing.T) {
	_, err := echo.File()
	require.NoError(t, err)
	p := newParties()
	token, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)
	proof, err := p.schools.Prove("echo")
	require.NoError(t, err)
	now := school.Add(-time.Second)
	guard := NewGuard(p.verifier, "echo", func() time.Time { return now })
	grants := func() int {
		ctx, err := guard.Authenticate(context.Background(), echo.GetMine, metadata.Pairs(subjectMetadata, "Bearer "+token, proofMetadata, proof))
		require.NoError(t, err)
		id, _ := access.FromContext(ctx)
		require.Equal(t, "schools", id.Service)
		return len(id.Grants)
	}
	require.Equal(t, 1, grants(), "one grant has not begun")
	now = school
	require.Equal(t, 2, grants())
	now = school.Add(time.Hour)
	require.Equal(t, 1, grants(), "and it has ended, though the token has not")
}

func TestInterceptorAuthenticatesWhereTheDoorDidNot(t *testing.T) {
	p := newParties()
	token, err := p.gateway.MintSubject(principal())
	require.NoError(t, err)
	proof, err := p.gateway.Prove("echo")
	require.NoError(t, err)
	intercept := NewGuard(p.verifier, "echo", time.Now).UnaryInterceptor()
	info := &grpc.UnaryServerInfo{FullMethod: echo.GetMine}

	_, err = intercept(context.Background(), nil, info, nil)
	require.True(t, problem.Is(err, problem.KindUnauthenticated))

	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs(subjectMetadata, "Bearer "+token, proofMetadata, proof))
	_, err = intercept(ctx, nil, info, func(ctx context.Context, _ any) (any, error) {
		id, _ := access.FromContext(ctx)
		require.Equal(t, "people/p", id.Subject)
		return nil, nil
	})
	require.NoError(t, err)
}
