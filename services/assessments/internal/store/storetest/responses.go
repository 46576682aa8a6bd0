package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

// addRecipient stores somebody of oak who is asked by name.
func addRecipient(t *testing.T, db *sqldb.DB, campaignID, id, given string) {
	t.Helper()
	_, err := db.Exec(kittest.All(t), `INSERT INTO recipients (district_id, campaign_id, recipient_id, school_id, unit_key, addressee, email, language, groups,
		disposition, code_hash, created_at, updated_at, version) VALUES ('d1', $1, $2, 'oak', $2, 'Family', '', 'en', $3, 1, $4, 0, 0, 1)`,
		campaignID, id, `{"grade":"K-5"}`, code.Digest(given))
	require.NoError(t, err)
}

// invite stores tokens of elm.
func invite(t *testing.T, db *sqldb.DB, campaignID string, codes ...string) {
	t.Helper()
	digests := make([]string, len(codes))
	for i, c := range codes {
		digests[i] = code.Digest(c)
	}
	require.NoError(t, store.NewCampaigns(db, clock.NewFake(now)).AddInvitations(kittest.All(t), "d1", campaignID, "elm", digests))
}

func waysIn(t *testing.T, db *sqldb.DB) {
	s, r := store.NewCampaigns(db, clock.NewFake(now)), store.NewResponses(db, clock.NewFake(now))
	openCampaign(t, db, "c1")
	_, err := db.Exec(kittest.All(t), `UPDATE campaigns SET district_title = 'District', ends_at = $1`, sqldb.Micros(now))
	require.NoError(t, err)
	require.NoError(t, s.AddLink(kittest.All(t), campaign.Link{District: "d1", Campaign: "c1", ID: "l1", School: "oak", Code: "link-code", CreateTime: now}))
	_, err = db.Exec(kittest.All(t), `UPDATE links SET kind = 2`)
	require.NoError(t, err)
	many := make([]string, 700) // more than one statement takes values for
	for i := range many {
		many[i] = fmt.Sprint("token-", i)
	}
	invite(t, db, "c1", many...)
	addRecipient(t, db, "c1", "smith", "named-code")

	oak := response.Door{
		District: "d1", DistrictTitle: "District", Campaign: "c1", School: "oak", SchoolTitle: "Oak", Title: "Fall", State: campaign.Open,
		InstrumentVersion: "instruments/i/versions/1", CloseTime: now, Kind: response.Kiosk,
	}
	elm := oak
	elm.School, elm.SchoolTitle, elm.Kind, elm.Invitation = "elm", "Elm", response.Token, true
	smith := oak
	smith.Kind, smith.Groups = response.Token, map[string]string{"grade": "K-5"}
	smith = smith.Named("smith")
	ways, err := r.Doors(kittest.All(t), append(many, "link-code", "named-code", "nowhere", code.Digest("token-0")))
	require.NoError(t, err)
	require.Len(t, ways, 702, "a digest opens nothing, as a code that leads nowhere")
	require.Equal(t, oak, ways["link-code"])
	require.Equal(t, elm, ways["token-699"])
	require.Equal(t, smith, ways["named-code"])
	none, err := r.Doors(kittest.All(t), nil)
	require.NoError(t, err)
	require.Empty(t, none)

	got, err := r.RecipientDoor(kittest.All(t), "d1", "c1", "smith")
	require.NoError(t, err)
	require.Equal(t, smith, withKind(got, response.Token))
	_, err = r.RecipientDoor(kittest.All(t), "d1", "c1", "nobody")
	kind(t, problem.KindNotFound, err)
	got, err = r.SchoolDoor(kittest.All(t), "d1", "c1", "oak")
	require.NoError(t, err)
	require.Equal(t, oak, withKind(got, response.Kiosk))
	got, err = r.SchoolDoor(kittest.All(t), "d1", "c1", "ash")
	require.NoError(t, err)
	require.Empty(t, got.School)
	_, err = r.SchoolDoor(kittest.All(t), "d1", "none", "oak")
	kind(t, problem.KindNotFound, err)
}

func withKind(d response.Door, k response.Kind) response.Door {
	d.Kind = k
	return d
}

// record is an answer of oak.
func record(campaignID, id string) response.Record {
	return response.Record{
		ID: id, District: "d1", Campaign: campaignID, School: "oak", Language: "en", Day: now.Truncate(24 * time.Hour), ReceiptKey: "key" + id, Receipt: "receipt" + id,
		Mode: response.ByWeb, Answers: []response.Answer{{Item: "q1", Option: "3"}},
	}
}

func answers(t *testing.T, db *sqldb.DB) {
	r := store.NewResponses(db, clock.NewFake(now))
	openCampaign(t, db, "c1")
	number := 2.5
	full := record("c1", "full")
	full.Mode, full.Groups = response.ByPhone, map[string]string{"grade": "K-5"}
	full.Answers = []response.Answer{
		{Item: "q1", Option: "3"},
		{Item: "many", Options: []string{"b", "a"}},
		{Item: "rows", Rows: map[string]string{"x": "1", "y": "2"}},
		{Item: "size", Number: &number},
		{Item: "words", Text: "¿Qué?"},
		{Item: "on", Date: "2026-09-01"},
	}
	records := []response.Record{full}
	for i := range 249 {
		records = append(records, record("c1", fmt.Sprint(i)))
	}
	taken, err := r.Take(kittest.All(t), records)
	require.NoError(t, err)
	require.NotContains(t, taken, false)
	require.Equal(t, []int32{250}, told(t, db)["c1"], "those of one campaign are told together")
	var options, texts, groups, mode string
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t),
		`SELECT options, texts, groups, mode FROM responses WHERE response_id = 'full'`).Scan(&options, &texts, &groups, &mode))
	require.JSONEq(t, `{"q1": "3", "many": ["b", "a"], "rows/x": "1", "rows/y": "2", "size": 2.5}`, options)
	require.JSONEq(t, `{"words": "¿Qué?", "on": "2026-09-01"}`, texts)
	require.JSONEq(t, `{"grade": "K-5"}`, groups)
	require.Equal(t, "phone", mode)

	found, err := r.Receipts(kittest.All(t), "d1", "c1", []string{"key0", "none"})
	require.NoError(t, err)
	require.Equal(t, map[string]response.Receipt{"key0": {Code: "receipt0", Day: now.Truncate(24 * time.Hour)}}, found)
	found, err = r.Receipts(kittest.All(t), "d1", "c2", []string{"key0"})
	require.NoError(t, err)
	require.Empty(t, found)

	read := store.NewRollUps(db, clock.NewFake(now))
	for _, paper := range []bool{false, true} {
		got, err := read.Paper(kittest.All(t), "d1", "c1")
		require.NoError(t, err)
		require.Equal(t, paper, got["oak"])
		require.NoError(t, r.MarkPaper(kittest.All(t), "d1", "c1", "oak"))
	}
}

// whoWins gives each record that may not be stored a good neighbour.
func whoWins(t *testing.T, db *sqldb.DB) {
	r := store.NewResponses(db, clock.NewFake(now))
	openCampaign(t, db, "open")
	for id, state := range map[string]campaign.State{"draft": campaign.Draft, "closed": campaign.Closed, "published": campaign.Published} {
		c := asked(id, "oak", "elm")
		c.State = state
		require.NoError(t, store.NewCampaigns(db, clock.NewFake(now)).AddCampaign(kittest.All(t), c))
	}
	invite(t, db, "open", "a", "b")
	addRecipient(t, db, "open", "smith", "s")
	addRecipient(t, db, "open", "jones", "j")
	with := func(id string, change func(r *response.Record)) response.Record {
		rec := record("open", id)
		change(&rec)
		return rec
	}
	token := func(id, given string) response.Record {
		return with(id, func(r *response.Record) { r.School, r.Invitation = "elm", code.Digest(given) })
	}
	named := func(id, recipient string, partial bool) response.Record {
		return with(id, func(r *response.Record) { r.Recipient, r.Partial = recipient, partial })
	}
	late := func(id, campaignID string) response.Record {
		rec := record(campaignID, id)
		rec.Late = true
		return rec
	}
	take := func(want string, records ...response.Record) {
		t.Helper()
		taken, err := r.Take(tenant.With(t.Context(), "d1"), records)
		require.NoError(t, err)
		var got []string
		for i, yes := range taken {
			if yes {
				got = append(got, records[i].ID)
			}
		}
		require.Equal(t, want, strings.Join(got, " "))
	}
	take("1", record("open", "1"), with("2", func(r *response.Record) { r.ReceiptKey = "key1" }))
	take("3", with("2", func(r *response.Record) { r.ReceiptKey = "key1" }), record("open", "3"))
	take("t1 t2", token("t1", "a"), token("t3", "a"), token("t2", "b"), token("t4", "unknown"))
	take("4", token("t5", "a"), record("open", "4"))
	take("s1 j1", named("s1", "smith", true), named("s2", "smith", false), named("j1", "jones", false), named("n1", "nobody", false))
	take("5", named("s3", "smith", false), record("open", "5"))
	take("6 9 10", record("open", "6"), record("closed", "7"), record("draft", "8"), late("9", "closed"), late("10", "published"), late("11", "draft"), record("none", "12"))
	take("")

	require.Equal(t, map[string][]int32{"open": {1, 1, 2, 1, 2, 1, 1}, "closed": {1}, "published": {1}}, told(t, db), "each stored answer once, and no other")
	for query, want := range map[string]string{
		`SELECT response_id FROM responses`:                        "1 10 3 4 5 6 9 j1 s1 t1 t2",
		`SELECT receipt_key FROM receipts`:                         "key1 key10 key3 key4 key5 key6 key9 keyj1 keys1 keyt1 keyt2",
		`SELECT recipient_id FROM recipients WHERE burned`:         "jones smith",
		`SELECT recipient_id FROM recipients WHERE partial`:        "smith",
		`SELECT recipient_id FROM recipients WHERE version <> 1`:   "",
		`SELECT recipient_id FROM recipients WHERE updated_at > 0`: "",
	} {
		require.Equal(t, want, strings.Join(column(t, db, query), " "), query)
	}
	require.Len(t, column(t, db, `SELECT code_hash FROM invitations WHERE burned`), 2)
}

// column reads the only column of a query, sorted.
func column(t *testing.T, db *sqldb.DB, query string) (out []string) {
	t.Helper()
	rows, err := db.Conn(kittest.All(t)).QueryContext(kittest.All(t), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		out = append(out, text)
	}
	require.NoError(t, rows.Err())
	slices.Sort(out)
	return out
}

func drafts(t *testing.T, db *sqldb.DB) {
	r := store.NewResponses(db, clock.NewFake(now))
	openCampaign(t, db, "c1")
	closed := asked("closed", "oak")
	closed.State = campaign.Closed
	require.NoError(t, store.NewCampaigns(db, clock.NewFake(now)).AddCampaign(kittest.All(t), closed))
	today := now.Truncate(24 * time.Hour)
	d := response.Draft{District: "d1", Campaign: "c1", Key: "k", Day: today, Sealed: []byte{1, 0, 255}}
	for range 2 { // saved, and saved again
		require.NoError(t, r.SaveDraft(kittest.All(t), d))
		got, err := r.Draft(kittest.All(t), "d1", "c1", "k")
		require.NoError(t, err)
		require.Equal(t, d, got)
		d.Sealed = []byte{7}
	}
	_, err := r.Draft(kittest.All(t), "d1", "c2", "k")
	kind(t, problem.KindNotFound, err)

	other := d
	other.Key = "other"
	require.NoError(t, r.SaveDraft(kittest.All(t), other))
	done := record("c1", "1")
	done.Draft = "k"
	_, err = r.Take(kittest.All(t), []response.Record{done, record("c1", "2")})
	require.NoError(t, err)
	require.Equal(t, []string{"other"}, column(t, db, `SELECT draft_key FROM drafts`), "it ends with its answer, and no other does")

	old, over := d, d
	old.Key, old.Day = "old", today.AddDate(0, 0, -9)
	over.Key, over.Campaign = "over", "closed"
	require.NoError(t, r.SaveDraft(kittest.All(t), old))
	require.NoError(t, r.SaveDraft(kittest.All(t), over))
	n, err := r.DropDrafts(t.Context(), today.AddDate(0, 0, -8))
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	require.Equal(t, []string{"other"}, column(t, db, `SELECT draft_key FROM drafts`))
}

func paper(t *testing.T, db *sqldb.DB) {
	r := store.NewResponses(db, clock.NewFake(now))
	openCampaign(t, db, "c1")
	e := response.Entry{
		District: "d1", Campaign: "c1", School: "oak", Sheet: "A-1", ID: "e1", State: response.EnteredOnce, FirstBy: "x", Salt: "salt", CreateTime: now, Version: 1,
		First: response.Sheet{Language: "en", Answers: []response.Answer{{Item: "q1", Option: "3"}}}, Different: []string{},
	}
	in(t, db, func(ctx context.Context) error { return r.AddEntry(ctx, e) })
	same := e
	same.ID = "e2"
	kind(t, problem.KindAlreadyExists, db.Tx(kittest.All(t), func(ctx context.Context) error { return r.AddEntry(ctx, same) }))
	got, err := r.Entry(kittest.All(t), "d1", "c1", "oak", "A-1")
	require.NoError(t, err)
	require.Equal(t, e, got)
	_, err = r.Entry(kittest.All(t), "d1", "c1", "elm", "A-1")
	kind(t, problem.KindNotFound, err)

	e.State, e.SecondBy, e.Version, e.Different = response.Different, "y", 2, []string{"q1"}
	e.Second = response.Sheet{Language: "es", Answers: []response.Answer{{Item: "q1", Option: "4"}}}
	in(t, db, func(ctx context.Context) error { return r.SaveEntry(ctx, e) })
	kind(t, problem.KindAborted, db.Tx(kittest.All(t), func(ctx context.Context) error { return r.SaveEntry(ctx, e) }))
	list, err := r.Entries(kittest.All(t), "d1", "c1", "", 10)
	require.NoError(t, err)
	require.Equal(t, []response.Entry{e}, list)
	list, err = r.Entries(kittest.All(t), "d1", "c1", "e1", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	stale := e
	stale.Version = 1
	kind(t, problem.KindAborted, db.Tx(kittest.All(t), func(ctx context.Context) error { return r.DropEntry(ctx, stale) }))
	in(t, db, func(ctx context.Context) error { return r.DropEntry(ctx, e) })
	_, err = r.Entry(kittest.All(t), "d1", "c1", "oak", "A-1")
	kind(t, problem.KindNotFound, err)
}
