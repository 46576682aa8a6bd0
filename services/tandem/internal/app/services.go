package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"

	devv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/dev/v1"
	"github.com/tandem-badges/tandem/services/assessments"
	"github.com/tandem-badges/tandem/services/badges"
	"github.com/tandem-badges/tandem/services/evidence"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/schools"
)

// headerTimeout bounds the reading of request headers on the operator's port.
const headerTimeout = 5 * time.Second

// build makes a service of its dependencies.
func build(service string, deps run.Deps) (run.Service, error) {
	makers := map[string]func(run.Deps) (run.Service, error){
		Schools: schools.New, Assessments: assessments.New, Evidence: evidence.New, Badges: badges.New,
	}
	return makers[service](deps)
}

func (a *App) addServices(ctx context.Context) error {
	for _, service := range serviceNames {
		if !a.Runs(service) {
			continue
		}
		if err := a.addService(ctx, service); err != nil {
			return fmt.Errorf("service %s: %w", service, err)
		}
	}
	return nil
}

func (a *App) addService(ctx context.Context, name string) error {
	deps, err := a.deps(ctx, name)
	if err != nil {
		return err
	}
	service, err := build(name, deps)
	if err != nil {
		return err
	}
	server, err := a.serve(deps, service)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", a.settings.listenAddr(name))
	if err != nil {
		return fmt.Errorf("--%s-addr: %w", name, err)
	}
	a.group.Server(run.GRPC(name, server, a.encrypted(listener)))
	return nil
}

// serve puts a service behind the chain, reachable from within this process.
func (a *App) serve(deps run.Deps, service run.Service) (*grpc.Server, error) {
	// From here on: what a start itself adds, such as built-in catalogs, is of the
	// program's version, like a migration.
	deps.DB.FreezeBy(a.readOnly)
	ready := run.NewReadiness(deps.Log)
	ready.Add(service.Checks...)
	server := grpcserver.New(grpcserver.Options{
		Log: deps.Log, Service: service.Name, Verifier: a.verifier, Clock: a.clock, DB: deps.DB, Ready: ready, Version: a.version,
		Restrictions: a.forbids, ReadOnly: a.readOnly, Dev: a.settings.Dev,
	})
	if a.settings.Dev {
		devv1.RegisterClockServiceServer(server, &clockServer{clock: a.clock})
	}
	if err := grpcserver.Register(server, service); err != nil {
		return nil, err
	}
	a.group.Task(run.Task{Name: service.Name + " audit", Run: audit.NewChainer(deps.DB, deps.Log).Run})
	a.group.Service(service)
	a.group.Server(run.GRPC(service.Name+" in memory", server, a.memory[service.Name]))
	return server, nil
}

// addOperatorServer serves metrics and health on a port that is not public. It does
// so from now on: a start that waits for a database is alive and not ready.
func (a *App) addOperatorServer(metrics http.Handler) error {
	listener, err := net.Listen("tcp", a.settings.OpsAddr)
	if err != nil {
		return fmt.Errorf("--ops-addr: %w", err)
	}
	server := &http.Server{
		Handler:           a.operatorHandler(metrics),
		ReadHeaderTimeout: headerTimeout,
	}
	operator := run.HTTP("operator", server, listener)
	serve, stopped := operator.Serve, make(chan error, 1)
	go func() { stopped <- serve() }()
	operator.Serve = func() error { return <-stopped }
	a.group.Server(operator)
	return nil
}
