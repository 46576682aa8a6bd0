// Package mask turns the update mask of a request into a change of a domain's
// fields, the same way for every resource (AIP-134, AIP-161).
package mask

import (
	"slices"
	"strings"

	"go.einride.tech/aip/fieldmask"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Change returns the change that a mask asks for, of the fields that a caller may
// set. An empty mask means the populated ones, "*" all of them; a path that is not
// editable is refused. to and from map the domain's fields to the message and back.
func Change[F any, P proto.Message](mask *fieldmaskpb.FieldMask, in P, editable []string, to func(F) P, from func(P) F) (func(F) F, error) {
	// REST clients send back what they read: name and etag say which resource and
	// version is meant, they are not changed.
	paths := slices.DeleteFunc(slices.Clone(mask.GetPaths()), func(p string) bool { return p == "name" || p == "etag" })
	switch {
	case len(mask.GetPaths()) == 0:
		paths = Populated(in, editable)
	case fieldmask.IsFullReplacement(mask):
		paths = editable
	}
	if err := Check(paths, editable); err != nil {
		return nil, err
	}
	return func(f F) F {
		if len(paths) == 0 {
			return f
		}
		current := to(f)
		fieldmask.Update(&fieldmaskpb.FieldMask{Paths: paths}, current, in)
		return from(current)
	}, nil
}

// Check refuses the first path that is not editable.
func Check(paths, editable []string) error {
	for _, path := range paths {
		if !slices.Contains(editable, path) {
			return problem.Invalid(problem.Violation{
				Field: "update_mask", Rule: "editable_field",
				Fix: "Leave out " + path + "; fields that can be changed: " + strings.Join(editable, ", ") + ".",
			})
		}
	}
	return nil
}

// Populated returns the editable fields that the message holds.
func Populated(in proto.Message, editable []string) []string {
	var paths []string
	m := in.ProtoReflect()
	for _, path := range editable {
		if m.Has(m.Descriptor().Fields().ByName(protoreflect.Name(path))) {
			paths = append(paths, path)
		}
	}
	return paths
}
