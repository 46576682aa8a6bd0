// Package api answers ApiClientsService: it takes requests apart, has package
// machine do the work, and puts answers together. Access rules, validation and
// answers by request id are the chain's (kit/grpcserver).
package api

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/mask"
	"github.com/tandem-badges/tandem/services/kit/page"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

type server struct {
	gatewayv1.UnimplementedApiClientsServiceServer
	machines  *machine.Service
	needsRole map[string]bool // by action
}

// New returns the service over the machines.
func New(machines *machine.Service) gatewayv1.ApiClientsServiceServer {
	return &server{machines: machines, needsRole: needsRole()}
}

// CreateApiClient registers a machine.
func (s *server) CreateApiClient(ctx context.Context, req *gatewayv1.CreateApiClientRequest) (*gatewayv1.ApiClient, error) {
	if err := checkDistrict(req.GetParent()); err != nil {
		return nil, err
	}
	by := s.actor(ctx, req.GetParent())
	c, err := s.machines.Create(ctx, by, req.GetParent(), req.GetApiClientId(), fieldsOf(req.GetApiClient()))
	return s.answer(c, err)
}

// GetApiClient reads one machine.
func (s *server) GetApiClient(ctx context.Context, req *gatewayv1.GetApiClientRequest) (*gatewayv1.ApiClient, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	c, err := s.machines.Get(ctx, req.GetName())
	return s.answer(c, err)
}

// ListApiClients lists the machines of a district.
func (s *server) ListApiClients(ctx context.Context, req *gatewayv1.ListApiClientsRequest) (*gatewayv1.ListApiClientsResponse, error) {
	if err := checkDistrict(req.GetParent()); err != nil {
		return nil, err
	}
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	found, err := s.machines.List(ctx, req.GetParent(), strings.Join(p.After, ""), p.Size+1)
	if err != nil {
		return nil, err
	}
	answer := &gatewayv1.ListApiClientsResponse{}
	if len(found) > p.Size {
		found = found[:p.Size]
		_, id, _ := strings.Cut(found[p.Size-1].Name, "/apiClients/")
		answer.NextPageToken = p.Next(id)
	}
	for _, c := range found {
		answer.ApiClients = append(answer.ApiClients, s.out(c))
	}
	return answer, nil
}

// UpdateApiClient changes the fields of the update mask.
func (s *server) UpdateApiClient(ctx context.Context, req *gatewayv1.UpdateApiClientRequest) (*gatewayv1.ApiClient, error) {
	in := req.GetApiClient()
	if err := checkName("api_client.name", in.GetName()); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, editable(), fieldsOut, fieldsOf)
	if err != nil {
		return nil, err
	}
	c, err := s.machines.Update(ctx, s.actor(ctx, machine.DistrictOf(in.GetName())), in.GetName(), in.GetEtag(), change)
	return s.answer(c, err)
}

// DeleteApiClient removes a machine.
func (s *server) DeleteApiClient(ctx context.Context, req *gatewayv1.DeleteApiClientRequest) (*emptypb.Empty, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.machines.Delete(ctx, req.GetName(), req.GetEtag())
}

// AddApiClientSecret makes a secret and shows it once.
func (s *server) AddApiClientSecret(ctx context.Context, req *gatewayv1.AddApiClientSecretRequest) (*gatewayv1.AddApiClientSecretResponse, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	c, id, value, err := s.machines.AddSecret(ctx, req.GetName(), kindIn(req.GetKind()), timeOf(req.GetExpireTime()))
	if err != nil {
		return nil, err
	}
	return &gatewayv1.AddApiClientSecretResponse{ApiClient: s.out(c), Secret: value, Id: id}, nil
}

// RemoveApiClientSecret ends a secret.
func (s *server) RemoveApiClientSecret(ctx context.Context, req *gatewayv1.RemoveApiClientSecretRequest) (*gatewayv1.ApiClient, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	c, err := s.machines.RemoveSecret(ctx, req.GetName(), req.GetId())
	return s.answer(c, err)
}

// ApproveApiClient lets the scopes that wait for a second person count.
func (s *server) ApproveApiClient(ctx context.Context, req *gatewayv1.ApproveApiClientRequest) (*gatewayv1.ApiClient, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	c, err := s.machines.Approve(ctx, s.actor(ctx, machine.DistrictOf(req.GetName())), req.GetName(), req.GetEtag())
	return s.answer(c, err)
}

func (s *server) answer(c machine.Client, err error) (*gatewayv1.ApiClient, error) {
	if err != nil {
		return nil, err
	}
	return s.out(c), nil
}

func (s *server) out(c machine.Client) *gatewayv1.ApiClient {
	out := &gatewayv1.ApiClient{
		Name: c.Name, Title: c.Title, Scopes: c.Scopes, AllowedIps: c.AllowedIPs, Disabled: c.Disabled, EndTime: stamp(c.End),
		ClientId: c.ClientID(), LastUseTime: stamp(c.LastUse), Approver: c.Approver, Pending: c.Pending(s.machines.Scopes),
		CreateTime: stamp(c.Created), UpdateTime: stamp(c.Updated), Etag: etag.Of(c.Version),
	}
	for _, secret := range c.Secrets {
		out.Secrets = append(out.Secrets, &gatewayv1.ApiClientSecret{
			Id: secret.ID, Kind: kindOut(secret.Kind), Prefix: secret.Prefix,
			CreateTime: stamp(secret.Created), LastUseTime: stamp(secret.LastUse), ExpireTime: stamp(secret.Expires),
		})
	}
	return out
}

func checkDistrict(name string) error {
	collection, id, _ := strings.Cut(name, "/")
	if collection != "districts" || !ids.ValidUser(id) {
		return problem.Invalid(problem.Violation{Field: "parent", Rule: "name_form", Fix: "Use a name of the form districts/{district}."})
	}
	return nil
}

func checkName(field, name string) error {
	district, id, _ := strings.Cut(name, "/apiClients/")
	if checkDistrict(district) != nil || !ids.ValidUser(id) {
		return problem.Invalid(problem.Violation{
			Field: field, Rule: "name_form", Fix: "Use a name of the form districts/{district}/apiClients/{api_client}.",
		})
	}
	return nil
}

func kindIn(kind gatewayv1.ApiClientSecretKind) machine.Kind {
	if kind == gatewayv1.ApiClientSecretKind_API_CLIENT_SECRET_KIND_API_KEY {
		return machine.APIKey
	}
	return machine.ClientSecret
}

func kindOut(kind machine.Kind) gatewayv1.ApiClientSecretKind {
	if kind == machine.APIKey {
		return gatewayv1.ApiClientSecretKind_API_CLIENT_SECRET_KIND_API_KEY
	}
	return gatewayv1.ApiClientSecretKind_API_CLIENT_SECRET_KIND_CLIENT_SECRET
}

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
