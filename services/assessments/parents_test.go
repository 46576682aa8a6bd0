package assessments_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// lists are all RPCs that list under a parent: each lists and counts the rows.
func lists(w *world) map[string]func(ctx context.Context, parent string) (int, error) {
	return map[string]func(ctx context.Context, parent string) (int, error){
		"campaigns": func(ctx context.Context, p string) (int, error) {
			resp, err := w.campaigns.ListCampaigns(ctx, &assessmentsv1.ListCampaignsRequest{Parent: p})
			return len(resp.GetCampaigns()), err
		},
		"releases": func(ctx context.Context, p string) (int, error) {
			resp, err := w.results.ListReleases(ctx, &assessmentsv1.ListReleasesRequest{Parent: p})
			return len(resp.GetReleases()), err
		},
		"links": func(ctx context.Context, p string) (int, error) {
			resp, err := w.campaigns.ListLinks(ctx, &assessmentsv1.ListLinksRequest{Parent: p})
			return len(resp.GetLinks()), err
		},
		"results": func(ctx context.Context, p string) (int, error) {
			resp, err := w.results.ListResults(ctx, &assessmentsv1.ListResultsRequest{Parent: p})
			return len(resp.GetResults()), err
		},
		"self-assessments": func(ctx context.Context, p string) (int, error) {
			resp, err := w.selfs.ListSelfAssessments(ctx, &assessmentsv1.ListSelfAssessmentsRequest{Parent: p})
			return len(resp.GetSelfAssessments()), err
		},
		"ratings": func(ctx context.Context, p string) (int, error) {
			resp, err := w.selfs.ListRatings(ctx, &assessmentsv1.ListRatingsRequest{Parent: p})
			return len(resp.GetRatings()), err
		},
		"framework versions": func(ctx context.Context, p string) (int, error) {
			resp, err := w.frameworks.ListFrameworkVersions(ctx, &assessmentsv1.ListFrameworkVersionsRequest{Parent: p})
			return len(resp.GetFrameworkVersions()), err
		},
		"instrument versions": func(ctx context.Context, p string) (int, error) {
			resp, err := w.instruments.ListInstrumentVersions(ctx, &assessmentsv1.ListInstrumentVersionsRequest{Parent: p})
			return len(resp.GetInstrumentVersions()), err
		},
	}
}

func TestAListUnderAParentThatDoesNotExistIsNotFoundByTheNameSent(t *testing.T) {
	w := start(t)
	list := lists(w)
	for what, parent := range map[string]string{
		"campaigns": "districts/never", "releases": "districts/never", "links": "districts/d1/campaigns/never",
		"results": "districts/d1/schools/never", "self-assessments": "districts/d1/schools/oak/teams/never",
		"ratings": team + "/selfAssessments/never", "framework versions": "frameworks/never", "instrument versions": "instruments/never",
	} {
		t.Run(what, func(t *testing.T) {
			_, err := list[what](w.state(), parent)
			refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
			require.Equal(t, parent, named(err))
		})
	}
}

func TestAListUnderAParentThatHasNothingYetIsEmpty(t *testing.T) {
	w := start(t)
	list := lists(w)
	for what, parent := range map[string]string{
		"campaigns": "districts/d1", "releases": "districts/d1", "results": "districts/d1/schools/oak", "self-assessments": team,
	} {
		t.Run(what, func(t *testing.T) {
			for _, ctx := range []context.Context{w.state(), w.coordinator(), w.lead()} {
				n, err := list[what](ctx, parent)
				require.NoError(t, err)
				require.Zero(t, n)
			}
		})
	}
}

func TestAWildcardForADistrictIsNoDistrictToAskFor(t *testing.T) {
	w := start(t)
	for _, what := range []string{"campaigns", "releases"} {
		_, err := lists(w)[what](w.state(), "districts/-")
		require.NoError(t, err, what)
	}
}

// named is the resource that an error is about.
func named(err error) string {
	for _, d := range status.Convert(err).Details() {
		if d, ok := d.(*errdetails.ResourceInfo); ok {
			return d.GetResourceName()
		}
	}
	return ""
}
