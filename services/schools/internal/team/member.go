package team

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// Member is a person in a team, speaking for a stakeholder group.
type Member struct {
	Name string
	MemberFields
	Confirmed bool
	Departed  bool
	record.Meta
}

// MemberFields is what an invitation says. The person stays what it was: else an
// account could be slipped under a membership that somebody else confirmed.
type MemberFields struct {
	Person      string
	DisplayName string
	Group       Group
	Lead        bool
}

// Joined says that a member was confirmed.
type Joined struct {
	Name  string
	Group Group
}

// Left says that a confirmed member left.
type Left struct {
	Name  string
	Group Group
}

// Invite invites somebody into the team.
func (s Service) Invite(ctx context.Context, team, id string, f MemberFields) (Member, error) {
	id, err := record.ChooseID(id, "member_id")
	if err != nil {
		return Member{}, err
	}
	m := Member{Name: record.Join(team, "members", id), MemberFields: f, Meta: record.NewMeta(s.Clock.Now())}
	return m, s.Store.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.Store.Team(ctx, team); err != nil {
			return err
		}
		r := f.check()
		if err := s.checkPerson(ctx, r, team, f.Person); err != nil {
			return err
		}
		if err := r.Err(); err != nil {
			return err
		}
		return s.Store.InsertMember(ctx, m)
	})
}

// checkPerson asks for somebody of the district who is not in the team yet. A
// person of another district is answered like one who does not exist.
func (s Service) checkPerson(ctx context.Context, r *record.Rules, team, name string) error {
	if name == "" {
		return nil
	}
	found, err := s.Store.HasPerson(ctx, name)
	if err != nil {
		return err
	}
	if !found || record.District(name) != record.District(team) {
		r.Add("person", "person_of_district", "Choose a person who is registered in this district, or leave it empty.")
		return nil
	}
	other, err := s.Store.MemberOf(ctx, team, name)
	if err == nil && other != "" {
		r.Add("person", "once_per_team", "The person is in the team already, as "+other+".")
	}
	return err
}

// GetMember reads one member.
func (s Service) GetMember(ctx context.Context, name string) (Member, error) {
	return s.Store.Member(ctx, name)
}

// ListMembers lists the members of a team.
func (s Service) ListMembers(ctx context.Context, team string, r record.Range) ([]Member, error) {
	if _, err := s.Store.Team(ctx, team); err != nil {
		return nil, err
	}
	return s.Store.ListMembers(ctx, team, r)
}

// UpdateMember changes a member. Who speaks for another group from now on leaves
// the one and joins the other.
func (s Service) UpdateMember(ctx context.Context, name, tag string, change func(MemberFields) MemberFields) (Member, error) {
	return s.changeMember(ctx, name, tag, func(m *Member) ([]any, error) {
		before := m.Group
		m.MemberFields = change(m.MemberFields)
		if err := m.check().Err(); err != nil {
			return nil, err
		}
		if !m.Confirmed || before == m.Group {
			return nil, nil
		}
		return []any{Left{Name: name, Group: before}, Joined{Name: name, Group: m.Group}}, nil
	})
}

// Confirm makes an invitation a membership.
func (s Service) Confirm(ctx context.Context, by grant.Actor, name, tag string) (Member, error) {
	return s.changeMember(ctx, name, tag, func(m *Member) ([]any, error) {
		if !mayConfirm(by, *m, s.Clock.Now()) {
			return nil, problem.Denied("members.confirm")
		}
		if m.Confirmed {
			return nil, stateWrong(name, "member_invited", "The membership is confirmed already.")
		}
		m.Confirmed = true
		return []any{Joined{Name: name, Group: m.Group}}, nil
	})
}

// mayConfirm lets people speak for themselves, and those who lead only for
// members without an account.
func mayConfirm(by grant.Actor, m Member, at time.Time) bool {
	if m.Person != "" {
		return by.Subject == m.Person
	}
	return by.Holds(at, record.School(m.Name), grant.TeamLead, grant.Principal, grant.DistrictCoordinator)
}

// Remove takes a member out of the team; what they did stays.
func (s Service) Remove(ctx context.Context, name, tag string) error {
	_, err := s.changeMember(ctx, name, tag, func(m *Member) ([]any, error) {
		m.Departed = true
		if !m.Confirmed {
			return nil, nil
		}
		return []any{Left{Name: name, Group: m.Group}}, nil
	})
	return err
}

func (s Service) changeMember(ctx context.Context, name, tag string, change func(*Member) (events []any, err error)) (m Member, err error) {
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if m, err = s.Store.Member(ctx, name); err != nil {
			return err
		}
		if err := m.Check(tag, name); err != nil {
			return err
		}
		events, err := change(&m)
		if err != nil {
			return err
		}
		m.Touch(s.Clock.Now())
		if err := s.Store.UpdateMember(ctx, m); err != nil {
			return err
		}
		for _, event := range events {
			if err := s.Store.Emit(ctx, event); err != nil {
				return err
			}
		}
		return nil
	})
	return m, err
}

func (f MemberFields) check() *record.Rules {
	r := record.For("member")
	r.Text("display_name", f.DisplayName, maxName)
	if !f.Group.Valid() {
		r.Add("group", "required", "Say whom the member speaks for.")
	}
	return r
}
