package gateway

import (
	"log/slog"
	"net/http"
	"time"
)

const (
	readHeaders = 10 * time.Second
	readAll     = time.Minute
	writeAll    = time.Minute
	idle        = 2 * time.Minute
	maxHeaders  = 64 << 10

	// Of routes that have no bounds of their own. A form with a badge in a file is the
	// biggest body.
	siteBody = 4<<20 + 128<<10
	siteTime = 30 * time.Second
)

// Server returns an HTTP server for the gateway. Who sends or reads slowly is cut
// off after a minute, so that idle connections cost nothing; contents and event
// streams, which may take longer, move these bounds as they go on. As soon as the server is shut down it is not ready any
// more and event streams end, so that their clients come back to another
// replica, with nothing missed.
func (g *Gateway) Server() *http.Server {
	server := &http.Server{
		Handler:           g.Handler,
		ReadHeaderTimeout: readHeaders,
		ReadTimeout:       readAll,
		WriteTimeout:      writeAll,
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
