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
	signer := NewSigner(newKey(t))
	token, err := signer.Mint(principal(), time.Minute)
	require.NoError(t, err)
	cases := map[string]struct {
		method string
		values []string
		reason problem.Reason // "": passes
		caller bool
	}{
		"a good token":                          {echo.GetMine, []string{"Bearer " + token}, "", true},
		"a good token on a public RPC":          {echo.GetPublic, []string{"Bearer " + token}, "", true},
		"nobody on a public RPC":                {echo.GetPublic, nil, "", false},
		"nobody on the server's own RPC":        {"/grpc.health.v1.Health/Check", nil, "", false},
		"nobody":                                {echo.GetMine, nil, problem.ReasonIdentityMissing, false},
		"nobody on an RPC without a rule":       {echo.Unruled, nil, problem.ReasonIdentityMissing, false},
		"a bad token":                           {echo.GetMine, []string{"Bearer x"}, problem.ReasonTokenInvalid, false},
		"a bad token on a public RPC":           {echo.GetPublic, []string{"Bearer x"}, problem.ReasonTokenInvalid, false},
		"an empty header":                       {echo.GetPublic, []string{""}, problem.ReasonTokenInvalid, false},
		"a scheme without a token":              {echo.GetMine, []string{"Bearer "}, problem.ReasonTokenInvalid, false},
		"a token without its scheme":            {echo.GetMine, []string{token}, problem.ReasonTokenInvalid, false},
		"two tokens, though both are good ones": {echo.GetMine, []string{"Bearer " + token, "Bearer " + token}, problem.ReasonTokenInvalid, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, err := NewVerifier(signer.Public()).Authenticate(context.Background(), c.method, metadata.MD{"authorization": c.values})
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
				require.Equal(t, principal(), id)
			}
		})
	}
}

func TestInterceptorAuthenticatesWhereTheDoorDidNot(t *testing.T) {
	signer := NewSigner(newKey(t))
	token, err := signer.Mint(principal(), time.Minute)
	require.NoError(t, err)
	intercept := NewVerifier(signer.Public()).UnaryInterceptor()
	info := &grpc.UnaryServerInfo{FullMethod: echo.GetMine}

	_, err = intercept(context.Background(), nil, info, nil)
	require.True(t, problem.Is(err, problem.KindUnauthenticated))

	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("authorization", "Bearer "+token))
	_, err = intercept(ctx, nil, info, func(ctx context.Context, _ any) (any, error) {
		id, _ := access.FromContext(ctx)
		require.Equal(t, principal(), id)
		return nil, nil
	})
	require.NoError(t, err)
}
