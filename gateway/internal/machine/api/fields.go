package api

import (
	"slices"
	"strings"

	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

// editable are the fields that a mask may name.
func editable() []string { return []string{"title", "scopes", "allowed_ips", "disabled", "end_time"} }

func fieldsOf(in *gatewayv1.ApiClient) machine.Fields {
	return machine.Fields{
		Title: in.GetTitle(), Scopes: in.GetScopes(), AllowedIPs: in.GetAllowedIps(), Disabled: in.GetDisabled(), End: timeOf(in.GetEndTime()),
	}
}

// patch turns an update mask into a change of the fields. An empty mask means the
// populated ones, "*" all of them; name and etag say which machine and version is
// meant.
func patch(mask []string, in *gatewayv1.ApiClient) (func(machine.Fields) machine.Fields, error) {
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
	return func(f machine.Fields) machine.Fields {
		for _, path := range paths {
			set(&f, from, path)
		}
		return f
	}, nil
}

func set(f *machine.Fields, from machine.Fields, path string) {
	switch path {
	case "title":
		f.Title = from.Title
	case "scopes":
		f.Scopes = from.Scopes
	case "allowed_ips":
		f.AllowedIPs = from.AllowedIPs
	case "disabled":
		f.Disabled = from.Disabled
	case "end_time":
		f.End = from.End
	}
}

func populated(in *gatewayv1.ApiClient) []string {
	filled := map[string]bool{
		"title": in.GetTitle() != "", "scopes": len(in.GetScopes()) > 0, "allowed_ips": len(in.GetAllowedIps()) > 0,
		"disabled": in.GetDisabled(), "end_time": in.GetEndTime() != nil,
	}
	return slices.DeleteFunc(editable(), func(path string) bool { return !filled[path] })
}
