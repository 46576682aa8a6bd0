package grpcserver_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
)

func TestAServerIsHealthyOnlyWithWhatItsServicesNeed(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	var database error
	ready := run.NewReadiness(log)
	ready.Add(run.Check{Name: "database", Probe: func(context.Context) error { return database }})
	server := grpcserver.New(grpcserver.Options{Log: log, Verifier: identity.NewVerifier(kittest.Keys(t)), Ready: ready, Version: "v1.2.3"})
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpcserver.Dial(grpcserver.Peer{Target: "passthrough:///x", Name: "x", Prover: kittest.Signer(t)}, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })

	for _, step := range []struct {
		database error
		want     healthv1.HealthCheckResponse_ServingStatus
	}{
		{nil, healthv1.HealthCheckResponse_SERVING},
		{errors.New("gone"), healthv1.HealthCheckResponse_NOT_SERVING},
		{nil, healthv1.HealthCheckResponse_SERVING},
	} {
		database = step.database
		var header metadata.MD
		answer, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}, grpc.Header(&header))
		require.NoError(t, err)
		require.Equal(t, step.want, answer.GetStatus())
		require.Equal(t, []string{"v1.2.3"}, header.Get(grpcserver.VersionHeader))
	}
}
