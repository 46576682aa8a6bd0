package api

import (
	"slices"
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

// patch turns an update mask into a change of the fields. An empty mask means the
// populated ones, "*" all of them; name and etag say which endpoint and version is
// meant.
func patch(mask []string, in *gatewayv1.WebhookEndpoint) (func(webhook.Fields) webhook.Fields, error) {
	paths := slices.DeleteFunc(slices.Clone(mask), func(path string) bool { return path == "name" || path == "etag" })
	switch {
	case len(mask) == 0:
		paths = populated(in)
	case slices.Contains(mask, "*"):
		paths = editable()
	}
	for _, path := range paths {
		if !slices.Contains(editable(), path) {
			return nil, problem.Invalid(problem.Violation{
				Field: "update_mask", Rule: "editable_field",
				Fix: "Leave out " + path + "; fields that can be changed: " + strings.Join(editable(), ", ") + ".",
			})
		}
	}
	from := fieldsOf(in)
	return func(f webhook.Fields) webhook.Fields {
		for _, path := range paths {
			set(&f, from, path)
		}
		return f
	}, nil
}

func set(f *webhook.Fields, from webhook.Fields, path string) {
	switch path {
	case "url":
		f.URL = from.URL
	case "description":
		f.Description = from.Description
	case "event_types":
		f.EventTypes = from.EventTypes
	case "disabled":
		f.Disabled = from.Disabled
	}
}

func populated(in *gatewayv1.WebhookEndpoint) []string {
	filled := map[string]bool{
		"url": in.GetUrl() != "", "description": in.GetDescription() != "", "event_types": len(in.GetEventTypes()) > 0, "disabled": in.GetDisabled(),
	}
	return slices.DeleteFunc(editable(), func(path string) bool { return !filled[path] })
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
