package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/connect"
)

const (
	programOwner = "districts/aspen/people/ana"
	programOther = "districts/birch/people/ben"
)

func programNow() time.Time { return time.Date(2026, 9, 1, 8, 0, 0, 1000, time.UTC) }

// Programs holds the store of connected programs to its contract; open returns an
// empty one.
func Programs(t *testing.T, open func(t *testing.T) connect.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, context.Context, connect.Store){
		"a program comes back as it was written":        programRoundTrip,
		"a token comes back as it was written":          programToken,
		"a token is used once":                          programUse,
		"a consent ends with its tokens, and no others": programEnd,
		"people see what they connected and holds":      programConnections,
		"what is over is forgotten":                     programClean,
		"a failed transaction leaves nothing":           programRollback,
	} {
		// Programs come without a person: who they act for, their token says.
		t.Run(name, func(t *testing.T) { test(t, tenant.With(t.Context()), open(t)) })
	}
}

func programOf(id string) connect.Program {
	return connect.Program{
		ID: id, SecretDigest: "aa", Name: "Wallet '); DROP", URI: "https://wallet.example.org", RedirectURIs: []string{"https://wallet.example.org/cb"},
		Scopes: []string{connect.CredentialReadonly}, CreateTime: programNow(),
	}
}

func tokenOf(kind connect.Kind, signature, grant, person string) connect.Token {
	return connect.Token{
		Kind: kind, Signature: signature, Grant: grant, Program: "wallet", Person: person, School: "districts/aspen/schools/oak",
		Scopes: []string{connect.CredentialReadonly, connect.OfflineAccess}, Form: map[string][]string{"redirect_uri": {"https://wallet.example.org/cb"}},
		Active: true, CreateTime: programNow(), ExpireTime: programNow().Add(time.Hour),
	}
}

func programRoundTrip(t *testing.T, ctx context.Context, s connect.Store) {
	for _, p := range []connect.Program{programOf("wallet"), {ID: "bare", CreateTime: programNow()}} {
		require.NoError(t, s.InsertProgram(ctx, p))
		got, err := s.Program(ctx, p.ID)
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	require.True(t, problem.Is(s.InsertProgram(ctx, programOf("wallet")), problem.KindAlreadyExists))
	_, err := s.Program(ctx, "nobody")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func programToken(t *testing.T, ctx context.Context, s connect.Store) {
	for _, want := range []connect.Token{
		tokenOf(connect.Code, "s1", "g1", programOwner), tokenOf(connect.Access, "s1", "g1", programOwner), tokenOf(connect.Access, "s2", "g2", "people/state"),
	} {
		require.NoError(t, s.InsertToken(ctx, want))
		got, err := s.Token(ctx, want.Kind, want.Signature)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := s.Token(ctx, connect.Refresh, "s1")
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.NoError(t, s.DeleteToken(ctx, connect.Code, "s1"))
	_, err = s.Token(ctx, connect.Code, "s1")
	require.True(t, problem.Is(err, problem.KindNotFound))
	_, err = s.Token(ctx, connect.Access, "s1")
	require.NoError(t, err)
}

func programUse(t *testing.T, ctx context.Context, s connect.Store) {
	require.NoError(t, s.InsertToken(ctx, tokenOf(connect.Refresh, "s1", "g1", programOwner)))
	for _, want := range []bool{true, false, false} {
		first, err := s.UseToken(ctx, connect.Refresh, "s1")
		require.NoError(t, err)
		require.Equal(t, want, first)
	}
	got, err := s.Token(ctx, connect.Refresh, "s1")
	require.NoError(t, err)
	require.False(t, got.Active)
	first, err := s.UseToken(ctx, connect.Refresh, "nothing")
	require.NoError(t, err)
	require.False(t, first)
}

func programEnd(t *testing.T, ctx context.Context, s connect.Store) {
	for kind, signature := range map[connect.Kind]string{connect.Access: "a", connect.Refresh: "r", connect.Code: "c"} {
		require.NoError(t, s.InsertToken(ctx, tokenOf(kind, signature+"1", "g1", programOwner)))
		require.NoError(t, s.InsertToken(ctx, tokenOf(kind, signature+"2", "g2", programOther)))
	}
	require.NoError(t, s.UseGrant(ctx, "g1"))
	used, err := s.Token(ctx, connect.Refresh, "r1")
	require.NoError(t, err)
	require.False(t, used.Active)
	require.NoError(t, s.EndGrant(ctx, "g1", connect.Access))
	_, err = s.Token(ctx, connect.Access, "a1")
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.NoError(t, s.EndGrant(ctx, "g1", connect.Code, connect.Proof, connect.Access, connect.Refresh))
	require.NoError(t, s.EndGrant(ctx, "g1", connect.Access))
	for kind, signature := range map[connect.Kind]string{connect.Access: "a2", connect.Refresh: "r2", connect.Code: "c2"} {
		other, err := s.Token(ctx, kind, signature)
		require.NoError(t, err)
		require.True(t, other.Active)
	}
}

func programConnections(t *testing.T, ctx context.Context, s connect.Store) {
	old := tokenOf(connect.Access, "a0", "g0", programOwner)
	old.ExpireTime = programNow()
	used := tokenOf(connect.Refresh, "r3", "g3", programOwner)
	used.Active = false
	for _, token := range []connect.Token{
		old, used, tokenOf(connect.Access, "a1", "g1", programOwner), tokenOf(connect.Refresh, "r1", "g1", programOwner),
		tokenOf(connect.Code, "c4", "g4", programOwner), tokenOf(connect.Access, "a2", "g2", programOther),
	} {
		require.NoError(t, s.InsertToken(ctx, token))
	}
	got, err := s.Connections(ctx, programOwner, programNow())
	require.NoError(t, err)
	require.Equal(t, []connect.Connection{{
		Grant: "g1", Program: "wallet", School: "districts/aspen/schools/oak", Scopes: []string{connect.CredentialReadonly, connect.OfflineAccess},
		CreateTime: programNow(), ExpireTime: programNow().Add(time.Hour),
	}}, got)
}

func programClean(t *testing.T, ctx context.Context, s connect.Store) {
	young := programOf("young")
	young.CreateTime = programNow().Add(time.Second)
	for _, p := range []connect.Program{programOf("wallet"), programOf("unused"), young} {
		require.NoError(t, s.InsertProgram(ctx, p))
	}
	over := tokenOf(connect.Access, "over", "g0", programOther)
	over.ExpireTime = programNow()
	require.NoError(t, s.InsertToken(ctx, over))
	require.NoError(t, s.InsertToken(ctx, tokenOf(connect.Access, "good", "g1", programOwner)))
	require.NoError(t, s.Clean(ctx, programNow(), programNow()))
	_, err := s.Token(ctx, connect.Access, "over")
	require.True(t, problem.Is(err, problem.KindNotFound))
	_, err = s.Token(ctx, connect.Access, "good")
	require.NoError(t, err)
	_, err = s.Program(ctx, "unused")
	require.True(t, problem.Is(err, problem.KindNotFound))
	for _, id := range []string{"wallet", "young"} {
		_, err = s.Program(ctx, id)
		require.NoError(t, err, id)
	}
}

func programRollback(t *testing.T, ctx context.Context, s connect.Store) {
	err := s.Tx(ctx, func(ctx context.Context) error {
		require.NoError(t, s.InsertToken(ctx, tokenOf(connect.Access, "a", "g", programOwner)))
		return problem.NotFound("x")
	})
	require.Error(t, err)
	_, err = s.Token(ctx, connect.Access, "a")
	require.True(t, problem.Is(err, problem.KindNotFound))
}
