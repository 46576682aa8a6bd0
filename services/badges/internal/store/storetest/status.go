package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

func suspensions(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	a := anAward("w2", "d2", 1)
	a.Renews = school + "/awards/w1"
	require.NoError(t, s.InsertAward(ctx, a))
	read(t, a, must(s.Award(ctx, a.Name)))
	a.State, a.SuspendReason, a.SuspendTime, a.RenewedBy, a.Version = award.Suspended, "why", at(7), school+"/awards/w3", 2
	require.NoError(t, s.UpdateAward(ctx, a))
	read(t, a, must(s.Award(ctx, a.Name)))
	old := anAward("w0", "d0", 1)
	old.RenewalOpenTime = time.Time{}
	require.NoError(t, s.InsertAward(ctx, old))
	require.Equal(t, old.ExpireTime.AddDate(0, 0, -183), must(s.Award(ctx, old.Name)).RenewalOpenTime, "one from before there were renewals")
}

func renewalsDue(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	a := anAward("w1", "d1", 10)
	a.RenewalAnnounced = false
	other := anAward("w2", "d2", 10)
	other.RenewalAnnounced, other.State = false, award.Suspended
	for _, a := range []award.Award{a, other} {
		require.NoError(t, s.InsertAward(ctx, a))
	}
	require.Empty(t, must(s.Due(ctx, at(59), 9)))
	require.Equal(t, []string{a.Name}, must(s.Due(ctx, at(60), 9)))
	a.RenewedBy, a.Version = "w9", 2
	require.NoError(t, s.UpdateAward(ctx, a))
	require.Empty(t, must(s.Due(ctx, at(60), 9)), "its renewal is there")
	a.RenewedBy, a.RenewalAnnounced, a.Version = "", true, 3
	require.NoError(t, s.UpdateAward(ctx, a))
	require.Empty(t, must(s.Due(ctx, at(60), 9)), "it was said")
}

func aList(ordinal int) status.List {
	return status.List{
		Name: fmt.Sprintf("statusLists/l%d", ordinal), Issuer: "issuers/i", Purpose: "revocation", Ordinal: ordinal, CreateTime: at(1),
	}
}

func anEntry(credential string, index int) status.Entry {
	return status.Entry{List: "statusLists/l1", Index: index, Credential: credential, Purpose: "revocation", ChangeTime: at(1), Version: 1}
}

func statusPlaces(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := tenant.With(t.Context(), "d1") // the work of a district
	require.Zero(t, must(s.OpenStatusList(ctx, "issuers/i", "revocation")))
	for _, ordinal := range []int{1, 2, 2} {
		require.NoError(t, s.InsertStatusList(ctx, aList(ordinal)), "a list that is there stays")
	}
	read(t, aList(2), must(s.OpenStatusList(ctx, "issuers/i", "revocation")))
	require.Zero(t, must(s.OpenStatusList(ctx, "issuers/i", "suspension")))
	require.NoError(t, s.FillStatusList(ctx, aList(2).Name))
	require.True(t, must(s.StatusList(ctx, aList(2).Name)).Full)
	require.Len(t, must(s.StatusLists(ctx)), 2)
	_, err := s.StatusList(ctx, "statusLists/none")
	require.True(t, problem.Is(err, problem.KindNotFound))

	require.True(t, must(s.InsertStatusEntry(ctx, anEntry("credentials/a", 7))))
	require.False(t, must(s.InsertStatusEntry(ctx, anEntry("credentials/b", 7))), "the place is taken")
	require.True(t, must(s.InsertStatusEntry(ctx, anEntry("credentials/b", 8))))
	_, err = s.InsertStatusEntry(ctx, anEntry("credentials/b", 9))
	require.True(t, problem.Is(err, problem.KindAlreadyExists), "one place per credential and purpose")
	require.Equal(t, 2, must(s.CountStatusEntries(ctx, "statusLists/l1")))
	read(t, []status.Entry{anEntry("credentials/a", 7)}, must(s.StatusEntries(ctx, "credentials/a")))
}

func statusBits(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := tenant.With(t.Context(), "d1")
	require.NoError(t, s.InsertStatusList(ctx, aList(1)))
	for i, name := range []string{"credentials/a", "credentials/b", "credentials/c"} {
		require.True(t, must(s.InsertStatusEntry(ctx, anEntry(name, 100-i))))
	}
	set := func(credential string, on bool, i int) string {
		e := anEntry(credential, 0)
		e.On, e.ChangeTime, e.Reason = on, at(i), "so"
		list, err := s.SetStatusEntry(ctx, e)
		require.NoError(t, err)
		return list
	}
	require.Equal(t, status.Rows{}, must(s.StatusRows(ctx, "statusLists/l1")))
	require.Equal(t, "statusLists/l1", set("credentials/a", true, 5))
	require.Equal(t, "statusLists/l1", set("credentials/c", true, 4))
	require.Empty(t, set("credentials/c", true, 9), "what is set is not set again")
	require.Empty(t, set("credentials/none", true, 9))
	require.Equal(t, status.Rows{Set: []int{98, 100}, Change: at(5)}, must(s.StatusRows(ctx, "statusLists/l1")))
	revoked := must(s.RevokedBy(ctx, "issuers/i"))
	require.Len(t, revoked, 2)
	require.Equal(t, "credentials/c", revoked[1].Credential)
	require.Equal(t, "so", revoked[1].Reason)
	require.Empty(t, must(s.RevokedBy(ctx, "issuers/other")))
	set("credentials/a", false, 6)
	require.Equal(t, status.Rows{Set: []int{98}, Change: at(6)}, must(s.StatusRows(ctx, "statusLists/l1")))
	require.EqualValues(t, 3, must(s.StatusEntries(ctx, "credentials/a"))[0].Version)
}

func statusVersions(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := tenant.With(t.Context(), tenant.State)
	require.Equal(t, status.Signed{List: "statusLists/l"}, must(s.SignedStatusList(ctx, "statusLists/l")))
	d := status.Signed{List: "statusLists/l", Document: []byte("{\x00}"), ETag: "e", Bits: "b", Method: "m", SignTime: at(1), Version: 1}
	require.NoError(t, s.SaveSignedStatusList(ctx, d))
	read(t, d, must(s.SignedStatusList(ctx, d.List)))
	require.True(t, problem.Is(s.SaveSignedStatusList(ctx, d), problem.KindAborted), "another replica was faster")
	d.Version, d.ETag = 2, "f"
	require.NoError(t, s.SaveSignedStatusList(ctx, d))
	d.Version = 4
	require.True(t, problem.Is(s.SaveSignedStatusList(ctx, d), problem.KindAborted))
	require.Equal(t, "f", must(s.SignedStatusList(ctx, d.List)).ETag)
}

// awardReasons asks from another district, since a credential does not name its own.
func awardReasons(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	a := anAward("w1", "d1", 1)
	require.NoError(t, s.InsertAward(ctx, a))
	a.State, a.SuspendReason, a.RevokeReason, a.Version = award.Suspended, "for now", "for good", 2
	require.NoError(t, s.UpdateAward(ctx, a))
	outside := tenant.With(t.Context(), "d2")
	require.Equal(t, "for now", must(s.AwardReason(outside, a.Credential)))
	a.State, a.Version = award.Revoked, 3
	require.NoError(t, s.UpdateAward(ctx, a))
	require.Equal(t, "for good", must(s.AwardReason(outside, a.Credential)))
	require.Empty(t, must(s.AwardReason(outside, "credentials/none")))
}
