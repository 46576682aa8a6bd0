package recipient_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

var begin = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// rules are the state's, as a test sets them.
type rules struct{ now policy.Policy }

func (r *rules) Policy(context.Context) (policy.Policy, error) { return r.now.InForce(), nil }

// none is a directory that nobody asks.
type none struct{}

func (none) Schools(context.Context, string) ([]campaign.School, error) { return nil, nil }

// field is a district with campaigns, and who writes to its families.
type field struct {
	t         testing.TB
	ctx       context.Context
	db        *sqldb.DB
	district  string
	store     *store.Recipients
	campaigns *store.Campaigns
	clock     *clock.Fake
	rules     *rules
	service   *recipient.Service
	postman   *recipient.Postman
}

func newField(t *testing.T, db *sqldb.DB) *field {
	t.Helper()
	f := &field{t: t, ctx: kittest.All(t), db: db, district: "d1", clock: clock.NewFake(begin), rules: &rules{}}
	f.store, f.campaigns = store.NewRecipients(db, f.clock), store.NewCampaigns(db, f.clock)
	f.service = recipient.NewService(f.store, f.rules, none{}, f.clock)
	minutes := func(context.Context, string, string) (int, error) { return 7, nil }
	f.postman = recipient.NewPostman(f.service, minutes, "https://surveys.example.org")
	return f
}

func (f *field) campaign(id string) campaign.Campaign {
	f.t.Helper()
	c := campaign.Campaign{
		District: f.district, ID: id, Title: "Fall", InstrumentVersion: "instruments/i/versions/1", FrameworkVersion: "frameworks/f/versions/1", Cycle: "cycles/2026",
		Wave: 1, Mode: campaign.Confidential, State: campaign.Open, Schools: []campaign.School{{ID: "oak", Title: "Oak School"}, {ID: "elm", Title: "Elm School"}},
		Unit: campaign.Household, GroupVariables: []string{"grade_band"}, CreateTime: begin, UpdateTime: begin, Version: 1,
	}
	require.NoError(f.t, f.campaigns.AddCampaign(f.ctx, c))
	return c
}

// add brings in households of oak with mail addresses of their numbers.
func (f *field) add(campaign string, numbers ...int) {
	f.t.Helper()
	var list []recipient.Recipient
	for _, n := range numbers {
		list = append(list, recipient.Recipient{
			District: f.district, Campaign: campaign, School: "oak", UnitKey: fmt.Sprint("h", n), Addressee: fmt.Sprint("Family ", n), Email: fmt.Sprintf("f%d@example.org", n),
		})
	}
	_, _, err := f.service.Add(f.ctx, f.district, campaign, list)
	require.NoError(f.t, err)
}

// all are the recipients of a campaign by unit.
func (f *field) all(campaign string) map[string]recipient.Recipient {
	f.t.Helper()
	list, err := f.service.List(f.ctx, f.district, campaign, recipient.Filter{}, "", 1000)
	require.NoError(f.t, err)
	out := map[string]recipient.Recipient{}
	for _, r := range list {
		out[r.UnitKey] = r
	}
	return out
}

// box is a mail server in memory.
type box struct {
	taken  []string
	answer func(to string) error
}

func (b *box) Send(_ context.Context, m mail.Message) error {
	if b.answer != nil {
		if err := b.answer(m.To); err != nil {
			return err
		}
	}
	b.taken = append(b.taken, m.To)
	return nil
}

func keepNothing(context.Context, recipient.Progress) error { return nil }

// send mails all that is due now, and answers how far it came.
func (f *field) send(campaignID string, kind campaign.MessageKind, to recipient.Sender) (recipient.Progress, error) {
	f.t.Helper()
	at, err := f.postman.Plan(f.ctx, recipient.Mailing{District: f.district, Campaign: campaignID, Kind: kind})
	require.NoError(f.t, err)
	return at, f.postman.Work(f.ctx, &at, to, keepNothing)
}

func (f *field) sent(campaignID string, kind campaign.MessageKind) recipient.Progress {
	f.t.Helper()
	at, err := f.postman.Plan(f.ctx, recipient.Mailing{District: f.district, Campaign: campaignID, Kind: kind})
	require.NoError(f.t, err)
	require.NoError(f.t, f.postman.Work(f.ctx, &at, &box{}, keepNothing))
	return at
}

func (f *field) burn(unit string) {
	f.t.Helper()
	_, err := f.db.Exec(f.ctx, `UPDATE recipients SET burned = TRUE WHERE unit_key = $1`, unit)
	require.NoError(f.t, err)
}

func sqlite(t *testing.T) *sqldb.DB { return kittest.SQLite(t, "assessments", store.Migrations()) }

func TestARosterIsTakenWholeAndChangedBySending(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	file := "\ufeffschool,unit_key,addressee,email,language,grade_band\r\n" +
		"oak,1001,\"Family of A. Example, Jr.\",a@example.org,es,K-5\r\n" +
		"districts/d1/schools/elm,1001,Family B,,,\r\n"
	created, changed, err := f.service.Import(f.ctx, f.district, "c1", []byte(file))
	require.NoError(t, err)
	require.Equal(t, [2]int{2, 0}, [2]int{created, changed})
	created, changed, err = f.service.Import(f.ctx, f.district, "c1", []byte(file))
	require.NoError(t, err)
	require.Equal(t, [2]int{0, 0}, [2]int{created, changed}, "the same again changes nothing")
	_, changed, err = f.service.Import(f.ctx, f.district, "c1", []byte("unit_key,school,addressee,grade_band\n1001,oak,Family A,6-8\n"))
	require.NoError(t, err)
	require.Equal(t, 1, changed)
	list, err := f.service.List(f.ctx, f.district, "c1", recipient.Filter{School: "oak"}, "", 10)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"grade_band": "6-8"}, list[0].Groups)
	require.EqualValues(t, 2, list[0].Version)
}

func TestMistakesOfARosterByLineAndColumn(t *testing.T) {
	const header = "school,unit_key,addressee,email,grade_band\n"
	for name, tt := range map[string]struct{ file, field, rule string }{
		"nothing":             {" ", "csv", "rows"},
		"no rows":             {header, "csv", "rows"},
		"a column too few":    {"school,unit_key,grade_band\n", "csv line 1", "column_needed"},
		"a group too few":     {"school,unit_key,addressee\n", "csv line 1", "column_needed"},
		"a column of none":    {"school,unit_key,addressee,grade_band,income\n", "csv line 1", "column_known"},
		"a column twice":      {"school,unit_key,addressee,grade_band,school\n", "csv line 1", "column_once"},
		"another school":      {header + "oak,1,A,,\npine,2,B,,\n", "csv line 3 column school", "school_of_campaign"},
		"no key":              {header + "oak,,A,,\n", "csv line 2 column unit_key", "required"},
		"a unit twice":        {header + "oak,1,A,,\noak,1,B,,\n", "csv line 3 column unit_key", "unit_once"},
		"no address":          {header + "oak,1,A,not an address,\n", "csv line 2 column email", "mail_address"},
		"two addresses":       {header + "oak,1,A,\"a@example.org,b@example.org\",\n", "csv line 2 column email", "mail_address"},
		"a formula":           {header + "oak,1,=cmd(),,\n", "csv line 2 column addressee", "no_formula"},
		"a formula in groups": {header + "oak,1,A,,@SUM(1)\n", "csv line 2 column grade_band", "no_formula"},
		"two lines in a cell": {header + "oak,1,\"A\nB\",,\n", "csv line 2 column addressee", "one_line"},
		"cells too few":       {header + "oak,1,A\n", "csv line 2", "columns"},
		"an open quote":       {header + "oak,1,\"A,,\n", "csv line 2 character 12", "quotes"},
		"not UTF-8":           {header + "oak,1,\xff,,\n", "csv", "utf_8"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newField(t, sqlite(t))
			f.campaign("c1")
			_, _, err := f.service.Import(f.ctx, f.district, "c1", []byte(tt.file))
			p, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			if name != "nothing" {
				require.Equal(t, tt.field, p.Violations[0].Field, p.Violations)
				require.Equal(t, tt.rule, p.Violations[0].Rule)
			}
			require.Empty(t, f.all("c1"), "all or none")
		})
	}
}

func TestOutcomesThatStaffMaySet(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	f.add("c1", 1)
	r := f.all("c1")["h1"]
	set := func(change func(r *recipient.Recipient)) error {
		_, err := f.service.Update(f.ctx, f.district, "c1", r.ID, "", func(r *recipient.Recipient) error { change(r); return nil })
		return err
	}
	for _, d := range []recipient.Disposition{recipient.Complete, recipient.Partial, 0, 9} {
		require.True(t, problem.Is(set(func(r *recipient.Recipient) { r.Disposition = d }), problem.KindInvalid), d)
	}
	for _, d := range []recipient.Disposition{recipient.Refused, recipient.NotReached, recipient.OtherNonresponse, recipient.UnknownEligibility, recipient.NotEligible, recipient.Pending} {
		require.NoError(t, set(func(r *recipient.Recipient) { r.Disposition = d }), d)
	}
	require.True(t, problem.Is(set(func(r *recipient.Recipient) { r.UnitKey = "other" }), problem.KindInvalid))
	_, err := f.service.Update(f.ctx, f.district, "c1", r.ID, "\"1\"", func(*recipient.Recipient) error { return nil })
	require.Error(t, err, "an etag of before")
	f.burn("h1")
	require.Equal(t, recipient.Complete, f.all("c1")["h1"].Outcome())
	require.True(t, problem.Is(set(func(r *recipient.Recipient) { r.Disposition = recipient.Refused }), problem.KindInvalid), "an answer stays")
}

func TestRemindersGoToWhoHasNotAnswered(t *testing.T) {
	f := newField(t, sqlite(t))
	f.rules.now = policy.Policy{MaxReminders: 2, DaysBetweenMails: 3}
	f.campaign("c1")
	f.add("c1", 1, 2, 3, 4, 5, 6)
	refused, optedOut, noAddress := f.all("c1")["h2"], f.all("c1")["h3"], f.all("c1")["h6"]
	update := func(r recipient.Recipient, change func(r *recipient.Recipient)) {
		_, err := f.service.Update(f.ctx, f.district, "c1", r.ID, "", func(r *recipient.Recipient) error { change(r); return nil })
		require.NoError(t, err)
	}
	update(noAddress, func(r *recipient.Recipient) { r.Email = "" })
	to := &box{}
	at, err := f.send("c1", campaign.Invitation, to)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"f1@example.org", "f2@example.org", "f3@example.org", "f4@example.org", "f5@example.org"}, to.taken)
	require.Equal(t, 1, at.WithoutAddress)
	require.Equal(t, 6, at.Done)

	update(refused, func(r *recipient.Recipient) { r.Disposition = recipient.Refused })
	update(optedOut, func(r *recipient.Recipient) { r.NoMail = true })
	f.burn("h4")
	require.Zero(t, f.sent("c1", campaign.Reminder).Sent, "too soon")
	remind := func() []string {
		f.clock.Advance(72 * time.Hour)
		to := &box{}
		_, err := f.send("c1", campaign.Reminder, to)
		require.NoError(t, err)
		return to.taken
	}
	require.ElementsMatch(t, []string{"f1@example.org", "f5@example.org"}, remind())
	f.burn("h5")
	require.Equal(t, []string{"f1@example.org"}, remind())
	require.Empty(t, remind(), "no more than two")
	c, err := f.store.Campaign(f.ctx, f.district, "c1")
	require.NoError(t, err)
	require.Equal(t, [2]int{5, 3}, [2]int{c.InvitationsSent, c.RemindersSent})
	require.Zero(t, f.sent("c1", campaign.Invitation).Sent, "nobody is invited twice")
}

func TestOptingOutByCode(t *testing.T) {
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprint("all surveys ", all), func(t *testing.T) {
			f := newField(t, sqlite(t))
			f.campaign("c1")
			f.campaign("c2")
			f.add("c1", 1, 2)
			f.add("c2", 1, 2)
			secret, err := f.store.Secret(f.ctx, f.district, "c1")
			require.NoError(t, err)
			_, err = f.service.OptOut(t.Context(), f.all("c1")["h1"].Code(secret), all)
			require.NoError(t, err, "nobody is known who calls")
			_, err = f.service.OptOut(t.Context(), f.all("c1")["h1"].Code(secret), all)
			require.NoError(t, err, "again changes nothing")
			_, err = f.service.OptOut(t.Context(), "a code of nobody", all)
			require.True(t, problem.Is(err, problem.KindNotFound))
			require.True(t, f.all("c1")["h1"].NoMail)
			require.Equal(t, all, f.all("c2")["h1"].OptedOutAll)
			first, second := f.sent("c1", campaign.Invitation), f.sent("c2", campaign.Invitation)
			require.Equal(t, 1, first.Sent)
			require.Equal(t, map[bool]int{false: 2, true: 1}[all], second.Sent)
			r := f.all("c2")["h1"]
			_, err = f.service.Update(f.ctx, f.district, "c2", r.ID, "", func(r *recipient.Recipient) error { r.OptedOutAll = false; return nil })
			require.NoError(t, err)
			require.False(t, f.all("c2")["h1"].OptedOutAll, "staff may take it back when the family asks")
		})
	}
}

// A process that ends between handing a mail over and noting it leaves a recipient
// who is not written to again, and of whom people know.
func TestAMailIsNotSentTwiceAfterAnEndInBetween(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	f.add("c1", 1, 2, 3)
	at, err := f.postman.Plan(f.ctx, recipient.Mailing{District: f.district, Campaign: "c1", Kind: campaign.Invitation})
	require.NoError(t, err)
	kept := at
	save := func(_ context.Context, p recipient.Progress) error { kept = p; return nil }
	to := &box{}
	to.answer = func(string) error {
		if len(to.taken) == 1 {
			to.taken = append(to.taken, "second")
			panic("killed") //nolint:forbidigo // as the process would end here
		}
		return nil
	}
	require.Panics(t, func() { _ = f.postman.Work(f.ctx, &at, to, save) })
	after := &box{}
	at = kept
	require.NoError(t, f.postman.Work(f.ctx, &at, after, save))
	require.Len(t, after.taken, 1, "the third alone")
	require.Equal(t, 1, kept.Unclear)
	require.Equal(t, 2, kept.Sent)
	require.Equal(t, 3, kept.Done)
	unclear := 0
	for _, r := range f.all("c1") {
		if r.MailUnclear {
			unclear++
			require.False(t, r.InviteTime.IsZero(), "a reminder reaches them")
		}
	}
	require.Equal(t, 1, unclear)
}

func TestWhatTheMailServerPutsOffComesLater(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	f.add("c1", 1, 2, 3)
	at, err := f.postman.Plan(f.ctx, recipient.Mailing{District: f.district, Campaign: "c1", Kind: campaign.Invitation})
	require.NoError(t, err)
	answers := map[string]error{"f1@example.org": mail.ErrPutOff, "f2@example.org": mail.ErrRefused}
	to := &box{answer: func(to string) error { return answers[to] }}
	require.ErrorIs(t, f.postman.Work(f.ctx, &at, to, keepNothing), recipient.ErrLater)
	require.Equal(t, []string{"f3@example.org"}, to.taken)
	require.Equal(t, 1, at.Waiting)
	require.True(t, f.all("c1")["h2"].MailFailed)
	require.ErrorIs(t, f.postman.Work(f.ctx, &at, to, keepNothing), recipient.ErrLater, "not before its time")
	answers["f1@example.org"] = nil
	f.clock.Advance(5 * time.Minute)
	require.NoError(t, f.postman.Work(f.ctx, &at, to, keepNothing))
	require.Equal(t, []string{"f3@example.org", "f1@example.org"}, to.taken)
	require.Equal(t, [3]int{2, 1, 0}, [3]int{at.Sent, at.Failed, at.Waiting})

	r := f.all("c1")["h2"]
	_, err = f.service.Update(f.ctx, f.district, "c1", r.ID, "", func(r *recipient.Recipient) error { r.Email = "right@example.org"; return nil })
	require.NoError(t, err)
	require.Equal(t, 1, f.sent("c1", campaign.Invitation).Sent, "a new address is written to")
}

func TestAServerThatIsAlwaysLaterIsGivenUp(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	f.add("c1", 1)
	at, err := f.postman.Plan(f.ctx, recipient.Mailing{District: f.district, Campaign: "c1", Kind: campaign.Invitation})
	require.NoError(t, err)
	tries := 0
	to := &box{answer: func(string) error { tries++; return mail.ErrPutOff }}
	for range 20 {
		if err = f.postman.Work(f.ctx, &at, to, keepNothing); err == nil {
			break
		}
		f.clock.Advance(12 * time.Hour)
	}
	require.NoError(t, err)
	require.Equal(t, 6, tries)
	require.Equal(t, 1, at.Failed)
	require.True(t, f.all("c1")["h1"].MailFailed)
}

func TestAServerThatIsAwayLosesNothing(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	f.add("c1", 1, 2)
	at, err := f.postman.Plan(f.ctx, recipient.Mailing{District: f.district, Campaign: "c1", Kind: campaign.Invitation})
	require.NoError(t, err)
	require.ErrorIs(t, f.postman.Work(f.ctx, &at, &box{answer: func(string) error { return mail.ErrUnavailable }}, keepNothing), recipient.ErrLater)
	require.Zero(t, at.Done)
	to := &box{}
	require.NoError(t, f.postman.Work(f.ctx, &at, to, keepNothing))
	require.Len(t, to.taken, 2)
	require.Zero(t, at.Unclear)
}

// In no span as long as the period do more surveys write to a household, or to an
// address, than the state allows, whatever is mailed and printed in whatever order.
func TestNobodyIsAskedMoreOftenThanTheStateAllows(t *testing.T) {
	const families = 3
	db, run := sqlite(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		f := newField(t, db)
		defer f.inOneTransaction()()
		run++
		f.district = fmt.Sprint("d", run)
		f.rules.now = policy.Policy{
			AsksPerPeriod: rapid.IntRange(1, 3).Draw(rt, "asks"), PeriodDays: rapid.IntRange(1, 40).Draw(rt, "days"), DaysBetweenMails: 1, MaxReminders: 3,
		}
		surveys := rapid.IntRange(2, 4).Draw(rt, "surveys")
		for i := range surveys {
			id := fmt.Sprint("c", i)
			f.campaign(id)
			var list []recipient.Recipient
			for n := range families {
				// Not all are asked by all surveys, and addresses go from hand to hand.
				if n > 0 && rapid.Bool().Draw(rt, "left out") {
					continue
				}
				address := fmt.Sprintf("f%d@example.org", rapid.IntRange(0, families-1).Draw(rt, "address"))
				list = append(list, recipient.Recipient{
					District: f.district, Campaign: id, School: "oak", UnitKey: fmt.Sprint("h", (n+i)%families), Addressee: "Family", Email: address,
				})
			}
			_, _, err := f.service.Add(f.ctx, f.district, id, list)
			require.NoError(rt, err)
		}
		log := contactLog{}
		for range rapid.IntRange(3, 12).Draw(rt, "steps") {
			f.clock.Advance(time.Duration(rapid.IntRange(1, 15*24).Draw(rt, "hours")) * time.Hour)
			id := fmt.Sprint("c", rapid.IntRange(0, surveys-1).Draw(rt, "survey"))
			f.write(rt, id)
			log.note(f, id)
		}
		log.holdsTheRule(rt, f.rules.now)
	})
}

// inOneTransaction does what follows in one transaction, which is quicker and ends
// as if it had never been.
func (f *field) inOneTransaction() (end func()) {
	begun, over, ended := make(chan context.Context), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = f.db.Tx(f.ctx, func(ctx context.Context) error {
			begun <- ctx
			<-over
			return errRolledBack
		})
	}()
	f.ctx = <-begun
	return func() {
		close(over)
		<-ended
	}
}

var errRolledBack = errors.New("rolled back")

// write mails or prints for a survey.
func (f *field) write(rt *rapid.T, id string) {
	switch rapid.IntRange(0, 2).Draw(rt, "what") {
	case 0:
		f.sent(id, campaign.Invitation)
	case 1:
		f.sent(id, campaign.Reminder)
	default:
		_, _, err := recipient.NewPrinter(f.postman, nil).Prepare(f.ctx, recipient.Order{District: f.district, Campaign: id, School: "oak"})
		if err != nil {
			require.True(rt, problem.Is(err, problem.KindPrecondition), "%v", err)
		}
	}
}

// contactLog is which survey wrote to whom, and when.
type contactLog map[string][]contact

type contact struct {
	survey string
	at     time.Time
}

// note takes down to whom the survey wrote just now.
func (l contactLog) note(f *field, id string) {
	for _, r := range f.all(id) {
		if r.Asked().Equal(f.clock.Now()) {
			l[r.UnitKey] = append(l[r.UnitKey], contact{id, r.Asked()})
			l[r.Email] = append(l[r.Email], contact{id, r.Asked()})
		}
	}
}

func (l contactLog) holdsTheRule(t *rapid.T, p policy.Policy) {
	for who, contacts := range l {
		for _, last := range contacts {
			surveys := map[string]bool{}
			for _, c := range contacts {
				if !c.at.After(last.at) && c.at.After(last.at.Add(-p.InForce().Period())) {
					surveys[c.survey] = true
				}
			}
			require.LessOrEqual(t, len(surveys), p.AsksPerPeriod, "%s: %v", who, contacts)
		}
	}
}

func TestAReportCountsOutcomesAndNothingElse(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	f.add("c1", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	for unit, d := range map[string]recipient.Disposition{"h7": recipient.Refused, "h8": recipient.NotReached, "h9": recipient.NotEligible} {
		_, err := f.service.Update(f.ctx, f.district, "c1", f.all("c1")[unit].ID, "", func(r *recipient.Recipient) error { r.Disposition = d; return nil })
		require.NoError(t, err)
	}
	for _, unit := range []string{"h1", "h2", "h3", "h4"} {
		f.burn(unit)
	}
	_, err := f.db.Exec(f.ctx, `UPDATE recipients SET partial = TRUE WHERE unit_key = 'h4'`)
	require.NoError(t, err)
	report, err := f.service.Report(f.ctx, f.district, "c1")
	require.NoError(t, err)
	require.Len(t, report.Schools, 2)
	require.Equal(t, 10, report.Total.Recipients())
	rates := report.Total.Rates
	require.InDelta(t, 3.0/9, rates.RR1, 1e-12) // nine of ten are or may be eligible
	require.InDelta(t, 4.0/9, rates.RR2, 1e-12)
	require.InDelta(t, 6.0/7, rates.Eligibility, 1e-12)
	require.InDelta(t, 3/(6+3*6.0/7), rates.RR3, 1e-12)
	require.InDelta(t, 4/(6+3*6.0/7), rates.RR4, 1e-12)
	require.Zero(t, report.Schools[1].Rates.RR1, "of nobody")
}

func TestCodesAreMadeAgainAndNotKept(t *testing.T) {
	f := newField(t, sqlite(t))
	f.campaign("c1")
	f.add("c1", 1)
	var first, second mail.Message
	catch := func(into *mail.Message) recipient.Sender { return sender(func(m mail.Message) { *into = m }) }
	_, err := f.send("c1", campaign.Invitation, catch(&first))
	require.NoError(t, err)
	f.clock.Advance(96 * time.Hour)
	_, err = f.send("c1", campaign.Reminder, catch(&second))
	require.NoError(t, err)
	require.NotEmpty(t, first.OptOut)
	require.Equal(t, first.OptOut, second.OptOut, "a reminder has the same link")
	secret, err := f.store.Secret(f.ctx, f.district, "c1")
	require.NoError(t, err)
	code := f.all("c1")["h1"].Code(secret)
	require.Contains(t, first.Text, "https://surveys.example.org/s/"+code+"\n")
	require.Len(t, code, 26)
	var rows int
	require.NoError(t, f.db.Conn(f.ctx).QueryRowContext(f.ctx, `SELECT count(*) FROM recipients WHERE code_hash = $1 OR unit_key = $1`, code).Scan(&rows))
	require.Zero(t, rows)
}

// sender takes every mail.
type sender func(m mail.Message)

func (s sender) Send(_ context.Context, m mail.Message) error { s(m); return nil }
