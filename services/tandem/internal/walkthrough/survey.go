package walkthrough

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	longrunningpb "cloud.google.com/go/longrunning/autogen/longrunningpb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// families who answer each wave: enough for numbers to be shown.
const families = 36

// patience bounds every wait for another service to catch up.
const patience = 30 * time.Second

const instrument = "instruments/family-survey/versions/1"

// surveyWave is the story of one wave of the family survey.
func (p *player) surveyWave(wave int) []step {
	return []step{
		{fmt.Sprintf("family survey, wave %d: the district opens it with a link", wave), func(ctx context.Context) error { return p.openWave(ctx, wave) }},
		{fmt.Sprintf("%d families answer, one of them twice by mistake", families), func(ctx context.Context) error { return p.answer(ctx, wave) }},
		{"the wave closes and its results are published", func(ctx context.Context) error { return p.publish(ctx, wave) }},
		{"the school reads its result; small numbers stay hidden", func(ctx context.Context) error { return p.readResult(ctx, wave) }},
	}
}

func (p *player) openWave(ctx context.Context, wave int) error {
	id := fmt.Sprintf("families-%s-%d", p.run, wave)
	p.campaign = p.district + "/campaigns/" + id
	if err := p.create(ctx, p.coordinator, p.district+"/campaigns", "campaignId", id, &assessmentsv1.Campaign{
		Title: fmt.Sprintf("Family survey, wave %d", wave), InstrumentVersion: instrument, Cycle: p.cycle,
		Wave: int32(wave), Schools: []string{p.school}, Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_OPEN_LINK,
	}); err != nil {
		return err
	}
	if err := p.post(ctx, p.coordinator, p.campaign+":open", nil, p.request(fmt.Sprint("open-", wave), nil), nil); err != nil {
		return err
	}
	if err := p.create(ctx, p.coordinator, p.campaign+"/links", "linkId", "school",
		&assessmentsv1.Link{School: p.school}); err != nil {
		return err
	}
	var link assessmentsv1.Link
	if err := p.get(ctx, p.coordinator, p.campaign+"/links/school", nil, &link); err != nil {
		return err
	}
	p.link = link.GetCode()
	return nil
}

// answer submits as families do: without an account, by the code of the link.
func (p *player) answer(ctx context.Context, wave int) error {
	var form assessmentsv1.Form
	if err := p.client.Get(ctx, "/v1/forms/"+p.link, url.Values{"language": {"es"}}, &form); err != nil {
		return err
	}
	if !form.GetOpen() || form.GetLanguage() != "es" {
		return fmt.Errorf("the form is open=%v in %q: want it open, in Spanish", form.GetOpen(), form.GetLanguage())
	}
	p.calls = nil
	var first string
	for i := range families {
		submission := &assessmentsv1.SubmitResponseRequest{
			Code: p.link, ResponseId: fmt.Sprintf("%s-%d-%d", p.run, wave, i), Answers: answers(&form, wave, i),
		}
		receipt, err := p.submitAnswer(ctx, submission)
		if err != nil {
			return err
		}
		if i == 0 {
			first = receipt
			if again, err := p.submitAnswer(ctx, submission); err != nil || again != first {
				return fmt.Errorf("the same answer again got receipt %q instead of %q: %w", again, first, err)
			}
		}
	}
	return nil
}

func (p *player) submitAnswer(ctx context.Context, submission *assessmentsv1.SubmitResponseRequest) (string, error) {
	var receipt assessmentsv1.SubmitResponseResponse
	err := p.client.Post(ctx, "/v1/responses:submit", nil, submission, &receipt)
	return receipt.GetReceipt(), err
}

// answers varies by family and standard, and rises from wave to wave.
func answers(form *assessmentsv1.Form, wave, family int) []*assessmentsv1.Answer {
	var out []*assessmentsv1.Answer
	for i, item := range form.GetItems() {
		if item.GetType() != assessmentsv1.ItemType_ITEM_TYPE_SCALE {
			continue
		}
		choice := (family*7 + i*3 + family/5) % 4
		if family%3 < wave {
			choice = 3 - family%2
		}
		choice = min(choice+i%2, len(item.GetOptions())-1)
		out = append(out, &assessmentsv1.Answer{Item: item.GetId(), Option: item.GetOptions()[choice].GetId()})
	}
	return out
}

func (p *player) publish(ctx context.Context, wave int) error {
	if err := p.post(ctx, p.coordinator, p.campaign+":close", nil, p.request(fmt.Sprint("close-", wave), nil), nil); err != nil {
		return err
	}
	var operation longrunningpb.Operation
	if err := p.post(ctx, p.coordinator, p.campaign+":publish", nil, p.request(fmt.Sprint("publish-", wave), nil), &operation); err != nil {
		return err
	}
	return restclient.Wait(ctx, patience, "the published results", func(ctx context.Context) (bool, error) {
		if err := p.get(ctx, p.coordinator, operation.GetName(), nil, &operation); err != nil {
			return false, err
		}
		if failure := operation.GetError(); failure != nil {
			return false, fmt.Errorf("publishing failed: %s", failure.GetMessage())
		}
		return operation.GetDone(), nil
	})
}

func (p *player) readResult(ctx context.Context, wave int) error {
	var list assessmentsv1.ListResultsResponse
	if err := p.get(ctx, p.lead, p.school+"/results", nil, &list); err != nil {
		return err
	}
	for _, result := range list.GetResults() {
		if int(result.GetWave()) != wave {
			continue
		}
		if got := result.GetResponses(); !got.GetShown() || got.GetValue() != families {
			return fmt.Errorf("wave %d counts %v: want %d", wave, got, families)
		}
		for _, item := range result.GetItems() {
			if err := noSmallCell(item); err != nil {
				return err
			}
		}
		p.remark = fmt.Sprintf("%d answers, no count from 1 to %d shown", families, result.GetMinimumCell()-1)
		return nil
	}
	return fmt.Errorf("no result of wave %d among %d results", wave, len(list.GetResults()))
}

// noSmallCell wants counts of a few people hidden. Zeros tell of nobody, and are shown
// unless the state protects them too.
func noSmallCell(item *assessmentsv1.ItemResult) error {
	const minimum = 10
	for _, option := range item.GetOptions() {
		if c := option.GetCount(); c.GetShown() && c.GetValue() > 0 && c.GetValue() < minimum {
			return fmt.Errorf("item %s shows a cell of %d", item.GetItem(), c.GetValue())
		}
	}
	return nil
}

func (p *player) rankNeeds(ctx context.Context) error {
	var ranking assessmentsv1.NeedRanking
	if err := p.get(ctx, p.lead, p.school+":rankNeeds", nil, &ranking); err != nil {
		return err
	}
	if len(ranking.GetNeeds()) == 0 {
		return fmt.Errorf("the ranking is empty")
	}
	p.standard = ranking.GetNeeds()[0].GetStandard()
	p.remark = "greatest need: " + p.standard
	return nil
}

// levels rates every standard; the greatest need gets the lowest level.
func (p *player) levels(ctx context.Context) ([]*assessmentsv1.StandardLevel, error) {
	var version assessmentsv1.FrameworkVersion
	if err := p.get(ctx, p.lead, p.framework, nil, &version); err != nil {
		return nil, err
	}
	var levels []*assessmentsv1.StandardLevel
	for _, standard := range version.GetStandards() {
		level := int32(2)
		if standard.GetId() == p.standard {
			level = 1
			p.indicators = nil
			for _, goal := range standard.GetGoals() {
				for _, indicator := range goal.GetIndicators() {
					p.indicators = append(p.indicators, indicator.GetId())
				}
			}
		}
		levels = append(levels, &assessmentsv1.StandardLevel{Standard: standard.GetId(), Level: level, Note: "Seen in our building."})
	}
	return levels, nil
}

func (p *player) rate(ctx context.Context) error {
	levels, err := p.levels(ctx)
	if err != nil {
		return err
	}
	p.assessment = p.team + "/selfAssessments/" + "round-" + p.run
	if err := p.create(ctx, p.lead, p.team+"/selfAssessments", "selfAssessmentId", "round-"+p.run,
		&assessmentsv1.SelfAssessment{Cycle: p.cycle, FrameworkVersion: p.framework}); err != nil {
		return err
	}
	for person, group := range map[string]typev1.StakeholderGroup{
		p.lead:   typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF,
		p.family: typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY,
	} {
		id := "rating-" + person[strings.LastIndexByte(person, '/')+1:]
		if err := p.create(ctx, person, p.assessment+"/ratings", "ratingId", id,
			&assessmentsv1.Rating{Levels: levels, Group: group}); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) settle(ctx context.Context) error {
	levels, err := p.levels(ctx)
	if err != nil {
		return err
	}
	return p.post(ctx, p.lead, p.assessment+":settle", nil, p.request("settle", map[string]any{
		"consensus": levels, "notes": "We talked for an hour and agree.",
	}), nil)
}
