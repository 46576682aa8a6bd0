package api

import (
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

func journeyOut(j journey.Journey) *schoolsv1.Journey {
	out := &schoolsv1.Journey{
		Name: j.Name, Cycle: j.Cycle, PastCycles: j.PastCycles, FrameworkVersion: j.FrameworkVersion, Phase: wire.Phase(j.Phase),
		EvidencePlan: j.EvidencePlan, SustainPlan: j.SustainPlan, Application: j.Application, Award: j.Award,
		CreateTime: stamp(j.Created), UpdateTime: stamp(j.Updated), Etag: tagOf(j.Meta),
	}
	if c := j.Choice; c != nil {
		out.Choice = &schoolsv1.Choice{
			Standard: c.Standard, Reasons: c.Reasons, DataSummary: c.DataSummary, ChooseTime: stamp(c.ChooseTime), ChosenBy: c.ChosenBy,
		}
	}
	if s := j.SignedOff; s != nil {
		out.SignOff = &schoolsv1.SignOff{
			Signer: s.Signer, SignTime: stamp(s.SignTime), PlanDigest: s.PlanDigest, Statement: s.Statement,
		}
	}
	if p := j.Presentation; p != nil {
		out.Presentation = &schoolsv1.Presentation{
			Summary: p.Summary, PresentDate: p.PresentDate, Attendees: int32(p.Attendees), //nolint:gosec // came in as int32
		}
	}
	return out
}

func eligibilityOut(e journey.Eligibility) *schoolsv1.Eligibility {
	return &schoolsv1.Eligibility{
		Name: e.Name, Phase: wire.Phase(e.Phase), NextPhase: wire.Phase(e.Next), Eligible: e.Eligible,
		Outcomes: wire.Outcomes(e.Outcomes), AsOf: stamp(e.AsOf), RuleSet: e.RuleSet,
	}
}

func snapshotOut(s journey.Snapshot) *schoolsv1.JourneySnapshot {
	out := &schoolsv1.JourneySnapshot{
		Journey: journeyOut(s.Journey), Team: teamOut(s.Team),
		Goals: each(s.Goals, goalOut), Steps: each(s.Steps, stepOut),
		Reflections: each(s.Reflections, reflectionOut), Notes: each(s.Notes, noteOut),
		Outcomes: wire.Outcomes(s.Eligibility.Outcomes), Eligible: s.Eligibility.Eligible,
		SnapshotTime: stamp(s.Time), AsOf: stamp(s.Eligibility.AsOf),
		SchoolTitle: s.School.Title, DistrictTitle: s.District.Title,
	}
	for _, g := range team.Groups() {
		if n := s.Members[g]; n > 0 {
			out.Groups = append(out.Groups, &schoolsv1.GroupCount{Group: wire.Group(g), Count: int32(n)}) //nolint:gosec // members of a team
		}
	}
	for _, r := range s.SurveyResults {
		out.SurveyResults = append(out.SurveyResults, r.Source)
	}
	for _, a := range s.SelfAssessments {
		out.SelfAssessments = append(out.SelfAssessments, a.Source)
	}
	return out
}

func each[D, P any](all []D, to func(D) *P) []*P {
	out := make([]*P, len(all))
	for i, d := range all {
		out[i] = to(d)
	}
	return out
}
