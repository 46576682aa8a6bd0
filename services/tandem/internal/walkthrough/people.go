package walkthrough

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// People who serve every run.
const (
	admin = "dev-admin"
	chair = "people/walkthrough-chair"
)

var reviewers = []string{"people/walkthrough-reviewer-1", "people/walkthrough-reviewer-2"}

// as returns the client of a person, signing them in when needed.
func (p *player) as(ctx context.Context, person string) (*restclient.Client, error) {
	if token, ok := p.tokens[person]; ok {
		return p.client.As(token), nil
	}
	var answer struct {
		Token string `json:"token"`
	}
	err := p.client.Post(ctx, "/dev/token", nil, map[string]string{"identity": person}, &answer)
	if err != nil {
		return nil, err
	}
	p.tokens[person] = answer.Token
	return p.client.As(answer.Token), nil
}

// post signs the person in and posts.
func (p *player) post(ctx context.Context, person, path string, query url.Values, in, out any) error {
	c, err := p.as(ctx, person)
	if err != nil {
		return err
	}
	return c.Post(ctx, "/v1/"+path, query, in, out)
}

// get signs the person in and reads.
func (p *player) get(ctx context.Context, person, path string, query url.Values, out any) error {
	c, err := p.as(ctx, person)
	if err != nil {
		return err
	}
	return c.Get(ctx, "/v1/"+path, query, out)
}

// request makes the body of a custom method that is safe to repeat.
func (p *player) request(what string, fields map[string]any) map[string]any {
	body := map[string]any{"requestId": p.requests + "-" + what}
	for key, value := range fields {
		body[key] = value
	}
	return body
}

// create makes a resource with an id of ours; that it is there already is fine.
func (p *player) create(ctx context.Context, person, collection, idParameter, id string, in any) error {
	name := sha256.Sum256([]byte(collection + "/" + id))
	query := url.Values{idParameter: {id}, "requestId": {fmt.Sprintf("%s-%x", p.requests, name[:8])}}
	return restclient.Existed(p.post(ctx, person, collection, query, in, nil))
}

func (p *player) signIn(ctx context.Context) error {
	var clock struct {
		Now time.Time `json:"now"`
	}
	if err := p.client.Get(ctx, "/dev/clock", nil, &clock); err != nil {
		return err
	}
	p.start = clock.Now
	p.remark = "today is " + p.day(0)
	_, err := p.as(ctx, admin)
	return err
}

// day is the date a number of days after the start.
func (p *player) day(after int) string {
	return p.start.AddDate(0, 0, after).Format(time.DateOnly)
}

func (p *player) openCycle(ctx context.Context) error {
	id := "year-" + p.day(0)
	p.cycle = "cycles/" + id
	cycle := &schoolsv1.Cycle{
		Title: "School year from " + p.day(0), StartDate: p.day(-1), EndDate: p.day(300),
		Terms: []*schoolsv1.Term{
			{Title: "First term", StartDate: p.day(-1), EndDate: p.day(120)},
			{Title: "Second term", StartDate: p.day(121), EndDate: p.day(300)},
		},
	}
	if err := p.create(ctx, admin, "cycles", "cycleId", id, cycle); err != nil {
		return err
	}
	var now schoolsv1.Cycle
	if err := p.get(ctx, admin, p.cycle, nil, &now); err != nil {
		return err
	}
	if now.GetState() == schoolsv1.Cycle_STATE_OPEN {
		return nil
	}
	return p.post(ctx, admin, p.cycle+":open", nil, p.request("open-cycle", nil), nil)
}

func (p *player) ensureDistrict(ctx context.Context) error {
	if err := p.create(ctx, admin, "districts", "districtId", p.opts.District,
		&schoolsv1.District{Title: "Walkthrough Valley", TimeZone: "America/Denver"}); err != nil {
		return err
	}
	return p.person(ctx, p.coordinator, "Casey Coordinator", accessv1.Role_ROLE_DISTRICT_COORDINATOR, p.district)
}

// person registers somebody plainly invented with one role.
func (p *player) person(ctx context.Context, name, displayName string, role accessv1.Role, node string) error {
	collection, id, _ := strings.Cut(name, "people/")
	return p.create(ctx, admin, collection+"people", "personId", id, &schoolsv1.Person{
		DisplayName: displayName, Email: id + "@example.org", Demo: true,
		Grants: []*schoolsv1.RoleGrant{{Role: role, Node: node}},
	})
}

func (p *player) registerSchool(ctx context.Context) error {
	id := "school-" + p.run
	p.school = p.district + "/schools/" + id
	p.remark = p.school
	return p.create(ctx, p.coordinator, p.district+"/schools", "schoolId", id, &schoolsv1.School{
		Title: "Walkthrough School " + p.run, GradeLow: "K", GradeHigh: "05", Enrollment: 320, TitleOne: true,
	})
}

func (p *player) registerPeople(ctx context.Context) error {
	p.principal = p.district + "/people/principal-" + p.run
	p.lead = p.district + "/people/lead-" + p.run
	p.family = p.district + "/people/parent-" + p.run
	for _, who := range []struct {
		name, display string
		role          accessv1.Role
	}{
		{p.principal, "Pat Principal", accessv1.Role_ROLE_PRINCIPAL},
		{p.lead, "Lee Lead", accessv1.Role_ROLE_TEAM_LEAD},
		{p.family, "Fran Family", accessv1.Role_ROLE_TEAM_MEMBER},
	} {
		if err := p.person(ctx, who.name, who.display, who.role, p.school); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) formTeam(ctx context.Context) error {
	p.team = p.school + "/teams/partnership"
	return p.create(ctx, p.principal, p.school+"/teams", "teamId", "partnership",
		&schoolsv1.Team{Title: "Partnership Team", Purpose: "Families and school work for children side by side."})
}

// joinMembers invites one member per group. Those with an account confirm by
// themselves, the lead confirms the others.
func (p *player) joinMembers(ctx context.Context) error {
	p.leadMember = p.team + "/members/lead"
	for _, m := range []struct {
		id, person, display, confirmedBy string
		group                            typev1.StakeholderGroup
		lead                             bool
	}{
		{"lead", p.lead, "Lee", p.lead, typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF, true},
		{"parent", p.family, "Fran", p.family, typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY, false},
		{"student", "", "Sam", p.lead, typev1.StakeholderGroup_STAKEHOLDER_GROUP_STUDENT, false},
		{"leadership", "", "Pat", p.lead, typev1.StakeholderGroup_STAKEHOLDER_GROUP_LEADERSHIP, false},
		{"community", "", "Kit", p.lead, typev1.StakeholderGroup_STAKEHOLDER_GROUP_COMMUNITY, false},
	} {
		if err := p.create(ctx, p.lead, p.team+"/members", "memberId", m.id, &schoolsv1.Member{
			Person: m.person, DisplayName: m.display, Group: m.group, Lead: m.lead,
		}); err != nil {
			return err
		}
		name := p.team + "/members/" + m.id
		if err := p.post(ctx, m.confirmedBy, name+":confirm", nil, p.request("confirm-"+m.id, nil), nil); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) registerPanel(ctx context.Context) error {
	if err := p.person(ctx, chair, "Chris Chair", accessv1.Role_ROLE_PANEL_CHAIR, ""); err != nil {
		return err
	}
	for i, reviewer := range reviewers {
		if err := p.person(ctx, reviewer, fmt.Sprintf("Robin Reviewer %d", i+1), accessv1.Role_ROLE_REVIEWER, ""); err != nil {
			return err
		}
	}
	return nil
}
