package api

import (
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

// editable are the fields that a mask may name.
func editable() []string { return []string{"title", "scopes", "allowed_ips", "disabled", "end_time"} }

func fieldsOf(in *gatewayv1.ApiClient) machine.Fields {
	return machine.Fields{
		Title: in.GetTitle(), Scopes: in.GetScopes(), AllowedIPs: in.GetAllowedIps(), Disabled: in.GetDisabled(), End: timeOf(in.GetEndTime()),
	}
}

func fieldsOut(f machine.Fields) *gatewayv1.ApiClient {
	return &gatewayv1.ApiClient{
		Title: f.Title, Scopes: f.Scopes, AllowedIps: f.AllowedIPs, Disabled: f.Disabled, EndTime: stamp(f.End),
	}
}
