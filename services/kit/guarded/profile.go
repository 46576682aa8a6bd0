package guarded

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"
)

// longest bounds a profile: it costs the process some of what it measures.
const longest = 2 * time.Minute

// profiles are the profiles of Go's runtime. Package pprof also puts them on the
// default mux, which nothing here serves.
func profiles() map[string]http.HandlerFunc {
	const at = "/debug/pprof/"
	all := map[string]http.HandlerFunc{
		at + "{$}":     bounded(pprof.Index),
		at + "profile": bounded(pprof.Profile),
		at + "trace":   bounded(pprof.Trace),
		at + "symbol":  pprof.Symbol,
	}
	for _, name := range []string{"allocs", "block", "goroutine", "heap", "mutex", "threadcreate"} {
		all[at+name] = bounded(pprof.Handler(name).ServeHTTP)
	}
	return all
}

// bounded refuses profiles that would run too long.
func bounded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if text := r.URL.Query().Get("seconds"); text != "" {
			seconds, err := strconv.ParseFloat(text, 64)
			if err != nil || !(seconds >= 0 && seconds <= longest.Seconds()) {
				refuse(w, http.StatusBadRequest, fmt.Sprintf("seconds %q: want a number up to %.0f.", text, longest.Seconds()))
				return
			}
		}
		serve(w, r)
	}
}
