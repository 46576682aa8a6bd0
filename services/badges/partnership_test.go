package badges_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// earn awards a badge for a standard on a journey of its own.
func earn(w *bt.World, standard, journey string) *badgesv1.Award {
	w.T.Helper()
	name := bt.School + "/teams/t1/journeys/" + journey
	w.Schools.AddJourney(name, standard, "East Elementary")
	return w.Award(name, "badgeDefinitions/"+standard)
}

// earnAll awards the six badges, by standard.
func earnAll(w *bt.World) map[string]*badgesv1.Award {
	w.T.Helper()
	out := map[string]*badgesv1.Award{}
	for _, standard := range standards() {
		out[standard] = earn(w, standard, standard)
	}
	return out
}

func partnership(w *bt.World) *badgesv1.PartnershipStatus {
	w.T.Helper()
	s, err := w.Awards.GetPartnershipStatus(w.As(bt.Principal), &badgesv1.GetPartnershipStatusRequest{Name: bt.School + "/partnershipStatus"})
	require.NoError(w.T, err)
	return s
}

// record is a Partnership School award as it is signed.
type record struct {
	ID         string
	Type       []string
	ValidUntil time.Time
	Subject    struct {
		ID, Name             string
		Achievement          []struct{ ID, Name string }
		VerifiableCredential []struct {
			ID    string
			Proof []struct{ VerificationMethod string }
		}
		Association []struct{ AssociationType, SourceID, TargetID string }
	} `json:"credentialSubject"`
	Proof []struct{ VerificationMethod string }
}

func recordOf(w *bt.World, name string) (r record) {
	w.T.Helper()
	body, err := w.Credentials.GetCredential(w.T.Context(), &badgesv1.GetCredentialRequest{Name: name})
	require.NoError(w.T, err)
	require.NoError(w.T, json.Unmarshal(body.GetData(), &r))
	return r
}

func (r record) parts() (ids []string) {
	for _, part := range r.Subject.VerifiableCredential {
		ids = append(ids, part.ID)
	}
	return ids
}

// marked holds the bits of a credential in the public lists to what they should be.
func marked(t *testing.T, w *bt.World, credential string, revoked, suspended bool) {
	t.Helper()
	bits := listed(t, w, credential)
	require.Equal(t, []bool{revoked, suspended}, []bool{bits["revocation"], bits["suspension"]})
}

func TestAPartnershipSchoolFallsAndReturnsWithItsBadges(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		require.Empty(t, partnership(w).GetCredential(), "before the first recognition there is none")
		awards := earnAll(w)
		first := partnership(w).GetCredential()
		r := recordOf(w, first)
		require.Contains(t, r.Type, "ClrCredential")
		require.Equal(t, w.Deps.PublicURL+"/v1/"+bt.School, r.Subject.ID)
		require.Len(t, r.parts(), 6)
		var whole string
		targets := map[string]bool{}
		for _, a := range r.Subject.Association {
			require.Equal(t, "isParentOf", a.AssociationType)
			whole, targets[a.TargetID] = a.SourceID, true
		}
		require.Len(t, targets, 6)
		require.Equal(t, r.Subject.Achievement[0].ID, whole, "its own achievement is the parent of the six")
		require.True(t, check(t, w, first).GetValid(), "%v", check(t, w, first))

		one := awards[standards()[2]]
		_, err := w.Awards.SuspendAward(w.As(bt.Admin), &badgesv1.SuspendAwardRequest{Name: one.GetName(), Reason: "A question is open."})
		require.NoError(t, err)
		require.False(t, partnership(w).GetPartnershipSchool())
		require.Equal(t, first, partnership(w).GetCredential())
		require.False(t, check(t, w, first).GetValid())
		marked(t, w, first, false, true)

		_, err = w.Awards.ReinstateAward(w.As(bt.Admin), &badgesv1.ReinstateAwardRequest{Name: one.GetName()})
		require.NoError(t, err)
		require.True(t, partnership(w).GetPartnershipSchool())
		require.Equal(t, first, partnership(w).GetCredential(), "the same six make the same award")
		marked(t, w, first, false, false)
		require.True(t, check(t, w, first).GetValid())

		_, err = w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: one.GetName(), Reason: "A mistake."})
		require.NoError(t, err)
		marked(t, w, first, true, false)
		require.False(t, check(t, w, first).GetValid())

		again := earn(w, one.GetStandard(), "again")
		second := partnership(w).GetCredential()
		require.NotEqual(t, first, second, "another badge in the place of one makes another award")
		require.Contains(t, recordOf(w, second).parts(), w.Deps.PublicURL+"/v1/"+again.GetCredential())
		require.True(t, check(t, w, second).GetValid())
		require.False(t, check(t, w, first).GetValid(), "what fell for good stays fallen")
		body, err := w.Credentials.RefreshCredential(t.Context(), &badgesv1.RefreshCredentialRequest{Name: first})
		require.NoError(t, err)
		require.Contains(t, string(body.GetData()), second, "who has the old one finds the new one")
	})
}

// settled waits for what the schedule makes of the clock.
func settled(w *bt.World, ok func(s *badgesv1.PartnershipStatus) bool, what string) {
	w.T.Helper()
	kittest.EventuallyNoError(w.T, func() error {
		if s := partnership(w); !ok(s) {
			return errors.New(what + ": " + s.String())
		}
		return nil
	})
}

func TestAPartnershipSchoolLastsThroughTheDaysOfGraceAndFallsWithALapse(t *testing.T) {
	w := bt.Start(t, bt.Options{Tasks: true}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
	awards := earnAll(w)
	first := partnership(w).GetCredential()
	require.False(t, partnership(w).GetInGrace())
	one := awards[standards()[0]]
	w.Clock.Set(one.GetExpireTime().AsTime().AddDate(0, -1, 0))
	successor := earn(w, one.GetStandard(), "renewal")
	require.Equal(t, one.GetName(), successor.GetRenews())
	require.Equal(t, first, partnership(w).GetCredential(), "until its successor takes over, the older badge stands in the award")

	w.Clock.Set(one.GetExpireTime().AsTime())
	settled(w, func(s *badgesv1.PartnershipStatus) bool { return s.GetInGrace() && s.GetCredential() != first }, "in grace, with the successor")
	require.True(t, partnership(w).GetPartnershipSchool())
	second := partnership(w).GetCredential()
	require.Contains(t, recordOf(w, second).parts(), w.Deps.PublicURL+"/v1/"+successor.GetCredential())
	require.True(t, check(t, w, second).GetValid(), "%v", check(t, w, second))

	w.Clock.Set(awards[standards()[5]].GetLapseTime().AsTime())
	settled(w, func(s *badgesv1.PartnershipStatus) bool { return !s.GetPartnershipSchool() }, "lapsed")
	settled(w, func(s *badgesv1.PartnershipStatus) bool { return len(s.GetMissing()) == 5 }, "five are gone")
	require.False(t, check(t, w, second).GetValid())
	require.True(t, listed(t, w, second)["revocation"])
}
