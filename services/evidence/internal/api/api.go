// Package api is the gRPC face of the service: one file per resource, in which a
// handler parses names, calls one function of the domain and maps the answer.
//
// Who may call is decided before by the access rule of the method, for an upload when
// its first message is read. Errors of the domain pass unchanged: the chain maps them
// once.
package api

import (
	"google.golang.org/grpc"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
)

// Domain is what the handlers call.
type Domain struct {
	Artifacts  *artifact.Service
	Portfolios *portfolio.Service
}

// Register puts all services of the API on a server.
func (d Domain) Register(s grpc.ServiceRegistrar) {
	evidencev1.RegisterArtifactsServiceServer(s, &artifacts{domain: d.Artifacts})
	evidencev1.RegisterPortfoliosServiceServer(s, &portfolios{domain: d.Portfolios})
}
