package badges_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
)

// lists are all RPCs that list under a parent: each lists and counts the rows.
func lists(w *bt.World) map[string]func(ctx context.Context, parent string) (int, error) {
	return map[string]func(ctx context.Context, parent string) (int, error){
		"applications": func(ctx context.Context, p string) (int, error) {
			resp, err := w.Applications.ListApplications(ctx, &badgesv1.ListApplicationsRequest{Parent: p})
			return len(resp.GetApplications()), err
		},
		"awards": func(ctx context.Context, p string) (int, error) {
			resp, err := w.Awards.ListAwards(ctx, &badgesv1.ListAwardsRequest{Parent: p})
			return len(resp.GetAwards()), err
		},
		"reviews": func(ctx context.Context, p string) (int, error) {
			resp, err := w.Reviews.ListReviews(ctx, &badgesv1.ListReviewsRequest{Parent: p})
			return len(resp.GetReviews()), err
		},
		"decisions": func(ctx context.Context, p string) (int, error) {
			resp, err := w.Decisions.ListDecisions(ctx, &badgesv1.ListDecisionsRequest{Parent: p})
			return len(resp.GetDecisions()), err
		},
		"badge definition versions": func(ctx context.Context, p string) (int, error) {
			resp, err := w.Definitions.ListBadgeDefinitionVersions(ctx, &badgesv1.ListBadgeDefinitionVersionsRequest{Parent: p})
			return len(resp.GetBadgeDefinitionVersions()), err
		},
		"rubric versions": func(ctx context.Context, p string) (int, error) {
			resp, err := w.Definitions.ListRubricVersions(ctx, &badgesv1.ListRubricVersionsRequest{Parent: p})
			return len(resp.GetRubricVersions()), err
		},
	}
}

func TestAListUnderAParentThatDoesNotExistIsNotFoundByTheNameSent(t *testing.T) {
	w := start(t)
	list := lists(w)
	for what, parent := range map[string]string{
		"applications": bt.Foreign, "awards": bt.Foreign, "reviews": bt.School + "/applications/never", "decisions": bt.School + "/applications/never",
		"badge definition versions": "badgeDefinitions/never", "rubric versions": "rubrics/never",
	} {
		t.Run(what, func(t *testing.T) {
			_, err := list[what](w.As(bt.Admin), parent)
			unknown(t, err)
			require.Equal(t, parent, about(err))
		})
	}
}

func TestAListUnderAParentThatHasNothingYetIsEmpty(t *testing.T) {
	w := start(t)
	list := lists(w)
	a := w.Draft(bt.Journey, bt.Badge).GetName()
	for what, parent := range map[string]string{
		"applications": bt.OtherSchool, "awards": bt.School, "reviews": a, "decisions": a,
	} {
		t.Run(what, func(t *testing.T) {
			n, err := list[what](w.As(bt.Admin), parent)
			require.NoError(t, err)
			require.Zero(t, n)
		})
	}
}

func TestAWildcardNamesNoParentToAskFor(t *testing.T) {
	w := start(t)
	list := lists(w)
	for what, parents := range map[string][]string{
		"applications": {"districts/-/schools/-", "districts/never/schools/-"}, "awards": {"districts/-/schools/-", "districts/never/schools/-"},
		"reviews": {"districts/-/schools/-/applications/-", bt.Foreign + "/applications/-"},
	} {
		for _, parent := range parents {
			n, err := list[what](w.As(bt.Admin), parent)
			require.NoError(t, err, parent)
			require.Zero(t, n)
		}
	}
}

// TestAReviewerDoesNotLearnWhichApplicationsThereAre compares the lists of reviews for an
// application that is not the reviewer's with those for one that never existed.
func TestAReviewerDoesNotLearnWhichApplicationsThereAre(t *testing.T) {
	w := start(t)
	list := lists(w)["reviews"]
	a := w.Submit(w.Draft(bt.Journey, bt.Badge).GetName())
	w.Assign(a.GetName(), bt.Reviewer1)
	for _, parent := range []string{a.GetName(), bt.School + "/applications/never"} {
		n, err := list(w.As(bt.Reviewer2), parent)
		require.NoError(t, err, parent)
		require.Zero(t, n, parent)
	}
	_, err := list(w.As(bt.Insider), bt.School+"/applications/never")
	unknown(t, err) // reads all applications of the district
}

// about is the resource that an error is about.
func about(err error) string {
	for _, d := range status.Convert(err).Details() {
		if d, ok := d.(*errdetails.ResourceInfo); ok {
			return d.GetResourceName()
		}
	}
	return ""
}
