package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/requestid"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	thing = "districts/maple/things/one"
	other = "districts/birch/things/one"
	state = "things/one"
)

type value struct {
	Title string
	Parts map[string]int
}

func everything(t testing.TB) context.Context {
	return tenant.Everything(t.Context(), "tests look at all of it")
}

func record(ctx context.Context, t *testing.T, db *sqldb.DB, changes ...audit.Change) {
	t.Helper()
	require.NoError(t, db.Tx(ctx, func(ctx context.Context) error {
		for _, c := range changes {
			if err := audit.Record(ctx, db, c); err != nil {
				return err
			}
		}
		return nil
	}))
}

// link links all that waits.
func link(t *testing.T, db *sqldb.DB) {
	t.Helper()
	for {
		n, err := audit.NewChainer(db, kittest.Log(t)).Link(everything(t))
		require.NoError(t, err)
		if n == 0 {
			return
		}
	}
}

func entries(t *testing.T, db *sqldb.DB, district string) []audit.Entry {
	t.Helper()
	link(t, db)
	found, err := audit.List(everything(t), db, audit.Query{District: district, Limit: 1000})
	require.NoError(t, err)
	return found
}

func TestAnEntryTellsWhoDidWhatForWhichRequest(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	call := requestid.With(t.Context(), "request-1")
	person := access.Identity{Subject: "districts/maple/people/p1"}
	viaBadges := access.Identity{Subject: "districts/maple/people/p1", Service: "badges"}
	for name, c := range map[string]struct {
		ctx                        context.Context
		actor, onBehalf, act, from string
	}{
		"a person": {access.WithIdentity(call, person), "districts/maple/people/p1", "", "work", "request-1"},
		"a person through the gateway": {
			access.WithIdentity(call, access.Identity{Subject: "people/p2", Service: "gateway"}), "people/p2", "", "work", "request-1",
		},
		"a service for a person":    {access.WithIdentity(call, viaBadges), "services/badges", "districts/maple/people/p1", "work", "request-1"},
		"a service for itself":      {access.WithIdentity(call, access.Identity{Service: "gateway"}), "services/gateway", "", "work", "request-1"},
		"work of the service's own": {audit.Work(tenant.With(t.Context(), "maple"), "calendar.announce", ""), "services/schools", "", "calendar.announce", ""},
		"an event":                  {audit.Work(tenant.With(call, "maple"), "events.BadgeAwarded", "event-7"), "services/schools", "", "events.BadgeAwarded", "event-7"},
	} {
		t.Run(name, func(t *testing.T) {
			record(tenant.With(c.ctx, "maple"), t, db, audit.Change{Resource: thing, After: value{Title: "x"}})
			all := entries(t, db, "maple")
			e := all[len(all)-1]
			require.Equal(t, []string{c.actor, c.onBehalf, c.act, c.from, thing, "schools"},
				[]string{e.Actor, e.OnBehalfOf, e.Action, e.RequestID, e.Resource, e.Service})
		})
	}
}

func TestDigestsAreOfTheValues(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	before, after := value{Title: "Old", Parts: map[string]int{"b": 2, "a": 1}}, value{Title: "New"}
	record(tenant.With(t.Context(), "maple"), t, db,
		audit.Change{Resource: thing, After: before}, audit.Change{Resource: thing, Before: before, After: after}, audit.Change{Resource: thing, Before: after})
	all := entries(t, db, "maple")
	raw := sha256.Sum256([]byte(`{"Title":"Old","Parts":{"a":1,"b":2}}`))
	require.Empty(t, all[0].BeforeDigest, "what is new was nothing before")
	require.Equal(t, hex.EncodeToString(raw[:]), all[0].AfterDigest)
	require.Equal(t, all[0].AfterDigest, all[1].BeforeDigest)
	require.NotEqual(t, all[1].BeforeDigest, all[1].AfterDigest)
	require.Equal(t, all[1].AfterDigest, all[2].BeforeDigest)
	require.Empty(t, all[2].AfterDigest)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	require.NotContains(t, string(text), "Old", "digests, never values")
}

func TestWhatDidNotHappenIsNotRecorded(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		ctx := tenant.With(t.Context(), "maple")
		require.ErrorIs(t, audit.Record(ctx, db, audit.Change{Resource: thing}), sqldb.ErrNoTx)
		undo := errors.New("undo")
		require.ErrorIs(t, db.Tx(ctx, func(ctx context.Context) error {
			require.NoError(t, audit.Record(ctx, db, audit.Change{Resource: thing, After: 1}))
			return undo
		}), undo)
		require.Empty(t, entries(t, db, "maple"))
	})
}

func TestEachDistrictHasItsOwnChain(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		for i := range 300 { // more than one batch
			record(everything(t), t, db, audit.Change{Resource: []string{thing, other, state}[i%3], After: i})
		}
		link(t, db)
		chains, err := audit.VerifyAll(t.Context(), db, nil)
		require.NoError(t, err)
		var districts []string
		for _, c := range chains {
			districts = append(districts, c.District)
			require.True(t, c.Intact, c.Problem)
			require.EqualValues(t, 100, c.Entries)
			require.EqualValues(t, 100, c.Head.Sequence)
			require.Zero(t, c.Waiting)
		}
		require.Equal(t, []string{tenant.State, "birch", "maple"}, districts)
		require.Equal(t, strings.Repeat("0", 64), entries(t, db, "maple")[0].PreviousHash)
	})
}

func TestReadingIsByResourceAndPosition(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		for _, name := range []string{thing, thing + "/parts/a", thing + "s", "districts/maple/things/_ne/x"} {
			record(everything(t), t, db, audit.Change{Resource: name, After: 1})
		}
		link(t, db)
		list := func(q audit.Query) (names []string) {
			q.District, q.Limit = "maple", max(q.Limit, 2)
			found, err := audit.List(everything(t), db, q)
			require.NoError(t, err)
			for _, e := range found {
				names = append(names, e.Resource)
			}
			return names
		}
		require.Equal(t, []string{thing, thing + "/parts/a"}, list(audit.Query{Resource: thing, Limit: 9}))
		require.Equal(t, []string{thing, thing + "/parts/a"}, list(audit.Query{}))
		require.Equal(t, []string{thing + "s", "districts/maple/things/_ne/x"}, list(audit.Query{After: 2}))
	})
}

func TestATransactionThatCommitsLateIsLinkedLater(t *testing.T) {
	owner := kittest.Postgres(t)
	db, late := kittest.OpenPostgres(t, owner, "schools", nil), kittest.OpenPostgres(t, owner, "schools", nil)
	require.NoError(t, late.Tx(everything(t), func(ctx context.Context) error {
		if err := audit.Record(ctx, late, audit.Change{Resource: thing + "/late", After: 1}); err != nil {
			return err
		}
		record(everything(t), t, db, audit.Change{Resource: thing + "/early", After: 1})
		link(t, db)
		return nil
	}))
	all := entries(t, db, "maple")
	require.Len(t, all, 2)
	require.Equal(t, []string{thing + "/early", thing + "/late"}, []string{all[0].Resource, all[1].Resource})
	require.Less(t, all[1].Time, all[0].Time.Add(1), "it was recorded first, or this test proves nothing")
	chain, err := audit.Verify(everything(t), db, "maple", audit.Head{})
	require.NoError(t, err)
	require.True(t, chain.Intact, chain.Problem)
}

func TestChainersSideBySideLinkEachEntryOnce(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		stop := kittest.Go(t, audit.NewChainer(db, kittest.Log(t)).Run)
		kittest.Go(t, audit.NewChainer(db, kittest.Log(t)).Run)
		for i := range 40 {
			if i == 20 {
				stop() // the other takes over
			}
			record(everything(t), t, db, audit.Change{Resource: thing, After: i})
		}
		kittest.Eventually(t, func() bool {
			c, err := audit.Verify(everything(t), db, "maple", audit.Head{})
			return err == nil && c.Intact && c.Entries == 40 && c.Waiting == 0
		}, "all are linked")
	})
}

func TestLinkedEntriesCanOnlyBeAddedTo(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		record(everything(t), t, db, audit.Change{Resource: thing, After: 1})
		link(t, db)
		for _, statement := range []string{
			`UPDATE audit_entries SET actor = 'nobody'`, `DELETE FROM audit_entries`,
			`UPDATE audit_entries SET actor = 'nobody' WHERE 1 = 0`,
		} {
			_, err := db.Exec(everything(t), statement)
			if strings.HasSuffix(statement, "1 = 0") && db.Dialect() == sqldb.SQLite {
				continue // touches no row
			}
			require.ErrorContains(t, err, "only added to", statement)
		}
	})
}

// unlock takes the triggers away, as somebody with the database in their hands
// could.
func unlock(t testing.TB, db *sqldb.DB) {
	t.Helper()
	for _, what := range []string{"update", "delete"} {
		_, err := db.Exec(everything(t), "DROP TRIGGER audit_entries_keep_"+what)
		require.NoError(t, err)
	}
}

func TestTamperingIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		do     string
		broken int64
		say    string
	}{
		"a changed actor":  {`UPDATE audit_entries SET actor = 'people/nobody' WHERE sequence = 3`, 3, "changed"},
		"a changed time":   {`UPDATE audit_entries SET event_time = event_time + 1 WHERE sequence = 1`, 1, "changed"},
		"a changed hash":   {`UPDATE audit_entries SET hash = previous_hash WHERE sequence = 5`, 5, "changed"},
		"a deleted entry":  {`DELETE FROM audit_entries WHERE sequence = 4`, 4, "missing"},
		"a deleted first":  {`DELETE FROM audit_entries WHERE sequence = 1`, 1, "missing"},
		"a cut tail":       {`DELETE FROM audit_entries WHERE sequence > 5`, 6, "cut"},
		"nothing left":     {`DELETE FROM audit_entries`, 6, "cut"},
		"an entry before":  {`UPDATE audit_entries SET sequence = 0 WHERE sequence = 6`, 1, "missing"},
		"swapped entries":  {`UPDATE audit_entries SET sequence = CASE sequence WHEN 2 THEN 103 ELSE 102 END WHERE sequence IN (2, 3); UPDATE audit_entries SET sequence = sequence - 100 WHERE sequence > 100`, 2, "follow"},
		"another district": {`UPDATE audit_entries SET district_id = 'birch' WHERE sequence = 6`, 6, "cut"},
	} {
		t.Run(name, func(t *testing.T) {
			db := kittest.SQLite(t, "schools", nil)
			for i := range 6 {
				record(everything(t), t, db, audit.Change{Resource: thing, After: i})
			}
			link(t, db)
			known, err := audit.HeadOf(everything(t), db, "maple")
			require.NoError(t, err)
			unlock(t, db)
			_, err = db.Exec(everything(t), c.do)
			require.NoError(t, err)
			chains, err := audit.VerifyAll(t.Context(), db, map[string]audit.Head{"maple": known})
			require.NoError(t, err)
			found := chains[len(chains)-1]
			require.Equal(t, "maple", found.District)
			require.False(t, found.Intact)
			require.Equal(t, c.broken, found.FirstBroken, found.Problem)
			require.Contains(t, found.Problem, c.say)
		})
	}
}

// A chain written anew from some place on is whole in itself: only a head kept
// elsewhere tells.
func TestAChainWrittenAnewIsFoundByAKeptHead(t *testing.T) {
	db := kittest.SQLite(t, "schools", nil)
	for i := range 4 {
		record(everything(t), t, db, audit.Change{Resource: thing, After: i})
	}
	link(t, db)
	known, err := audit.HeadOf(everything(t), db, "maple")
	require.NoError(t, err)
	unlock(t, db)
	_, err = db.Exec(everything(t), `DELETE FROM audit_entries WHERE sequence > 2`)
	require.NoError(t, err)
	for range 2 {
		record(everything(t), t, db, audit.Change{Resource: thing, After: "forged"})
	}
	link(t, db)
	chain, err := audit.Verify(everything(t), db, "maple", audit.Head{})
	require.NoError(t, err)
	require.True(t, chain.Intact)
	chain, err = audit.Verify(everything(t), db, "maple", known)
	require.NoError(t, err)
	require.False(t, chain.Intact)
}

// The seal of an entry covers each of its fields.
func TestEveryFieldIsSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z0-9/._-]{1,20}`)
		e := audit.Entry{
			Action: text.Draw(t, "action"), Actor: text.Draw(t, "actor"), AfterDigest: text.Draw(t, "after"), BeforeDigest: text.Draw(t, "before"),
			District: text.Draw(t, "district"), ID: text.Draw(t, "id"), OnBehalfOf: text.Draw(t, "behalf"), PreviousHash: text.Draw(t, "previous"),
			ReasonDigest: text.Draw(t, "reason"), RequestID: text.Draw(t, "request"), Resource: text.Draw(t, "resource"),
			Sequence: rapid.Int64().Draw(t, "sequence"), Service: text.Draw(t, "service"), Time: kittest.Start(),
		}
		seal, err := e.Seal()
		require.NoError(t, err)
		for _, change := range []func(*audit.Entry){
			func(e *audit.Entry) { e.Action += "x" }, func(e *audit.Entry) { e.Actor += "x" }, func(e *audit.Entry) { e.AfterDigest += "x" },
			func(e *audit.Entry) { e.BeforeDigest += "x" }, func(e *audit.Entry) { e.District += "x" }, func(e *audit.Entry) { e.ID += "x" },
			func(e *audit.Entry) { e.OnBehalfOf += "x" }, func(e *audit.Entry) { e.PreviousHash += "x" }, func(e *audit.Entry) { e.ReasonDigest += "x" },
			func(e *audit.Entry) { e.RequestID += "x" }, func(e *audit.Entry) { e.Resource += "x" }, func(e *audit.Entry) { e.Sequence++ },
			func(e *audit.Entry) { e.Service += "x" }, func(e *audit.Entry) { e.Time = e.Time.Add(1000) },
		} {
			other := e
			change(&other)
			got, err := other.Seal()
			require.NoError(t, err)
			require.NotEqual(t, seal, got)
		}
		e.Hash = "whatever"
		got, err := e.Seal()
		require.NoError(t, err)
		require.Equal(t, seal, got, "but not its own hash")
	})
}

func TestTheFormThatIsHashed(t *testing.T) {
	e := audit.Entry{
		Action: "journeys.choose", Actor: "districts/maple/people/p", AfterDigest: "bb", BeforeDigest: "aa", District: "maple", ID: "id1",
		PreviousHash: "00", RequestID: "<r&1>", Resource: thing, Sequence: 7, Service: "schools", Time: kittest.Start(), Hash: "not in it",
	}
	text, err := e.Canonical()
	require.NoError(t, err)
	require.Equal(t, `{"action":"journeys.choose","actor":"districts/maple/people/p","after_digest":"bb","before_digest":"aa",`+
		`"district":"maple","event_time":"2026-09-01T15:00:00Z","id":"id1","on_behalf_of":"","previous_hash":"00","reason_digest":"",`+
		`"request_id":"<r&1>","resource":"`+thing+`","sequence":7,"service":"schools"}`, string(text))
	seal, err := e.Seal()
	require.NoError(t, err)
	raw := sha256.Sum256(text)
	require.Equal(t, hex.EncodeToString(raw[:]), seal)
}

func TestHelpersRecordWhatIsReadBack(t *testing.T) {
	kittest.Databases(t, "schools", nil, func(t *testing.T, db *sqldb.DB) {
		ctx := access.WithIdentity(t.Context(), access.Identity{
			Subject: "people/p", Grants: []access.Grant{{Role: accessv1.Role_ROLE_STATE_ADMIN}},
		})
		read := func(ctx context.Context) (string, error) {
			var holder string
			err := db.Conn(ctx).QueryRowContext(ctx, `SELECT holder FROM leases WHERE name = 'x'`).Scan(&holder)
			return holder, sqldb.MapError(err, "x")
		}
		write := func(statement string) func(context.Context) error {
			return func(ctx context.Context) error { _, err := db.Exec(ctx, statement); return err }
		}
		require.NoError(t, audit.Added(ctx, db, thing, read, write(`INSERT INTO leases (name, holder, expires_at) VALUES ('x', 'a', 1)`)))
		require.NoError(t, audit.Changed(ctx, db, thing, read, write(`UPDATE leases SET holder = 'b'`)))
		require.NoError(t, audit.Removed(ctx, db, thing, read, write(`DELETE FROM leases`)))
		require.Error(t, audit.Removed(ctx, db, thing, read, write(`DELETE FROM nowhere`)))
		digest := func(v any) string { d, err := audit.Digest(v); require.NoError(t, err); return d }
		var got []string
		for _, e := range entries(t, db, "maple") {
			got = append(got, fmt.Sprint(e.BeforeDigest, ">", e.AfterDigest))
		}
		require.Equal(t, []string{">" + digest("a"), digest("a") + ">" + digest("b"), digest("b") + ">"}, got)
	})
}
