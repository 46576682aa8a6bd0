// Package rest serves /v1/: REST for every RPC of the platform.
//
// A request finds its route first, in a table made of the protos (path template
// and access rule) plus the routes that other packages add with Handle. Then
// package caller finds out who calls: unidentified only a public route goes on,
// and nothing else of the request has been read by then. Only after that come, for
// an RPC, the query and the body; what cannot be read is refused with every
// field named. The rest is done by grpc-gateway over a client connection, with
// the metadata that Upstream allows and nothing a client could add to it.
//
// Neighbours: package edge stands before it, package problems writes refusals,
// packages files and stream serve routes added here.
package rest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// DefaultBodyLimit is the size of the biggest JSON body taken in.
	DefaultBodyLimit = 1 << 20
	// DefaultTimeout bounds one request for an RPC.
	DefaultTimeout = 30 * time.Second
)

// Callers finds out who makes a request; package caller does.
type Callers interface {
	// Identify returns the request's context with the caller, and false when the
	// request proves nobody.
	Identify(r *http.Request) (ctx context.Context, known bool, err error)
}

// Options of New.
type Options struct {
	// Conns are the services by name.
	Conns     map[string]grpc.ClientConnInterface
	Callers   Callers
	Log       *slog.Logger
	BodyLimit int64         // 0 means DefaultBodyLimit
	Timeout   time.Duration // 0 means DefaultTimeout
}

// API is the handler of /v1/.
type API struct {
	opts  Options
	table table
}

// New returns the API with a route for each RPC.
func New(ctx context.Context, o Options) (*API, error) {
	if o.BodyLimit <= 0 {
		o.BodyLimit = DefaultBodyLimit
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	mux, err := newMux(ctx, o)
	if err != nil {
		return nil, err
	}
	routes, err := rpcRoutes()
	if err != nil {
		return nil, err
	}
	for _, route := range routes {
		route.handler = &call{route: route, mux: mux, limit: limitOf(route, o.BodyLimit), timeout: o.Timeout}
		if keep := published()[route.Template]; keep > 0 && route.Method == http.MethodGet {
			route.handler = &fresh{next: route.handler, keep: keep}
		}
	}
	return &API{opts: o, table: table{routes: routes}}, nil
}

// Handle adds a route that the gateway serves by itself, for signed-in callers.
func (a *API) Handle(method, template string, handler http.Handler) error {
	route, err := newRoute(method, template)
	if err != nil {
		return err
	}
	for _, known := range a.table.routes {
		if known.Method == method && known.verb == route.verb && slices.Equal(known.segments, route.segments) {
			return fmt.Errorf("route %s %s is there already", method, template)
		}
	}
	route.handler = handler
	a.table.routes = append(a.table.routes, route)
	return nil
}

// Routes returns all routes, those of RPCs first.
func (a *API) Routes() []*Route { return a.table.routes }

// ServeHTTP serves one request to /v1/.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	route, methods := a.table.find(r.Method, r.URL.Path)
	if route != nil {
		edge.SetRoute(r.Context(), route.Template)
	}
	ctx, err := a.authenticate(r, route != nil && route.Public)
	err = count(ctx, w, r, err)
	switch {
	case err != nil:
		problems.Error(w, r, err)
	case route != nil:
		route.handler.ServeHTTP(w, r.WithContext(ctx))
	case len(methods) > 0:
		w.Header().Set("Allow", strings.Join(methods, ", "))
		problems.Write(w, r, problems.New(http.StatusMethodNotAllowed, problem.ReasonMethodUnknown,
			fmt.Sprintf("This address has no such method. It has: %s.", strings.Join(methods, ", "))))
	default:
		edge.Unknown(w, r)
	}
}

// count counts the request for who makes it, or for its address when that is not
// known; too many are refused, whatever else there is to say.
func count(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) error {
	if err == nil {
		if id, known := access.FromContext(ctx); known {
			return edge.Identified(w, r, id.Subject)
		}
	}
	if refusal := edge.Unidentified(w, r); refusal != nil {
		return refusal
	}
	return err
}

// authenticate returns the request's context with its caller.
func (a *API) authenticate(r *http.Request, public bool) (context.Context, error) {
	ctx, known, err := a.opts.Callers.Identify(r)
	if err == nil && !known && !public {
		err = problem.Unauthenticated(problem.ReasonIdentityMissing)
	}
	return ctx, err
}
