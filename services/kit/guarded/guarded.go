// Package guarded serves what only an operator may reach: the log's level, profiles and
// read-only mode, on the operator's port.
//
// Everything asks for a secret as bearer authorization. Without a secret in the
// settings nothing of it is there. Each use, and each try without the secret, is a line
// in the log. Profiles are bounded in time, and the command line, which may hold
// passwords, is not shown.
//
// Neighbours: package run serves health and metrics on the same port and asks nobody;
// package app puts the two together.
package guarded

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
)

// MinToken is the fewest characters of a secret that is not guessed.
const MinToken = 16

// Options of Handler.
type Options struct {
	Token string         // empty: nothing is served
	Log   *slog.Logger   // gets a line for each use
	Level *slog.LevelVar // of everything that is logged
	Mode  Mode           // nil: read-only mode is not served
}

// Handler serves the guarded endpoints, and what is open for every other path.
func Handler(o Options, open http.Handler) http.Handler {
	if o.Token == "" {
		return open
	}
	mux := http.NewServeMux()
	mux.Handle("/", open)
	level := newLogLevel(o.Level, o.Log)
	mux.Handle("GET /log-level", o.guard(level.show))
	mux.Handle("PUT /log-level", o.guard(level.set))
	if o.Mode != nil {
		mode := mode{of: o.Mode, log: o.Log}
		mux.Handle("GET /read-only", o.guard(mode.show))
		mux.Handle("PUT /read-only", o.guard(mode.set))
	}
	for pattern, serve := range profiles() {
		mux.Handle("GET "+pattern, o.guard(serve))
	}
	return mux
}

// guard lets in who shows the secret. Digests are compared, since their length says
// nothing about the secret's.
func (o Options) guard(serve http.HandlerFunc) http.Handler {
	want := sha256.Sum256([]byte(o.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(shown))
		allowed := bearer && subtle.ConstantTimeCompare(want[:], got[:]) == 1
		o.Log.WarnContext(r.Context(), "operator's endpoint", "method", r.Method, "path", r.URL.Path, "allowed", allowed)
		w.Header().Set("Cache-Control", "no-store")
		if !allowed {
			w.Header().Set("WWW-Authenticate", `Bearer realm="tandem operator"`)
			refuse(w, http.StatusUnauthorized, "Send the secret of TANDEM_OPS_TOKEN as bearer authorization.")
			return
		}
		serve(w, r)
	})
}
