// Package app composes services into a process: it opens databases, bus and
// blobs as the settings say, gives each service its connections and puts
// servers, tasks and checks into one group with one graceful stop.
//
// A service cannot tell whether its peers run in the same process (connected
// through memory) or elsewhere (connected through TCP): both are a
// grpc.ClientConnInterface behind the same chain.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/readonly"
	"github.com/tandem-badges/tandem/services/kit/restrictions"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles"
)

// readyPause is the time between two looks at the own readiness.
const readyPause = 20 * time.Millisecond

// bufferSize of in-process connections, bytes.
const bufferSize = 1 << 20

// Log is the log of the process, whose level can be changed while it runs.
type Log struct {
	*slog.Logger
	Level *slog.LevelVar
}

// App is a process being put together.
type App struct {
	settings ServeSettings
	targets  []string
	version  string
	log      *slog.Logger
	logLevel *slog.LevelVar // of everything that log writes

	group    *run.Group
	clock    *clock.Adjustable
	bus      *bus.Bus
	signers  map[string]*identity.Signer // of what this process runs
	verifier *identity.Verifier
	forbids  *access.Restrictions // what districts forbid, for every service of the process
	readOnly *readonly.Mode
	memory   map[string]*bufconn.Listener
	tls      *tlsfiles.Folder // nil: plain connections between processes
	// conns are the connections of each caller in this process, by whom they call: a
	// connection proves its caller.
	conns map[string]map[string]grpc.ClientConnInterface
}

// New opens everything that the targets need. Run starts serving.
func New(ctx context.Context, s ServeSettings, names []string, version string, log Log) (*App, error) {
	targets, err := Targets(names)
	if err != nil {
		return nil, err
	}
	if err := s.complete(targets); err != nil {
		return nil, err
	}
	a := &App{
		settings: s, targets: targets, version: version, log: log.Logger, logLevel: log.Level,
		group:   run.NewGroup(run.Options{Log: log.Logger, Drain: s.Drain, DrainDelay: s.DrainDelay}),
		clock:   clock.NewAdjustable(),
		forbids: access.AwaitedRestrictions(), readOnly: readonly.New(s.ReadOnly),
		signers: map[string]*identity.Signer{},
		memory:  map[string]*bufconn.Listener{},
		conns:   map[string]map[string]grpc.ClientConnInterface{},
	}
	for _, step := range []func(context.Context) error{
		a.openTelemetry, a.openTLS, a.openKeys, a.openBus, a.restoreClock, a.connect, a.addServices, a.addGateway,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.group.Abort(ctx))
		}
	}
	return a, nil
}

// Run serves until the context ends, a signal comes or a part fails.
func (a *App) Run(ctx context.Context) error { return a.group.Run(ctx) }

// AddTask adds work that lasts as long as the process.
func (a *App) AddTask(t run.Task) { a.group.Task(t) }

// WaitReady returns once every dependency answers.
func (a *App) WaitReady(ctx context.Context) error {
	ticker := time.NewTicker(readyPause)
	defer ticker.Stop()
	for !a.group.Readiness().Report(ctx).Ready {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// LocalURL is the address this process listens on. The public one may lead
// through a proxy that is not there yet.
func (a *App) LocalURL() string { return "http://" + a.settings.HTTPAddr }

// Runs tells whether the process runs the service or the gateway.
func (a *App) Runs(target string) bool { return slices.Contains(a.targets, target) }

func (a *App) openTelemetry(ctx context.Context) error {
	name := "tandem"
	if len(a.targets) == 1 {
		name = "tandem-" + a.targets[0]
	}
	t, err := telemetry.Setup(ctx, telemetry.Options{
		Service: name, Version: a.version, OTLPEndpoint: a.settings.OTLPEndpoint,
		TraceRatio: a.settings.TraceRatio, Log: a.log,
	})
	if err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	a.group.Closer("telemetry", t.Shutdown)
	a.group.Readiness().Measure()
	return a.addOperatorServer(t.MetricsHandler)
}

func (a *App) openBus(ctx context.Context) error {
	b, closeBus, err := OpenBus(ctx, a.settings.StorageSettings, a.settings.BusSettings, a.settings.StartWait, a.log)
	if err != nil {
		return err
	}
	a.bus = b
	a.group.Closer("bus", func(context.Context) error { closeBus(); return nil })
	a.group.Check(run.Check{Name: "bus", Probe: b.Ping, Once: true})
	a.followReadOnly()
	task, check := restrictions.Follow(b, a.forbids, a.log)
	a.group.Task(task)
	a.group.Check(check)
	return nil
}

// connect makes the connections of everything that runs here.
func (a *App) connect(context.Context) error {
	for _, target := range a.targets {
		a.memory[target] = bufconn.Listen(bufferSize)
	}
	for _, caller := range a.targets {
		a.conns[caller] = map[string]grpc.ClientConnInterface{}
		for _, service := range DatabaseNames() {
			if service == Gateway && !a.Runs(Gateway) {
				continue // it has no address for others
			}
			conn, err := a.dial(caller, service)
			if err != nil {
				return fmt.Errorf("connect %s to %s: %w", caller, service, err)
			}
			a.conns[caller][service] = conn
			a.group.Closer("connection of "+caller+" to "+service, func(context.Context) error { return conn.Close() })
		}
	}
	return nil
}

// dial connects through memory to a service of this process, through TCP to any
// other.
func (a *App) dial(caller, service string) (*grpc.ClientConn, error) {
	peer := grpcserver.Peer{Target: a.settings.addr(service), Name: service, Prover: a.signers[caller]}
	options := []grpc.DialOption{grpc.WithTransportCredentials(a.transport())}
	if listener, here := a.memory[service]; here {
		peer.Target = "passthrough:///" + service
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return listener.DialContext(ctx)
		}))
	}
	return grpcserver.Dial(peer, options...)
}

// deps of one service.
func (a *App) deps(ctx context.Context, service string) (run.Deps, error) {
	db, err := a.database(ctx, service)
	if err != nil {
		return run.Deps{}, err
	}
	a.group.Closer("database of "+service, func(context.Context) error { return db.Close() })
	if a.settings.NATS == "" && db.Dialect() == sqldb.SQLite {
		// The lock on the data folder says that nobody else is here: leases
		// of a process that was killed need not be waited for.
		if err := lease.Clear(ctx, db); err != nil {
			return run.Deps{}, err
		}
	}
	deps := run.Deps{
		DB: db, Bus: a.bus, Clock: a.clock, Log: a.log.With("service", service), Peers: a.conns[service],
		DataDir: a.settings.Data, PublicURL: a.settings.PublicURL, VCAPI: a.settings.VCAPI, Dev: a.settings.Dev,
	}
	if service == Badges {
		deps.Keepers = a.settings.IssuerKeeper
	}
	if service == Assessments {
		deps.MailURL, deps.MailFrom = a.settings.SMTPURL, a.settings.MailFrom
	}
	if service == Evidence || service == Badges || service == Assessments {
		if deps.Blobs, err = a.openBlobs(ctx); err != nil {
			return run.Deps{}, err
		}
	}
	return deps, nil
}

func (a *App) openBlobs(ctx context.Context) (*blob.Store, error) {
	store, err := blob.Open(ctx, a.settings.Blobs)
	if err != nil {
		return nil, fmt.Errorf("--blobs: %w", err)
	}
	a.group.Closer("blobs", func(context.Context) error { return store.Close() })
	return store, nil
}
