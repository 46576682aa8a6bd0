package grpcserver

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/services/kit/run"
)

// VersionHeader tells in the header of answers about health which version of the
// program gives them, so that an operator sees what runs where.
const VersionHeader = "tandem-version"

// healthServer answers SERVING only while everything answers that the services
// of this server need: a service without its database is up, but of no use, and
// who depends on it must learn that.
type healthServer struct {
	*health.Server
	ready   *run.Readiness // nil means nothing is needed
	version string
}

// Check asks the dependencies for the server as a whole, the service "".
func (h *healthServer) Check(ctx context.Context, req *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if h.version != "" {
		_ = grpc.SetHeader(ctx, metadata.Pairs(VersionHeader, h.version)) // it is news, not the answer
	}
	if req.GetService() == "" && h.ready != nil {
		status := healthv1.HealthCheckResponse_SERVING
		if !h.ready.Report(ctx).Ready {
			status = healthv1.HealthCheckResponse_NOT_SERVING
		}
		h.SetServingStatus("", status) // for those who watch
	}
	return h.Server.Check(ctx, req)
}
