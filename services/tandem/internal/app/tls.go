package app

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles"
)

// openTLS reads the certificate with which this process meets others, where the
// settings name one.
func (a *App) openTLS(context.Context) error {
	if a.settings.TLSDir == "" {
		return nil
	}
	folder, err := tlsfiles.Open(a.settings.TLSDir, tlsfiles.Options{Log: a.log})
	if err != nil {
		return err
	}
	a.tls = folder
	a.group.Task(run.Task{Name: "certificate", Run: folder.Watch})
	return nil
}

// transport is how this process speaks to services in others. Those in this
// process it reaches through memory, where nobody listens.
func (a *App) transport() credentials.TransportCredentials {
	if a.tls == nil {
		return insecure.NewCredentials()
	}
	return a.tls.Transport()
}

// encrypted is the listener to which services in other processes connect.
func (a *App) encrypted(listener net.Listener) net.Listener {
	if a.tls == nil {
		return listener
	}
	return a.tls.Listen(listener)
}
