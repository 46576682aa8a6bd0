package demo

import (
	"context"
	"fmt"
	"slices"

	longrunningpb "cloud.google.com/go/longrunning/autogen/longrunningpb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// batchSize is how many answer sheets one call takes.
const batchSize = 500

// campaign is one wave of the family survey in a district.
type campaign struct {
	district District
	year     Year
	wave     int
}

func (c campaign) name() string {
	return fmt.Sprintf("%s/campaigns/families-%s-%d", c.district.Name(), c.year.ID, c.wave)
}

// openCampaign is the wave of a district that is running now.
func (l *loader) openCampaign(d District) campaign {
	year := l.state.current()
	return campaign{d, year, year.waves() + 1}
}

// wave is one wave in all districts: opened, answered on paper, published.
func (l *loader) wave(year Year, wave int) stage {
	s := stage{title: fmt.Sprintf("%s: family survey, wave %d", year.ID, wave)}
	for _, d := range l.state.Districts {
		c := campaign{d, year, wave}
		answers := 0
		for _, school := range d.Schools {
			answers += respondents(l.state.Seed, school, year, wave)
		}
		s.work = append(s.work, piece{answers, func(ctx context.Context) error { return l.survey(ctx, c) }})
	}
	return s
}

func (l *loader) survey(ctx context.Context, c campaign) error {
	now, err := l.begin(ctx, c)
	if err != nil || now.GetState() == assessmentsv1.Campaign_STATE_PUBLISHED {
		return err
	}
	coordinator := c.district.Coordinator.Name
	if now.GetState() == assessmentsv1.Campaign_STATE_OPEN {
		for _, school := range c.district.Schools {
			if err := l.answer(ctx, c, school); err != nil {
				return err
			}
		}
		if err := l.act(ctx, coordinator, c.name(), "close", nil, nil); err != nil {
			return err
		}
	}
	var operation longrunningpb.Operation
	if err := l.act(ctx, coordinator, c.name(), "publish", nil, &operation); err != nil {
		return err
	}
	return restclient.Wait(ctx, patience, "the results of "+c.name(), func(ctx context.Context) (bool, error) {
		if err := l.get(ctx, coordinator, operation.GetName(), nil, &operation); err != nil {
			return false, err
		}
		if failure := operation.GetError(); failure != nil {
			return false, fmt.Errorf("publishing failed: %s", failure.GetMessage())
		}
		return operation.GetDone(), nil
	})
}

// begin makes the campaign and opens it, unless it is further already.
func (l *loader) begin(ctx context.Context, c campaign) (*assessmentsv1.Campaign, error) {
	coordinator := c.district.Coordinator.Name
	var schools []string
	for _, school := range c.district.Schools {
		schools = append(schools, school.Name())
	}
	if err := l.create(ctx, coordinator, c.name(), "campaignId", &assessmentsv1.Campaign{
		Title:             fmt.Sprintf("Family survey %s, wave %d", c.year.ID, c.wave),
		InstrumentVersion: instrumentVersion, Cycle: c.year.Name(), Wave: int32(c.wave), Schools: schools,
		Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_OPEN_LINK,
	}); err != nil {
		return nil, err
	}
	var now assessmentsv1.Campaign
	if err := l.get(ctx, coordinator, c.name(), nil, &now); err != nil {
		return nil, err
	}
	if now.GetState() != assessmentsv1.Campaign_STATE_DRAFT {
		return &now, nil
	}
	return &now, l.act(ctx, coordinator, c.name(), "open", nil, &now)
}

// answer keys in what the families of a school wrote.
func (l *loader) answer(ctx context.Context, c campaign, school *School) error {
	client, err := l.as(ctx, c.district.Coordinator.Name)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(sheets(l.state.Seed, l.items, school, c.year, c.wave), batchSize) {
		request := &assessmentsv1.BatchSubmitResponsesRequest{Parent: c.name(), School: school.Name(), Responses: batch}
		if err := client.Post(ctx, "/v1/"+c.name()+"/responses:batchSubmit", nil, request, nil); err != nil {
			return err
		}
	}
	return nil
}

// questionnaire reads what families are asked.
func (l *loader) questionnaire(ctx context.Context) error {
	var version assessmentsv1.InstrumentVersion
	if err := l.get(ctx, firstIdentity, instrumentVersion, nil, &version); err != nil {
		return err
	}
	l.items = version.GetItems()
	if len(l.items) == 0 {
		return fmt.Errorf("%s has no questions", instrumentVersion)
	}
	return nil
}

// openNow opens a wave in each district that visitors can answer, district after
// district: the last one open means that the load is finished.
func (l *loader) openNow(ctx context.Context) error {
	for _, d := range l.state.Districts {
		c := l.openCampaign(d)
		if _, err := l.begin(ctx, c); err != nil {
			return err
		}
		first := d.Schools[0]
		if err := l.create(ctx, d.Coordinator.Name, c.name()+"/links/"+first.ID, "linkId",
			&assessmentsv1.Link{School: first.Name()}); err != nil {
			return err
		}
	}
	return nil
}

// assessed are the schools whose teams look at themselves in a year: all of them
// in a year that is over, those that have come so far in the current one.
func (l *loader) assessed(year Year) []*School {
	if !year.Current {
		return l.state.teams()
	}
	var some []*School
	for _, j := range l.state.Journeys {
		if j.Year == year && !j.Continued && j.Until >= choosing {
			some = append(some, j.School)
		}
	}
	return some
}

// selfAssess has two members rate, each alone, and the lead settle.
func (l *loader) selfAssess(ctx context.Context, s *School, year Year) error {
	name := s.Team() + "/selfAssessments/" + year.ID
	if err := l.create(ctx, s.Lead(), name, "selfAssessmentId",
		&assessmentsv1.SelfAssessment{Cycle: year.Name(), FrameworkVersion: frameworkVersion}); err != nil {
		return err
	}
	for _, rater := range []struct {
		id, person string
		group      typev1.StakeholderGroup
	}{
		{"lead", s.Lead(), typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF},
		{"parent", s.Parent(), typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY},
	} {
		if err := l.create(ctx, rater.person, name+"/ratings/"+rater.id, "ratingId", &assessmentsv1.Rating{
			Group: rater.group, Levels: s.levels(l.state.Seed, year, rater.id),
		}); err != nil && !restclient.IsReason(err, "STATE_WRONG") { // settled by an earlier, interrupted load
			return err
		}
	}
	consensus := &assessmentsv1.SettleSelfAssessmentRequest{
		RequestId: l.requestID(name + ":settle"), Consensus: s.levels(l.state.Seed, year, "consensus"),
		Notes: "We compared what each of us had seen.",
	}
	client, err := l.as(ctx, s.Lead())
	if err != nil {
		return err
	}
	return client.Post(ctx, "/v1/"+name+":settle", nil, consensus, nil)
}

// levels is how somebody sees the school: near what families see, staff a little
// above.
func (s *School) levels(seed uint64, year Year, who string) []*assessmentsv1.StandardLevel {
	r := random(seed, fmt.Sprintf("levels %s %s %s", s.ID, year.ID, who))
	climate := s.climate(year, 1)
	var levels []*assessmentsv1.StandardLevel
	for _, standard := range standards {
		seen := climate[standard.id] - 2.2 + 0.4*r.NormFloat64() // level 1 where families give 3.2
		if who == "lead" {
			seen += 0.3
		}
		levels = append(levels, &assessmentsv1.StandardLevel{Standard: standard.id, Level: int32(min(max(seen+0.5, 0), 3))})
	}
	return levels
}
