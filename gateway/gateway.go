// Package gateway is the door of the platform: REST for its services, the stream
// of their events, the files of evidence, and the pages the public sees.
//
// A request passes package edge (request id, log, headers, CORS) and then goes,
// by its path, to package rest (/v1/, which also holds the routes of packages
// stream and files), docs (/openapi.json, /docs), pages (/, /badges/, /verify),
// survey (/s/) or, in development mode only, dev (/dev/). The gateway decides nothing about what
// somebody may do: package caller finds out who calls and with which rights, and
// a signed token of that goes on to the services over gRPC, where every access
// rule is checked. Refusals of any part are problem documents (package problems).
//
// New builds it from connections; Server is the HTTP server that lets event
// streams end when it drains. The program that runs it adds Checks to its own
// readiness.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	apidoc "github.com/tandem-badges/tandem/proto"

	"github.com/tandem-badges/tandem/gateway/internal/caller"
	"github.com/tandem-badges/tandem/gateway/internal/dev"
	"github.com/tandem-badges/tandem/gateway/internal/docs"
	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/files"
	"github.com/tandem-badges/tandem/gateway/internal/logfiles"
	"github.com/tandem-badges/tandem/gateway/internal/network"
	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/gateway/internal/rest"
	"github.com/tandem-badges/tandem/gateway/internal/stream"
	"github.com/tandem-badges/tandem/gateway/internal/survey"
	"github.com/tandem-badges/tandem/gateway/internal/vcapi"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Deps is what the gateway is built from.
type Deps struct {
	// Conns are the services by name: schools, assessments, evidence, badges, and
	// the gateway's own gRPC services under gateway.
	Conns map[string]grpc.ClientConnInterface
	// DB is the gateway's own database, migrated with Migrations.
	DB *sqldb.DB
	// Verifier checks the access tokens that clients send.
	Verifier *identity.Verifier
	// Signer makes the internal tokens of callers with the gateway's key, and its
	// secrets hide positions of the event stream; all replicas need the same.
	Signer *identity.Signer
	Bus    *bus.Bus
	Clock  *clock.Adjustable
	Log    *slog.Logger
	// PublicURL is where the public reaches the product, without a slash at the end.
	PublicURL string
	// VCAPI adds the routes of the W3C VC API, for conformance suites.
	VCAPI bool
	// Dev adds the routes of development mode: never in an image or a chart.
	Dev bool
	// AdvanceClock moves the clock of all services, in development mode. Without
	// it only Clock is moved.
	AdvanceClock func(ctx context.Context, d time.Duration) (time.Time, error)
	// CORSOrigins may call from a browser; none by default.
	CORSOrigins []string
	// TrustedProxies are addresses and networks whose X-Forwarded-For is believed.
	TrustedProxies []string
	// Limits are how often somebody may ask; none when empty.
	Limits Limits
	// SessionIdle and SessionLifetime end sessions of people: not used, and any; 0
	// means 30 minutes and 12 hours.
	SessionIdle, SessionLifetime time.Duration

	BodyLimit   int64         // bytes of a JSON body; 0 means 1 MiB
	UploadLimit int64         // bytes of an artifact's content; 0 means 50 MiB
	Timeout     time.Duration // of one REST call; 0 means 30 s
	// Checks are further things that must answer for /readyz.
	Checks []run.Check
}

// Limits are requests per minute, of callers who are not known, of who is known,
// and at the doors.
type Limits = edge.Limits

// Gateway is ready to serve.
type Gateway struct {
	Handler http.Handler
	// Service is the gateway's own gRPC services with their background work. The
	// program serves it under the name gateway, where Deps.Conns expects it.
	Service run.Service
	// Checks tell whether the services and the bus answer, by name: schools,
	// assessments, evidence, badges, bus.
	Checks []run.Check

	stream *stream.Handler
	ready  *run.Readiness
	log    *slog.Logger
}

// New builds the gateway.
func New(d Deps) (*Gateway, error) {
	if d.Verifier == nil || d.Signer == nil || d.Bus == nil || d.Clock == nil || d.Log == nil || d.DB == nil {
		return nil, errors.New("gateway needs a verifier, a signer, a bus, a clock, a log and a database")
	}
	d.PublicURL = strings.TrimSuffix(d.PublicURL, "/")
	proxies, err := network.ParseAll(d.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	g := &Gateway{Checks: checks(d), ready: run.NewReadiness(d.Log), log: d.Log}
	g.ready.Add(g.Checks...)
	g.ready.Add(d.Checks...)
	people, err := newSignIn(d)
	if err != nil {
		return nil, err
	}
	clients := newMachines(d)
	known := callers(d, people, clients)
	api, err := g.api(d, known)
	if err != nil {
		return nil, err
	}
	site, err := g.site(d, people, clients, known)
	if err != nil {
		return nil, err
	}
	bounded := edge.Bounded(site, siteBody, siteTime)
	// Not a route of the mux, which would tidy up paths before asking who calls.
	routes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/") {
			api.ServeHTTP(w, r)
			return
		}
		bounded.ServeHTTP(w, r)
	})
	if g.Service, err = service(d, people, clients); err != nil {
		return nil, err
	}
	g.Handler = edge.Wrap(routes, edge.Options{
		Log: d.Log, Origins: d.CORSOrigins, Local: d.Dev, Secure: strings.HasPrefix(d.PublicURL, "https://"),
		Proxies: proxies, Limits: d.Limits,
	})
	return g, nil
}

// api is everything under /v1/.
func (g *Gateway) api(d Deps, callers *caller.Resolver) (*rest.API, error) {
	api, err := rest.New(context.Background(), rest.Options{
		Conns: d.Conns, Callers: callers, Log: d.Log, BodyLimit: d.BodyLimit, Timeout: d.Timeout,
	})
	if err != nil {
		return nil, err
	}
	secret, err := d.Signer.Secret("event stream")
	if err != nil {
		return nil, err
	}
	g.stream, err = stream.New(stream.Options{
		Bus: d.Bus, Callers: callers, Log: d.Log, Secret: secret, Now: d.Clock.Now, Ahead: d.Clock.Offset,
	})
	if err != nil {
		return nil, err
	}
	content := files.New(rest.Upstream(d.Conns["evidence"]), d.UploadLimit)
	return api, errors.Join(
		api.Handle(http.MethodGet, "/v1/events:stream", g.stream),
		api.Handle(http.MethodGet, files.Template, http.HandlerFunc(content.Download)),
		api.Handle(http.MethodPut, files.Template, http.HandlerFunc(content.Upload)),
		api.Handle(http.MethodGet, files.ExportTemplate, files.NewExports(rest.Upstream(d.Conns[gatewayName]))),
	)
}

// site is everything else.
func (g *Gateway) site(d Deps, people *signIn, clients *machines, callers *caller.Resolver) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", edge.Named("/healthz", run.Live()))
	mux.Handle("GET /readyz", edge.Named("/readyz", g.ready.Handler()))
	document, err := docs.New(apidoc.OpenAPI(), d.PublicURL)
	if err != nil {
		return nil, err
	}
	document.Routes(mux)
	public, err := pages.New(pages.Options{
		Badges: rest.Upstream(d.Conns["badges"]), Log: d.Log, PublicURL: d.PublicURL, Dev: d.Dev, Viewer: people.viewer,
	})
	if err != nil {
		return nil, err
	}
	public.Routes(mux)
	surveys, err := survey.New(survey.Options{Assessments: rest.Upstream(d.Conns["assessments"]), Log: d.Log})
	if err != nil {
		return nil, err
	}
	surveys.Routes(mux)
	logfiles.New(rest.Upstream(d.Conns["badges"])).Routes(mux)
	clients.open(mux)
	if err := openBadges(mux, d, people, public, callers); err != nil {
		return nil, err
	}
	if d.VCAPI {
		vcapi.New(vcapi.Options{Callers: callers, Badges: rest.Upstream(d.Conns["badges"]), Log: d.Log, Dev: d.Dev}).Routes(mux)
	}
	demo := dev.New(dev.Options{Schools: rest.Upstream(d.Conns["schools"]), Signer: d.Signer, Now: d.Clock.Now, Advance: advance(d)})
	if d.Dev {
		demo.Routes(mux)
	}
	if err := people.open(mux, public, demo); err != nil {
		return nil, err
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			public.NotFound(w, r)
			return
		}
		edge.Unknown(w, r)
	})
	return mux, nil
}

// advance moves the clock of this process when nobody moves that of all.
func advance(d Deps) func(context.Context, time.Duration) (time.Time, error) {
	if d.AdvanceClock != nil {
		return d.AdvanceClock
	}
	return func(_ context.Context, by time.Duration) (time.Time, error) {
		d.Clock.SetOffset(d.Clock.Offset() + by)
		return d.Clock.Now(), nil
	}
}

// checks ask each service and the bus.
func checks(d Deps) []run.Check {
	var all []run.Check
	for _, service := range rest.Services() {
		all = append(all, run.Check{Name: service, Probe: func(ctx context.Context) error { return healthy(ctx, d.Conns[service]) }, Once: true})
	}
	return append(all, run.Check{Name: "bus", Probe: d.Bus.Ping, Once: true})
}

func healthy(ctx context.Context, conn grpc.ClientConnInterface) error {
	answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("service is %s", answer.GetStatus())
	}
	return nil
}
