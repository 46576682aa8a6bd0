// Package api speaks tandem.gateway.v1 for identity providers and sessions:
// handlers parse, call and map; the rules are in packages provider and session.
package api

import (
	"context"
	"slices"
	"strings"

	"go.einride.tech/aip/fieldmask"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/gateway/internal/signin"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/page"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// Register puts both services on a gRPC server.
func Register(to grpc.ServiceRegistrar, p provider.Service, m *session.Manager, people signin.People) {
	gatewayv1.RegisterIdentityProvidersServiceServer(to, &providers{providers: p})
	gatewayv1.RegisterSessionsServiceServer(to, &sessions{sessions: m, people: people})
}

type providers struct {
	gatewayv1.UnimplementedIdentityProvidersServiceServer
	providers provider.Service
}

// editable are the fields of an update mask, and all of a full replacement.
var editable = []string{"title", "client_id", "client_secret", "tenant_claim", "tenant_value", "scopes", "create_people", "disabled"}

// fixed may stand in a mask as they are: REST clients send back what they read.
var fixed = []string{"issuer", "tenant"}

// CreateIdentityProvider registers an issuer.
func (s *providers) CreateIdentityProvider(ctx context.Context, req *gatewayv1.CreateIdentityProviderRequest) (*gatewayv1.IdentityProvider, error) {
	if req.GetParent() != "" {
		return nil, problem.Invalid(problem.Violation{Field: "parent", Rule: "empty", Fix: "Leave it out: identity providers belong to the state. Pin one to a district with tenant."})
	}
	p, err := s.providers.Create(ctx, req.GetIdentityProviderId(), fieldsIn(req.GetIdentityProvider()))
	if err != nil {
		return nil, err
	}
	return providerOut(p), nil
}

// GetIdentityProvider reads one issuer.
func (s *providers) GetIdentityProvider(ctx context.Context, req *gatewayv1.GetIdentityProviderRequest) (*gatewayv1.IdentityProvider, error) {
	if err := checkName("name", req.GetName(), provider.Collection); err != nil {
		return nil, err
	}
	p, err := s.providers.Get(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return providerOut(p), nil
}

// ListIdentityProviders lists the issuers.
func (s *providers) ListIdentityProviders(ctx context.Context, req *gatewayv1.ListIdentityProvidersRequest) (*gatewayv1.ListIdentityProvidersResponse, error) {
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	after := ""
	if len(p.After) == 1 {
		after = p.After[0]
	}
	found, err := s.providers.List(ctx, after, p.Size+1)
	if err != nil {
		return nil, err
	}
	answer := &gatewayv1.ListIdentityProvidersResponse{}
	if len(found) > p.Size {
		found = found[:p.Size]
		answer.NextPageToken = p.Next(found[p.Size-1].ID())
	}
	for _, one := range found {
		answer.IdentityProviders = append(answer.IdentityProviders, providerOut(one))
	}
	return answer, nil
}

// UpdateIdentityProvider changes the fields of the update mask.
func (s *providers) UpdateIdentityProvider(ctx context.Context, req *gatewayv1.UpdateIdentityProviderRequest) (*gatewayv1.IdentityProvider, error) {
	in := req.GetIdentityProvider()
	if err := checkName("identity_provider.name", in.GetName(), provider.Collection); err != nil {
		return nil, err
	}
	paths, err := paths(req.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	p, err := s.providers.Update(ctx, in.GetName(), in.GetEtag(), func(f provider.Fields) provider.Fields {
		if len(paths) == 0 {
			return f
		}
		current := fieldsOut(f)
		fieldmask.Update(&fieldmaskpb.FieldMask{Paths: paths}, current, in)
		return fieldsIn(current)
	})
	if err != nil {
		return nil, err
	}
	return providerOut(p), nil
}

// DeleteIdentityProvider removes an issuer.
func (s *providers) DeleteIdentityProvider(ctx context.Context, req *gatewayv1.DeleteIdentityProviderRequest) (*emptypb.Empty, error) {
	if err := checkName("name", req.GetName(), provider.Collection); err != nil {
		return nil, err
	}
	if err := s.providers.Delete(ctx, req.GetName(), req.GetEtag()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// paths are the fields to change. A replacement of all leaves the secret, which
// nobody can read and send back, unless a new one is given.
func paths(mask *fieldmaskpb.FieldMask, in *gatewayv1.IdentityProvider) ([]string, error) {
	given := slices.DeleteFunc(slices.Clone(mask.GetPaths()), func(p string) bool { return p == "name" || p == "etag" })
	m := in.ProtoReflect()
	has := func(path string) bool { return m.Has(m.Descriptor().Fields().ByName(protoreflect.Name(path))) }
	switch {
	case len(mask.GetPaths()) == 0:
		given = slices.DeleteFunc(slices.Concat(editable, fixed), func(p string) bool { return !has(p) })
	case fieldmask.IsFullReplacement(mask):
		given = slices.DeleteFunc(slices.Concat(editable, fixed), func(p string) bool { return p == "client_secret" && !has(p) })
	}
	for _, path := range given {
		if !slices.Contains(editable, path) && !slices.Contains(fixed, path) {
			return nil, problem.Invalid(problem.Violation{
				Field: "update_mask", Rule: "editable_field",
				Fix: "Leave out " + path + "; fields that can be changed: " + strings.Join(editable, ", ") + ".",
			})
		}
	}
	return given, nil
}

func fieldsIn(p *gatewayv1.IdentityProvider) provider.Fields {
	return provider.Fields{
		Title: p.GetTitle(), Issuer: p.GetIssuer(), ClientID: p.GetClientId(), Secret: p.GetClientSecret(), Tenant: p.GetTenant(),
		TenantClaim: p.GetTenantClaim(), TenantValue: p.GetTenantValue(), Scopes: p.GetScopes(),
		CreatePeople: p.GetCreatePeople(), Disabled: p.GetDisabled(),
	}
}

// fieldsOut has the secret: it is for updates in memory and never an answer.
func fieldsOut(f provider.Fields) *gatewayv1.IdentityProvider {
	return &gatewayv1.IdentityProvider{
		Title: f.Title, Issuer: f.Issuer, ClientId: f.ClientID, ClientSecret: f.Secret, Tenant: f.Tenant,
		TenantClaim: f.TenantClaim, TenantValue: f.TenantValue, Scopes: f.Scopes, CreatePeople: f.CreatePeople, Disabled: f.Disabled,
	}
}

func providerOut(p provider.Provider) *gatewayv1.IdentityProvider {
	out := fieldsOut(p.Fields)
	out.Name, out.ClientSecret, out.Etag = p.Name, "", etag.Of(p.Version)
	out.CreateTime, out.UpdateTime = timestamppb.New(p.Created), timestamppb.New(p.Updated)
	return out
}

// checkName refuses a name that is none of the collection.
func checkName(field, name, collection string) error {
	id, ok := strings.CutPrefix(name, collection)
	if ok && id != "" && id != "-" && !strings.Contains(id, "/") {
		return nil
	}
	return problem.Invalid(problem.Violation{Field: field, Rule: "name_form", Fix: "Use a name of the form " + collection + "{id}."})
}
