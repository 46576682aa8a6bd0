package badges_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func listCredentials(w *bt.World, person string, req *badgesv1.ListCredentialsRequest) *badgesv1.ListCredentialsResponse {
	w.T.Helper()
	out, err := w.Credentials.ListCredentials(w.As(person), req)
	require.NoError(w.T, err)
	return out
}

func TestASchoolSeesItsCredentialsTheNewestFirst(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		awards := earnAll(w)
		all := listCredentials(w, bt.Principal, &badgesv1.ListCredentialsRequest{Parent: bt.School}).GetCredentials()
		require.Len(t, all, 7)
		kinds := map[badgesv1.Credential_Kind]int{}
		for i, c := range all {
			kinds[c.GetKind()]++
			require.Equal(t, bt.School, c.GetSchool())
			require.EqualValues(t, 1, c.GetVersion())
			require.Len(t, c.GetDigest(), 64)
			require.False(t, c.GetRevoked() || c.GetSuspended())
			require.NotNil(t, c.GetExpireTime())
			if i > 0 {
				require.False(t, all[i-1].GetIssueTime().AsTime().Before(c.GetIssueTime().AsTime()))
			}
		}
		require.Equal(t, map[badgesv1.Credential_Kind]int{badgesv1.Credential_KIND_BADGE: 6, badgesv1.Credential_KIND_PARTNERSHIP: 1}, kinds)

		var paged []*badgesv1.Credential
		req := &badgesv1.ListCredentialsRequest{Parent: bt.School, PageSize: 3}
		for {
			page := listCredentials(w, bt.Principal, req)
			paged = append(paged, page.GetCredentials()...)
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		require.Len(t, paged, 7)
		for i := range all {
			require.Equal(t, all[i].GetName(), paged[i].GetName())
		}
		since := listCredentials(w, bt.Principal, &badgesv1.ListCredentialsRequest{Parent: bt.School, Since: all[2].GetIssueTime()})
		require.GreaterOrEqual(t, len(since.GetCredentials()), 3)
		require.Less(t, len(since.GetCredentials()), 7)
		none := listCredentials(w, bt.Principal, &badgesv1.ListCredentialsRequest{Parent: bt.School, Since: timestamppb.New(all[0].GetIssueTime().AsTime().AddDate(1, 0, 0))})
		require.Empty(t, none.GetCredentials())

		_, err := w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: awards[bt.Standard].GetName(), Reason: "A mistake."})
		require.NoError(t, err)
		revoked := 0
		for _, c := range listCredentials(w, bt.Analyst, &badgesv1.ListCredentialsRequest{Parent: "districts/-/schools/-"}).GetCredentials() {
			if c.GetRevoked() {
				revoked++
			}
		}
		require.Equal(t, 2, revoked, "the badge and the award that rested on it")
		_, err = w.Credentials.ListCredentials(w.As(bt.Stranger), &badgesv1.ListCredentialsRequest{Parent: bt.School})
		require.Error(t, err)
	})
}

// elsewhere is another platform at an address, on which the same school earned a badge.
func elsewhere(t *testing.T, address string) []byte {
	t.Helper()
	deps := kittest.Deps(t, "badges", badges.Migrations)
	deps.PublicURL = address
	w := bt.Start(t, bt.Options{}, deps, badges.New)
	body, err := w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: w.Award(bt.Journey, bt.Badge).GetCredential()})
	require.NoError(t, err)
	return body.GetData()
}

func TestABadgeFromElsewhereIsKeptOnce(t *testing.T) {
	document := elsewhere(t, "http://127.0.0.1:9090")
	w := start(t)
	bring := func(person, school string, document []byte) (*badgesv1.Credential, error) {
		return w.Credentials.ImportCredential(w.As(person), &badgesv1.ImportCredentialRequest{Parent: school, Document: document})
	}
	c, err := bring(bt.Principal, bt.School, document)
	require.NoError(t, err)
	require.Equal(t, badgesv1.Credential_KIND_EXTERNAL, c.GetKind())
	require.Equal(t, bt.School, c.GetSchool())
	require.NotEmpty(t, c.GetTitle())
	again, err := bring(bt.Principal, bt.School, document)
	require.NoError(t, err)
	require.Equal(t, c.GetName(), again.GetName(), "the same document again changes nothing")
	require.Len(t, listCredentials(w, bt.Principal, &badgesv1.ListCredentialsRequest{Parent: bt.School}).GetCredentials(), 1)
	body, err := w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: c.GetName()})
	require.NoError(t, err)
	require.Equal(t, document, body.GetData(), "kept byte for byte")

	_, err = bring(bt.Coordinator, bt.OtherSchool, document)
	require.Contains(t, fmt.Sprint(refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid)), "recipient", "it is about another school")
	forged := []byte(string(document)[:len(document)-200] + string(document)[len(document)-199:])
	_, err = bring(bt.Principal, bt.School, forged)
	require.NotEmpty(t, refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid))
	_, err = bring(bt.Principal, bt.School, elsewhere(t, w.Deps.PublicURL))
	require.Contains(t, fmt.Sprint(refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid)), "issued_here", "it claims to be from here")
	_, err = bring(bt.Principal, bt.School, []byte("no badge"))
	require.NotEmpty(t, refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid))
}

func TestABadgeOfThisPlatformIsKeptAlready(t *testing.T) {
	w := start(t)
	award := w.Award(bt.Journey, bt.Badge)
	body, err := w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: award.GetCredential()})
	require.NoError(t, err)
	c, err := w.Credentials.ImportCredential(w.As(bt.Principal), &badgesv1.ImportCredentialRequest{Parent: bt.School, Document: body.GetData()})
	require.NoError(t, err)
	require.Equal(t, award.GetCredential(), c.GetName())
	require.Equal(t, badgesv1.Credential_KIND_BADGE, c.GetKind())
	require.Len(t, listCredentials(w, bt.Principal, &badgesv1.ListCredentialsRequest{Parent: bt.School}).GetCredentials(), 1)
}
