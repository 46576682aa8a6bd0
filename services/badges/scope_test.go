package badges_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
)

// calls are all RPCs that act on something of a school, by what they act on.
func calls(w *bt.World) map[string]func(ctx context.Context, school string) error {
	const a, d, r, s = "/applications/a1", "/applications/a1/decisions/d1", "/applications/a1/reviews/r1", "/applications/a1/snapshots/1"
	return map[string]func(ctx context.Context, school string) error{
		"create application": func(ctx context.Context, p string) error {
			return drop(w.Applications.CreateApplication(ctx, &badgesv1.CreateApplicationRequest{Parent: p, Application: &badgesv1.Application{}}))
		},
		"list applications": func(ctx context.Context, p string) error {
			return drop(w.Applications.ListApplications(ctx, &badgesv1.ListApplicationsRequest{Parent: p}))
		},
		"get application": func(ctx context.Context, p string) error {
			return drop(w.Applications.GetApplication(ctx, &badgesv1.GetApplicationRequest{Name: p + a}))
		},
		"submit": func(ctx context.Context, p string) error {
			return drop(w.Applications.SubmitApplication(ctx, &badgesv1.SubmitApplicationRequest{Name: p + a}))
		},
		"resubmit": func(ctx context.Context, p string) error {
			return drop(w.Applications.ResubmitApplication(ctx, &badgesv1.ResubmitApplicationRequest{Name: p + a}))
		},
		"withdraw": func(ctx context.Context, p string) error {
			return drop(w.Applications.WithdrawApplication(ctx, &badgesv1.WithdrawApplicationRequest{Name: p + a}))
		},
		"assign": func(ctx context.Context, p string) error {
			return drop(w.Applications.AssignReviewers(ctx, &badgesv1.AssignReviewersRequest{Name: p + a}))
		},
		"snapshot": func(ctx context.Context, p string) error {
			return drop(w.Applications.GetSnapshot(ctx, &badgesv1.GetSnapshotRequest{Name: p + s}))
		},
		"get review": func(ctx context.Context, p string) error {
			return drop(w.Reviews.GetReview(ctx, &badgesv1.GetReviewRequest{Name: p + r}))
		},
		"update review": func(ctx context.Context, p string) error {
			return drop(w.Reviews.UpdateReview(ctx, &badgesv1.UpdateReviewRequest{Review: &badgesv1.Review{Name: p + r}}))
		},
		"propose": func(ctx context.Context, p string) error {
			return drop(w.Decisions.CreateDecision(ctx, &badgesv1.CreateDecisionRequest{Parent: p + a}))
		},
		"get decision": func(ctx context.Context, p string) error {
			return drop(w.Decisions.GetDecision(ctx, &badgesv1.GetDecisionRequest{Name: p + d}))
		},
		"approve": func(ctx context.Context, p string) error {
			return drop(w.Decisions.ApproveDecision(ctx, &badgesv1.ApproveDecisionRequest{Name: p + d}))
		},
		"list awards": func(ctx context.Context, p string) error {
			return drop(w.Awards.ListAwards(ctx, &badgesv1.ListAwardsRequest{Parent: p}))
		},
		"get award": func(ctx context.Context, p string) error {
			return drop(w.Awards.GetAward(ctx, &badgesv1.GetAwardRequest{Name: p + "/awards/w1"}))
		},
		"trail": func(ctx context.Context, p string) error {
			return drop(w.Awards.GetAwardTrail(ctx, &badgesv1.GetAwardTrailRequest{Name: p + "/awards/w1"}))
		},
		"revoke": func(ctx context.Context, p string) error {
			return drop(w.Awards.RevokeAward(ctx, &badgesv1.RevokeAwardRequest{Name: p + "/awards/w1"}))
		},
		"partnership status": func(ctx context.Context, p string) error {
			return drop(w.Awards.GetPartnershipStatus(ctx, &badgesv1.GetPartnershipStatusRequest{Name: p + "/partnershipStatus"}))
		},
	}
}

func drop[T any](_ T, err error) error { return err }

// TestAForeignDistrictIsLikeOneThatNeverExisted compares the answers for a school that has all
// of this with those for a school that was never there: equal but for the name and the request id,
// even where the request is bad in other ways.
func TestAForeignDistrictIsLikeOneThatNeverExisted(t *testing.T) {
	w := start(t)
	for name, call := range calls(w) {
		t.Run(name, func(t *testing.T) {
			foreign, never := call(w.As(bt.Stranger), bt.School), call(w.As(bt.Stranger), "districts/never/schools/none")
			unknown(t, foreign)
			require.Empty(t, cmp.Diff(neutral(foreign, bt.School), neutral(never, "districts/never/schools/none"), protocmp.Transform()))
		})
	}
}

func neutral(err error, school string) proto.Message {
	st := status.Convert(err).Proto()
	st.Message = strings.ReplaceAll(st.GetMessage(), school, "X")
	for i, any := range st.GetDetails() {
		m, err := any.UnmarshalNew()
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case *errdetails.RequestInfo:
			m.RequestId = ""
		case *errdetails.ResourceInfo:
			m.ResourceName, m.ResourceType = strings.ReplaceAll(m.GetResourceName(), school, "X"), ""
		}
		if st.Details[i].MarshalFrom(m) != nil {
			return nil
		}
	}
	return st
}

func TestNobodyAnonymousGetsAnythingButCredentials(t *testing.T) {
	w := start(t)
	for name, call := range calls(w) {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, call(t.Context(), bt.School), "Unauthenticated")
		})
	}
}

func TestNamesOfAnotherShapeNameNothing(t *testing.T) {
	w := start(t)
	admin := w.As(bt.Admin)
	for _, name := range []string{"x", "districts/aspen", bt.School, bt.School + "/applications/-", bt.School + "/applications/a/b"} {
		unknown(t, drop(w.Applications.GetApplication(admin, &badgesv1.GetApplicationRequest{Name: name})))
		unknown(t, drop(w.Awards.GetAward(admin, &badgesv1.GetAwardRequest{Name: name})))
		unknown(t, drop(w.Definitions.GetRubric(admin, &badgesv1.GetRubricRequest{Name: name})))
		unknown(t, drop(w.Credentials.GetCredential(admin, &badgesv1.GetCredentialRequest{Name: name})))
	}
}
