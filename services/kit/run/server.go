package run

import (
	"context"
	"errors"
	"net"
	"net/http"

	"google.golang.org/grpc"
)

// Server is something that accepts requests until it is drained.
type Server struct {
	Name string
	// Serve returns when the server has stopped: nil after a drain.
	Serve func() error
	// Drain stops accepting and returns when nothing is in flight any more, or
	// ends what is left by force when ctx ends.
	Drain func(ctx context.Context) error
}

// GRPC serves a gRPC server on the listener.
func GRPC(name string, server *grpc.Server, listener net.Listener) Server {
	return Server{
		Name:  name,
		Serve: func() error { return server.Serve(listener) },
		Drain: func(ctx context.Context) error {
			done := make(chan struct{})
			go func() {
				defer close(done)
				server.GracefulStop()
			}()
			select {
			case <-done:
				return nil
			case <-ctx.Done():
				// A handler that ignores its cancelled context is left behind.
				server.Stop()
				return ctx.Err()
			}
		},
	}
}

// HTTP serves an HTTP server on the listener.
func HTTP(name string, server *http.Server, listener net.Listener) Server {
	return Server{
		Name: name,
		Serve: func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Drain: func(ctx context.Context) error {
			if err := server.Shutdown(ctx); err != nil {
				return errors.Join(err, server.Close())
			}
			return nil
		},
	}
}
