package badges_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func standards() []string {
	return []string{
		"welcome-all-families", "communicate-effectively", "support-student-success",
		"speak-up-for-every-child", "share-power", "collaborate-with-community",
	}
}

func check(t *testing.T, w *bt.World, credential string) *badgesv1.Verification {
	t.Helper()
	v, err := w.Credentials.CheckCredential(t.Context(), &badgesv1.CheckCredentialRequest{Name: credential})
	require.NoError(t, err)
	return v
}

func TestARevokedBadgeSaysSoToEverybody(t *testing.T) {
	w := start(t)
	award := w.Award(bt.Journey, bt.Badge)
	revoke := func(person, etag, reason string) (*badgesv1.Award, error) {
		return w.Awards.RevokeAward(w.As(person), &badgesv1.RevokeAwardRequest{Name: award.GetName(), Etag: etag, Reason: reason})
	}
	_, err := revoke(bt.Admin, "", "")
	invalid(t, err, broken{"reason", "string.min_len"})
	_, err = revoke(bt.Chair, "", "x")
	denied(t, err)
	_, err = revoke(bt.Admin, `"5"`, "x")
	stale(t, err)
	out, err := revoke(bt.Admin, award.GetEtag(), "The evidence was of another school.")
	require.NoError(t, err)
	require.Equal(t, badgesv1.Award_STATE_REVOKED, out.GetState())
	require.Equal(t, "BadgeRevoked", w.Events()[len(w.Events())-1])
	_, err = revoke(bt.Admin, "", "again")
	wrongState(t, err, "award_state")

	v := check(t, w, award.GetCredential())
	require.False(t, v.GetValid())
	require.Equal(t, badgesv1.StepOutcome_STEP_OUTCOME_FAILED, step(t, v, "status").GetOutcome())
	require.Contains(t, step(t, v, "status").GetReason(), "another school")
	require.Equal(t, badgesv1.StepOutcome_STEP_OUTCOME_PASSED, step(t, v, "proof").GetOutcome(), "the signature still holds")
}

func TestAnAwardEndsThenLapsesByTheClock(t *testing.T) {
	w := bt.Start(t, bt.Options{Tasks: true}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
	award := w.Award(bt.Journey, bt.Badge)
	becomes := func(want badgesv1.Award_State) {
		t.Helper()
		kittest.EventuallyNoError(t, func() error {
			a, err := w.Awards.GetAward(w.As(bt.Admin), &badgesv1.GetAwardRequest{Name: award.GetName()})
			if err == nil && a.GetState() != want {
				err = errors.New(a.GetState().String())
			}
			return err
		})
	}
	w.Clock.Set(award.GetExpireTime().AsTime())
	becomes(badgesv1.Award_STATE_GRACE)
	require.Equal(t, "BadgeExpired", w.Events()[len(w.Events())-1])
	v := check(t, w, award.GetCredential())
	require.Equal(t, badgesv1.StepOutcome_STEP_OUTCOME_WARNING, step(t, v, "status").GetOutcome())
	require.True(t, v.GetValid(), "a badge in its days of grace still stands")
	w.Clock.Advance(90 * 24 * time.Hour)
	becomes(badgesv1.Award_STATE_LAPSED)
	require.Equal(t, "BadgeLapsed", w.Events()[len(w.Events())-1], "older events may be forgotten by now")
	v = check(t, w, award.GetCredential())
	require.False(t, v.GetValid())
	require.Contains(t, step(t, v, "status").GetReason(), "was not renewed")
}

func TestSixBadgesMakeAPartnershipSchool(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		status := func() *badgesv1.PartnershipStatus {
			s, err := w.Awards.GetPartnershipStatus(w.As(bt.Principal), &badgesv1.GetPartnershipStatusRequest{Name: bt.School + "/partnershipStatus"})
			require.NoError(t, err)
			return s
		}
		require.ElementsMatch(t, standards(), status().GetMissing())
		require.Equal(t, bt.FrameworkVersion, status().GetFrameworkVersion())
		var last *badgesv1.Award
		for i, standard := range standards() {
			require.False(t, status().GetPartnershipSchool(), "%d badges", i)
			journey := bt.School + "/teams/t1/journeys/" + standard
			w.Schools.AddJourney(journey, standard, "East Elementary")
			last = w.Award(journey, "badgeDefinitions/"+standard)
		}
		require.True(t, status().GetPartnershipSchool())
		require.Empty(t, status().GetMissing())
		require.Equal(t, []string{"PartnershipSchoolRecognized", "CredentialIssued"}, w.Events()[len(w.Events())-2:])

		list, err := w.Awards.ListAwards(w.As(bt.Analyst), &badgesv1.ListAwardsRequest{Parent: "districts/-/schools/-", PageSize: 4})
		require.NoError(t, err)
		require.Len(t, list.GetAwards(), 4)
		list, err = w.Awards.ListAwards(w.As(bt.Analyst), &badgesv1.ListAwardsRequest{
			Parent: "districts/-/schools/-", PageSize: 4, PageToken: list.GetNextPageToken(),
		})
		require.NoError(t, err)
		require.Len(t, list.GetAwards(), 2)
		require.Empty(t, list.GetNextPageToken())

		_, err = w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: last.GetName(), Reason: "A mistake."})
		require.NoError(t, err)
		require.False(t, status().GetPartnershipSchool())
		require.Equal(t, []string{last.GetStandard()}, status().GetMissing())
		require.Equal(t, []string{"BadgeRevoked", "PartnershipSchoolLapsed"}, w.Events()[len(w.Events())-2:])
	})
}

func TestAStatusOfASchoolThatDoesNotExistIsUnknown(t *testing.T) {
	w := start(t)
	_, err := w.Awards.GetPartnershipStatus(w.As(bt.Admin), &badgesv1.GetPartnershipStatusRequest{Name: bt.District + "/schools/none/partnershipStatus"})
	unknown(t, err)
}

func TestTheIssuerAndUnknownCredentials(t *testing.T) {
	w := start(t)
	issuer, err := w.Credentials.GetIssuer(t.Context(), &badgesv1.GetIssuerRequest{Name: "issuers/state"})
	require.NoError(t, err)
	require.Contains(t, issuer.GetVerificationMethods()[0], issuer.GetDid()+"#")
	_, err = w.Credentials.GetIssuer(t.Context(), &badgesv1.GetIssuerRequest{Name: "issuers/other"})
	unknown(t, err)
	_, err = w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: "credentials/none"})
	unknown(t, err)
	_, err = w.Credentials.CheckCredential(t.Context(), &badgesv1.CheckCredentialRequest{Name: "credentials/none"})
	unknown(t, err)
	_, err = w.Credentials.VerifyCredential(t.Context(), &badgesv1.VerifyCredentialRequest{})
	invalid(t, err, broken{"document", "required"})
}
