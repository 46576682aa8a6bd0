package recipient

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

// Progress is how far a mailing is. It is kept with each recipient that is done,
// in one transaction with what became of it.
type Progress struct {
	Mailing
	Total, Done, Sent       int
	Fatigued, OptedOut      int
	Failed, Unclear         int
	WithoutAddress, Waiting int
}

// Sender hands a mail over. Its errors are those of package mail.
type Sender interface {
	Send(ctx context.Context, m mail.Message) error
}

// Minutes knows how long a questionnaire takes; 0 when it does not.
type Minutes func(ctx context.Context, instrumentVersion, language string) (int, error)

// Postman mails: one recipient after the other, each at most once.
//
// Before a mail is handed over the recipient is marked as in the mail server's
// hands, and as sent after. A process that ends between the two leaves the mark,
// by which the next one knows that nobody can tell whether the mail went out: it
// is not sent again, the recipient is marked for people to look at, and a reminder
// reaches them like all others.
type Postman struct {
	*Service
	minutes Minutes
	url     string
}

// NewPostman returns who mails; url is where respondents reach the product.
func NewPostman(s *Service, minutes Minutes, url string) *Postman {
	return &Postman{Service: s, minutes: minutes, url: url}
}

const (
	slice    = 50               // recipients looked up at once
	maxTries = 6                // that a mail server may ask for
	firstTry = 5 * time.Minute  // until the second
	longest  = 12 * time.Hour   // between tries
	sliceFor = 10 * time.Second // before another mailing gets its turn
)

// ErrLater says that a mailing is not done and goes on later: others have their
// turn, or the mail server wants time.
var ErrLater = errors.New("the mailing goes on later")

// Plan checks that a campaign may be mailed, and says how many recipients there
// are to look at. It is part of the transaction that begins the mailing.
func (p *Postman) Plan(ctx context.Context, m Mailing) (Progress, error) {
	c, err := p.campaign(ctx, m.District, m.Campaign)
	if err != nil {
		return Progress{}, err
	}
	var bad check.List
	bad.Need(m.School == "" || c.Asks(m.School), "school", "school_of_campaign", "Name a school that the campaign asks, or none.")
	if err := bad.Err(); err != nil {
		return Progress{}, err
	}
	if c.State != campaign.Open {
		return Progress{}, problem.Precondition(problem.ReasonWindowClosed, problem.Violation{
			Field: c.Name(), Rule: "campaign_open", Fix: "Mail while the campaign is open: only then is the link good.",
		})
	}
	if _, err := p.secret(ctx, m.District, m.Campaign); err != nil {
		return Progress{}, err
	}
	all, err := p.store.ToMail(ctx, m, p.clock.Now(), MaxPerCampaign)
	return Progress{Mailing: m, Total: len(all)}, err
}

// MaxPerCampaign bounds what one mailing looks at.
const MaxPerCampaign = 5_000_000

// Work mails until the mailing is done (nil), its turn is over or the server wants
// time (ErrLater). save keeps the progress, in a transaction each time.
func (p *Postman) Work(ctx context.Context, at *Progress, to Sender, save func(ctx context.Context, at Progress) error) error {
	until := time.Now().Add(sliceFor)
	for {
		next, err := p.store.ToMail(ctx, at.Mailing, p.clock.Now(), slice)
		if err != nil {
			return err
		}
		if len(next) == 0 {
			done, err := p.round(ctx, at, save)
			if err != nil || done {
				return err
			}
			continue
		}
		for _, id := range next {
			if err := p.one(ctx, at, id, to, save); err != nil {
				return err
			}
			if time.Now().After(until) {
				return ErrLater
			}
		}
	}
}

// round ends a way through the recipients: after the first one those are left that
// the server put off.
func (p *Postman) round(ctx context.Context, at *Progress, save func(ctx context.Context, at Progress) error) (done bool, err error) {
	waiting, err := p.store.Waiting(ctx, at.Mailing)
	if err != nil {
		return false, err
	}
	after := *at
	after.Waiting = waiting
	if after.Last != Again {
		after.Last = Again
	} else if waiting > 0 {
		return false, ErrLater
	}
	if err := p.store.Tx(ctx, func(ctx context.Context) error { return save(ctx, after) }); err != nil {
		return false, err
	}
	*at = after
	return waiting == 0, nil
}

// one looks at one recipient and mails, if that may be.
func (p *Postman) one(ctx context.Context, at *Progress, id string, to Sender, save func(ctx context.Context, at Progress) error) error {
	var letter mail.Message
	var passed bool
	var after Progress
	err := p.store.Tx(ctx, func(ctx context.Context) error {
		after = at.past(id)
		m, mailing, err := p.take(ctx, &after, id)
		letter, passed = m, !mailing
		if err != nil || mailing {
			return err
		}
		return save(ctx, after)
	})
	if err != nil {
		return err
	}
	if passed {
		*at = after
		return nil
	}
	outcome := to.Send(ctx, letter)
	// What became of the mail is kept even when the process is asked to stop now.
	ctx = context.WithoutCancel(ctx)
	err = p.store.Tx(ctx, func(ctx context.Context) error {
		after = at.past(id)
		return p.settle(ctx, &after, id, outcome, save)
	})
	if err != nil {
		return err
	}
	if errors.Is(outcome, mail.ErrUnavailable) {
		return ErrLater // nothing was sent: this recipient comes next again
	}
	*at = after
	return nil
}

// past is the progress with this recipient done.
func (at Progress) past(id string) Progress {
	if at.Last != Again {
		at.Last = id
		at.Done++
	}
	return at
}

// take decides whether to mail, and marks the recipient as in the server's hands.
func (p *Postman) take(ctx context.Context, at *Progress, id string) (m mail.Message, mailing bool, err error) {
	c, err := p.store.Campaign(ctx, at.District, at.Campaign)
	if err != nil {
		return m, false, err
	}
	if c.State != campaign.Open {
		return m, false, nil // the survey closed under way: the rest is passed over
	}
	r, err := p.store.Recipient(ctx, at.District, at.Campaign, id)
	if problem.Is(err, problem.KindNotFound) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	if r.Sending != 0 {
		at.Unclear++
		return m, false, p.store.Mark(ctx, r.unclear(r.Sending, p.clock.Now()))
	}
	ask, err := p.asker(ctx, c)
	if err != nil {
		return m, false, err
	}
	why, err := ask.mayMail(ctx, r, at.Kind)
	if err != nil || why != fine {
		at.pass(why)
		return m, false, errors.Join(err, p.unwait(ctx, r))
	}
	if m, err = p.write(ctx, c, r, at.Kind); err != nil {
		return m, false, err
	}
	if err := ask.asks(ctx, r); err != nil {
		return m, false, err
	}
	r.Sending = at.Kind
	return m, true, p.store.Mark(ctx, r)
}

// unwait takes a recipient who is not written to any more off the waiting ones.
func (p *Postman) unwait(ctx context.Context, r Recipient) error {
	if r.Tries == 0 {
		return nil
	}
	r.Tries, r.DueTime = 0, time.Time{}
	return p.store.Mark(ctx, r)
}

func (at *Progress) pass(why refusal) {
	switch why {
	case tired:
		at.Fatigued++
	case optedOut:
		at.OptedOut++
	case noAddress:
		at.WithoutAddress++
	case fine, gone:
	}
}

// settle notes what became of a mail.
func (p *Postman) settle(ctx context.Context, at *Progress, id string, outcome error, save func(ctx context.Context, at Progress) error) error {
	r, err := p.store.Recipient(ctx, at.District, at.Campaign, id)
	if err != nil {
		return err
	}
	now := p.clock.Now()
	switch {
	case outcome == nil:
		at.Sent++
		r = r.sent(at.Kind, now)
		if err := p.store.Sent(ctx, at.District, at.Campaign, at.Kind); err != nil {
			return err
		}
	case errors.Is(outcome, mail.ErrUnclear):
		at.Unclear++
		r = r.unclear(at.Kind, now)
	case errors.Is(outcome, mail.ErrUnavailable):
		r.Sending = 0
		return p.store.Mark(ctx, r)
	case errors.Is(outcome, mail.ErrPutOff) && r.Tries+1 < maxTries:
		r.Sending, r.Tries = 0, r.Tries+1
		r.DueTime = now.Add(min(firstTry<<(r.Tries-1), longest))
	default:
		at.Failed++
		r.Sending, r.Tries, r.DueTime, r.MailFailed = 0, 0, time.Time{}, true
	}
	if err := p.store.Mark(ctx, r); err != nil {
		return err
	}
	return save(ctx, *at)
}

// sent is the recipient after a mail went out.
func (r Recipient) sent(kind campaign.MessageKind, now time.Time) Recipient {
	r.Sending, r.Tries, r.DueTime, r.MailUnclear = 0, 0, time.Time{}, false
	if kind == campaign.Reminder {
		r.RemindTime, r.Reminders = now, r.Reminders+1
	} else {
		r.InviteTime = now
	}
	return r
}

// unclear is the recipient after a mail of which nobody knows: as after one that
// went out, and marked.
func (r Recipient) unclear(kind campaign.MessageKind, now time.Time) Recipient {
	r = r.sent(kind, now)
	r.MailUnclear = true
	return r
}

// write makes the mail of a recipient.
func (p *Postman) write(ctx context.Context, c campaign.Campaign, r Recipient, kind campaign.MessageKind) (mail.Message, error) {
	secret, err := p.secret(ctx, c.District, c.ID)
	if err != nil {
		return mail.Message{}, err
	}
	minutes, err := p.minutes(ctx, c.InstrumentVersion, r.Language)
	if err != nil {
		return mail.Message{}, err
	}
	text := mail.Text(c.Messages, kind, r.Language)
	link := p.Link(r.Code(secret))
	v := mail.Values{
		School: c.SchoolTitle(r.School), District: c.DistrictTitle, Addressee: r.Addressee, Link: link, OptOut: link + "/opt-out",
		CloseDate: wording.Moment(c.EndsAt(), c.TimeZone, wording.Nearest(text.Language)),
	}
	if minutes > 0 {
		v.Minutes = strconv.Itoa(minutes)
	}
	m := mail.Compose(text, v)
	m.To, m.ReplyTo = r.Email, c.ReplyTo
	return m, nil
}

// Link is the address of the survey for a code.
func (p *Postman) Link(code string) string { return p.url + "/s/" + code }
