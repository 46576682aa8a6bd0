// Package dev is development mode: signing in as one of the invented people, and
// moving the clock. Its routes exist only where the program was started in
// development mode; nothing else of the gateway knows them.
//
// Identities are the demo people of the schools service, read with the rights of
// a state administrator that this mode invents: dev-admin, who is always there,
// so that demo data can be loaded before there is any person. Real people cannot
// be signed in as. A token of a demo person says only who they are, like the one
// of a real person; that of dev-admin brings the rights of the whole state.
package dev

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// Admin is the person that development mode invents.
	Admin = identity.Admin

	tokenTTL = 12 * time.Hour
	pageSize = 1000
)

// Options of New.
type Options struct {
	Schools grpc.ClientConnInterface
	Signer  *identity.Signer
	// Now is the product's time; Advance moves it for all services.
	Now     func() time.Time
	Advance func(ctx context.Context, d time.Duration) (time.Time, error)
}

// Handler serves the routes of development mode.
type Handler struct {
	opts   Options
	people schoolsv1.PeopleServiceClient
}

// New returns the handler.
func New(o Options) *Handler {
	return &Handler{opts: o, people: schoolsv1.NewPeopleServiceClient(o.Schools)}
}

// Routes puts the routes of development mode on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /dev/identities":     h.identities,
		"POST /dev/token":         h.token,
		"GET /dev/clock":          h.clock,
		"POST /dev/clock:advance": h.advance,
	} {
		_, path, _ := strings.Cut(pattern, " ")
		mux.Handle(pattern, edge.Named(path, handle))
	}
}

// role is a role on a node, as this mode shows it.
type role struct {
	Role string `json:"role"`
	Node string `json:"node"` // empty: the whole state
}

// person is somebody to sign in as.
type person struct {
	Identity string `json:"identity"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Roles    []role `json:"roles"`

	grants []access.Grant // in the token: of a root identity only
}

func (h *Handler) identities(w http.ResponseWriter, r *http.Request) {
	all, err := h.all(r.Context())
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	answer(w, map[string][]person{"identities": all})
}

// issued is the answer of /dev/token.
type issued struct {
	Token     string `json:"token"`
	TokenType string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"`
	Identity  string `json:"identity"`
	Roles     []role `json:"roles"`
}

func (h *Handler) token(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Identity string `json:"identity"`
	}
	if refusal := read(w, r, &ask); refusal != nil {
		problems.Write(w, r, refusal)
		return
	}
	if ask.Identity == "" {
		problems.Write(w, r, refuse(http.StatusBadRequest, "required", "Give the identity of a demo person; GET /dev/identities lists them."))
		return
	}
	all, err := h.all(r.Context())
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	who, refusal := pick(all, ask.Identity)
	if refusal != nil {
		problems.Write(w, r, refusal)
		return
	}
	token, err := h.opts.Signer.MintAccess(identity.Access{Subject: who.Identity, Grants: who.grants}, tokenTTL)
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	answer(w, issued{Token: token, TokenType: "Bearer", ExpiresIn: int(tokenTTL.Seconds()), Identity: who.Identity, Roles: who.Roles})
}

// pick finds a person by full name, or by the last segment of it where that is
// enough.
func pick(all []person, asked string) (person, *problems.Problem) {
	var found []person
	for _, p := range all {
		if p.Identity == asked {
			return p, nil
		}
		if last := p.Identity[strings.LastIndexByte(p.Identity, '/')+1:]; last == asked {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return person{}, refuse(http.StatusNotFound, "known_identity", "There is no such demo person; GET /dev/identities lists them.")
	default:
		return person{}, refuse(http.StatusBadRequest, "unique", fmt.Sprintf("%d people have this id; give the full name, such as %s.", len(found), found[0].Identity))
	}
}

func refuse(status int, rule, fix string) *problems.Problem {
	reason := problem.ReasonFieldInvalid
	if status == http.StatusNotFound {
		reason = problem.ReasonResourceNotFound
	}
	return problems.New(status, reason, "identity: "+fix, problems.Violation{Field: "identity", Rule: rule, Fix: fix})
}

// all lists whom one can sign in as: dev-admin first, then the demo people by
// name of resource.
func (h *Handler) all(ctx context.Context) ([]person, error) {
	admin := shown(Admin, "Development administrator", []*schoolsv1.RoleGrant{{Role: accessv1.Role_ROLE_STATE_ADMIN}})
	admin.grants = []access.Grant{{Role: accessv1.Role_ROLE_STATE_ADMIN}}
	token, err := h.opts.Signer.MintSubject(access.Identity{Subject: Admin, Grants: admin.grants})
	if err != nil {
		return nil, err
	}
	ctx = identity.WithToken(ctx, token)
	all := []person{admin}
	req := &schoolsv1.ListPeopleRequest{Parent: "districts/-", PageSize: pageSize}
	for {
		page, err := h.people.ListPeople(ctx, req)
		if err != nil {
			return nil, err
		}
		for _, p := range page.GetPeople() {
			if p.GetDemo() && p.GetName() != Admin {
				all = append(all, shown(p.GetName(), p.GetDisplayName(), p.GetGrants()))
			}
		}
		if page.GetNextPageToken() == "" {
			break
		}
		req.PageToken = page.GetNextPageToken()
	}
	slices.SortFunc(all[1:], func(a, b person) int { return strings.Compare(a.Identity, b.Identity) })
	return all, nil
}

// shown is a person as this mode shows it; the title is made of the roles.
func shown(name, display string, grants []*schoolsv1.RoleGrant) person {
	p := person{Identity: name, Name: display, Roles: []role{}}
	var titles []string
	for _, g := range grants {
		short := strings.TrimPrefix(g.GetRole().String(), "ROLE_")
		p.Roles = append(p.Roles, role{Role: short, Node: g.GetNode()})
		titles = append(titles, titleOf(short, g.GetNode()))
	}
	p.Title = strings.Join(titles, "; ")
	return p
}

func titleOf(role, node string) string {
	words := strings.ToLower(strings.ReplaceAll(role, "_", " "))
	if node == access.State {
		return words + ", whole state"
	}
	return words + ", " + node
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // who has gone needs no answer
}
