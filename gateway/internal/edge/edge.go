// Package edge is what every request passes first and every answer last.
//
// Wrap puts around the gateway's routes, from the outside in: the address of the
// client, the request id, a span and a log line, recovery from panics, the
// security headers, CORS and the limits on how often somebody may ask; headers
// by which a client could claim to be somebody are dropped. What
// is written down about a request is its method, the pattern of its route, the
// status and numbers: never the path itself, the query or a body, because paths
// can hold the code of a survey and queries whatever somebody typed. Handlers
// inside name their route with SetRoute.
package edge

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// Options of Wrap.
type Options struct {
	Log *slog.Logger
	// Origins may call from a browser; none by default.
	Origins []string
	// Local also lets every origin on this machine call: development mode.
	Local bool
	// Secure tells that the public reaches the product by https only.
	Secure bool
	// Proxies are the networks whose X-Forwarded-For is believed; none by default.
	Proxies []netip.Prefix
	// Limits on how often somebody may ask; none by default.
	Limits Limits
}

// unmatched stands in logs for a path that no route has.
const unmatched = "unmatched"

// Wrap returns the handler with everything around it.
func Wrap(inner http.Handler, o Options) http.Handler {
	inner = unclaimed(inner)
	inner = limited(inner, newLimits(o.Limits, time.Now))
	inner = crossOrigin(inner, o)
	inner = headers(inner, o.Secure)
	inner = observed(inner, o.Log)
	return addressed(inner, o.Proxies)
}

type routeKey struct{}

// SetRoute names the route of the request for logs and traces.
func SetRoute(ctx context.Context, pattern string) {
	if route, ok := ctx.Value(routeKey{}).(*string); ok {
		*route = pattern
	}
}

// Named is a handler whose route has a fixed name.
func Named(pattern string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SetRoute(r.Context(), pattern)
		next.ServeHTTP(w, r)
	})
}

// observed gives the request its id, span, log line and recovery.
func observed(next http.Handler, log *slog.Logger) http.Handler {
	traces := newTracing()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, route := time.Now(), unmatched
		id := r.Header.Get(requestid.MetadataKey)
		if !requestid.Valid(id) {
			id = requestid.New()
		}
		w.Header().Set("X-Request-Id", id)
		ctx := context.WithValue(requestid.With(r.Context(), id), routeKey{}, &route)
		ctx, end := traces.begin(ctx, r)
		out := &recorder{ResponseWriter: w}
		defer func() {
			end(route, out.code())
			log.LogAttrs(ctx, levelOf(route, out.code()), "request",
				slog.String("method", known(r.Method)), slog.String("route", route), slog.Int("status", out.code()),
				slog.Int64("bytes", out.bytes), slog.Duration("duration", time.Since(start)))
		}()
		protect(next, out, r.WithContext(ctx), log)
	})
}

// protect answers a panic with a problem, or cuts the answer off if it has
// begun: half of it must not look like all of it.
func protect(next http.Handler, w *recorder, r *http.Request, log *slog.Logger) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		log.ErrorContext(r.Context(), "panic in a request", "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
		if w.status != 0 {
			Abort(w)
			return
		}
		problems.Error(w, r, fmt.Errorf("panic: %v", value))
	}()
	next.ServeHTTP(w, r)
}

// Abort makes the connection end without the end of the answer, so that its
// reader learns that something is missing.
func Abort(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0))
}

// levelOf keeps probes out of the usual log and lifts what needs a look.
func levelOf(route string, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case route == "/healthz" || route == "/readyz":
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

// known keeps invented methods out of logs and metrics.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "OTHER"
	}
}

// crossOrigin answers preflights and marks answers for the origins that may
// call. Without origins there is nothing to mark.
func crossOrigin(next http.Handler, o Options) http.Handler {
	if len(o.Origins) == 0 && !o.Local {
		return next
	}
	return cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(_ *http.Request, origin string) (bool, []string) {
			return allowed(o, origin), nil
		},
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Accept-Language", "Authorization", "Content-Type", "Last-Event-ID", "Traceparent", "X-Request-Id"},
		ExposedHeaders: []string{"Content-Disposition", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate", "X-Request-Id"},
		MaxAge:         int((10 * time.Minute).Seconds()),
	}).Handler(next)
}

func allowed(o Options, origin string) bool {
	for _, one := range o.Origins {
		if strings.EqualFold(strings.TrimSuffix(one, "/"), origin) {
			return true
		}
	}
	return o.Local && local(origin)
}

// local tells whether an origin is a server on this machine.
func local(origin string) bool {
	_, host, ok := strings.Cut(origin, "://")
	if !ok {
		return false
	}
	for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
		if rest, found := strings.CutPrefix(host, name); found && (rest == "" || rest[0] == ':') {
			return true
		}
	}
	return false
}

// Unknown answers a path that no route has.
func Unknown(w http.ResponseWriter, r *http.Request) {
	problems.Write(w, r, problems.New(http.StatusNotFound, problem.ReasonMethodUnknown,
		"There is nothing at this address. The routes are listed in /openapi.json."))
}
