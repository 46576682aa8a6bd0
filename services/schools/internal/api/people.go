package api

import (
	"context"
	"slices"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/mask"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

type people struct {
	schoolsv1.UnimplementedPeopleServiceServer
	people person.Service
}

// CreatePerson registers a person in a district or in the state office.
func (s *people) CreatePerson(ctx context.Context, req *schoolsv1.CreatePersonRequest) (*schoolsv1.Person, error) {
	if req.GetParent() != "" {
		if err := checkName("parent", req.GetParent(), districtForm); err != nil {
			return nil, err
		}
	}
	p, err := s.people.Create(ctx, actor(ctx), req.GetParent(), req.GetPersonId(), personFields(req.GetPerson()),
		firstRoles(req.GetPerson()))
	return answer(p, err, personOut)
}

// GetPerson reads one person.
func (s *people) GetPerson(ctx context.Context, req *schoolsv1.GetPersonRequest) (*schoolsv1.Person, error) {
	if err := checkName("name", req.GetName(), personForm, officeForm); err != nil {
		return nil, err
	}
	p, err := s.people.Get(ctx, req.GetName())
	return answer(p, err, personOut)
}

// ListPeople lists the people of a district, of the state office, or all.
func (s *people) ListPeople(ctx context.Context, req *schoolsv1.ListPeopleRequest) (*schoolsv1.ListPeopleResponse, error) {
	if req.GetParent() != "" {
		if err := checkName("parent", req.GetParent(), districtForm); err != nil {
			return nil, err
		}
	}
	rows, next, err := list(req, func(r record.Range) ([]person.Person, error) {
		return s.people.List(ctx, req.GetParent(), req.GetParent() == everyDistrict, r)
	}, func(p person.Person) []string { return []string{record.District(p.Name), idOf(p.Name)} }, personOut)
	return &schoolsv1.ListPeopleResponse{People: rows, NextPageToken: next}, err
}

// UpdatePerson changes the fields of the update mask.
func (s *people) UpdatePerson(ctx context.Context, req *schoolsv1.UpdatePersonRequest) (*schoolsv1.Person, error) {
	in := req.GetPerson()
	if err := checkName("person.name", in.GetName(), personForm, officeForm); err != nil {
		return nil, err
	}
	if slices.Contains(req.GetUpdateMask().GetPaths(), "grants") {
		return nil, problem.Invalid(problem.Violation{
			Field: "update_mask", Rule: "grants_have_a_service",
			Fix: "Leave out grants: give a role with CreateGrant of the GrantsService and end it with EndGrant.",
		})
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"display_name", "email", "demo", "disabled"},
		func(f person.Fields) *schoolsv1.Person { return personOut(person.Person{Fields: f}) }, personFields)
	if err != nil {
		return nil, err
	}
	p, err := s.people.Update(ctx, actor(ctx), in.GetName(), in.GetEtag(), change)
	return answer(p, err, personOut)
}

func personFields(p *schoolsv1.Person) person.Fields {
	return person.Fields{DisplayName: p.GetDisplayName(), Email: p.GetEmail(), Demo: p.GetDemo(), Disabled: p.GetDisabled()}
}

func firstRoles(p *schoolsv1.Person) []person.Role {
	var roles []person.Role
	for _, g := range p.GetGrants() {
		roles = append(roles, person.Role{Role: wire.ToRole(g.GetRole()), Node: g.GetNode()})
	}
	return roles
}

func personOut(p person.Person) *schoolsv1.Person {
	out := &schoolsv1.Person{
		Name: p.Name, DisplayName: p.DisplayName, Email: p.Email, Demo: p.Demo, Disabled: p.Disabled,
		CreateTime: stamp(p.Created), UpdateTime: stamp(p.Updated), Etag: tagOf(p.Meta),
	}
	for _, g := range p.Grants {
		out.Grants = append(out.Grants, &schoolsv1.RoleGrant{Role: wire.Role(g.Role), Node: g.Node})
	}
	return out
}
