package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/gateway/internal/sight"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/gateway/internal/webhook"
	"github.com/tandem-badges/tandem/gateway/internal/webhook/api"
)

const (
	aspen = "districts/aspen"
	hook  = aspen + "/webhookEndpoints/hook"
)

// dial serves WebhooksService behind the real chain, over a real store.
func dial(t *testing.T) (gatewayv1.WebhooksServiceClient, context.Context) {
	t.Helper()
	db := kittest.SQLite(t, "gateway", store.Migrations())
	real := clock.NewAdjustable()
	box, err := seal.New(make([]byte, 32))
	require.NoError(t, err)
	kinds, err := sight.Read()
	require.NoError(t, err)
	outside, kept := egress.Options{AllowLoopback: true}, store.New(db, real)
	hooks := &webhook.Service{
		Store: kept, Clock: real, Box: box, Kinds: kinds, Egress: outside,
		District: func(context.Context, string) error { return nil },
		Sender:   &webhook.Sender{Store: kept, Clock: real, Box: box, Client: egress.New(outside), Log: slog.New(slog.DiscardHandler)},
	}
	conn := kittest.Serve(t, run.Service{Name: "gateway", Register: func(to grpc.ServiceRegistrar) {
		gatewayv1.RegisterWebhooksServiceServer(to, api.New(hooks))
	}}, kittest.ServeOptions{DB: db})
	grant := access.Grant{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: aspen}
	return gatewayv1.NewWebhooksServiceClient(conn), kittest.Context(t, aspen+"/people/ana", grant)
}

func create(id, url string) *gatewayv1.CreateWebhookEndpointRequest {
	return &gatewayv1.CreateWebhookEndpointRequest{
		Parent: aspen, WebhookEndpointId: id, RequestId: "r-" + id,
		WebhookEndpoint: &gatewayv1.WebhookEndpoint{Url: url, Description: "our lake", EventTypes: []string{"BadgeAwarded"}, Secret: "mine", Disabled: false},
	}
}

func TestTheSecretIsShownOnce(t *testing.T) {
	client, ctx := dial(t)
	made, err := client.CreateWebhookEndpoint(ctx, create("hook", "https://hooks.example.org/"))
	require.NoError(t, err)
	require.Regexp(t, `^whsec_.{44}$`, made.GetSecret())
	again, err := client.CreateWebhookEndpoint(ctx, create("hook", "https://hooks.example.org/"))
	require.NoError(t, err)
	require.Empty(t, again.GetSecret(), "the answer that is kept has no secret")
	require.Equal(t, made.GetName(), again.GetName())
	read, err := client.GetWebhookEndpoint(ctx, &gatewayv1.GetWebhookEndpointRequest{Name: hook})
	require.NoError(t, err)
	require.Empty(t, read.GetSecret())
	require.Equal(t, "https://hooks.example.org/", read.GetUrl())

	turned, err := client.RotateWebhookSecret(ctx, &gatewayv1.RotateWebhookSecretRequest{Name: hook, Overlap: durationpb.New(60e9), RequestId: "turn"})
	require.NoError(t, err)
	require.Regexp(t, `^whsec_.{44}$`, turned.GetSecret())
	require.NotEqual(t, made.GetSecret(), turned.GetSecret())
	require.NotNil(t, turned.GetOldSecretEndTime())
	require.Empty(t, turned.GetWebhookEndpoint().GetSecret())
	turned, err = client.RotateWebhookSecret(ctx, &gatewayv1.RotateWebhookSecretRequest{Name: hook, Overlap: durationpb.New(60e9), RequestId: "turn"})
	require.NoError(t, err)
	require.Empty(t, turned.GetSecret())
}

func TestOnlyTheFieldsOfTheMaskChange(t *testing.T) {
	client, ctx := dial(t)
	made, err := client.CreateWebhookEndpoint(ctx, create("hook", "https://hooks.example.org/"))
	require.NoError(t, err)
	update := func(in *gatewayv1.WebhookEndpoint, paths ...string) (*gatewayv1.WebhookEndpoint, error) {
		in.Name = hook
		return client.UpdateWebhookEndpoint(ctx, &gatewayv1.UpdateWebhookEndpointRequest{WebhookEndpoint: in, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	}
	other := func() *gatewayv1.WebhookEndpoint {
		return &gatewayv1.WebhookEndpoint{Url: "https://other.example.org/", Description: "x", Disabled: true}
	}
	got, err := update(other(), "description")
	require.NoError(t, err)
	require.Equal(t, "x", got.GetDescription())
	require.Equal(t, "https://hooks.example.org/", got.GetUrl())
	require.False(t, got.GetDisabled())
	got, err = update(&gatewayv1.WebhookEndpoint{Url: "https://other.example.org/", Disabled: true})
	require.NoError(t, err)
	require.Equal(t, "https://other.example.org/", got.GetUrl())
	require.True(t, got.GetDisabled())
	require.Equal(t, []string{"BadgeAwarded"}, got.GetEventTypes(), "an empty mask means what is filled in")
	got, err = update(&gatewayv1.WebhookEndpoint{}, "disabled")
	require.NoError(t, err)
	require.False(t, got.GetDisabled(), "a switch alone")
	got, err = update(other(), "*")
	require.NoError(t, err)
	require.Empty(t, got.GetEventTypes())
	_, err = update(other(), "secret")
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	stale := other()
	stale.Etag = made.GetEtag()
	_, err = update(stale, "description")
	require.Equal(t, codes.Aborted, status.Code(err))
}

func TestListsHavePages(t *testing.T) {
	client, ctx := dial(t)
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(to.Close)
	for _, id := range []string{"c", "a", "b"} {
		_, err := client.CreateWebhookEndpoint(ctx, create(id, to.URL))
		require.NoError(t, err)
	}
	var names []string
	for token := ""; ; {
		page, err := client.ListWebhookEndpoints(ctx, &gatewayv1.ListWebhookEndpointsRequest{Parent: aspen, PageSize: 2, PageToken: token})
		require.NoError(t, err)
		for _, e := range page.GetWebhookEndpoints() {
			names = append(names, e.GetName())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, []string{aspen + "/webhookEndpoints/a", aspen + "/webhookEndpoints/b", aspen + "/webhookEndpoints/c"}, names)

	var pings []string
	for range 3 {
		d, err := client.PingWebhookEndpoint(ctx, &gatewayv1.PingWebhookEndpointRequest{Name: names[0]})
		require.NoError(t, err)
		require.Equal(t, gatewayv1.WebhookDelivery_STATE_FAILED, d.GetState())
		require.EqualValues(t, http.StatusTeapot, d.GetStatus())
		require.Equal(t, "The address answered 418.", d.GetError())
		pings = append([]string{d.GetName()}, pings...)
	}
	var listed []string
	for token := ""; ; {
		page, err := client.ListWebhookDeliveries(ctx, &gatewayv1.ListWebhookDeliveriesRequest{Parent: names[0], PageSize: 2, PageToken: token, State: gatewayv1.WebhookDelivery_STATE_FAILED})
		require.NoError(t, err)
		for _, d := range page.GetDeliveries() {
			listed = append(listed, d.GetName())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, pings, listed, "the newest first")
	page, err := client.ListWebhookDeliveries(ctx, &gatewayv1.ListWebhookDeliveriesRequest{Parent: names[0], State: gatewayv1.WebhookDelivery_STATE_DELIVERED})
	require.NoError(t, err)
	require.Empty(t, page.GetDeliveries())

	answer, err := client.ReplayWebhookDeliveries(ctx, &gatewayv1.ReplayWebhookDeliveriesRequest{Name: names[0], StartTime: timestamppb.New(kittest.Start().AddDate(-10, 0, 0))})
	require.NoError(t, err)
	require.Zero(t, answer.GetReplayed(), "a test message is not sent again")
	later, err := client.PingWebhookEndpoint(ctx, &gatewayv1.PingWebhookEndpointRequest{Name: names[0], RequestId: "ping"})
	require.NoError(t, err)
	require.Equal(t, gatewayv1.WebhookDelivery_STATE_PENDING, later.GetState())
}

func TestNamesAreThoseOfTheResource(t *testing.T) {
	client, ctx := dial(t)
	for _, name := range []string{aspen, hook + "/deliveries/d", aspen + "/webhookEndpoints/"} {
		_, err := client.GetWebhookEndpoint(ctx, &gatewayv1.GetWebhookEndpointRequest{Name: name})
		require.Contains(t, []codes.Code{codes.InvalidArgument, codes.NotFound}, status.Code(err), name)
	}
	_, err := client.DeleteWebhookEndpoint(ctx, &gatewayv1.DeleteWebhookEndpointRequest{Name: hook})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = client.CreateWebhookEndpoint(ctx, create("hook", "https://hooks.example.org/"))
	require.NoError(t, err)
	_, err = client.DeleteWebhookEndpoint(ctx, &gatewayv1.DeleteWebhookEndpointRequest{Name: hook, Etag: `"stale"`})
	require.Equal(t, codes.Aborted, status.Code(err))
	_, err = client.DeleteWebhookEndpoint(ctx, &gatewayv1.DeleteWebhookEndpointRequest{Name: hook})
	require.NoError(t, err)
	_, err = client.GetWebhookEndpoint(ctx, &gatewayv1.GetWebhookEndpointRequest{Name: hook})
	require.Equal(t, codes.NotFound, status.Code(err))
}

func TestAnotherDistrictHasNoSuchEndpoints(t *testing.T) {
	client, ctx := dial(t)
	_, err := client.CreateWebhookEndpoint(ctx, create("hook", "https://hooks.example.org/"))
	require.NoError(t, err)
	birch := kittest.Context(t, "districts/birch/people/ben", access.Grant{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: "districts/birch"})
	_, err = client.GetWebhookEndpoint(birch, &gatewayv1.GetWebhookEndpointRequest{Name: hook})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = client.ListWebhookDeliveries(birch, &gatewayv1.ListWebhookDeliveriesRequest{Parent: hook})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = client.GetWebhookEndpoint(birch, &gatewayv1.GetWebhookEndpointRequest{Name: "districts/birch/webhookEndpoints/hook"})
	require.Equal(t, codes.NotFound, status.Code(err), "an equal id in the own district is another one")
}
