package gateway

import (
	"log/slog"
	"net/http"
	"time"
)

const (
	readHeaders = 10 * time.Second
	idle        = 2 * time.Minute
	maxHeaders  = 64 << 10
)

// Server returns an HTTP server for the gateway. Bodies and answers have limits
// of their own per route; as soon as the server is shut down it is not ready any
// more and event streams end, so that their clients come back to another
// replica, with nothing missed.
func (g *Gateway) Server() *http.Server {
	server := &http.Server{
		Handler:           g.Handler,
		ReadHeaderTimeout: readHeaders,
		IdleTimeout:       idle,
		MaxHeaderBytes:    maxHeaders,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(func() {
		g.ready.Drain()
		g.stream.Stop()
	})
	return server
}
