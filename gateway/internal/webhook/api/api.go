// Package api answers WebhooksService: it takes requests apart, has package
// webhook do the work, and puts answers together. Access rules, validation and
// answers by request id are the chain's (kit/grpcserver).
package api

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	"github.com/tandem-badges/tandem/services/kit/mask"
	"github.com/tandem-badges/tandem/services/kit/page"

	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

type server struct {
	gatewayv1.UnimplementedWebhooksServiceServer
	hooks *webhook.Service
}

// New returns the service over the endpoints.
func New(hooks *webhook.Service) gatewayv1.WebhooksServiceServer { return &server{hooks: hooks} }

// CreateWebhookEndpoint registers an address and shows its secret once.
func (s *server) CreateWebhookEndpoint(ctx context.Context, req *gatewayv1.CreateWebhookEndpointRequest) (*gatewayv1.WebhookEndpoint, error) {
	if err := checkDistrict(req.GetParent()); err != nil {
		return nil, err
	}
	e, secret, err := s.hooks.Create(ctx, req.GetParent(), req.GetWebhookEndpointId(), fieldsOf(req.GetWebhookEndpoint()))
	if err != nil {
		return nil, err
	}
	out := endpointOut(e)
	out.Secret = secret
	return out, nil
}

// GetWebhookEndpoint reads one address.
func (s *server) GetWebhookEndpoint(ctx context.Context, req *gatewayv1.GetWebhookEndpointRequest) (*gatewayv1.WebhookEndpoint, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	return answer(s.hooks.Get(ctx, req.GetName()))
}

// ListWebhookEndpoints lists the addresses of a district.
func (s *server) ListWebhookEndpoints(ctx context.Context, req *gatewayv1.ListWebhookEndpointsRequest) (*gatewayv1.ListWebhookEndpointsResponse, error) {
	if err := checkDistrict(req.GetParent()); err != nil {
		return nil, err
	}
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	found, err := s.hooks.List(ctx, req.GetParent(), strings.Join(p.After, ""), p.Size+1)
	if err != nil {
		return nil, err
	}
	out := &gatewayv1.ListWebhookEndpointsResponse{}
	if len(found) > p.Size {
		found = found[:p.Size]
		last := found[p.Size-1].Name
		out.NextPageToken = p.Next(last[strings.LastIndexByte(last, '/')+1:])
	}
	for _, e := range found {
		out.WebhookEndpoints = append(out.WebhookEndpoints, endpointOut(e))
	}
	return out, nil
}

// UpdateWebhookEndpoint changes the fields of the update mask.
func (s *server) UpdateWebhookEndpoint(ctx context.Context, req *gatewayv1.UpdateWebhookEndpointRequest) (*gatewayv1.WebhookEndpoint, error) {
	in := req.GetWebhookEndpoint()
	if err := checkName("webhook_endpoint.name", in.GetName()); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, editable(), fieldsOut, fieldsOf)
	if err != nil {
		return nil, err
	}
	return answer(s.hooks.Update(ctx, in.GetName(), in.GetEtag(), change))
}

// DeleteWebhookEndpoint removes an address.
func (s *server) DeleteWebhookEndpoint(ctx context.Context, req *gatewayv1.DeleteWebhookEndpointRequest) (*emptypb.Empty, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.hooks.Delete(ctx, req.GetName(), req.GetEtag())
}

// RotateWebhookSecret makes a new secret and shows it once.
func (s *server) RotateWebhookSecret(ctx context.Context, req *gatewayv1.RotateWebhookSecretRequest) (*gatewayv1.RotateWebhookSecretResponse, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	var overlap *time.Duration
	if req.GetOverlap() != nil {
		d := req.GetOverlap().AsDuration()
		overlap = &d
	}
	e, secret, err := s.hooks.Rotate(ctx, req.GetName(), overlap)
	if err != nil {
		return nil, err
	}
	return &gatewayv1.RotateWebhookSecretResponse{WebhookEndpoint: endpointOut(e), Secret: secret, OldSecretEndTime: stamp(e.OldSecretEnd)}, nil
}

// PingWebhookEndpoint sends a test message. A request with a request id is
// answered before the message is sent: its answer is kept with the work.
func (s *server) PingWebhookEndpoint(ctx context.Context, req *gatewayv1.PingWebhookEndpointRequest) (*gatewayv1.WebhookDelivery, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	d, err := s.hooks.Ping(ctx, req.GetName(), req.GetRequestId() != "")
	if err != nil {
		return nil, err
	}
	return deliveryOut(d), nil
}

// ReplayWebhookDeliveries sends again what happened in a time.
func (s *server) ReplayWebhookDeliveries(ctx context.Context, req *gatewayv1.ReplayWebhookDeliveriesRequest) (*gatewayv1.ReplayWebhookDeliveriesResponse, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	n, err := s.hooks.Replay(ctx, req.GetName(), timeOf(req.GetStartTime()), timeOf(req.GetEndTime()), req.GetFailedOnly())
	return &gatewayv1.ReplayWebhookDeliveriesResponse{Replayed: int32(n)}, err //nolint:gosec // rows of one month
}

// ListWebhookDeliveries lists what was sent or failed, the newest first.
func (s *server) ListWebhookDeliveries(ctx context.Context, req *gatewayv1.ListWebhookDeliveriesRequest) (*gatewayv1.ListWebhookDeliveriesResponse, error) {
	if err := checkName("parent", req.GetParent()); err != nil {
		return nil, err
	}
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	after, err := rangeAfter(p)
	if err != nil {
		return nil, err
	}
	found, err := s.hooks.Deliveries(ctx, req.GetParent(), webhook.State(req.GetState()), after)
	if err != nil {
		return nil, err
	}
	out := &gatewayv1.ListWebhookDeliveriesResponse{}
	if len(found) > p.Size {
		found = found[:p.Size]
		last := found[p.Size-1]
		out.NextPageToken = p.Next(last.Happened.Format(time.RFC3339Nano), last.Event)
	}
	for _, d := range found {
		out.Deliveries = append(out.Deliveries, deliveryOut(d))
	}
	return out, nil
}

// rangeAfter reads the sort keys of a page.
func rangeAfter(p page.Page) (webhook.Range, error) {
	after := webhook.Range{Limit: p.Size + 1}
	if len(p.After) != 2 {
		return after, nil
	}
	at, err := time.Parse(time.RFC3339Nano, p.After[0])
	after.Happened, after.Event = at, p.After[1]
	return after, err
}

func answer(e webhook.Endpoint, err error) (*gatewayv1.WebhookEndpoint, error) {
	if err != nil {
		return nil, err
	}
	return endpointOut(e), nil
}

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeOf cuts to what both databases keep.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}
