package recipient

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

// contacts are the digests by which asking is counted over the surveys of a
// district: of the mail address, and of the unit of the roster, so that neither
// another address nor another unit key makes somebody new of a person.
func contacts(key string, r Recipient) []string {
	out := []string{contact(key, "unit", r.School, r.UnitKey)}
	if r.Email != "" {
		out = append(out, contact(key, "mail", strings.ToLower(r.Email)))
	}
	return out
}

func contact(key string, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(strings.Join(parts, "\x00"))) // a roster has no such character
	return hex.EncodeToString(mac.Sum(nil))
}

// Why somebody is not written to.
type refusal int

const (
	fine refusal = iota
	gone         // answered, refused, not eligible: nothing to count
	noAddress
	optedOut
	tired // asked as often as the state allows, or just now
)

// asker decides who may be written to. It is made anew in each transaction.
type asker struct {
	store    Store
	campaign campaign.Campaign
	policy   policy.Policy
	key      string
	now      time.Time
}

func (s *Service) asker(ctx context.Context, c campaign.Campaign) (asker, error) {
	rules, err := s.rules.Policy(ctx)
	if err != nil {
		return asker{}, err
	}
	key, err := s.store.ContactKey(ctx, c.District)
	return asker{store: s.store, campaign: c, policy: rules, key: key, now: s.clock.Now()}, err
}

// may decides whether a recipient may be asked by this campaign now.
func (a asker) may(ctx context.Context, r Recipient) (refusal, error) {
	if r.Burned || r.Disposition == Refused || r.Disposition == NotEligible || r.Disposition == OtherNonresponse {
		return gone, nil
	}
	if r.NoMail {
		return optedOut, nil
	}
	own := contacts(a.key, r)
	out, err := a.store.OptedOut(ctx, r.District, own)
	if err != nil || len(out) > 0 {
		return optedOut, err
	}
	return a.rested(ctx, r.District, own)
}

// rested holds the rule of the state: in every span as long as its period at most
// so many surveys write to the same contact, reminders and letters included. They
// come in the order of time, so it is enough to look back at each of them.
func (a asker) rested(ctx context.Context, district string, own []string) (refusal, error) {
	if a.policy.AsksPerPeriod == 0 {
		return fine, nil
	}
	for _, c := range own {
		n, err := a.store.Asks(ctx, district, a.campaign.ID, c, a.now.Add(-a.policy.Period()))
		if err != nil {
			return fine, err
		}
		if n >= a.policy.AsksPerPeriod {
			return tired, nil
		}
	}
	return fine, nil
}

// mayMail decides whether a mail of the kind may go out now.
func (a asker) mayMail(ctx context.Context, r Recipient, kind campaign.MessageKind) (refusal, error) {
	if r.MailFailed || kind == campaign.Invitation && !r.InviteTime.IsZero() || kind == campaign.Reminder && r.Asked().IsZero() {
		return gone, nil
	}
	if why, err := a.may(ctx, r); err != nil || why != fine {
		return why, err
	}
	if r.Email == "" {
		return noAddress, nil
	}
	if kind == campaign.Reminder && (r.Reminders >= a.policy.MaxReminders || a.now.Before(r.Asked().Add(a.policy.BetweenMails()))) {
		return tired, nil
	}
	return fine, nil
}

// asks notes that the campaign asks a recipient.
func (a asker) asks(ctx context.Context, r Recipient) error {
	for _, c := range contacts(a.key, r) {
		if err := a.store.AddAsk(ctx, r.District, a.campaign.ID, c, a.now); err != nil {
			return err
		}
	}
	return nil
}

// OptOut takes whoever has the code off this survey's mails, or off all surveys of
// the district. It returns the language in which to tell.
func (s *Service) OptOut(ctx context.Context, given string, all bool) (language string, err error) {
	found, err := s.store.RecipientByCode(ctx, code.Digest(given))
	if err != nil {
		if problem.Is(err, problem.KindNotFound) {
			return "", problem.NotFound("forms/" + given)
		}
		return "", err
	}
	ctx = tenant.With(ctx, found.District)
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		r, err := s.store.Recipient(ctx, found.District, found.Campaign, found.ID)
		if err != nil {
			return err
		}
		if all {
			if err := s.optAll(ctx, r, true); err != nil {
				return err
			}
		}
		if r.NoMail {
			return nil
		}
		after := r
		after.NoMail = true
		return s.store.SaveRecipient(ctx, s.changed(r, after))
	})
	return found.Language, err
}
