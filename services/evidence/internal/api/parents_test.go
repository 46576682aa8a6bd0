package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"

	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

func TestEvidenceOfAnUnknownSchoolIsNotFoundByTheNameSent(t *testing.T) {
	w := world(t)
	admin := et.As(t, accessv1.Role_ROLE_STATE_ADMIN, "")
	list := func(school string) error {
		_, err := w.Artifacts.ListArtifacts(admin, &evidencev1.ListArtifactsRequest{Parent: school})
		return err
	}
	for _, unknown := range []string{et.District + "/schools/never", "districts/never/schools/0010"} {
		err := list(unknown)
		require.Equal(t, codes.NotFound, et.Code(err))
		require.Contains(t, whole(err), unknown)
	}
	require.NoError(t, list(et.Neighbour), "a school without evidence")
}

func TestEvidenceIsListedWithoutAskingForItsSchool(t *testing.T) {
	w := world(t)
	w.Create(t, "a", nil)
	w.Schools.SetAway(problem.Unavailable("schools"))
	calls := w.Schools.Calls()
	resp, err := w.Artifacts.ListArtifacts(et.Member(t), &evidencev1.ListArtifactsRequest{Parent: et.School})
	require.NoError(t, err)
	require.Len(t, resp.GetArtifacts(), 1)
	require.Equal(t, calls, w.Schools.Calls())
	_, err = w.Artifacts.ListArtifacts(et.Lead(t), &evidencev1.ListArtifactsRequest{Parent: et.School, Filter: `indicator = "none"`})
	require.Equal(t, codes.Unavailable, et.Code(err), "an answer that nobody can give is not given")
}
