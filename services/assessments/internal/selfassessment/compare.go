package selfassessment

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// Comparing is how the comparison is computed, in words.
const Comparing = "Each side is a number from 0 to 1: the team's level over the highest level of the standard, and the shares of favorable answers " +
	"that are published of families and of staff. The gap is the team less the families. These are different questions to different people: " +
	"a gap is a reason to talk, not a measurement."

// notable is the least gap that is called one: a fifth of the way from nothing to everything.
const notable = 0.2

// Audience is who a survey asked.
type Audience string

// Audiences that a self-assessment is compared with.
const (
	Families Audience = "family"
	Staff    Audience = "staff"
)

// Shares are the favorable shares that a published result shows, by standard.
type Shares struct {
	Result    string             // resource name
	Standards map[string]float64 // a hidden share is not there
	Hidden    string             // why others are not
}

// Surveys finds what was published of a school.
type Surveys interface {
	// Newest are the shares of the newest result of an audience with items of the framework version; "not found" without.
	Newest(ctx context.Context, district, school string, who Audience, frameworkVersion string) (Shares, error)
}

// Side is a number from 0 to 1, or why there is none.
type Side struct {
	Shown  bool
	Value  float64
	Reason string
}

// Seen is one standard from three sides.
type Seen struct {
	Standard              string
	Level                 int
	Team, Families, Staff Side
	Gap                   Side // team less families
	Reading               string
}

// Comparison sets a settled consensus beside surveys.
type Comparison struct {
	Assessment      Assessment
	Families, Staff string // resource names of the results used
	Standards       []Seen
}

// Compare sets a settled consensus beside what families and staff said.
func (s *Service) Compare(ctx context.Context, t Team, id string) (Comparison, error) {
	a, err := s.store.Assessment(ctx, t, id)
	if err != nil {
		return Comparison{}, err
	}
	if a.State != Settled {
		return Comparison{}, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: a.Name(), Rule: "settled_first", Fix: "Settle the consensus first, so that the survey does not sway it.",
		})
	}
	f, err := framework.Published(ctx, s.frameworks, a.FrameworkVersion)
	if err != nil {
		return Comparison{}, err
	}
	families, err := s.shares(ctx, a, Families)
	if err != nil {
		return Comparison{}, err
	}
	staff, err := s.shares(ctx, a, Staff)
	if err != nil {
		return Comparison{}, err
	}
	out := Comparison{Assessment: a, Families: families.Result, Staff: staff.Result}
	for _, l := range a.Consensus {
		if std, ok := f.Body.Standard(l.Standard); ok {
			out.Standards = append(out.Standards, see(std, l, families, staff))
		}
	}
	return out, nil
}

// shares are empty where nothing is published.
func (s *Service) shares(ctx context.Context, a Assessment, who Audience) (Shares, error) {
	found, err := s.surveys.Newest(ctx, a.Team.District, a.Team.School, who, a.FrameworkVersion)
	if problem.Is(err, problem.KindNotFound) {
		return Shares{Hidden: fmt.Sprintf("There is no published %s survey of this framework.", who)}, nil
	}
	return found, err
}

func (s Shares) of(standard string) Side {
	if v, ok := s.Standards[standard]; ok {
		return Side{Shown: true, Value: v}
	}
	return Side{Reason: s.Hidden}
}

func see(std framework.Standard, l Level, families, staff Shares) Seen {
	out := Seen{Standard: std.ID, Level: l.Level, Families: families.of(std.ID), Staff: staff.of(std.ID)}
	if top := std.MaxLevel(); top > 0 {
		out.Team = Side{Shown: true, Value: float64(l.Level) / float64(top)}
	} else {
		out.Team = Side{Reason: "The standard has no rubric."}
	}
	switch {
	case !out.Team.Shown:
		out.Gap = Side{Reason: out.Team.Reason}
	case !out.Families.Shown:
		out.Gap = Side{Reason: out.Families.Reason}
	default:
		out.Gap = Side{Shown: true, Value: out.Team.Value - out.Families.Value}
	}
	out.Reading = reading(out.Gap)
	return out
}

func reading(gap Side) string {
	switch {
	case !gap.Shown:
		return "Nothing to compare."
	case gap.Value >= notable:
		return "The team sees itself further than families do: ask families what they miss."
	case gap.Value <= -notable:
		return "Families see more than the team gives itself: find out what they value."
	}
	return "The team and families see it alike."
}
