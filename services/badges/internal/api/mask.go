package api

import (
	"slices"
	"strings"

	"go.einride.tech/aip/fieldmask"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// checkMask refuses paths other than the fields that may change. No mask means the fields
// that are set.
func checkMask(mask *fieldmaskpb.FieldMask, fields ...string) error {
	for _, path := range mask.GetPaths() {
		if path != "*" && !slices.Contains(fields, path) {
			return problem.Invalid(problem.Violation{
				Field: "update_mask", Rule: "known_path", Fix: "Name only fields that may change: " + strings.Join(fields, ", ") + ".",
			})
		}
	}
	return nil
}

// merge copies the fields of the mask.
func merge[M proto.Message](mask *fieldmaskpb.FieldMask, into, from M) M {
	fieldmask.Update(mask, into, from)
	return into
}
