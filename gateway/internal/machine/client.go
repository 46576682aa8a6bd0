package machine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/gateway/internal/network"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const maxTitle = 100

// Service is what can be done with machines. It is safe for concurrent use.
type Service struct {
	Store Store
	Clock clock.Clock
	// Scopes are all scopes there are.
	Scopes []Scope
	// District tells, by its error, whether a district is there.
	District func(ctx context.Context, name string) error
	// Uses remembers when secrets were used until that is written.
	Uses *Uses
}

// Create registers a machine.
func (s *Service) Create(ctx context.Context, by Actor, district, id string, f Fields) (Client, error) {
	if id == "" {
		id = ids.New()
	}
	if !validID(id) {
		return Client{}, problem.Invalid(problem.Violation{
			Field: "api_client_id", Rule: "id_form",
			Fix: "Use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.",
		})
	}
	now := s.Clock.Now()
	c := Client{
		Name: nameIn(district, id), Fields: tidy(f), Creator: by.Subject, Proposer: by.Subject,
		Version: 1, Created: now, Updated: now,
	}
	if err := s.check(by, c, Fields{}); err != nil {
		return Client{}, err
	}
	if err := s.District(ctx, district); err != nil {
		return Client{}, notThere(district, err)
	}
	return c, s.Store.Tx(ctx, func(ctx context.Context) error { return s.Store.InsertClient(ctx, c) })
}

// Get reads one machine.
func (s *Service) Get(ctx context.Context, name string) (Client, error) {
	return s.Store.Client(ctx, name)
}

// List lists the machines of a district after an id.
func (s *Service) List(ctx context.Context, district, after string, limit int) ([]Client, error) {
	if err := s.District(ctx, district); err != nil {
		return nil, notThere(district, err)
	}
	return s.Store.ListClients(ctx, district, after, limit)
}

// Update changes a machine. A scope that is taken away and given again needs a
// second person again.
func (s *Service) Update(ctx context.Context, by Actor, name, tag string, change func(Fields) Fields) (Client, error) {
	return s.change(ctx, name, tag, func(c *Client) error {
		before := c.Fields
		c.Fields = tidy(change(c.Fields))
		if err := s.check(by, *c, before); err != nil {
			return err
		}
		c.Approved = slices.DeleteFunc(slices.Clone(c.Approved), func(scope string) bool { return !slices.Contains(c.Scopes, scope) })
		if slices.ContainsFunc(c.waiting(s.Scopes), func(scope string) bool { return !slices.Contains(before.Scopes, scope) }) {
			c.Proposer = by.Subject
		}
		return nil
	})
}

// Delete removes a machine; what it holds stops working with the next call.
func (s *Service) Delete(ctx context.Context, name, tag string) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		c, err := s.Store.Client(ctx, name)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, c.Version, name); err != nil {
			return err
		}
		return s.Store.DeleteClient(ctx, c)
	})
}

// Approve lets the scopes that wait count. It takes somebody other than who
// registered the machine or asked for them, who holds them too; with the etag,
// exactly what they looked at.
func (s *Service) Approve(ctx context.Context, by Actor, name, tag string) (Client, error) {
	return s.change(ctx, name, tag, func(c *Client) error {
		waiting := c.waiting(s.Scopes)
		switch {
		case len(waiting) == 0:
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: name, Rule: "not_pending", Fix: "Nothing of this machine waits for approval.",
			})
		case by.Subject == c.Creator || by.Subject == c.Proposer:
			return problem.Precondition(problem.ReasonConflictOfInterest, problem.Violation{
				Field: name, Rule: "second_person", Fix: "Ask another coordinator or the state office to approve: it takes a second person.",
			})
		}
		if broken := exceeding(by, waiting, nil, name); broken != nil {
			return problem.Precondition(problem.ReasonRoleInsufficient, broken...)
		}
		c.Approved, c.Approver = append(slices.Clone(c.Approved), waiting...), by.Subject
		return nil
	})
}

// change reads a client, changes it and writes it, in one transaction.
func (s *Service) change(ctx context.Context, name, tag string, fn func(c *Client) error) (after Client, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		before, err := s.Store.Client(ctx, name)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, before.Version, name); err != nil {
			return err
		}
		after = before
		after.Secrets = slices.Clone(before.Secrets)
		if err := fn(&after); err != nil {
			return err
		}
		after.Version++
		after.Updated = s.Clock.Now()
		return s.Store.SaveClient(ctx, before, after)
	})
	return after, err
}

// check applies the rules of the fields, then that of giving. A new machine has
// no fields before.
func (s *Service) check(by Actor, c Client, before Fields) error {
	broken := append(s.checkScopes(c.Scopes), s.checkBounds(c.Fields, before)...)
	if c.Title == "" || utf8.RuneCountInString(c.Title) > maxTitle {
		broken = append(broken, breaks("title", "length", "Give a title of 1 to 100 characters."))
	}
	if broken != nil {
		return problem.Invalid(broken...)
	}
	broken = exceeding(by, c.Scopes, before.Scopes, "api_client.scopes")
	isNew := before.Scopes == nil
	if (isNew || !c.End.Equal(before.End)) && outlasts(c.End, by.Until) {
		broken = append(broken, breaks("end_time", "exceeds_own",
			"Let it end when your own role does, "+by.Until.UTC().Format(time.RFC3339)+", or before."))
	}
	if broken != nil {
		return problem.Precondition(problem.ReasonRoleInsufficient, broken...)
	}
	return nil
}

func (s *Service) checkScopes(scopes []string) (broken []problem.Violation) {
	if len(scopes) == 0 {
		broken = append(broken, breaks("scopes", "required", "Give at least one scope."))
	}
	for i, scope := range scopes {
		field := fmt.Sprintf("scopes[%d]", i)
		if !slices.ContainsFunc(s.Scopes, func(known Scope) bool { return known.Name == scope }) {
			broken = append(broken, breaks(field, "known_scope", "Use scopes that exist: "+s.names()+"."))
		} else if slices.Contains(scopes[:i], scope) {
			broken = append(broken, breaks(field, "unique", "Give each scope once."))
		}
	}
	return broken
}

func (s *Service) checkBounds(f, before Fields) (broken []problem.Violation) {
	for i, ip := range f.AllowedIPs {
		if _, err := network.Parse(ip); err != nil {
			broken = append(broken, breaks(fmt.Sprintf("allowed_ips[%d]", i), "address_form", "Give an address or a network such as 192.0.2.0/24."))
		}
	}
	if !f.End.IsZero() && !f.End.Equal(before.End) && !f.End.After(s.Clock.Now()) {
		broken = append(broken, breaks("end_time", "future", "Give a time to come; to end a machine now, disable it."))
	}
	return broken
}

func breaks(field, rule, fix string) problem.Violation {
	return problem.Violation{Field: "api_client." + field, Rule: rule, Fix: fix}
}

// outlasts tells whether something ends later than what it is given from.
func outlasts(end, own time.Time) bool {
	return !own.IsZero() && (end.IsZero() || end.After(own))
}

// exceeding are the scopes that come without being held by who gives them.
func exceeding(by Actor, scopes, before []string, field string) []problem.Violation {
	var broken []problem.Violation
	for _, scope := range scopes {
		if !slices.Contains(before, scope) && !by.Holds(scope) {
			broken = append(broken, problem.Violation{
				Field: field, Rule: "exceeds_own", Fix: "Leave out " + scope + ": nobody gives a machine more than they hold.",
			})
		}
	}
	return broken
}

func (s *Service) names() string {
	names := make([]string, len(s.Scopes))
	for i, scope := range s.Scopes {
		names[i] = scope.Name
	}
	return strings.Join(names, ", ")
}

// tidy makes equal what means the same.
func tidy(f Fields) Fields {
	f.Title = strings.TrimSpace(f.Title)
	f.AllowedIPs = slices.Clone(f.AllowedIPs)
	for i, ip := range f.AllowedIPs {
		f.AllowedIPs[i] = strings.TrimSpace(ip)
	}
	f.End = f.End.Truncate(time.Microsecond)
	return f
}

func validID(id string) bool { return ids.ValidUser(id) }
