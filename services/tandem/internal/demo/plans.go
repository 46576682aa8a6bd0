package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"time"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
)

// actions are the steps of every plan, one per term.
var actions = []struct {
	title, outcome, caption string
	budget                  int64
	group                   typev1.StakeholderGroup
}{
	{
		"A monthly coffee with the principal", "Forty families came at least once; their questions are on the wall.",
		"Notes of the coffee: what families asked and what we changed", 15000, typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY,
	},
	{
		"Letters in plain words and two languages", "All letters of the term have a summary in two languages.",
		"Photo of the board where families rewrite our letters", 40000, typev1.StakeholderGroup_STAKEHOLDER_GROUP_STUDENT,
	},
}

func stepName(j Journey, i int) string { return fmt.Sprintf("%s/steps/step-%d", j.Name(), i+1) }

// plan writes goal, steps and evidence plan, and has the principal sign. Half of
// the work leaves the signature out.
func (l *loader) plan(ctx context.Context, j Journey, half bool) error {
	var now schoolsv1.Journey
	lead := j.School.Lead()
	if err := l.get(ctx, lead, j.Name(), nil, &now); err != nil || now.GetSignOff() != nil {
		return err // a signed plan stays as it is
	}
	if err := l.planActions(ctx, j); err != nil {
		return err
	}
	if now.GetEvidencePlan() == "" {
		if err := l.patch(ctx, lead, j.Name(), "evidencePlan", &schoolsv1.Journey{
			EvidencePlan: "Per step: what was said, who came, and what changed; collected each term by the lead.",
		}); err != nil {
			return err
		}
	}
	if half {
		return nil
	}
	return l.act(ctx, j.School.Principal(), j.Name(), "signOff", map[string]any{"statement": "I support this plan."}, nil)
}

// planActions writes the goal and a step per term. A journey that goes on has
// them, and gets one more step for its new year.
func (l *loader) planActions(ctx context.Context, j Journey) error {
	lead, goal := j.School.Lead(), j.Name()+"/goals/goal-1"
	step := func(i int, title, due string, budget int64) error {
		return l.create(ctx, lead, stepName(j, i), "stepId", &schoolsv1.Step{
			Title: title, Goal: goal, Owner: j.School.Team() + "/members/lead", DueDate: due, BudgetCents: budget,
		})
	}
	if j.Continued {
		return step(len(actions), "Parents lead the coffee by themselves", j.Year.date(2, 10), 0)
	}
	if err := l.create(ctx, lead, goal, "goalId", &schoolsv1.Goal{
		Title: "Every family understands what comes from school", Indicator: standards[j.Standard].indicator,
		ImprovementPlanGoal: "Improvement plan, priority 2: attendance", Measure: "Favorable answers rise by ten points",
	}); err != nil {
		return err
	}
	due := []string{j.Year.date(12, 15), j.Year.date(4, 30)}
	for i, action := range actions {
		if err := step(i, action.title, due[i], action.budget); err != nil {
			return err
		}
	}
	return nil
}

// actOnPlan takes the steps, each with evidence and a reflection. Half of the
// work is the first step.
func (l *loader) actOnPlan(ctx context.Context, j Journey, half bool) error {
	for i := range actions {
		if half && i > 0 {
			return nil
		}
		if err := l.evidence(ctx, j, i); err != nil {
			return err
		}
		if err := l.act(ctx, j.School.Lead(), stepName(j, i), "complete", map[string]any{"outcome": actions[i].outcome}, nil); err != nil {
			return err
		}
		if err := l.create(ctx, j.School.Parent(), fmt.Sprintf("%s/reflections/reflection-%d", j.Name(), i+1), "reflectionId",
			&schoolsv1.Reflection{
				Step: stepName(j, i), Group: typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY,
				Text: "We learned to ask before we write.",
			}); err != nil {
			return err
		}
	}
	return nil
}

// evidence describes and uploads what a step left behind.
func (l *loader) evidence(ctx context.Context, j Journey, i int) error {
	name := fmt.Sprintf("%s/artifacts/%s-%d", j.School.Name(), j.ID, i+1)
	content, fileName, err := l.file(j, i)
	if err != nil {
		return err
	}
	if err := l.create(ctx, j.School.Lead(), name, "artifactId", &evidencev1.Artifact{
		Journey: j.Name(), Step: stepName(j, i), Indicator: standards[j.Standard].indicator, OccurDate: l.occurDate(j.Year, i),
		Groups:  []typev1.StakeholderGroup{typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF, actions[i].group},
		Caption: actions[i].caption, FileName: fileName,
	}); err != nil {
		return err
	}
	client, err := l.as(ctx, j.School.Lead())
	if err != nil {
		return err
	}
	return client.Do(ctx, http.MethodPut, "/v1/"+name+"/content", nil, content, nil)
}

// occurDate lies in the first term for the first step and in the second one for
// the second, and never in the future.
func (l *loader) occurDate(year Year, i int) string {
	return min([]string{year.date(10, 14), year.date(3, 18)}[i], l.state.Today.Format(time.DateOnly))
}

// file is a small text for the first step and a small picture for the second.
func (l *loader) file(j Journey, i int) (content []byte, name string, err error) {
	if i == 0 {
		text := fmt.Sprintf("%s, %s\nCoffee with the principal\n\nFamilies asked for shorter letters.\nWe wrote them.\n", j.School.Title, j.Year.ID)
		return []byte(text), "coffee-notes.txt", nil
	}
	r := random(l.state.Seed, "picture "+j.Name())
	const side, tile = 96, 16
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{
		color.White, color.RGBA{R: uint8(r.IntN(200)), G: uint8(r.IntN(200)), B: uint8(r.IntN(200)), A: 255},
	})
	for x := range side / tile {
		for y := range side / tile {
			if r.IntN(2) == 0 {
				continue
			}
			for at := range tile * tile {
				picture.SetColorIndex(x*tile+at%tile, y*tile+at/tile, 1)
			}
		}
	}
	var file bytes.Buffer
	err = png.Encode(&file, picture)
	return file.Bytes(), "letter-board.png", err
}

// present shows the roadmap at the end of the year.
func (l *loader) present(ctx context.Context, j Journey) error {
	if err := l.awaitRules(ctx, j, presented); err != nil {
		return err
	}
	return l.lead("present", map[string]any{"presentation": map[string]any{
		"summary": "Families showed the roadmap to the whole school.", "presentDate": j.Year.date(5, 20), "attendees": 120,
	}})(ctx, j)
}
