package api

import (
	"context"
	"fmt"
	"strings"
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
	"github.com/tandem-badges/tandem/services/kit/page"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// Patterns of the names that requests carry.
const (
	districtPattern   = "districts/{district}"
	schoolPattern     = districtPattern + "/schools/{school}"
	teamPattern       = schoolPattern + "/teams/{team}"
	assessmentPattern = teamPattern + "/selfAssessments/{self_assessment}"
	resultPattern     = schoolPattern + "/results/{result}"
	campaignPattern   = districtPattern + "/campaigns/{campaign}"
	linkPattern       = campaignPattern + "/links/{link}"
	operationPattern  = campaignPattern + "/operations/{operation}"
	releasePattern    = districtPattern + "/releases/{release}"
)

// parse reads the segments of a resource name.
func parse(field, name, pattern string, into ...*string) error {
	if err := resourcename.Sscan(name, pattern, into...); err != nil {
		return problem.Invalid(problem.Violation{Field: field, Rule: "resource_name", Fix: fmt.Sprintf("Give a name of the form %s.", pattern)})
	}
	return nil
}

// schoolIn reads the id of a school of the district; another name gives one that
// no school has.
func schoolIn(district, name string) string {
	id, ok := strings.CutPrefix(name, "districts/"+district+"/schools/")
	if !ok {
		return name
	}
	return id
}

// pageOf reads one page: fetch gets the last key of the page before and how many
// rows to read, one more than fit, by which it is known whether more follow.
func pageOf[T, P any](req proto.Message, fetch func(after []string, limit int) ([]T, error), key func(T) []string, encode func(T) P) ([]P, string, error) {
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, "", err
	}
	rows, err := fetch(p.After, p.Size+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > p.Size {
		rows = rows[:p.Size]
		next = p.Next(key(rows[p.Size-1])...)
	}
	out := make([]P, len(rows))
	for i, row := range rows {
		out[i] = encode(row)
	}
	return out, next, nil
}

// first is the only key of a position, or empty on the first page.
func first(after []string) string {
	if len(after) == 0 {
		return ""
	}
	return after[0]
}

// merge changes current by the fields of patch that the mask names; without a
// mask by all that are set.
func merge(current, patch proto.Message, mask *fieldmaskpb.FieldMask) error {
	if err := checkMask(patch, mask); err != nil {
		return err
	}
	fieldmask.Update(mask, current, patch)
	return nil
}

func checkMask(m proto.Message, mask *fieldmaskpb.FieldMask) error {
	if fieldmask.IsFullReplacement(mask) {
		return nil
	}
	var bad []problem.Violation
	for _, path := range mask.GetPaths() {
		top, _, _ := strings.Cut(path, ".")
		f := m.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(top))
		switch {
		case f == nil || !fieldmaskValid(m, path):
			bad = append(bad, problem.Violation{Field: "update_mask", Rule: "known_path", Fix: fmt.Sprintf("Name only fields of the resource: %q is none.", path)})
		case fieldbehavior.Has(f, annotations.FieldBehavior_OUTPUT_ONLY):
			bad = append(bad, problem.Violation{Field: "update_mask", Rule: "writable_path", Fix: fmt.Sprintf("Leave %q out: only the server sets it.", path)})
		}
	}
	if len(bad) > 0 {
		return problem.Invalid(bad...)
	}
	return nil
}

func fieldmaskValid(m proto.Message, path string) bool {
	return fieldmask.Validate(&fieldmaskpb.FieldMask{Paths: []string{path}}, m) == nil
}

// viewer is what the caller sees of a district by an action.
func viewer(ctx context.Context, district, action string) campaign.Viewer {
	node := "districts/" + district
	shown := access.ScopeOf(ctx, action)
	if shown.Covers(node) {
		return campaign.Viewer{All: true}
	}
	var v campaign.Viewer
	for _, n := range shown.Below(node) {
		v.Schools = append(v.Schools, strings.TrimPrefix(n, node+"/schools/"))
	}
	return v
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
