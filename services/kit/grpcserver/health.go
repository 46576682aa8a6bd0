package grpcserver

import (
	"context"

	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tandem-badges/tandem/services/kit/run"
)

// healthServer answers SERVING only while everything answers that the services
// of this server need: a service without its database is up, but of no use, and
// who depends on it must learn that.
type healthServer struct {
	*health.Server
	ready *run.Readiness // nil means nothing is needed
}

// Check asks the dependencies for the server as a whole, the service "".
func (h *healthServer) Check(ctx context.Context, req *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if req.GetService() == "" && h.ready != nil {
		status := healthv1.HealthCheckResponse_SERVING
		if !h.ready.Report(ctx).Ready {
			status = healthv1.HealthCheckResponse_NOT_SERVING
		}
		h.SetServingStatus("", status) // for those who watch
	}
	return h.Server.Check(ctx, req)
}
