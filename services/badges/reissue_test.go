package badges_test

import (
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// reissued signs credentials anew and waits for the end of it.
func reissued(w *bt.World, req *badgesv1.ReissueCredentialsRequest) (*badgesv1.ReissueCredentialsResponse, *badgesv1.ReissueProgress) {
	w.T.Helper()
	op, err := w.Credentials.ReissueCredentials(w.As(bt.Admin), req)
	require.NoError(w.T, err)
	kittest.Eventually(w.T, func() bool {
		op, err = w.Credentials.GetCredentialOperation(w.As(bt.Admin), &badgesv1.GetCredentialOperationRequest{Name: op.GetName()})
		require.NoError(w.T, err)
		return op.GetDone()
	}, "the operation ends")
	require.NotNil(w.T, op.GetResponse(), "%v", op.GetError())
	out, progress := &badgesv1.ReissueCredentialsResponse{}, &badgesv1.ReissueProgress{}
	require.NoError(w.T, op.GetResult().(*longrunningpb.Operation_Response).Response.UnmarshalTo(out))
	require.NoError(w.T, op.GetMetadata().UnmarshalTo(progress))
	return out, progress
}

func TestCredentialsAreSignedAnewWithTheNewKeyOfTheirIssuer(t *testing.T) {
	w := bt.Start(t, bt.Options{Tasks: true}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
	issuers := badgesv1.NewIssuersServiceClient(w.Conn)
	awards := earnAll(w)
	record := partnership(w).GetCredential()
	revoked := earn(w, bt.Standard, "another")
	_, err := w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: revoked.GetName(), Reason: "A mistake."})
	require.NoError(t, err)
	before := map[string]string{}
	for _, c := range listCredentials(w, bt.Principal, &badgesv1.ListCredentialsRequest{Parent: bt.School}).GetCredentials() {
		before[c.GetName()] = c.GetDigest()
	}
	old, err := issuers.ListIssuerKeys(w.As(bt.Admin), &badgesv1.ListIssuerKeysRequest{Parent: "issuers/state"})
	require.NoError(t, err)
	key := old.GetIssuerKeys()[0]
	_, err = issuers.CompromiseIssuerKey(w.As(bt.Admin), &badgesv1.CompromiseIssuerKeyRequest{
		Name: key.GetName(), CompromiseTime: timestamppb.New(key.GetCreateTime().AsTime()), Reason: "A laptop was stolen.",
	})
	require.NoError(t, err)
	require.False(t, check(t, w, record).GetValid(), "what the key signed holds no more")

	out, progress := reissued(w, &badgesv1.ReissueCredentialsRequest{Key: key.GetName()})
	require.EqualValues(t, 7, out.GetReissued(), "six badges and the award that embeds them")
	require.EqualValues(t, 1, out.GetSkipped(), "what is revoked stays as it is")
	require.EqualValues(t, 8, progress.GetDone())
	require.EqualValues(t, 8, progress.GetTotal())
	for _, c := range listCredentials(w, bt.Principal, &badgesv1.ListCredentialsRequest{Parent: bt.School}).GetCredentials() {
		if c.GetName() == revoked.GetCredential() {
			require.EqualValues(t, 1, c.GetVersion())
			continue
		}
		require.EqualValues(t, 2, c.GetVersion())
		require.NotEqual(t, before[c.GetName()], c.GetDigest())
		v := check(t, w, c.GetName())
		require.True(t, v.GetValid(), "%v", v)
		require.True(t, v.GetIssuerKnown())
	}
	r := recordOf(w, record)
	for _, part := range r.Subject.VerifiableCredential {
		require.Equal(t, r.Proof[0].VerificationMethod, part.Proof[0].VerificationMethod, "it embeds the badges as they are signed now")
	}
	_, err = w.Awards.SuspendAward(w.As(bt.Admin), &badgesv1.SuspendAwardRequest{Name: awards[bt.Standard].GetName(), Reason: "A question."})
	require.NoError(t, err)
	marked(t, w, awards[bt.Standard].GetCredential(), false, true)
	marked(t, w, record, false, true)

	out, _ = reissued(w, &badgesv1.ReissueCredentialsRequest{Issuer: "issuers/state"})
	require.Zero(t, out.GetReissued(), "all bear the present key")
	require.EqualValues(t, 8, out.GetSkipped())
	count := 0
	for _, event := range w.Events() {
		if event == "CredentialReissued" {
			count++
		}
	}
	require.Equal(t, 7, count)
}

func TestOnlyKnownIssuersAndKeysAreSignedAnew(t *testing.T) {
	w := start(t)
	_, err := w.Credentials.ReissueCredentials(w.As(bt.Admin), &badgesv1.ReissueCredentialsRequest{Issuer: "issuers/none"})
	invalid(t, err, broken{"issuer", "known"})
	_, err = w.Credentials.ReissueCredentials(w.As(bt.Admin), &badgesv1.ReissueCredentialsRequest{Key: "issuers/state/keys/none"})
	invalid(t, err, broken{"key", "known"})
	_, err = w.Credentials.ReissueCredentials(w.As(bt.Coordinator), &badgesv1.ReissueCredentialsRequest{})
	require.Error(t, err)
	_, err = w.Credentials.GetCredentialOperation(w.As(bt.Admin), &badgesv1.GetCredentialOperationRequest{Name: "credentialOperations/none"})
	unknown(t, err)
}
