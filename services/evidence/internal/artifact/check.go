package artifact

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.einride.tech/aip/resourcename"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	maxCaption  = 500
	maxSummary  = 300
	maxFileName = 200
	groups      = 5 // stakeholder groups are numbered 1 to 5

	dateLayout = "2006-01-02"

	journeyPattern = "districts/{district}/schools/{school}/teams/{team}/journeys/{journey}"
	stepPattern    = journeyPattern + "/steps/{step}"
)

// phases are those in which a journey takes evidence: from acting on the plan on,
// with an application under review for what its reviewers ask to be added.
func phases() []string {
	return []string{"UNDERWAY", "PRESENTED", "APPLIED", "AWARDED", "SUSTAINING"}
}

// violations is what is wrong with a request so far.
type violations []problem.Violation

func (v *violations) add(field, rule, fix string) {
	*v = append(*v, problem.Violation{Field: "artifact." + field, Rule: rule, Fix: fix})
}

func (v *violations) need(ok bool, field, rule, fix string) {
	if !ok {
		v.add(field, rule, fix)
	}
}

// has tells whether something is wrong with the field already.
func (v *violations) has(field string) bool {
	return slices.ContainsFunc(*v, func(p problem.Violation) bool { return p.Field == "artifact."+field })
}

func (v *violations) err() error {
	if len(*v) == 0 {
		return nil
	}
	return problem.Invalid(*v...)
}

// tidy drops what a person did not mean: space around texts, the order of groups.
func (d Description) tidy() Description {
	d.Caption, d.FileName = strings.TrimSpace(d.Caption), strings.TrimSpace(d.FileName)
	d.PublicSummary = strings.TrimSpace(d.PublicSummary)
	d.Groups = slices.Sorted(slices.Values(d.Groups))
	return d
}

// check finds all that can be seen to be wrong without asking anybody.
func (d Description) check(school string, now time.Time) *violations {
	v := &violations{}
	v.need(strings.HasPrefix(d.Journey, school+"/teams/") && wellFormed(journeyPattern, d.Journey), "journey", "journey_of_school",
		"Name a journey of a team of this school, "+school+"/teams/{team}/journeys/{journey}.")
	v.need(strings.HasPrefix(d.Step, d.Journey+"/steps/") && wellFormed(stepPattern, d.Step), "step", "step_of_journey",
		"Name a step of the journey, {journey}/steps/{step}.")
	v.need(d.Indicator != "", "indicator", "required", "Give the id of the indicator that it speaks to.")
	d.checkDate(v, now)
	d.checkGroups(v)
	d.checkTexts(v)
	return v
}

func wellFormed(pattern, name string) bool {
	return resourcename.Match(pattern, name) && !resourcename.ContainsWildcard(name)
}

func (d Description) checkDate(v *violations, now time.Time) {
	_, err := time.Parse(dateLayout, d.OccurDate)
	switch {
	case d.OccurDate == "":
		v.add("occur_date", "required", "Give the day of what it shows, YYYY-MM-DD.")
	case err != nil:
		v.add("occur_date", "date", "Give a day of the calendar, YYYY-MM-DD.")
	case d.OccurDate > now.UTC().Format(dateLayout):
		v.add("occur_date", "not_in_future", "Give the day of what it shows: evidence is of what has happened, so not after "+now.UTC().Format(dateLayout)+".")
	}
}

func (d Description) checkGroups(v *violations) {
	v.need(len(d.Groups) > 0, "groups", "required", "Name at least one group that took part.")
	for i, g := range d.Groups {
		if g < 1 || g > groups {
			v.add("groups", "known_group", "Name only groups that the API lists.")
		}
		if i > 0 && g == d.Groups[i-1] {
			v.add("groups", "group_once", "Name each group once.")
		}
	}
}

func (d Description) checkTexts(v *violations) {
	v.need(d.Caption != "", "caption", "required", "Say what it shows, without names of children.")
	v.need(utf8.RuneCountInString(d.Caption) <= maxCaption, "caption", "length_max", fmt.Sprintf("Say it in at most %d characters.", maxCaption))
	v.need(utf8.RuneCountInString(d.PublicSummary) <= maxSummary, "public_summary", "length_max", fmt.Sprintf("Say it in at most %d characters.", maxSummary))
	v.need(!strings.ContainsFunc(d.PublicSummary, unseen), "public_summary", "plain_text",
		"Write it on one line, without control characters: it becomes part of a public document.")
	v.need(utf8.RuneCountInString(d.FileName) <= maxFileName, "file_name", "length_max", fmt.Sprintf("Use at most %d characters.", maxFileName))
	v.need(!strings.ContainsFunc(d.FileName, badInFileName) && d.FileName != "." && d.FileName != "..", "file_name", "file_name",
		"Give the name only, without folders and control characters.")
}

// unseen are characters that could hide or turn around what a public text says.
func unseen(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

func badInFileName(r rune) bool {
	return r == '/' || r == '\\' || unseen(r)
}

// ask adds what only the schools service can tell, about the fields that are well
// formed and differ from before.
func (s *Service) ask(ctx context.Context, v *violations, d, before Description) error {
	if v.has("journey") {
		return nil
	}
	if d.Step != before.Step && !v.has("step") {
		known, err := s.plans.HasStep(ctx, d.Step)
		if err != nil {
			return err
		}
		v.need(known, "step", "known_step", "Name a step that the journey's plan has.")
	}
	if d.Indicator != before.Indicator && !v.has("indicator") {
		known, err := s.plans.Indicators(ctx, d.Journey)
		if err != nil {
			return err
		}
		v.need(slices.Contains(known, d.Indicator), "indicator", "indicator_of_goal", "Name the indicator of one of the journey's goals.")
	}
	return nil
}

// askJourney adds that there is no such journey, and returns its phase.
func (s *Service) askJourney(ctx context.Context, v *violations, journey string) (string, error) {
	if v.has("journey") {
		return "", nil
	}
	phase, err := s.plans.Phase(ctx, journey)
	if err != nil {
		return "", err
	}
	v.need(phase != "", "journey", "known_journey", "Name a journey that exists.")
	return phase, nil
}

// mustTakeEvidence refuses evidence before the plan is acted on.
func mustTakeEvidence(journey, phase string) error {
	if slices.Contains(phases(), phase) {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: journey, Rule: "journey_takes_evidence",
		Fix: fmt.Sprintf("The journey is %s. Evidence is collected in %s.", phase, strings.Join(phases(), ", ")),
	})
}
