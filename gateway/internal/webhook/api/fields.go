package api

import (
	"strings"

	"go.einride.tech/aip/resourcename"

	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

const (
	districtForm = "districts/{district}"
	endpointForm = districtForm + "/webhookEndpoints/{webhook_endpoint}"
)

func checkDistrict(parent string) error { return checkForm("parent", parent, districtForm) }

func checkName(field, name string) error { return checkForm(field, name, endpointForm) }

func checkForm(field, name, form string) error {
	if !strings.HasPrefix(name, "/") && resourcename.Match(form, name) {
		return nil
	}
	return problem.Invalid(problem.Violation{Field: field, Rule: "name_form", Fix: "Use a name of the form " + form + "."})
}

// editable are the fields that a mask may name.
func editable() []string { return []string{"url", "description", "event_types", "disabled"} }

func fieldsOf(in *gatewayv1.WebhookEndpoint) webhook.Fields {
	return webhook.Fields{
		URL: in.GetUrl(), Description: in.GetDescription(), EventTypes: in.GetEventTypes(), Disabled: in.GetDisabled(),
	}
}

func fieldsOut(f webhook.Fields) *gatewayv1.WebhookEndpoint {
	return &gatewayv1.WebhookEndpoint{Url: f.URL, Description: f.Description, EventTypes: f.EventTypes, Disabled: f.Disabled}
}

func endpointOut(e webhook.Endpoint) *gatewayv1.WebhookEndpoint {
	return &gatewayv1.WebhookEndpoint{
		Name: e.Name, Url: e.URL, Description: e.Description, EventTypes: e.EventTypes, Disabled: e.Disabled,
		DisabledReason: e.DisabledReason, LastSuccessTime: stamp(e.LastSuccess), FirstFailureTime: stamp(e.FirstFailure),
		CreateTime: stamp(e.Created), UpdateTime: stamp(e.Updated), Etag: etag.Of(e.Version),
	}
}

func deliveryOut(d webhook.Delivery) *gatewayv1.WebhookDelivery {
	return &gatewayv1.WebhookDelivery{
		Name: d.Endpoint + "/deliveries/" + d.Event, Event: d.Event, EventType: d.EventType,
		State:    gatewayv1.WebhookDelivery_State(d.State),                   //nolint:gosec // three states
		Attempts: int32(d.Attempts), Status: int32(d.Status), Error: d.Error, //nolint:gosec // small numbers
		NextAttemptTime: stamp(d.Due), CreateTime: stamp(d.Happened), UpdateTime: stamp(d.Updated),
	}
}
