package connect

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/ory/fosite"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

// Where things are.
const (
	base          = "/ims/ob/v3p0"
	RegisterPath  = base + "/register"
	AuthorizePath = base + "/authorize"
	TokenPath     = base + "/token"
	RevokePath    = base + "/revoke"
	programsPath  = "/account/programs"
)

// School is a school that somebody may connect a program to.
type School struct{ Name, Title string }

// Person is who looks at a page.
type Person struct {
	Name    string
	Schools []School // those they lead
}

type clockFunc func() time.Time

// Options of New.
type Options struct {
	Store  Store
	Clock  clock.Clock // real time
	Secret []byte      // 32 bytes, the same in all replicas: marks our tokens
	Pages  *pages.Handler
	Log    *slog.Logger
	// Who returns who is signed in at a browser.
	Who func(r *http.Request) (Person, bool, error)
	// SameOrigin refuses a form that another site sent.
	SameOrigin func(r *http.Request) error
	PublicURL  string // without a slash at the end
	// Dev lets programs be on this machine without https.
	Dev bool
}

// Server is the authorization server. It is safe for concurrent use.
type Server struct {
	opts   Options
	oauth2 fosite.OAuth2Provider
}

// New returns the server.
func New(o Options) (*Server, error) {
	if o.Store == nil || o.Clock == nil || o.Pages == nil || o.Log == nil || o.Who == nil || o.SameOrigin == nil || len(o.Secret) < 32 {
		return nil, errors.New("connecting programs needs a store, a clock, a secret, pages, a log and who is signed in")
	}
	s := &Server{opts: o}
	s.oauth2 = s.provider()
	return s, nil
}

// Routes puts endpoints and pages on a mux.
func (s *Server) Routes(mux *http.ServeMux) {
	add := func(pattern, name string, handle http.HandlerFunc) { mux.Handle(pattern, edge.Named(name, handle)) }
	add("POST "+RegisterPath, RegisterPath, s.register)
	add("GET "+AuthorizePath, AuthorizePath, s.authorize)
	add("POST "+AuthorizePath, AuthorizePath, s.consent)
	add("POST "+TokenPath, TokenPath, s.token)
	add("POST "+RevokePath, RevokePath, s.revoke)
	add("GET "+programsPath, programsPath, s.programs)
	add("POST "+programsPath+"/end", programsPath+"/end", s.end)
}

// Clean forgets what is over at a time.
func Clean(ctx context.Context, store Store, now time.Time) error {
	return store.Clean(ctx, now, now.Add(-unusedTTL))
}

// Delegation is what a person let a program do.
type Delegation struct {
	Grant, Program, Person, School string
	Scopes                         []string
}

// renewing is why tokens are upkeep. A new consent is not: it changes what a program may.
const renewing = "programs go on reading what they may in read-only mode"

// ErrUnknown is returned for a text that is no token of a program.
var ErrUnknown = errors.New("no token of a program")

// Find returns what stands behind an access token: ErrUnknown when there is none, or
// it is over.
func (s *Server) Find(ctx context.Context, token string) (Delegation, error) {
	use, request, err := s.oauth2.IntrospectToken(ctx, token, fosite.AccessToken, newSession("", ""))
	if err != nil {
		if broken(err) {
			return Delegation{}, err
		}
		return Delegation{}, ErrUnknown
	}
	own, ok := request.GetSession().(*session)
	if !ok || use != fosite.AccessToken {
		return Delegation{}, ErrUnknown
	}
	return Delegation{
		Grant: request.GetID(), Program: request.GetClient().GetID(), Person: own.Subject, School: own.school,
		Scopes: request.GetGrantedScopes(),
	}, nil
}

// broken tells an error of ours from one of the protocol.
func broken(err error) bool {
	return fosite.ErrorToRFC6749Error(err).CodeField >= http.StatusInternalServerError
}

// token answers the token endpoint. A code or refresh token that is used a second
// time ends what came from it, which has to stay although the answer is an error: so
// only errors of ours undo the transaction.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	var request fosite.AccessRequester
	var response fosite.AccessResponder
	var refusal error
	err := s.opts.Store.Tx(upkeep.With(r.Context(), renewing), func(ctx context.Context) error {
		request, refusal = s.oauth2.NewAccessRequest(ctx, r, newSession("", ""))
		if refusal == nil {
			response, refusal = s.oauth2.NewAccessResponse(ctx, request)
		}
		if refusal != nil && broken(refusal) {
			return refusal
		}
		return nil
	})
	if refusal == nil && err != nil {
		refusal = fosite.ErrServerError.WithWrap(err)
	}
	if refusal != nil {
		s.note(r, "no token for a program", refusal)
		s.oauth2.WriteAccessError(r.Context(), w, request, refusal)
		return
	}
	s.oauth2.WriteAccessResponse(r.Context(), w, request, response)
}

// revoke ends a token (RFC 7009) and what came with it.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	err := s.oauth2.NewRevocationRequest(upkeep.With(r.Context(), renewing), r)
	if err != nil {
		s.note(r, "token of a program not revoked", err)
	}
	s.oauth2.WriteRevocationResponse(r.Context(), w, err)
}

func (s *Server) note(r *http.Request, what string, err error) {
	if broken(err) {
		s.opts.Log.ErrorContext(r.Context(), what, "error", err)
		return
	}
	s.opts.Log.InfoContext(r.Context(), what, "error", fosite.ErrorToRFC6749Error(err).ErrorField)
}

// secure tells whether a browser may be sent to an address with a code.
func (s *Server) secure(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (ip != nil && ip.IsLoopback() || s.opts.Dev && u.Hostname() == "localhost")
}
