// Package openbadges speaks the REST API of Open Badges 3.0 (section 6 of the
// specification) at /ims/ob/v3p0: other hosts, wallets and displays fetch the badges
// of a school there, and hand in those it earned elsewhere.
//
// Two kinds of caller come here. A program that a principal or team lead connected
// (package connect) acts for that one school, with the rights that the person has
// at the moment. A machine of a district (package machine) acts for all schools of
// the district, with the scopes awards.read and credentials.write. The badges
// service decides what either may do, as for every other call; what a program was
// allowed by its scopes is checked here before.
//
// Errors have the form of the specification (Imsx_StatusInfo), which its clients
// know, and not that of the rest of the platform.
package openbadges

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/caller"
	"github.com/tandem-badges/tandem/gateway/internal/connect"
	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/services/kit/access"
)

// Base is where the API is.
const Base = "/ims/ob/v3p0"

// Options of New.
type Options struct {
	Callers *caller.Resolver
	// Programs finds what stands behind the token of a connected program.
	Programs  *connect.Server
	Badges    grpc.ClientConnInterface
	Schools   grpc.ClientConnInterface
	Log       *slog.Logger
	PublicURL string // without a slash at the end
}

// Handler serves the API.
type Handler struct {
	opts        Options
	credentials badgesv1.CredentialsServiceClient
	schools     schoolsv1.OrganizationsServiceClient
}

// New returns the handler.
func New(o Options) *Handler {
	return &Handler{
		opts: o, credentials: badgesv1.NewCredentialsServiceClient(o.Badges), schools: schoolsv1.NewOrganizationsServiceClient(o.Schools),
	}
}

// Routes puts the API on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	add := func(method, path string, handle http.HandlerFunc) {
		mux.Handle(method+" "+Base+path, edge.Named(Base+path, handle))
	}
	add("GET", "/discovery", h.discovery)
	add("GET", "/credentials", h.as(connect.CredentialReadonly, "awards.read", h.list))
	add("POST", "/credentials", h.as(connect.CredentialUpsert, "credentials.write", h.upsert))
	add("GET", "/profile", h.as(connect.ProfileReadonly, "awards.read", h.profile))
	add("PUT", "/profile", h.as(connect.ProfileUpdate, "", h.putProfile))
}

// place is whom a caller acts for: a school, or all schools of a district.
type place struct{ district, school string }

// parent is the place as the parent of a list.
func (p place) parent() string {
	if p.school != "" {
		return p.school
	}
	return p.district + "/schools/-"
}

// name is the place as a resource.
func (p place) name() string {
	if p.school != "" {
		return p.school
	}
	return p.district
}

type handle func(w http.ResponseWriter, r *http.Request, p place)

// as finds out who calls and lets pass who has the scope: that of the Open Badges
// API for a program, one of ours for a machine.
func (h *Handler) as(scope, machineScope string, next handle) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, p, err := h.identify(r, scope, machineScope)
		if err != nil {
			if limit := edge.Unidentified(w, r); limit != nil {
				err = limit
			}
			h.fail(w, r, err)
			return
		}
		id, _ := access.FromContext(ctx)
		if err := edge.Identified(w, r, id.Subject); err != nil {
			h.fail(w, r, err)
			return
		}
		next(w, r.WithContext(ctx), p)
	}
}

var (
	errNobody = errors.New("no caller")
	errScope  = errors.New("a scope is missing")
)

func (h *Handler) identify(r *http.Request, scope, machineScope string) (context.Context, place, error) {
	if token, ok := bearer(r); ok {
		d, err := h.opts.Programs.Find(r.Context(), token)
		switch {
		case err == nil && !slices.Contains(d.Scopes, scope):
			return nil, place{}, errScope
		case err == nil:
			return h.delegated(r.Context(), d)
		case !errors.Is(err, connect.ErrUnknown):
			return nil, place{}, err
		}
	}
	ctx, found, err := h.opts.Callers.Identify(r)
	if err != nil || !found {
		return nil, place{}, errors.Join(err, errNobody)
	}
	id, _ := access.FromContext(ctx)
	district, _, machine := strings.Cut(id.Subject, "/apiClients/")
	if !machine || machineScope == "" || !slices.Contains(id.Scopes, machineScope) {
		return nil, place{}, errScope
	}
	return ctx, place{district: district}, nil
}

// delegated is the person behind a program, as long as they lead the school.
func (h *Handler) delegated(ctx context.Context, d connect.Delegation) (context.Context, place, error) {
	ctx, err := h.opts.Callers.As(ctx, caller.Caller{Subject: d.Person, Session: d.Grant})
	if err != nil {
		return nil, place{}, err
	}
	if id, _ := access.FromContext(ctx); !slices.Contains(connect.Led(id), d.School) {
		return nil, place{}, errNobody
	}
	return ctx, place{school: d.School}, nil
}

func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	kind, token, _ := strings.Cut(values[0], " ")
	return strings.TrimSpace(token), strings.EqualFold(kind, "bearer")
}
