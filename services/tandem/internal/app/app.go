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
	"path/filepath"
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
	"github.com/tandem-badges/tandem/services/kit/restrictions"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/telemetry"
)

// readyPause is the time between two looks at the own readiness.
const readyPause = 20 * time.Millisecond

// bufferSize of in-process connections, bytes.
const bufferSize = 1 << 20

// App is a process being put together.
type App struct {
	settings ServeSettings
	targets  []string
	version  string
	log      *slog.Logger

	group    *run.Group
	clock    *clock.Adjustable
	bus      *bus.Bus
	signer   *identity.Signer
	verifier *identity.Verifier
	forbids  *access.Restrictions // what districts forbid, for every service of the process
	memory   map[string]*bufconn.Listener
	conns    map[string]grpc.ClientConnInterface
}

// New opens everything that the targets need. Run starts serving.
func New(ctx context.Context, s ServeSettings, names []string, version string, log *slog.Logger) (*App, error) {
	targets, err := Targets(names)
	if err != nil {
		return nil, err
	}
	if err := s.complete(targets); err != nil {
		return nil, err
	}
	a := &App{
		settings: s, targets: targets, version: version, log: log,
		group:   run.NewGroup(run.Options{Log: log, Drain: s.Drain}),
		clock:   clock.NewAdjustable(),
		forbids: access.AwaitedRestrictions(),
		memory:  map[string]*bufconn.Listener{},
		conns:   map[string]grpc.ClientConnInterface{},
	}
	for _, step := range []func(context.Context) error{
		a.openTelemetry, a.openKeys, a.openBus, a.restoreClock, a.connect, a.addServices, a.addGateway,
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
	})
	if err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	a.group.Closer("telemetry", t.Shutdown)
	return a.addOperatorServer(t.MetricsHandler)
}

// openKeys reads the key that signs identity tokens. All processes of a
// deployment share it: the data folder on a laptop, a mounted secret elsewhere.
func (a *App) openKeys(context.Context) error {
	key, err := identity.LoadOrCreateKey(filepath.Join(a.settings.Data, "keys", "identity.key"))
	if err != nil {
		return fmt.Errorf("identity key: %w", err)
	}
	a.signer = identity.NewSigner(key)
	a.verifier = identity.NewVerifier(a.signer.Public())
	return nil
}

func (a *App) openBus(ctx context.Context) error {
	b, closeBus, err := OpenBus(ctx, a.settings.StorageSettings, a.settings.BusSettings, a.log)
	if err != nil {
		return err
	}
	a.bus = b
	a.group.Closer("bus", func(context.Context) error { closeBus(); return nil })
	a.group.Check(run.Check{Name: "bus", Probe: b.Ping})
	task, check := restrictions.Follow(b, a.forbids, a.log)
	a.group.Task(task)
	a.group.Check(check)
	return nil
}

// connect makes a connection to every service: through memory to those of this
// process, through TCP to the others.
func (a *App) connect(context.Context) error {
	for _, service := range DatabaseNames() {
		target, options := a.settings.addr(service), []grpc.DialOption(nil)
		if service == Gateway && !a.Runs(Gateway) {
			continue // nobody calls the gateway over gRPC but itself
		}
		if a.Runs(service) {
			listener := bufconn.Listen(bufferSize)
			a.memory[service] = listener
			target = "passthrough:///" + service
			options = append(options, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return listener.DialContext(ctx)
			}))
		}
		conn, err := grpcserver.Dial(target, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", service, err)
		}
		a.conns[service] = conn
		a.group.Closer("connection to "+service, func(context.Context) error { return conn.Close() })
	}
	return nil
}

// deps of one service.
func (a *App) deps(ctx context.Context, service string) (run.Deps, error) {
	db, err := NewStorage(a.settings.StorageSettings, a.log).Migrated(ctx, service)
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
		DB: db, Bus: a.bus, Clock: a.clock, Log: a.log.With("service", service), Peers: a.conns,
		DataDir: a.settings.Data, PublicURL: a.settings.PublicURL, Dev: a.settings.Dev,
	}
	if service == Evidence {
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
