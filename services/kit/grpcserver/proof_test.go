package grpcserver_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// strangers prove themselves with keys that nobody knows.
func strangers() identity.Prover { return identity.NewSigner(keystore.NewMemory(), identity.Gateway) }

func TestNoCallPassesWithoutTheProofOfAService(t *testing.T) {
	w := serve(t, echo.Itself)
	for name, c := range map[string]struct {
		conn   *grpc.ClientConn
		reason problem.Reason
	}{
		"a service of the platform": {dial(t, w.pipe, identity.NewSigner(w.signer.Keys(), "badges")), ""},
		"one with keys of its own":  {dial(t, w.pipe, strangers()), problem.ReasonTokenInvalid},
		"nobody":                    {unproven(t, w), problem.ReasonIdentityMissing},
	} {
		t.Run(name, func(t *testing.T) {
			for _, ctx := range []context.Context{context.Background(), w.principal(t)} {
				_, err := echo.Call(ctx, t, c.conn, echo.GetPublic, `{}`)
				require.Equal(t, c.reason, apierr.Reason(err), "%v", err)
			}
			_, err := echo.Call(w.principal(t), t, c.conn, echo.Get, `{"name": "`+maple+`"}`)
			require.Equal(t, c.reason, apierr.Reason(err), "%v", err)
		})
	}
	_, err := echo.Call(metadata.AppendToOutgoingContext(w.principal(t), "x-tandem-service", "gateway"), t, unproven(t, w), echo.GetMine, `{}`)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "a name is no proof")
}

func TestHandlersKnowWhichServiceCalls(t *testing.T) {
	var id access.Identity
	w := serve(t, func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		id, _ = access.FromContext(ctx)
		return req, nil
	})
	conn := dial(t, w.pipe, identity.NewSigner(w.signer.Keys(), "badges"))
	_, err := echo.Call(w.principal(t), t, conn, echo.GetMine, `{}`)
	require.NoError(t, err)
	require.Equal(t, "badges", id.Service)
	require.Equal(t, "people/p", id.Subject)
}

func TestGrantsEndByTheClockOfTheServer(t *testing.T) {
	now := clock.NewFake(time.Date(2030, 9, 1, 8, 0, 0, 0, time.UTC))
	w := serve(t, echo.Itself, func(o *grpcserver.Options) { o.Clock = now })
	token, err := w.signer.MintSubject(access.Identity{Subject: "people/p", Grants: []access.Grant{
		{Role: accessv1.Role_ROLE_PRINCIPAL, Node: maple, End: now.Now().Add(time.Hour)},
	}})
	require.NoError(t, err)
	ctx := bearer("Bearer " + token)
	_, err = echo.Call(ctx, t, w.conn, echo.Get, `{"name": "`+maple+`"}`)
	require.NoError(t, err)
	now.Advance(time.Hour)
	_, err = echo.Call(ctx, t, w.conn, echo.Get, `{"name": "`+maple+`"}`)
	require.Equal(t, codes.NotFound, status.Code(err), "%v", err)
}

// The caller, the server and who rotates each look at the folder for themselves,
// as three processes do.
func TestKeysOfAFolderRotateUnderLoadWithoutAWrongAnswer(t *testing.T) {
	dir := t.TempDir()
	open := func() *keystore.File {
		keys, err := keystore.OpenFile(dir, keystore.Options{Keep: identity.KeyLife})
		require.NoError(t, err)
		return keys
	}
	caller, operator := open(), open()
	w := serve(t, echo.Itself, func(o *grpcserver.Options) { o.Verifier = identity.NewVerifier(open()) })
	gateway := identity.NewSigner(caller, identity.Gateway)
	conn := dial(t, w.pipe, gateway)
	call := func() error {
		token, err := gateway.MintSubject(access.Identity{Subject: "people/p"})
		if err != nil {
			return err
		}
		_, err = echo.Call(bearer("Bearer "+token), t, conn, echo.GetMine, `{}`)
		return err
	}
	for range 5 {
		var wg sync.WaitGroup
		errs := make([]error, 40)
		for i := range errs {
			wg.Go(func() { errs[i] = call() })
		}
		made, err := operator.Rotate(identity.Gateway, time.Now())
		require.NoError(t, err)
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		_, known := caller.Find(identity.Gateway, made.ID)
		require.True(t, known)
		// The public half is there first: who looked in between signs with the key before until the next look.
		kittest.Eventually(t, func() bool {
			key, err := caller.Signing(identity.Gateway)
			return err == nil && key.ID == made.ID
		}, "who has seen the new key signs with it")
	}
}
