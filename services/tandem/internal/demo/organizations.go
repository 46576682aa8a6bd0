package demo

import (
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

const timeZone = "America/Denver"

// years plans the school years with two terms each.
func (l *loader) years(ctx context.Context) error {
	for _, year := range l.state.Years {
		if err := l.create(ctx, firstIdentity, year.Name(), "cycleId", &schoolsv1.Cycle{
			Title: "School year " + year.ID, StartDate: year.date(8, 1), EndDate: year.date(7, 31),
			Terms: []*schoolsv1.Term{
				{Title: "First term", StartDate: year.date(8, 1), EndDate: year.date(12, 31)},
				{Title: "Second term", StartDate: year.date(1, 1), EndDate: year.date(7, 31)},
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) open(ctx context.Context, year Year) error {
	return l.toggle(ctx, year, "open", schoolsv1.Cycle_STATE_PLANNED)
}

func (l *loader) closeYear(ctx context.Context, year Year) error {
	return l.toggle(ctx, year, "close", schoolsv1.Cycle_STATE_OPEN)
}

// toggle calls verb on a year that is still in the state before it.
func (l *loader) toggle(ctx context.Context, year Year, verb string, before schoolsv1.Cycle_State) error {
	var cycle schoolsv1.Cycle
	if err := l.get(ctx, firstIdentity, year.Name(), nil, &cycle); err != nil {
		return err
	}
	if cycle.GetState() != before {
		return nil
	}
	return l.act(ctx, firstIdentity, year.Name(), verb, nil, nil)
}

func (l layout) district() *schoolsv1.District {
	return &schoolsv1.District{Title: l.title, Region: l.region, TimeZone: timeZone}
}

// districts registers districts, their schools and feeder systems.
func (l *loader) districts(ctx context.Context) error {
	for i, d := range l.state.Districts {
		if err := l.create(ctx, firstIdentity, d.Name(), "districtId", districtLayouts[i].district()); err != nil {
			return err
		}
		if err := l.schools(ctx, d); err != nil {
			return err
		}
		for _, f := range d.Feeders {
			if err := l.create(ctx, firstIdentity, d.Name()+"/feederSystems/"+f.ID, "feederSystemId",
				&schoolsv1.FeederSystem{Title: f.Title, Schools: f.Schools}); err != nil {
				return err
			}
		}
	}
	return nil
}

// schools registers all schools of a district in one call.
func (l *loader) schools(ctx context.Context, d District) error {
	request := &schoolsv1.BatchCreateSchoolsRequest{Parent: d.Name()}
	for _, s := range d.Schools {
		request.Requests = append(request.Requests, &schoolsv1.CreateSchoolRequest{
			Parent: d.Name(), SchoolId: s.ID, School: &schoolsv1.School{
				Title: s.Title, GradeLow: s.Low, GradeHigh: s.High, Enrollment: int32(s.Enrollment),
				TitleOne: s.TitleOne, Charter: s.Charter,
			},
		})
	}
	return l.createSchools(ctx, request)
}

// createSchools registers schools, all or none; that they are there is fine.
func (c *caller) createSchools(ctx context.Context, request *schoolsv1.BatchCreateSchoolsRequest) error {
	client, err := c.as(ctx, firstIdentity)
	if err != nil {
		return err
	}
	return restclient.Existed(client.Post(ctx, "/v1/"+request.GetParent()+"/schools:batchCreate", nil, request, nil))
}

// person registers somebody with an account.
func (l *loader) person(ctx context.Context, p Person) error { return l.register(ctx, p) }

// register registers somebody with a role. One that ends is given as a grant of
// its own: only that can say until when.
func (c *caller) register(ctx context.Context, p Person) error {
	person := &schoolsv1.Person{DisplayName: p.DisplayName, Email: lastSegment(p.Name) + "@example.org", Demo: true}
	if p.Until.IsZero() {
		person.Grants = []*schoolsv1.RoleGrant{{Role: p.Role, Node: p.Node}}
		return c.create(ctx, firstIdentity, p.Name, "personId", person)
	}
	if err := c.create(ctx, firstIdentity, p.Name, "personId", person); err != nil {
		return err
	}
	return c.create(ctx, firstIdentity, p.Name+"/grants/study", "grantId", &schoolsv1.Grant{
		Role: p.Role, Node: p.Node, EndTime: timestamppb.New(p.Until), Reason: "Studies how families and schools work together.",
	})
}

// member is a seat in a team.
type member struct {
	id, person, by string // by: who confirms
	group          typev1.StakeholderGroup
}

// members of a team: the lead and a parent confirm for themselves, the lead
// confirms who has no account.
func (s *School) members() []member {
	return []member{
		{"lead", s.Lead(), s.Lead(), typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF},
		{"parent", s.Parent(), s.Parent(), typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY},
		{"student", "", s.Lead(), typev1.StakeholderGroup_STAKEHOLDER_GROUP_STUDENT},
		{"leadership", "", s.Lead(), typev1.StakeholderGroup_STAKEHOLDER_GROUP_LEADERSHIP},
		{"community", "", s.Lead(), typev1.StakeholderGroup_STAKEHOLDER_GROUP_COMMUNITY},
	}
}

// team forms the partnership team of a school.
func (l *loader) team(ctx context.Context, s *School) error {
	if err := l.create(ctx, s.Principal(), s.Team(), "teamId", &schoolsv1.Team{
		Title: s.Title + " Partnership Team", Purpose: "Families and school work for children side by side.",
	}); err != nil {
		return err
	}
	for _, m := range s.members() {
		name := s.Team() + "/members/" + m.id
		if err := l.create(ctx, s.Lead(), name, "memberId", &schoolsv1.Member{
			Person: m.person, DisplayName: displayName(l.state.Seed, m.id+"-"+s.ID), Group: m.group, Lead: m.id == "lead",
		}); err != nil {
			return err
		}
		if err := l.act(ctx, m.by, name, "confirm", nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func lastSegment(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
