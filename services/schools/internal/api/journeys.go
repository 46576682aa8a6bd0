package api

import (
	"context"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/mask"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

type journeys struct {
	schoolsv1.UnimplementedJourneysServiceServer
	journeys journey.Service
}

// CreateJourney begins a journey in a cycle.
func (s *journeys) CreateJourney(ctx context.Context, req *schoolsv1.CreateJourneyRequest) (*schoolsv1.Journey, error) {
	if err := checkName("parent", req.GetParent(), teamForm); err != nil {
		return nil, err
	}
	in := req.GetJourney()
	j, err := s.journeys.Create(ctx, req.GetParent(), req.GetJourneyId(), journey.Draft{
		Cycle: in.GetCycle(), FrameworkVersion: in.GetFrameworkVersion(), EvidencePlan: in.GetEvidencePlan(),
	})
	return answer(j, err, journeyOut)
}

// GetJourney reads one journey.
func (s *journeys) GetJourney(ctx context.Context, req *schoolsv1.GetJourneyRequest) (*schoolsv1.Journey, error) {
	return read(ctx, req.GetName(), journeyForm, s.journeys.Get, journeyOut)
}

// ListJourneys lists the journeys of a team.
func (s *journeys) ListJourneys(ctx context.Context, req *schoolsv1.ListJourneysRequest) (*schoolsv1.ListJourneysResponse, error) {
	rows, next, err := below(ctx, req, teamForm, s.journeys.List, func(j journey.Journey) string { return j.Name }, journeyOut)
	return &schoolsv1.ListJourneysResponse{Journeys: rows, NextPageToken: next}, err
}

// UpdateJourney changes the evidence plan.
func (s *journeys) UpdateJourney(ctx context.Context, req *schoolsv1.UpdateJourneyRequest) (*schoolsv1.Journey, error) {
	in := req.GetJourney()
	if err := checkName("journey.name", in.GetName(), journeyForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"evidence_plan"},
		func(plan string) *schoolsv1.Journey { return &schoolsv1.Journey{EvidencePlan: plan} }, (*schoolsv1.Journey).GetEvidencePlan)
	if err != nil {
		return nil, err
	}
	j, err := s.journeys.Update(ctx, in.GetName(), in.GetEtag(), change)
	return answer(j, err, journeyOut)
}

// tagged is a request about a resource of which the caller may know the version.
type tagged interface {
	GetName() string
	GetEtag() string
}

func move(ctx context.Context, req tagged, do func(ctx context.Context, name, tag string) (journey.Journey, error)) (*schoolsv1.Journey, error) {
	if err := checkName("name", req.GetName(), journeyForm); err != nil {
		return nil, err
	}
	j, err := do(ctx, req.GetName(), req.GetEtag())
	return answer(j, err, journeyOut)
}

// BeginDiscovery moves to discovering.
func (s *journeys) BeginDiscovery(ctx context.Context, req *schoolsv1.BeginDiscoveryRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, s.journeys.BeginDiscovery)
}

// OpenChoice moves to choosing.
func (s *journeys) OpenChoice(ctx context.Context, req *schoolsv1.OpenChoiceRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, s.journeys.OpenChoice)
}

// ChooseStandard moves to planning with one standard and the reasons.
func (s *journeys) ChooseStandard(ctx context.Context, req *schoolsv1.ChooseStandardRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, func(ctx context.Context, name, tag string) (journey.Journey, error) {
		c := req.GetChoice()
		return s.journeys.ChooseStandard(ctx, actor(ctx).Subject, name, tag, journey.Choice{
			Standard: c.GetStandard(), Reasons: c.GetReasons(), DataSummary: c.GetDataSummary(),
		})
	})
}

// SignOffPlan records the principal's signature.
func (s *journeys) SignOffPlan(ctx context.Context, req *schoolsv1.SignOffPlanRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, func(ctx context.Context, name, tag string) (journey.Journey, error) {
		return s.journeys.SignOffPlan(ctx, actor(ctx).Subject, name, tag, req.GetStatement())
	})
}

// StartJourney moves to underway.
func (s *journeys) StartJourney(ctx context.Context, req *schoolsv1.StartJourneyRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, s.journeys.StartJourney)
}

// PresentRoadmap moves to presented.
func (s *journeys) PresentRoadmap(ctx context.Context, req *schoolsv1.PresentRoadmapRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, func(ctx context.Context, name, tag string) (journey.Journey, error) {
		p := req.GetPresentation()
		return s.journeys.PresentRoadmap(ctx, name, tag, journey.Presentation{
			Summary: p.GetSummary(), PresentDate: p.GetPresentDate(), Attendees: int64(p.GetAttendees()),
		})
	})
}

// ContinueJourney takes the journey into another cycle.
func (s *journeys) ContinueJourney(ctx context.Context, req *schoolsv1.ContinueJourneyRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, func(ctx context.Context, name, tag string) (journey.Journey, error) {
		return s.journeys.ContinueJourney(ctx, name, tag, req.GetCycle())
	})
}

// SustainJourney moves to sustaining.
func (s *journeys) SustainJourney(ctx context.Context, req *schoolsv1.SustainJourneyRequest) (*schoolsv1.Journey, error) {
	return move(ctx, req, func(ctx context.Context, name, tag string) (journey.Journey, error) {
		return s.journeys.SustainJourney(ctx, name, tag, req.GetSustainPlan())
	})
}

// ExplainEligibility tells every rule for the next phase.
func (s *journeys) ExplainEligibility(ctx context.Context, req *schoolsv1.ExplainEligibilityRequest) (*schoolsv1.Eligibility, error) {
	if err := checkName("name", req.GetName(), journeyForm); err != nil {
		return nil, err
	}
	e, err := s.journeys.Explain(ctx, req.GetName(), wire.ToPhase(req.GetNextPhase()))
	return answer(e, err, eligibilityOut)
}

// GetJourneySnapshot reads the whole journey at once.
func (s *journeys) GetJourneySnapshot(ctx context.Context, req *schoolsv1.GetJourneySnapshotRequest) (*schoolsv1.JourneySnapshot, error) {
	return read(ctx, req.GetName(), journeyForm, s.journeys.Snapshot, snapshotOut)
}
