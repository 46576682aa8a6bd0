package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.einride.tech/aip/fieldbehavior"
	"go.einride.tech/aip/fieldmask"
	"go.einride.tech/aip/resourcename"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const defaultPage = 50

// Patterns of the names that requests carry.
const (
	schoolPattern    = "districts/{district}/schools/{school}"
	artifactPattern  = schoolPattern + "/artifacts/{artifact}"
	portfolioPattern = schoolPattern + "/teams/{team}/journeys/{journey}/portfolio"
	manifestPattern  = portfolioPattern + "/manifests/{manifest}"
)

// parse reads the segments of a resource name.
func parse(field, name, pattern string, into ...*string) error {
	err := resourcename.Sscan(name, pattern, into...)
	if err != nil || resourcename.ContainsWildcard(name) {
		return problem.Invalid(problem.Violation{Field: field, Rule: "resource_name", Fix: fmt.Sprintf("Give a name of the form %s.", pattern)})
	}
	return nil
}

// merge changes current by the fields of patch that the mask names; without a mask by
// all that are set.
func merge(current, patch proto.Message, mask *fieldmaskpb.FieldMask) error {
	if !fieldmask.IsFullReplacement(mask) {
		if err := checkMask(patch, mask.GetPaths()); err != nil {
			return err
		}
	}
	fieldmask.Update(mask, current, patch)
	return nil
}

func checkMask(m proto.Message, paths []string) error {
	var bad []problem.Violation
	for _, path := range paths {
		field := m.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(path))
		switch {
		case field == nil:
			bad = append(bad, problem.Violation{Field: "update_mask", Rule: "known_path", Fix: fmt.Sprintf("Name only fields of the resource: %q is none.", path)})
		case fixed(field):
			bad = append(bad, problem.Violation{Field: "update_mask", Rule: "writable_path", Fix: fmt.Sprintf("Leave %q out: only the server sets it.", path)})
		}
	}
	if len(bad) > 0 {
		return problem.Invalid(bad...)
	}
	return nil
}

// fixed tells whether only the server sets a field.
func fixed(field protoreflect.FieldDescriptor) bool {
	return slices.Contains([]protoreflect.Name{"name", "etag"}, field.Name()) || fieldbehavior.Has(field, annotations.FieldBehavior_OUTPUT_ONLY)
}

// subject is who calls.
func subject(ctx context.Context) string {
	id, _ := access.FromContext(ctx)
	return id.Subject
}

// stamp encodes a time; none stays empty.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// encodeAll encodes each of a list.
func encodeAll[T, P any](list []T, encode func(T) P) []P {
	if len(list) == 0 {
		return nil
	}
	out := make([]P, len(list))
	for i, v := range list {
		out[i] = encode(v)
	}
	return out
}
