package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

// RunFieldWork tests what field work keeps: recipients, contacts, windows, the
// state's rules.
func RunFieldWork(t *testing.T, open func(t *testing.T) *sqldb.DB) {
	for name, test := range map[string]func(t *testing.T, db *sqldb.DB){
		"recipients": recipients, "outcomes": outcomes, "mailings": mailings, "contacts": contacts, "secrets": secrets, "windows": windows, "policies": policies,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// household is a recipient of the school oak.
func household(id string) recipient.Recipient {
	return recipient.Recipient{
		District: "d1", Campaign: "c1", ID: id, School: "oak", UnitKey: "unit " + id, Addressee: "Family of " + id, Email: id + "@example.org",
		Language: "es", Groups: map[string]string{"grade_band": "K-5"}, Disposition: recipient.Pending, CreateTime: now, UpdateTime: now, Version: 1,
	}
}

// asking stores an open campaign with three households.
func asking(t *testing.T, db *sqldb.DB) *store.Recipients {
	t.Helper()
	c := asked("c1", "oak", "elm")
	c.State, c.Mode = campaign.Open, campaign.Confidential
	require.NoError(t, store.NewCampaigns(db, clock.NewFake(now)).AddCampaign(kittest.All(t), c))
	s := store.NewRecipients(db, clock.NewFake(now))
	list := []recipient.Recipient{household("a"), household("b"), household("c")}
	list[2].School, list[2].Email = "elm", ""
	require.NoError(t, s.AddRecipients(kittest.All(t), c.Name(), list, []string{code.Digest("A"), code.Digest("B"), code.Digest("C")}))
	return s
}

func burn(t *testing.T, db *sqldb.DB, id string, partial bool) {
	t.Helper()
	_, err := db.Exec(kittest.All(t), `UPDATE recipients SET burned = TRUE, partial = $2 WHERE recipient_id = $1`, id, partial)
	require.NoError(t, err)
}

func recipients(t *testing.T, db *sqldb.DB) {
	ctx, s := kittest.All(t), asking(t, db)
	got, err := s.Recipient(ctx, "d1", "c1", "a")
	require.NoError(t, err)
	require.Equal(t, household("a"), got)
	_, err = s.Recipient(ctx, "d2", "c1", "a")
	kind(t, problem.KindNotFound, err)
	err = s.AddRecipients(ctx, "districts/d1/campaigns/c1", []recipient.Recipient{household("a")}, []string{code.Digest("other")})
	kind(t, problem.KindAlreadyExists, err)

	byCode, err := s.RecipientByCode(ctx, code.Digest("B"))
	require.NoError(t, err)
	require.Equal(t, "b", byCode.ID)
	_, err = s.RecipientByCode(ctx, code.Digest("nobody's"))
	kind(t, problem.KindNotFound, err)

	units, err := s.Units(ctx, "d1", "c1", []recipient.Unit{{School: "oak", Key: "unit a"}, {School: "elm", Key: "unit a"}, {School: "elm", Key: "unit c"}})
	require.NoError(t, err)
	require.Len(t, units, 2)
	require.Equal(t, "c", units[recipient.Unit{School: "elm", Key: "unit c"}].ID)

	changed := got
	changed.Addressee, changed.Disposition, changed.NoMail, changed.Version = "Family A", recipient.Refused, true, 2
	changed.Groups = nil
	require.NoError(t, s.SaveRecipient(ctx, changed))
	kind(t, problem.KindAborted, s.SaveRecipient(ctx, changed))
	read, err := s.Recipient(ctx, "d1", "c1", "a")
	require.NoError(t, err)
	require.Equal(t, changed, read)
}

func outcomes(t *testing.T, db *sqldb.DB) {
	ctx, s := kittest.All(t), asking(t, db)
	burn(t, db, "a", false)
	burn(t, db, "c", true)
	for d, want := range map[recipient.Disposition][]string{
		0: {"a", "b", "c"}, recipient.Complete: {"a"}, recipient.Partial: {"c"}, recipient.Pending: {"b"}, recipient.Refused: nil,
	} {
		list, err := s.Recipients(ctx, "d1", "c1", recipient.Filter{Disposition: d}, "", 10)
		require.NoError(t, err)
		var ids []string
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		require.Equal(t, want, ids, d)
	}
	list, err := s.Recipients(ctx, "d1", "c1", recipient.Filter{School: "oak"}, "a", 10)
	require.NoError(t, err)
	require.Len(t, list, 1)

	r := list[0]
	r.LetterTime = now
	require.NoError(t, s.Mark(ctx, r))
	tallies, err := s.Tallies(ctx, "d1", "c1")
	require.NoError(t, err)
	require.Equal(t, []recipient.Tally{
		{School: "elm", Count: map[recipient.Disposition]int{recipient.Partial: 1}},
		{School: "oak", Count: map[recipient.Disposition]int{recipient.Complete: 1, recipient.Pending: 1}, Invited: 1},
	}, tallies)

	require.NoError(t, store.NewCampaigns(db, clock.NewFake(now)).AddInvitations(ctx, "d1", "c1", "oak", []string{"x", "y"}))
	_, err = db.Exec(ctx, `UPDATE invitations SET burned = TRUE WHERE code_hash = 'x'`)
	require.NoError(t, err)
	tokens, err := s.Tokens(ctx, "d1", "c1")
	require.NoError(t, err)
	require.Equal(t, []recipient.Tokens{{School: "oak", Made: 2, Used: 1}}, tokens)
}

func mailings(t *testing.T, db *sqldb.DB) {
	ctx, s := kittest.All(t), asking(t, db)
	invite := recipient.Mailing{District: "d1", Campaign: "c1", Kind: campaign.Invitation}
	remind := recipient.Mailing{District: "d1", Campaign: "c1", Kind: campaign.Reminder}
	toMail := func(m recipient.Mailing, at time.Time) []string {
		ids, err := s.ToMail(ctx, m, at, 10)
		require.NoError(t, err)
		return ids
	}
	require.Equal(t, []string{"a", "b", "c"}, toMail(invite, now))
	require.Empty(t, toMail(remind, now))
	after, oak := invite, invite
	after.Last, oak.School = "a", "oak"
	require.Equal(t, []string{"b", "c"}, toMail(after, now))
	require.Equal(t, []string{"a", "b"}, toMail(oak, now))

	a, err := s.Recipient(ctx, "d1", "c1", "a")
	require.NoError(t, err)
	a.Marks = recipient.Marks{
		InviteTime: now, RemindTime: now.Add(time.Hour), LetterTime: now.Add(2 * time.Hour), Reminders: 1, Sending: campaign.Reminder, MailUnclear: true,
	}
	require.NoError(t, s.Mark(ctx, a))
	read, err := s.Recipient(ctx, "d1", "c1", "a")
	require.NoError(t, err)
	require.Equal(t, a, read, "and no version is new")
	require.Equal(t, []string{"b", "c"}, toMail(invite, now))
	require.Equal(t, []string{"a"}, toMail(remind, now))

	b, err := s.Recipient(ctx, "d1", "c1", "b")
	require.NoError(t, err)
	b.Tries, b.DueTime = 1, now.Add(time.Minute)
	require.NoError(t, s.Mark(ctx, b))
	again := invite
	again.Last = recipient.Again
	require.Equal(t, []string{"c"}, toMail(invite, now))
	require.Empty(t, toMail(again, now))
	require.Equal(t, []string{"b"}, toMail(again, now.Add(time.Minute)))
	waiting, err := s.Waiting(ctx, invite)
	require.NoError(t, err)
	require.Equal(t, 1, waiting)
	b.MailFailed = true
	require.NoError(t, s.Mark(ctx, b))
	require.Empty(t, toMail(again, now.Add(time.Minute)))

	letters, err := s.ToLetter(ctx, "d1", "c1", "oak", 10)
	require.NoError(t, err)
	require.Equal(t, "b", letters[0].ID, "those never printed come first")
	require.Len(t, letters, 2)
	burn(t, db, "b", false)
	letters, err = s.ToLetter(ctx, "d1", "c1", "oak", 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)

	require.NoError(t, s.Sent(ctx, "d1", "c1", campaign.Invitation))
	require.NoError(t, s.Sent(ctx, "d1", "c1", campaign.Reminder))
	require.NoError(t, s.Sent(ctx, "d1", "c1", campaign.Reminder))
	c, err := s.Campaign(ctx, "d1", "c1")
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 2}, [2]int{c.InvitationsSent, c.RemindersSent})
}

func contacts(t *testing.T, db *sqldb.DB) {
	ctx, s := kittest.All(t), asking(t, db)
	key, err := s.ContactKey(ctx, "d1")
	require.NoError(t, err)
	again, err := s.ContactKey(ctx, "d1")
	require.NoError(t, err)
	require.Equal(t, key, again)
	other, err := s.ContactKey(ctx, "d2")
	require.NoError(t, err)
	require.NotEqual(t, key, other)

	require.NoError(t, s.AddAsk(ctx, "d1", "c1", "hash", now))
	require.NoError(t, s.AddAsk(ctx, "d1", "c1", "hash", now.Add(-3*time.Hour)), "the last ask counts")
	require.NoError(t, s.AddAsk(ctx, "d1", "c0", "hash", now.Add(-time.Hour)))
	for name, tt := range map[string]struct {
		district, except, hash string
		after                  time.Time
		want                   int
	}{
		"both":                   {"d1", "c2", "hash", now.Add(-2 * time.Hour), 2},
		"the edge is outside":    {"d1", "c2", "hash", now.Add(-time.Hour), 1},
		"not the campaign's":     {"d1", "c1", "hash", now.Add(-2 * time.Hour), 1},
		"nobody else's":          {"d1", "c2", "other", now.Add(-2 * time.Hour), 0},
		"not another district's": {"d2", "c2", "hash", now.Add(-2 * time.Hour), 0},
		"only the first":         {"d1", "c2", "hash", now, 0},
	} {
		n, err := s.Asks(ctx, tt.district, tt.except, tt.hash, tt.after)
		require.NoError(t, err)
		require.Equal(t, tt.want, n, name)
	}

	require.NoError(t, s.SetOptedOut(ctx, "d1", []string{"h1", "h2"}, true, now))
	require.NoError(t, s.SetOptedOut(ctx, "d1", []string{"h1"}, true, now))
	require.NoError(t, s.SetOptedOut(ctx, "d1", []string{"h2"}, false, now))
	out, err := s.OptedOut(ctx, "d1", []string{"h1", "h2", "h3"})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"h1": true}, out)
	out, err = s.OptedOut(ctx, "d2", []string{"h1"})
	require.NoError(t, err)
	require.Empty(t, out)
}

func secrets(t *testing.T, db *sqldb.DB) {
	ctx, s := kittest.All(t), asking(t, db)
	secret, err := s.Secret(ctx, "d1", "c1")
	require.NoError(t, err)
	require.Empty(t, secret)
	require.NoError(t, s.SetSecret(ctx, "d1", "c1", "s3cret"))
	secret, err = s.Secret(ctx, "d1", "c1")
	require.NoError(t, err)
	require.Equal(t, "s3cret", secret)
	c, err := s.Campaign(ctx, "d1", "c1")
	require.NoError(t, err)
	in(t, db, func(ctx context.Context) error { return store.NewCampaigns(db, clock.NewFake(now)).Closed(ctx, c) })
	secret, err = s.Secret(ctx, "d1", "c1")
	require.NoError(t, err)
	require.Empty(t, secret, "it goes when the campaign closes")
	_, err = s.Secret(ctx, "d1", "none")
	kind(t, problem.KindNotFound, err)
}

func windows(t *testing.T, db *sqldb.DB) {
	ctx, s := kittest.All(t), store.NewCampaigns(db, clock.NewFake(now))
	c := asked("w", "oak")
	c.StartLocal, c.EndLocal, c.TimeZone = "2026-09-01T09:00", "2026-09-02T09:00", "America/Denver" // 15:00 and 15:00 UTC
	c.Unit, c.GroupVariables, c.ReplyTo, c.DistrictTitle, c.Rounds = campaign.Child, []string{"grade_band"}, "office@example.org", "Pine County", 2
	c.Messages = []campaign.Message{{Kind: campaign.Reminder, Language: "es", Subject: "S", Body: "B"}}
	require.NoError(t, s.AddCampaign(ctx, c))
	got, err := s.Campaign(ctx, "d1", "w")
	require.NoError(t, err)
	require.Equal(t, c, got)
	require.NoError(t, s.AddCampaign(ctx, asked("by-hand", "elm")))
	due := func(find func(context.Context, time.Time) ([]campaign.Due, error), at time.Time) []campaign.Due {
		list, err := find(ctx, at)
		require.NoError(t, err)
		return list
	}
	start, end := c.StartsAt(), c.EndsAt()
	require.Empty(t, due(s.DueToOpen, start.Add(-time.Microsecond)))
	require.Equal(t, []campaign.Due{{District: "d1", ID: "w"}}, due(s.DueToOpen, start))
	require.Empty(t, due(s.DueToOpen, end), "its time is over")
	require.Empty(t, due(s.DueToClose, end), "it never opened")
	c.State, c.EndLocal, c.Version = campaign.Open, "2026-09-03T09:00", 2
	require.NoError(t, s.SaveCampaign(ctx, c))
	require.Empty(t, due(s.DueToClose, end), "its end was moved")
	require.Equal(t, []campaign.Due{{District: "d1", ID: "w"}}, due(s.DueToClose, c.EndsAt()))

	require.NoError(t, s.SetMailOperation(ctx, "d1", "w", "operations/1"))
	operation, err := s.MailOperation(ctx, "d1", "w")
	require.NoError(t, err)
	require.Equal(t, "operations/1", operation)

	l := campaign.Link{District: "d1", Campaign: "w", ID: "l", School: "oak", Code: "code", Kind: campaign.Kiosk, Title: "tablet", CreateTime: now}
	require.NoError(t, s.AddLink(ctx, l))
	link, err := s.Link(ctx, "d1", "w", "l")
	require.NoError(t, err)
	require.Equal(t, l, link)
}

func policies(t *testing.T, db *sqldb.DB) {
	ctx, s := kittest.All(t), store.NewPolicies(db, clock.NewFake(now))
	d, err := s.PolicyDocument(ctx)
	require.NoError(t, err)
	require.Zero(t, d)
	d = policy.Document{Policy: policy.Policy{
		MinimumCell: 11, ProtectZeros: true, RoundSize: 12, AsksPerPeriod: 2, PeriodDays: 30, MaxReminders: 1, DaysBetweenMails: 5, EpsilonTotal: 0.1,
		TopBottomCode: true, PracticalDifference: 2.5,
	}, UpdateTime: now, Version: 1}
	require.NoError(t, s.SavePolicy(ctx, d))
	kind(t, problem.KindAborted, s.SavePolicy(ctx, d))
	got, err := s.PolicyDocument(ctx)
	require.NoError(t, err)
	require.Equal(t, d, got)
	d.MinimumCell, d.Version = 5, 2
	require.NoError(t, s.SavePolicy(ctx, d))
	kind(t, problem.KindAborted, s.SavePolicy(ctx, d))
}
