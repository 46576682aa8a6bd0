package api

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/mask"

	"github.com/tandem-badges/tandem/services/schools/internal/team"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

type teams struct {
	schoolsv1.UnimplementedTeamsServiceServer
	teams team.Service
}

// CreateTeam forms a team at a school.
func (s *teams) CreateTeam(ctx context.Context, req *schoolsv1.CreateTeamRequest) (*schoolsv1.Team, error) {
	if err := checkName("parent", req.GetParent(), schoolForm); err != nil {
		return nil, err
	}
	t, err := s.teams.Create(ctx, req.GetParent(), req.GetTeamId(), teamFields(req.GetTeam()))
	return answer(t, err, teamOut)
}

// GetTeam reads one team.
func (s *teams) GetTeam(ctx context.Context, req *schoolsv1.GetTeamRequest) (*schoolsv1.Team, error) {
	return read(ctx, req.GetName(), teamForm, s.teams.Get, teamOut)
}

// ListTeams lists the teams of a school.
func (s *teams) ListTeams(ctx context.Context, req *schoolsv1.ListTeamsRequest) (*schoolsv1.ListTeamsResponse, error) {
	rows, next, err := below(ctx, req, schoolForm, s.teams.List, func(t team.Team) string { return t.Name }, teamOut)
	return &schoolsv1.ListTeamsResponse{Teams: rows, NextPageToken: next}, err
}

// UpdateTeam changes the fields of the update mask.
func (s *teams) UpdateTeam(ctx context.Context, req *schoolsv1.UpdateTeamRequest) (*schoolsv1.Team, error) {
	in := req.GetTeam()
	if err := checkName("team.name", in.GetName(), teamForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"title", "purpose"},
		func(f team.Fields) *schoolsv1.Team { return teamOut(team.Team{Fields: f}) }, teamFields)
	if err != nil {
		return nil, err
	}
	t, err := s.teams.Update(ctx, in.GetName(), in.GetEtag(), change)
	return answer(t, err, teamOut)
}

// CreateMember invites a person into the team.
func (s *teams) CreateMember(ctx context.Context, req *schoolsv1.CreateMemberRequest) (*schoolsv1.Member, error) {
	if err := checkName("parent", req.GetParent(), teamForm); err != nil {
		return nil, err
	}
	m, err := s.teams.Invite(ctx, req.GetParent(), req.GetMemberId(), memberFields(req.GetMember()))
	return answer(m, err, memberOut)
}

// GetMember reads one member.
func (s *teams) GetMember(ctx context.Context, req *schoolsv1.GetMemberRequest) (*schoolsv1.Member, error) {
	return read(ctx, req.GetName(), memberForm, s.teams.GetMember, memberOut)
}

// ListMembers lists the members of a team.
func (s *teams) ListMembers(ctx context.Context, req *schoolsv1.ListMembersRequest) (*schoolsv1.ListMembersResponse, error) {
	rows, next, err := below(ctx, req, teamForm, s.teams.ListMembers, func(m team.Member) string { return m.Name }, memberOut)
	return &schoolsv1.ListMembersResponse{Members: rows, NextPageToken: next}, err
}

// UpdateMember changes the fields of the update mask.
func (s *teams) UpdateMember(ctx context.Context, req *schoolsv1.UpdateMemberRequest) (*schoolsv1.Member, error) {
	in := req.GetMember()
	if err := checkName("member.name", in.GetName(), memberForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"display_name", "group", "lead"},
		func(f team.MemberFields) *schoolsv1.Member { return memberOut(team.Member{MemberFields: f}) }, memberFields)
	if err != nil {
		return nil, err
	}
	m, err := s.teams.UpdateMember(ctx, in.GetName(), in.GetEtag(), change)
	return answer(m, err, memberOut)
}

// DeleteMember takes a member out of the team.
func (s *teams) DeleteMember(ctx context.Context, req *schoolsv1.DeleteMemberRequest) (*emptypb.Empty, error) {
	return remove(ctx, req.GetName(), memberForm, req.GetEtag(), s.teams.Remove)
}

// ConfirmMember makes an invitation a membership.
func (s *teams) ConfirmMember(ctx context.Context, req *schoolsv1.ConfirmMemberRequest) (*schoolsv1.Member, error) {
	if err := checkName("name", req.GetName(), memberForm); err != nil {
		return nil, err
	}
	m, err := s.teams.Confirm(ctx, actor(ctx), req.GetName(), req.GetEtag())
	return answer(m, err, memberOut)
}

func teamFields(t *schoolsv1.Team) team.Fields {
	return team.Fields{Title: t.GetTitle(), Purpose: t.GetPurpose()}
}

func teamOut(t team.Team) *schoolsv1.Team {
	return &schoolsv1.Team{
		Name: t.Name, Title: t.Title, Purpose: t.Purpose, Groups: wire.Groups(t.Groups),
		CreateTime: stamp(t.Created), UpdateTime: stamp(t.Updated), Etag: tagOf(t.Meta),
	}
}

func memberFields(m *schoolsv1.Member) team.MemberFields {
	return team.MemberFields{
		Person: m.GetPerson(), DisplayName: m.GetDisplayName(), Group: wire.ToGroup(m.GetGroup()), Lead: m.GetLead(),
	}
}

func memberOut(m team.Member) *schoolsv1.Member {
	return &schoolsv1.Member{
		Name: m.Name, Person: m.Person, DisplayName: m.DisplayName, Group: wire.Group(m.Group), Lead: m.Lead, Confirmed: m.Confirmed,
		CreateTime: stamp(m.Created), UpdateTime: stamp(m.Updated), Etag: tagOf(m.Meta),
	}
}
