package journey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// sources is everything that rules look at.
type sources struct {
	journey     Journey
	members     map[team.Group]int
	goals       []Goal
	steps       []Step
	reflections []Reflection
	notes       []Note
	surveys     []SurveyResult   // sufficient, of the cycles of the journey, one per wave
	answered    int              // sufficient results before those of one wave are taken together
	assessments []SelfAssessment // of the cycles of the journey
	evidence    []Evidence       // accepted and not withdrawn
	cycles      []cycle.Cycle
}

// gather reads the sources of a journey.
func (s Service) gather(ctx context.Context, j Journey) (src sources, err error) {
	src.journey = j
	var surveys []SurveyResult
	var assessments []SelfAssessment
	err = errors.Join(
		load(&src.members, func() (map[team.Group]int, error) { return s.Store.MemberCounts(ctx, record.Parent(j.Name)) }),
		load(&src.goals, func() ([]Goal, error) { return s.Store.Goals(ctx, j.Name) }),
		load(&src.steps, func() ([]Step, error) { return s.Store.Steps(ctx, j.Name) }),
		load(&src.reflections, func() ([]Reflection, error) { return s.Store.Reflections(ctx, j.Name) }),
		load(&src.notes, func() ([]Note, error) { return s.Store.Notes(ctx, j.Name) }),
		load(&surveys, func() ([]SurveyResult, error) { return s.Store.SurveyResults(ctx, record.School(j.Name)) }),
		load(&assessments, func() ([]SelfAssessment, error) { return s.Store.SelfAssessments(ctx, record.Parent(j.Name)) }),
		load(&src.evidence, func() ([]Evidence, error) { return s.Store.Evidence(ctx, j.Name) }),
	)
	for _, name := range j.Cycles() {
		c, cerr := s.Store.Cycle(ctx, name)
		err = errors.Join(err, cerr)
		src.cycles = append(src.cycles, c)
	}
	src.takeSurveys(surveys)
	for _, a := range assessments {
		if slices.Contains(j.Cycles(), a.Cycle) {
			src.assessments = append(src.assessments, a)
		}
	}
	return src, err
}

func load[T any](into *T, read func() (T, error)) (err error) {
	*into, err = read()
	return err
}

// takeSurveys keeps the newest result of each wave that enough families answered.
func (src *sources) takeSurveys(all []SurveyResult) {
	at := map[string]int{}
	for _, r := range all {
		if !r.Sufficient || !slices.Contains(src.journey.Cycles(), r.Cycle) {
			continue
		}
		src.answered++
		wave := fmt.Sprintf("%s wave %d", r.Cycle, r.Wave)
		i, seen := at[wave]
		switch {
		case !seen:
			at[wave] = len(src.surveys)
			src.surveys = append(src.surveys, r)
		case r.EventTime.After(src.surveys[i].EventTime):
			src.surveys[i] = r
		}
	}
}

// facts names what rules may read. The README documents each.
func (src *sources) facts() eligibility.Facts {
	j := src.journey
	f := eligibility.Facts{
		"phase": string(j.Phase), "standard": j.Standard(), "framework_version": j.FrameworkVersion,
		"cycles":         len(j.Cycles()),
		"survey_results": src.answered, "survey_waves": len(src.surveys), "self_assessments": len(src.assessments),
		"notes": len(src.notes), "goals": len(src.goals), "steps": len(src.steps), "reflections": len(src.reflections),
		"signed_off": j.SignedOff != nil, "has_evidence_plan": strings.TrimSpace(j.EvidencePlan) != "", "evidence": len(src.evidence),
	}
	src.memberFacts(f)
	src.planFacts(f)
	src.evidenceFacts(f)
	return f
}

func (src *sources) memberFacts(f eligibility.Facts) {
	members, groups, present := 0, map[string]int{}, 0
	for _, g := range team.Groups() {
		n := src.members[g]
		groups[string(g)] = n
		members += n
		if n > 0 {
			present++
		}
	}
	f["members"], f["groups"], f["group_count"] = members, groups, present
}

func (src *sources) planFacts(f eligibility.Facts) {
	measured, served, done, reflected, doneReflected := 0, 0, 0, 0, 0
	for _, g := range src.goals {
		if g.Measure != "" && g.Indicator != "" && g.ImprovementPlanGoal != "" {
			measured++
		}
		if slices.ContainsFunc(src.steps, func(st Step) bool { return st.Goal == g.Name }) {
			served++
		}
	}
	for _, st := range src.steps {
		has := slices.ContainsFunc(src.reflections, func(r Reflection) bool { return r.Step == st.Name })
		done += one(st.Completed)
		reflected += one(has)
		doneReflected += one(has && st.Completed)
	}
	f["goals_with_measure"], f["goals_with_steps"] = measured, served
	f["steps_completed"], f["steps_with_reflection"], f["completed_steps_with_reflection"] = done, reflected, doneReflected
}

func (src *sources) evidenceFacts(f eligibility.Facts) {
	terms, steps, indicators, groups := set{}, set{}, set{}, set{}
	for _, e := range src.evidence {
		for _, c := range src.cycles {
			if i := c.TermOf(e.OccurDate); i >= 0 {
				terms[fmt.Sprintf("%s term %d", c.Name, i)] = true
			}
		}
		if slices.ContainsFunc(src.steps, func(st Step) bool { return st.Name == e.Step }) {
			steps[e.Step] = true
		}
		if e.Indicator != "" {
			indicators[e.Indicator] = true
		}
		for _, g := range e.Groups {
			if g.Valid() { // a group that this version does not know is no group
				groups[string(g)] = true
			}
		}
	}
	f["evidence_terms"], f["evidence_steps"], f["evidence_indicators"] = len(terms), len(steps), len(indicators)
	f["evidence_groups"] = len(groups)
	active := 0
	for _, g := range team.Groups() {
		active += one(groups[string(g)] || src.members[g] > 0)
	}
	f["active_groups"] = active
}

type set map[string]bool

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
