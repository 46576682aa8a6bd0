package recipient

import (
	"context"
	"maps"
	"slices"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

// Directory knows the schools of a district.
type Directory interface {
	Schools(ctx context.Context, district string) ([]campaign.School, error)
}

// Service keeps recipients.
type Service struct {
	store     Store
	rules     policy.Source
	directory Directory
	clock     clock.Clock
}

// NewService returns the service that keeps recipients.
func NewService(store Store, rules policy.Source, directory Directory, c clock.Clock) *Service {
	return &Service{store: store, rules: rules, directory: directory, clock: c}
}

// Add brings in recipients, all or none. A unit that is there already is changed.
func (s *Service) Add(ctx context.Context, district, campaignID string, list []Recipient) (created, changed int, err error) {
	var bad check.List
	c, err := s.campaign(ctx, district, campaignID)
	if err != nil {
		return 0, 0, err
	}
	if err := s.checkAll(ctx, c, list, &bad); err != nil {
		return 0, 0, err
	}
	return s.keep(ctx, c, list)
}

// keep stores checked recipients.
func (s *Service) keep(ctx context.Context, c campaign.Campaign, list []Recipient) (created, changed int, err error) {
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		now, err := s.store.Campaign(ctx, c.District, c.ID)
		if err != nil {
			return err
		}
		if err := takesRecipients(now); err != nil {
			return err
		}
		secret, err := s.secret(ctx, c.District, c.ID)
		if err != nil {
			return err
		}
		units := make([]Unit, len(list))
		for i, r := range list {
			units[i] = Unit{r.School, r.UnitKey}
		}
		known, err := s.store.Units(ctx, c.District, c.ID, units)
		if err != nil {
			return err
		}
		var fresh []Recipient
		var digests []string
		created, changed = 0, 0
		for _, r := range list {
			before, ok := known[Unit{r.School, r.UnitKey}]
			if !ok {
				r = s.born(c, r)
				fresh, digests = append(fresh, r), append(digests, code.Digest(r.Code(secret)))
				created++
				continue
			}
			did, err := s.renew(ctx, before, r)
			if err != nil {
				return err
			}
			changed += did
		}
		return s.store.AddRecipients(ctx, c.Name(), fresh, digests)
	})
	return created, changed, err
}

func (s *Service) born(c campaign.Campaign, r Recipient) Recipient {
	now := s.clock.Now()
	return Recipient{
		District: c.District, Campaign: c.ID, ID: ids.New(), School: r.School, UnitKey: r.UnitKey, Addressee: r.Addressee, Email: r.Email,
		Language: r.Language, Groups: r.Groups, Disposition: Pending, CreateTime: now, UpdateTime: now, Version: 1,
	}
}

// renew takes over what a roster says of a unit that is there; 1 when it says
// something else.
func (s *Service) renew(ctx context.Context, before, r Recipient) (int, error) {
	if before.Addressee == r.Addressee && before.Email == r.Email && before.Language == r.Language && maps.Equal(before.Groups, r.Groups) {
		return 0, nil
	}
	after := before
	after.Addressee, after.Email, after.Language, after.Groups = r.Addressee, r.Email, r.Language, r.Groups
	return 1, s.store.SaveRecipient(ctx, s.changed(before, after))
}

// changed is the next version. A new address may be written to again.
func (s *Service) changed(before, after Recipient) Recipient {
	if before.Email != after.Email {
		after.MailFailed = false
	}
	after.UpdateTime, after.Version = s.clock.Now(), before.Version+1
	return after
}

// secret is what the codes of a campaign are made of; made where there is none.
func (s *Service) secret(ctx context.Context, district, campaignID string) (string, error) {
	secret, err := s.store.Secret(ctx, district, campaignID)
	if err != nil || secret != "" {
		return secret, err
	}
	secret = code.New() + code.New() // 256 random bits
	return secret, s.store.SetSecret(ctx, district, campaignID, secret)
}

// campaign reads a campaign that asks named recipients.
func (s *Service) campaign(ctx context.Context, district, id string) (campaign.Campaign, error) {
	c, err := s.store.Campaign(ctx, district, id)
	if err != nil {
		return c, err
	}
	return c, named(c)
}

func named(c campaign.Campaign) error {
	if c.Mode == campaign.Confidential {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: c.Name(), Rule: "mode_of_campaign", Fix: "Only a campaign in mode CONFIDENTIAL has recipients: create links or invitations for this one.",
	})
}

// takesRecipients refuses a campaign that is over.
func takesRecipients(c campaign.Campaign) error {
	if c.State == campaign.Draft || c.State == campaign.Open {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: c.Name(), Rule: "not_closed", Fix: "Bring in recipients before the campaign is closed.",
	})
}

// Get reads a recipient.
func (s *Service) Get(ctx context.Context, district, campaignID, id string) (Recipient, error) {
	r, err := s.store.Recipient(ctx, district, campaignID, id)
	if err != nil {
		return r, err
	}
	list, err := s.withOptOuts(ctx, district, []Recipient{r})
	if err != nil {
		return r, err
	}
	return list[0], nil
}

// List lists recipients in the order of their ids.
func (s *Service) List(ctx context.Context, district, campaignID string, f Filter, after string, limit int) ([]Recipient, error) {
	if _, err := s.store.Campaign(ctx, district, campaignID); err != nil {
		return nil, err
	}
	list, err := s.store.Recipients(ctx, district, campaignID, f, after, limit)
	if err != nil {
		return nil, err
	}
	return s.withOptOuts(ctx, district, list)
}

// withOptOuts says who of them opted out of all surveys.
func (s *Service) withOptOuts(ctx context.Context, district string, list []Recipient) ([]Recipient, error) {
	if len(list) == 0 {
		return list, nil
	}
	key, err := s.store.ContactKey(ctx, district)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, r := range list {
		all = append(all, contacts(key, r)...)
	}
	out, err := s.store.OptedOut(ctx, district, all)
	if err != nil {
		return nil, err
	}
	for i, r := range list {
		list[i].OptedOutAll = slices.ContainsFunc(contacts(key, r), func(c string) bool { return out[c] })
	}
	return list, nil
}

// Update changes a recipient, such as what came of a call.
func (s *Service) Update(ctx context.Context, district, campaignID, id, tag string, change func(*Recipient) error) (Recipient, error) {
	c, err := s.campaign(ctx, district, campaignID)
	if err != nil {
		return Recipient{}, err
	}
	var out Recipient
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		before, err := s.Get(ctx, district, campaignID, id)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, before.Version, before.Name()); err != nil {
			return err
		}
		after := before
		after.Groups = maps.Clone(before.Groups)
		if err := change(&after); err != nil {
			return err
		}
		if err := s.checkChange(ctx, c, before, after); err != nil {
			return err
		}
		out = s.changed(before, after)
		if before.OptedOutAll != after.OptedOutAll {
			if err := s.optAll(ctx, out, after.OptedOutAll); err != nil {
				return err
			}
		}
		return s.store.SaveRecipient(ctx, out)
	})
	return out, err
}

// checkChange refuses an outcome that only an answer brings, and a recipient that
// a roster could not have.
func (s *Service) checkChange(ctx context.Context, c campaign.Campaign, before, after Recipient) error {
	var bad check.List
	bad.Need(after.School == before.School && after.UnitKey == before.UnitKey, "recipient.unit_key", "unit_stays",
		"Add another recipient: school and unit say who this one is.")
	bad.Need(after.Disposition >= Pending && after.Disposition <= NotEligible, "recipient.disposition", "known_disposition", "Say what came of asking.")
	bad.Need(after.Disposition != Complete && after.Disposition != Partial, "recipient.disposition", "only_by_answer",
		"Leave out COMPLETE and PARTIAL: an answer sets them, such as one that is keyed in or taken by telephone.")
	if before.Burned && after.Disposition != before.Disposition {
		bad.Add("recipient.disposition", "answered", "Leave it: this recipient has answered.")
	}
	if before.Addressee != after.Addressee || before.Email != after.Email || before.Language != after.Language || !maps.Equal(before.Groups, after.Groups) {
		if err := takesRecipients(c); err != nil {
			return err
		}
		after.check(&bad, c, func(field string) string { return "recipient." + field })
	}
	return bad.Err()
}

// optAll takes a recipient off all surveys of the district, or on again.
func (s *Service) optAll(ctx context.Context, r Recipient, out bool) error {
	key, err := s.store.ContactKey(ctx, r.District)
	if err != nil {
		return err
	}
	return s.store.SetOptedOut(ctx, r.District, contacts(key, r), out, s.clock.Now())
}
