package app

import (
	"context"
	"fmt"
	"net"

	"github.com/tandem-badges/tandem/gateway"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// addGateway serves REST, pages and the event stream.
func (a *App) addGateway(ctx context.Context) error {
	if !a.Runs(Gateway) {
		return nil
	}
	own, err := a.deps(ctx, Gateway)
	if err != nil {
		return err
	}
	deps := gateway.Deps{
		DB:    own.DB,
		Conns: a.conns[Gateway], Verifier: a.verifier, Signer: a.signers[Gateway], Bus: a.bus, Clock: a.clock,
		Log: a.log.With("service", Gateway), PublicURL: a.settings.PublicURL,
		CORSOrigins: a.settings.CORSOrigins, TrustedProxies: a.settings.TrustedProxies,
		Limits: a.settings.limits(), VCAPI: a.settings.VCAPI, Dev: a.settings.Dev,
		SessionIdle: a.settings.SessionIdle, SessionLifetime: a.settings.SessionLifetime,
	}
	if a.settings.Dev {
		deps.AdvanceClock = a.advanceClock
	}
	gate, err := gateway.New(deps)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	if _, err := a.serve(own, gate.Service); err != nil {
		return err
	}
	for _, check := range gate.Checks {
		check.Name = "gateway/" + check.Name
		a.group.Check(check)
	}
	listener, err := net.Listen("tcp", a.settings.HTTPAddr)
	if err != nil {
		return fmt.Errorf("--http-addr: %w", err)
	}
	server := gate.Server()
	server.Handler = a.group.Readiness().CloseWhenDraining(server.Handler)
	a.group.Server(run.HTTP("http", server, listener))
	return nil
}
