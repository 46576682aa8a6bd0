package grpcserver

import (
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/idempotency"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/ledger"
	"github.com/tandem-badges/tandem/services/kit/readonly"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Options of a server.
type Options struct {
	Log *slog.Logger
	// Service is the name by which others prove themselves to this server.
	Service  string
	Verifier *identity.Verifier
	// Clock tells when grants begin and end; nil means real time.
	Clock clock.Clock
	// Restrictions are what districts forbid beyond the policies; nil is nothing.
	Restrictions *access.Restrictions
	// ReadOnly refuses changes while it is on; nil never does.
	ReadOnly *readonly.Mode
	// DB keeps answers by request id; without it calls are not deduplicated.
	DB *sqldb.DB
	// Ready tells whether what the services need answers; health says so. Without
	// it the server is healthy as long as it runs.
	Ready *run.Readiness
	// Version of the program, told with each answer about health.
	Version string
	// Deadline of calls that come without one; 0 means DefaultDeadline.
	Deadline time.Duration
	// Dev logs the cause of every refusal, not only of failures: causes may hold
	// parts of a request, which a real installation keeps out of its log.
	Dev bool
}

// unary is the chain in the order in which a call passes it. The mapping
// stands where it sees the errors of every step that may refuse.
func (c *chain) unary(opts Options) []grpc.UnaryServerInterceptor {
	steps := []grpc.UnaryServerInterceptor{
		c.recoverUnary,
		c.logUnary,
		c.deadlineUnary,
		c.mapUnary,
		c.guard.UnaryInterceptor(),
		access.UnaryInterceptor(opts.Restrictions),
		readonly.UnaryInterceptor(opts.ReadOnly),
		c.validateUnary,
		audit.UnaryInterceptor(),
		ledger.UnaryInterceptor(opts.DB),
	}
	if opts.DB != nil {
		steps = append(steps, idempotency.UnaryInterceptor(opts.DB))
	}
	return steps
}

func (c *chain) stream(opts Options) []grpc.StreamServerInterceptor {
	return []grpc.StreamServerInterceptor{
		c.recoverStream,
		c.logStream,
		c.mapStream,
		c.guard.StreamInterceptor(),
		access.StreamInterceptor(opts.Restrictions),
		readonly.StreamInterceptor(opts.ReadOnly),
		c.validateStream,
		audit.StreamInterceptor(),
		ledger.StreamInterceptor(opts.DB),
	}
}
