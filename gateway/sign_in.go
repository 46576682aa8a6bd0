package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/gateway/internal/connect"
	"github.com/tandem-badges/tandem/gateway/internal/dev"
	"github.com/tandem-badges/tandem/gateway/internal/issuer"
	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/rest"
	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/gateway/internal/signin"
	signinapi "github.com/tandem-badges/tandem/gateway/internal/signin/api"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/run"
)

const (
	issuerTimeout = 10 * time.Second
	cleanLease    = "gateway-sessions"
	cleanTTL      = 30 * time.Second
	cleanEvery    = 5 * time.Minute
	demoClient    = "tandem"
)

// signIn is everything that signs people in and keeps them so.
type signIn struct {
	deps      Deps
	kept      *store.Store
	real      clock.Clock // sessions protect the running system: they follow real time
	outside   egress.Options
	people    signin.People
	sessions  *session.Manager
	providers provider.Service
	issuers   *signin.Issuers
	handler   *signin.Handler
}

// newSignIn opens the parts that need no page: what Identify and the API use.
func newSignIn(d Deps) (*signIn, error) {
	s := &signIn{deps: d, real: clock.NewAdjustable(), outside: egress.Options{AllowLoopback: d.Dev, Timeout: issuerTimeout}}
	s.kept = store.New(d.DB, s.real)
	s.people = signin.NewPeople(rest.Upstream(d.Conns["schools"]))
	secret, err := d.Signer.Secret("sign-in")
	if err != nil {
		return nil, err
	}
	box, err := seal.New(secret)
	if err != nil {
		return nil, err
	}
	s.sessions, err = session.New(session.Options{
		Store: s.kept, Box: box, Clock: s.real, Idle: d.SessionIdle, Lifetime: d.SessionLifetime, PublicURL: d.PublicURL,
	})
	if err != nil {
		return nil, err
	}
	s.providers = provider.Service{
		Store: s.kept, Clock: s.real, Box: box,
		Discover:  func(ctx context.Context, issuer string) error { return s.issuers.Discover(ctx, issuer) },
		Reachable: func(address string) error { return egress.CheckURL(address, s.outside) },
	}
	s.issuers = signin.NewIssuers(s.real, egress.New(s.outside), nil)
	return s, nil
}

// open adds the pages, and in development mode the built-in issuer.
func (s *signIn) open(mux *http.ServeMux, public *pages.Handler, demo *dev.Handler) error {
	d := s.deps
	o := signin.Options{
		Store: s.kept, Providers: s.providers, Sessions: s.sessions, People: s.people, Pages: public,
		Clock: s.real, Now: d.Clock.Now, Log: d.Log, PublicURL: d.PublicURL,
	}
	if d.Dev {
		builtIn, err := s.builtIn(public, demo)
		if err != nil {
			return err
		}
		builtIn.Routes(mux)
		o.BuiltIn = &signin.BuiltIn{Secret: builtIn.Secret(), Provider: provider.Provider{
			Name: provider.Collection + provider.BuiltIn,
			Fields: provider.Fields{
				Title: "Demonstration people", Issuer: builtIn.URL(), ClientID: demoClient,
			},
		}}
		s.issuers = signin.NewIssuers(s.real, egress.New(s.outside), map[string]*http.Client{builtIn.URL(): builtIn.Client()})
	}
	o.Issuers = s.issuers
	handler, err := signin.New(o)
	if err != nil {
		return err
	}
	s.handler = handler
	handler.Routes(mux)
	return nil
}

// builtIn is the issuer of development mode. Its accounts are the demo people.
func (s *signIn) builtIn(public *pages.Handler, demo *dev.Handler) (*issuer.Issuer, error) {
	secret, err := s.deps.Signer.Secret("built-in issuer")
	if err != nil {
		return nil, err
	}
	return issuer.New(issuer.Options{
		Dev: s.deps.Dev, PublicURL: s.deps.PublicURL, ClientID: demoClient, Secret: fmt.Sprintf("%x", secret),
		RedirectURI:  s.deps.PublicURL + "/sign-in/" + provider.BuiltIn + "/callback",
		SignedOutURI: s.deps.PublicURL + "/signed-out",
		People: func(ctx context.Context) ([]issuer.Person, error) {
			listed, err := demo.People(ctx)
			var all []issuer.Person
			for _, p := range listed {
				if p.Identity != dev.Admin { // invented by this mode and in no roster
					all = append(all, issuer.Person{Name: p.Identity, DisplayName: p.Name, Title: p.Title})
				}
			}
			return all, err
		},
		Pages: public, Clock: s.real, Log: s.deps.Log,
	})
}

// viewer is who looks at a page.
func (s *signIn) viewer(r *http.Request) *pages.Viewer {
	if s.handler == nil || strings.HasPrefix(r.URL.Path, issuer.Path) {
		return nil // the issuer is somebody else's page, as far as the reader is concerned
	}
	return s.handler.Viewer(r)
}

// register puts the services of sign-in on the gateway's own server.
func (s *signIn) register(to grpc.ServiceRegistrar) {
	signinapi.Register(to, s.providers, s.sessions, s.people)
}

// task removes what is over, in one replica at a time.
func (s *signIn) task() run.Task {
	return run.Task{Name: "sessions", Run: func(ctx context.Context) error {
		err := lease.Run(ctx, s.deps.DB, cleanLease, ids.New(), cleanTTL, s.clean)
		if ctx.Err() != nil { // asked to stop
			return nil
		}
		return err
	}}
}

func (s *signIn) clean(ctx context.Context) error {
	tick := time.NewTicker(cleanEvery)
	defer tick.Stop()
	for {
		err := errors.Join(s.handler.Clean(ctx), connect.Clean(ctx, s.kept, s.real.Now()))
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "sessions that are over not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
