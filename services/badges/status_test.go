package badges_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/kit/readonly"
)

// document reads a credential or a list as anybody does.
func document(t *testing.T, raw []byte, err error) map[string]any {
	t.Helper()
	require.NoError(t, err)
	doc, err := jsonld.Decode(raw)
	require.NoError(t, err)
	return doc
}

func credentialOf(t *testing.T, w *bt.World, name string) map[string]any {
	t.Helper()
	body, err := w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: name})
	return document(t, body.GetData(), err)
}

// listed is what the published lists say of a credential, by purpose, as a verifier far away finds out.
func listed(t *testing.T, w *bt.World, credential string) map[string]bool {
	t.Helper()
	doc := credentialOf(t, w, credential)
	entries, err := status.Entries(doc)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	lists := badgesv1.NewStatusListsServiceClient(w.Conn)
	out := map[string]bool{}
	for _, e := range entries {
		_, name, found := strings.Cut(e.List, "/v1/")
		require.True(t, found, e.List)
		use := status.Use{Issuer: doc["issuer"].(map[string]any)["id"].(string), Now: time.Now()}
		if e.Type == status.TypeRevocation {
			body, err := lists.GetRevocationList(t.Context(), &badgesv1.GetRevocationListRequest{Name: name})
			require.NoError(t, err)
			l, err := status.ParseRevocations(body.GetData())
			require.NoError(t, err)
			out["by name"], _, err = l.Check(e, doc["id"].(string), use)
			require.NoError(t, err)
			continue
		}
		body, err := lists.GetStatusList(t.Context(), &badgesv1.GetStatusListRequest{Name: name})
		l, err := status.Open(document(t, body.GetData(), err))
		require.NoError(t, err)
		out[e.Purpose], err = l.Check(e, use)
		require.NoError(t, err)
	}
	return out
}

func TestASuspensionIsSeenByEverybodyAndEnds(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		award := w.Award(bt.Journey, bt.Badge)
		suspend := func(person, etag, reason string) (*badgesv1.Award, error) {
			return w.Awards.SuspendAward(w.As(person), &badgesv1.SuspendAwardRequest{Name: award.GetName(), Etag: etag, Reason: reason})
		}
		require.Equal(t, map[string]bool{"revocation": false, "suspension": false, "by name": false}, listed(t, w, award.GetCredential()))
		_, err := suspend(bt.Admin, "", "")
		invalid(t, err, broken{"reason", "string.min_len"})
		_, err = suspend(bt.Principal, "", "x")
		denied(t, err)
		_, err = suspend(bt.Stranger, "", "x")
		unknown(t, err)
		_, err = suspend(bt.Admin, `"5"`, "x")
		stale(t, err)
		out, err := suspend(bt.Admin, award.GetEtag(), "The evidence is looked at again.")
		require.NoError(t, err)
		require.Equal(t, badgesv1.Award_STATE_SUSPENDED, out.GetState())
		require.Equal(t, "The evidence is looked at again.", out.GetSuspendReason())
		require.Equal(t, "BadgeSuspended", w.Events()[len(w.Events())-1])
		require.Equal(t, map[string]bool{"revocation": false, "suspension": true, "by name": false}, listed(t, w, award.GetCredential()))
		v := check(t, w, award.GetCredential())
		require.False(t, v.GetValid())
		require.Contains(t, step(t, v, "status").GetReason(), "looked at again")
		_, err = suspend(bt.Admin, "", "again")
		wrongState(t, err, "award_state")

		reinstate := func(person string) (*badgesv1.Award, error) {
			return w.Awards.ReinstateAward(w.As(person), &badgesv1.ReinstateAwardRequest{Name: award.GetName()})
		}
		_, err = reinstate(bt.Principal)
		denied(t, err)
		out, err = reinstate(bt.Admin)
		require.NoError(t, err)
		require.Equal(t, badgesv1.Award_STATE_ACTIVE, out.GetState())
		require.Empty(t, out.GetSuspendReason())
		require.Equal(t, "BadgeReinstated", w.Events()[len(w.Events())-1])
		require.Equal(t, map[string]bool{"revocation": false, "suspension": false, "by name": false}, listed(t, w, award.GetCredential()))
		require.True(t, check(t, w, award.GetCredential()).GetValid())
		_, err = reinstate(bt.Admin)
		wrongState(t, err, "award_state")

		_, err = w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: award.GetName(), Reason: "A mistake."})
		require.NoError(t, err)
		require.Equal(t, map[string]bool{"revocation": true, "suspension": false, "by name": true}, listed(t, w, award.GetCredential()))
	})
}

// A list that is due when the mode begins is signed by whoever asks for it first.
func TestAStatusListIsSignedInReadOnlyMode(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		award := w.Award(bt.Journey, bt.Badge)
		w.DB.FreezeBy(readonly.New(true))
		require.Equal(t, map[string]bool{"revocation": false, "suspension": false, "by name": false}, listed(t, w, award.GetCredential()))
		require.True(t, check(t, w, award.GetCredential()).GetValid())
	})
}

func TestTheLogTellsOfEachSuspensionAndRevocation(t *testing.T) {
	w := start(t)
	award := w.Award(bt.Journey, bt.Badge)
	id := credentialOf(t, w, award.GetCredential())["id"]
	_, err := w.Awards.SuspendAward(w.As(bt.Admin), &badgesv1.SuspendAwardRequest{Name: award.GetName(), Reason: "Wait."})
	require.NoError(t, err)
	_, err = w.Awards.ReinstateAward(w.As(bt.Admin), &badgesv1.ReinstateAwardRequest{Name: award.GetName()})
	require.NoError(t, err)
	_, err = w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: award.GetName(), Reason: "No."})
	require.NoError(t, err)
	rows, err := w.DB.Conn(w.As(bt.Admin)).QueryContext(w.As(bt.Admin), "SELECT leaf FROM log_pending ORDER BY seq")
	require.NoError(t, err)
	defer rows.Close()
	var kinds []string
	for rows.Next() {
		var leaf []byte
		require.NoError(t, rows.Scan(&leaf))
		doc := document(t, leaf, nil)
		if doc["subject"] == id {
			kinds = append(kinds, doc["kind"].(string))
		}
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []string{"issued", "suspended", "reinstated", "revoked"}, kinds)
}

func TestARenewedBadgeLeadsToItsSuccessor(t *testing.T) {
	w := start(t)
	first := w.Award(bt.Journey, bt.Badge)
	require.Equal(t, first.GetExpireTime().AsTime().AddDate(0, -6, 0), first.GetRenewalOpenTime().AsTime())
	require.Equal(t, first.GetExpireTime().AsTime().AddDate(0, 0, 90), first.GetLapseTime().AsTime())
	w.Clock.Set(first.GetExpireTime().AsTime().AddDate(0, -2, 0))
	journey := bt.School + "/teams/t1/journeys/again"
	w.Schools.AddJourney(journey, bt.Standard, "East Elementary")
	second := w.Award(journey, bt.Badge)
	require.Equal(t, first.GetName(), second.GetRenews())
	require.Equal(t, first.GetExpireTime().AsTime().AddDate(3, 0, 0), second.GetExpireTime().AsTime(), "no time is lost")
	old, err := w.Awards.GetAward(w.As(bt.Principal), &badgesv1.GetAwardRequest{Name: first.GetName()})
	require.NoError(t, err)
	require.Equal(t, second.GetName(), old.GetRenewedBy())

	refresh := func(name string) map[string]any {
		body, err := w.Credentials.RefreshCredential(t.Context(), &badgesv1.RefreshCredentialRequest{Name: name})
		return document(t, body.GetData(), err)
	}
	require.Equal(t, credentialOf(t, w, second.GetCredential()), refresh(first.GetCredential()))
	require.Equal(t, credentialOf(t, w, second.GetCredential()), refresh(second.GetCredential()))
	service := credentialOf(t, w, first.GetCredential())["refreshService"]
	require.Contains(t, service.(map[string]any)["id"], first.GetCredential()+":refresh")
	_, err = w.Credentials.RefreshCredential(t.Context(), &badgesv1.RefreshCredentialRequest{Name: "credentials/none"})
	unknown(t, err)
}

func TestACredentialEndsWithTheDaysOfGrace(t *testing.T) {
	w := start(t)
	award := w.Award(bt.Journey, bt.Badge)
	doc := credentialOf(t, w, award.GetCredential())
	from, err := time.Parse(time.RFC3339, doc["validFrom"].(string))
	require.NoError(t, err)
	until, err := time.Parse(time.RFC3339, doc["validUntil"].(string))
	require.NoError(t, err)
	term := award.GetLapseTime().AsTime().Sub(award.GetAwardTime().AsTime())
	require.WithinDuration(t, from.Add(term), until, time.Second, "a badge in grace still counts, so its credential holds")
}

func TestListsThatAreNotThereAreUnknown(t *testing.T) {
	w := start(t)
	lists := badgesv1.NewStatusListsServiceClient(w.Conn)
	for _, name := range []string{"statusLists/none", "statusLists/-", "statusLists/a/b", "lists/a"} {
		_, err := lists.GetStatusList(t.Context(), &badgesv1.GetStatusListRequest{Name: name})
		unknown(t, err)
	}
	_, err := lists.GetRevocationList(t.Context(), &badgesv1.GetRevocationListRequest{Name: "issuers/none/revocationList"})
	unknown(t, err)
	_, err = lists.GetStatusList(t.Context(), &badgesv1.GetStatusListRequest{})
	invalid(t, err, broken{"name", "string.min_len"})
}
