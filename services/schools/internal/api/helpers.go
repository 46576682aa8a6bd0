package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.einride.tech/aip/resourcename"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/page"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// The forms of resource names.
const (
	districtForm   = "districts/{district}"
	schoolForm     = districtForm + "/schools/{school}"
	feederForm     = districtForm + "/feederSystems/{feeder_system}"
	personForm     = districtForm + "/people/{person}"
	officeForm     = "people/{person}"
	grantForm      = personForm + "/grants/{grant}"
	officeGrant    = officeForm + "/grants/{grant}"
	restrictForm   = districtForm + "/restrictions/{restriction}"
	cycleForm      = "cycles/{cycle}"
	teamForm       = schoolForm + "/teams/{team}"
	memberForm     = teamForm + "/members/{member}"
	journeyForm    = teamForm + "/journeys/{journey}"
	goalForm       = journeyForm + "/goals/{goal}"
	stepForm       = journeyForm + "/steps/{step}"
	reflectionForm = journeyForm + "/reflections/{reflection}"
	noteForm       = journeyForm + "/notes/{note}"

	defaultPage = 50
	maxPage     = 1000
)

// checkName refuses a name of another form than those of the resource.
func checkName(field, name string, forms ...string) error {
	relative := !strings.HasPrefix(name, "/")
	if relative && slices.ContainsFunc(forms, func(form string) bool { return resourcename.Match(form, name) }) {
		return nil
	}
	return problem.Invalid(problem.Violation{
		Field: field, Rule: "name_form", Fix: "Use a name of the form " + strings.Join(forms, " or ") + ".",
	})
}

// answer maps what the domain answered.
func answer[D, P any](d D, err error, to func(D) *P) (*P, error) {
	if err != nil {
		return nil, err
	}
	return to(d), nil
}

// read is a standard Get.
func read[D, P any](ctx context.Context, name, form string, get func(context.Context, string) (D, error), to func(D) *P) (*P, error) {
	if err := checkName("name", name, form); err != nil {
		return nil, err
	}
	d, err := get(ctx, name)
	return answer(d, err, to)
}

// remove is a standard Delete.
func remove(ctx context.Context, name, form, tag string, del func(ctx context.Context, name, tag string) error) (*emptypb.Empty, error) {
	if err := checkName("name", name, form); err != nil {
		return nil, err
	}
	if err := del(ctx, name, tag); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// list is a standard List: one row more than asked for tells whether there is a
// next page. keys are the sort keys of a row.
func list[D, P any](req proto.Message, fetch func(record.Range) ([]D, error), keys func(D) []string, to func(D) *P) ([]*P, string, error) {
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, "", err
	}
	found, err := fetch(record.Range{After: p.After, Limit: p.Size + 1})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(found) > p.Size {
		found = found[:p.Size]
		next = p.Next(keys(found[p.Size-1])...)
	}
	rows := make([]*P, len(found))
	for i, d := range found {
		rows[i] = to(d)
	}
	return rows, next, nil
}

// below is a standard List of the resources of one parent.
func below[D, P any](ctx context.Context, req interface {
	proto.Message
	GetParent() string
}, form string, fetch func(context.Context, string, record.Range) ([]D, error), name func(D) string, to func(D) *P,
) ([]*P, string, error) {
	if err := checkName("parent", req.GetParent(), form); err != nil {
		return nil, "", err
	}
	return list(req, func(r record.Range) ([]D, error) { return fetch(ctx, req.GetParent(), r) },
		func(d D) []string { return []string{idOf(name(d))} }, to)
}

func idOf(name string) string {
	_, _, id := record.Split(name)
	return id
}

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func tagOf(m record.Meta) string { return etag.Of(m.Version) }
