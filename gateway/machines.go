package gateway

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"google.golang.org/grpc"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/caller"
	"github.com/tandem-badges/tandem/gateway/internal/machine"
	machineapi "github.com/tandem-badges/tandem/gateway/internal/machine/api"
	"github.com/tandem-badges/tandem/gateway/internal/machine/oauth"
	"github.com/tandem-badges/tandem/gateway/internal/rest"
	"github.com/tandem-badges/tandem/gateway/internal/review"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// machines is everything that machines need: what keeps them, gives them tokens
// and knows them by what they show.
type machines struct {
	deps    Deps
	kept    *store.Store
	service *machine.Service
}

var _ caller.Machines = (*machines)(nil)

func newMachines(d Deps) *machines {
	m := &machines{deps: d, kept: store.New(d.DB, d.Clock)}
	districts := schoolsv1.NewOrganizationsServiceClient(rest.Upstream(d.Conns["schools"]))
	m.service = &machine.Service{
		Store: m.kept, Clock: d.Clock, Uses: machine.NewUses(),
		District: func(ctx context.Context, name string) error {
			_, err := districts.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: name})
			return err
		},
	}
	for _, scope := range access.Scopes() {
		m.service.Scopes = append(m.service.Scopes, machine.Scope{Name: scope.Name, Identified: scope.Identified})
	}
	return m
}

func (m *machines) register(to grpc.ServiceRegistrar) {
	gatewayv1.RegisterApiClientsServiceServer(to, machineapi.New(m.service))
	gatewayv1.RegisterAccessServiceServer(to, review.New(review.Options{
		Subjects: schoolsv1.NewSubjectsServiceClient(rest.Upstream(m.deps.Conns["schools"])),
		Machines: m.kept, Scopes: m.service.Scopes, Clock: m.deps.Clock,
	}))
}

func (m *machines) task() run.Task {
	return run.Task{Name: "uses of machines", Run: func(ctx context.Context) error {
		return m.deps.DB.WhileWritable(ctx, func(ctx context.Context) error {
			return m.service.Uses.Run(ctx, m.kept, m.deps.Log)
		})
	}}
}

// open adds the token endpoint.
func (m *machines) open(mux *http.ServeMux) {
	oauth.New(oauth.Options{Machines: m.service, Mint: m.mint, PublicURL: m.deps.PublicURL, Log: m.deps.Log}).Routes(mux)
}

func (m *machines) mint(subject string, scopes []string, secretID string, lifetime time.Duration) (string, error) {
	return m.deps.Signer.MintAccess(identity.Access{Subject: subject, Scopes: scopes, Credential: secretID}, lifetime)
}

// Token returns the machine behind an access token.
func (m *machines) Token(ctx context.Context, subject string, scopes []string, secretID string, from netip.Addr) (caller.Caller, error) {
	proven, err := m.service.ByToken(ctx, subject, secretID, scopes, from)
	return callerOf(proven), err
}

// Key returns the machine that an API key belongs to.
func (m *machines) Key(ctx context.Context, key string, from netip.Addr) (caller.Caller, error) {
	proven, err := m.service.ByKey(ctx, key, from)
	return callerOf(proven), err
}

// callerOf is a machine as a caller: its place is its district, and its scopes
// bound what it may do there.
func callerOf(p machine.Proven) caller.Caller {
	if p.Name == "" {
		return caller.Caller{}
	}
	return caller.Caller{
		Subject: p.Name, Session: p.SecretID, Scopes: p.Scopes,
		Grants: []access.Grant{{Role: accessv1.Role_ROLE_INTEGRATION, Node: machine.DistrictOf(p.Name), End: p.End}},
	}
}
