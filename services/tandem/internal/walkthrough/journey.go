package walkthrough

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

const frameworkVersion = "frameworks/national-standards/versions/2022"

// advance posts a custom method of the journey.
func (p *player) advance(ctx context.Context, person, verb string, fields map[string]any) error {
	return p.post(ctx, person, p.journey+":"+verb, nil, p.request(verb, fields), nil)
}

func (p *player) beginJourney(ctx context.Context) error {
	p.framework = frameworkVersion
	p.journey = p.team + "/journeys/first"
	if err := p.create(ctx, p.lead, p.team+"/journeys", "journeyId", "first",
		&schoolsv1.Journey{Cycle: p.cycle, FrameworkVersion: p.framework}); err != nil {
		return err
	}
	return p.advance(ctx, p.lead, "discover", nil)
}

// refuseTooEarly shows that a refusal names everything that is missing.
func (p *player) refuseTooEarly(ctx context.Context) error {
	err := p.post(ctx, p.lead, p.journey+":deliberate", nil, p.request("too-early", nil), nil)
	var problem *restclient.Problem
	if !errors.As(err, &problem) || problem.Reason != "NOT_ELIGIBLE" || len(problem.Violations) < 3 {
		return fmt.Errorf("want a refusal NOT_ELIGIBLE with three missing rules, got: %w", err)
	}
	p.calls = append(p.calls, restclient.Call{Method: problem.Method, Path: problem.Path, Status: problem.Status})
	p.calls = p.calls[:1]
	p.remark = fmt.Sprintf("refused, %d things missing:", len(problem.Violations))
	for _, v := range problem.Violations {
		p.remark += " " + v.Rule
	}
	return nil
}

func (p *player) note(ctx context.Context) error {
	return p.create(ctx, p.family, p.journey+"/notes", "noteId", "observation", &schoolsv1.Note{
		Text: "At pick-up many of us ask each other what the letters from school mean.", Standard: p.standard,
	})
}

// awaitRules waits until every rule of the next phase is met: answers of other
// services arrive as events.
func (p *player) awaitRules(ctx context.Context, next schoolsv1.Phase) error {
	var eligibility schoolsv1.Eligibility
	what := fmt.Sprintf("every rule of %s", next)
	err := restclient.Wait(ctx, patience, what, func(ctx context.Context) (bool, error) {
		err := p.get(ctx, p.lead, p.journey+":explainEligibility", url.Values{"nextPhase": {next.String()}}, &eligibility)
		return eligibility.GetEligible(), err
	})
	if err != nil {
		for _, outcome := range eligibility.GetOutcomes() {
			if !outcome.GetMet() {
				err = fmt.Errorf("%w\n  %s: %s; %s", err, outcome.GetRule(), outcome.GetReason(), outcome.GetFix())
			}
		}
		return err
	}
	p.remark = fmt.Sprintf("%d rules met, as of %s", len(eligibility.GetOutcomes()), eligibility.GetAsOf().AsTime().Format(time.RFC3339))
	return nil
}

func (p *player) deliberate(ctx context.Context) error {
	if err := p.awaitRules(ctx, schoolsv1.Phase_PHASE_CHOOSING); err != nil {
		return err
	}
	return p.advance(ctx, p.lead, "deliberate", nil)
}

func (p *player) choose(ctx context.Context) error {
	p.remark = p.standard
	return p.advance(ctx, p.lead, "choose", map[string]any{"choice": map[string]string{
		"standard": p.standard, "reasons": "Families said so, and we see it ourselves.",
		"dataSummary": "Lowest in the family survey and in our self-assessment.",
	}})
}

func (p *player) planGoal(ctx context.Context) error {
	if len(p.indicators) == 0 {
		return errors.New("the framework has no indicators for " + p.standard)
	}
	p.goal = p.journey + "/goals/goal-1"
	return p.create(ctx, p.lead, p.journey+"/goals", "goalId", "goal-1", &schoolsv1.Goal{
		Title: "Every family understands what comes from school", Indicator: p.indicators[0],
		ImprovementPlanGoal: "Improvement plan, priority 2: attendance", Measure: "Favorable answers rise by ten points",
	})
}

func (p *player) planSteps(ctx context.Context) error {
	for i, title := range []string{"A monthly coffee with the principal", "Letters in plain words and two languages"} {
		id := fmt.Sprintf("step-%d", i+1)
		if err := p.create(ctx, p.lead, p.journey+"/steps", "stepId", id, &schoolsv1.Step{
			Title: title, Goal: p.goal, Owner: p.leadMember, DueDate: p.day(90 * (i + 1)), BudgetCents: 15000,
		}); err != nil {
			return err
		}
		if len(p.steps) <= i {
			p.steps = append(p.steps, p.journey+"/steps/"+id)
		}
	}
	return nil
}

func (p *player) planEvidence(ctx context.Context) error {
	c, err := p.as(ctx, p.lead)
	if err != nil {
		return err
	}
	return c.Patch(ctx, "/v1/"+p.journey, url.Values{"updateMask": {"evidencePlan"}},
		&schoolsv1.Journey{EvidencePlan: "Per step: what was said, who came, and what changed; collected each term by the lead."}, nil)
}

func (p *player) signOff(ctx context.Context) error {
	return p.advance(ctx, p.principal, "signOff", map[string]any{"statement": "I support this plan."})
}

func (p *player) startJourney(ctx context.Context) error {
	return p.advance(ctx, p.lead, "start", nil)
}

// advanceTo moves the one clock of all services to a day of the year. Another
// run may have moved it further: then it stays.
func (p *player) advanceTo(day int) func(context.Context) error {
	return func(ctx context.Context) error {
		to := p.start.AddDate(0, 0, day)
		var clock struct {
			Now time.Time `json:"now"`
		}
		if err := p.client.Get(ctx, "/dev/clock", nil, &clock); err != nil {
			return err
		}
		p.calls, p.remark = nil, "today is "+p.day(day)
		if !clock.Now.Before(to) {
			return nil
		}
		err := p.client.Post(ctx, "/dev/clock:advance", nil, map[string]string{"to": to.Format(time.RFC3339Nano)}, nil)
		var problem *restclient.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusBadRequest {
			return p.client.Get(ctx, "/dev/clock", nil, &clock) // it arrived before the instance died
		}
		return err
	}
}

// evidence describes and uploads what one step left behind.
func (p *player) evidence(i int) func(context.Context) error {
	return func(ctx context.Context) error {
		day, id := []int{40, 140}[i], fmt.Sprintf("evidence-%s-%d", p.run, i+1)
		if err := p.create(ctx, p.lead, p.school+"/artifacts", "artifactId", id, &evidencev1.Artifact{
			Journey: p.journey, Step: p.steps[i], Indicator: p.indicators[0], OccurDate: p.day(day),
			Groups: []typev1.StakeholderGroup{
				typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY, typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF,
			},
			Caption: fmt.Sprintf("Notes of meeting %d: what families asked and what we changed", i+1), FileName: id + ".txt",
		}); err != nil {
			return err
		}
		content := fmt.Appendf(nil, "Meeting %d of the partnership team, %s.\nFamilies asked for shorter letters. We wrote them.\n", i+1, p.run)
		digest := sha256.Sum256(content)
		c, err := p.as(ctx, p.lead)
		if err != nil {
			return err
		}
		var artifact evidencev1.Artifact
		if err := c.Do(ctx, http.MethodPut, "/v1/"+p.school+"/artifacts/"+id+"/content", nil, content, &artifact); err != nil {
			return err
		}
		if want := hex.EncodeToString(digest[:]); artifact.GetSha256() != want {
			return fmt.Errorf("the digest is %s, ours is %s", artifact.GetSha256(), want)
		}
		p.remark = "SHA-256 " + artifact.GetSha256()[:16] + "…"
		return nil
	}
}

func (p *player) completeStep(i int) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := p.post(ctx, p.lead, p.steps[i]+":complete", nil, p.request(fmt.Sprint("complete-", i), map[string]any{
			"outcome": "Thirty families came; letters have a summary now.",
		}), nil); err != nil {
			return err
		}
		for person, group := range map[string]typev1.StakeholderGroup{
			p.lead:   typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF,
			p.family: typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY,
		} {
			id := fmt.Sprintf("reflection-%d-%d", i+1, group)
			if err := p.create(ctx, person, p.journey+"/reflections", "reflectionId", id, &schoolsv1.Reflection{
				Step: p.steps[i], Group: group, Text: "We learned to ask before we write.",
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

func (p *player) present(ctx context.Context) error {
	if err := p.awaitRules(ctx, schoolsv1.Phase_PHASE_PRESENTED); err != nil {
		return err
	}
	return p.advance(ctx, p.lead, "present", map[string]any{"presentation": map[string]any{
		"summary": "Families showed the roadmap to the whole school.", "presentDate": p.day(149), "attendees": 120,
	}})
}

func (p *player) awaitEligible(ctx context.Context) error {
	return p.awaitRules(ctx, schoolsv1.Phase_PHASE_APPLIED)
}

// awaitPhase waits until the journey has taken in an event of another service.
func (p *player) awaitPhase(ctx context.Context, phase schoolsv1.Phase) error {
	return restclient.Wait(ctx, patience, "the journey to be "+phase.String(), func(ctx context.Context) (bool, error) {
		var journey schoolsv1.Journey
		err := p.get(ctx, p.lead, p.journey, nil, &journey)
		return journey.GetPhase() == phase, err
	})
}

func (p *player) awaitAwarded(ctx context.Context) error {
	return p.awaitPhase(ctx, schoolsv1.Phase_PHASE_AWARDED)
}
