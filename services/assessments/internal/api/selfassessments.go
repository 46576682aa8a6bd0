package api

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
)

type selfAssessments struct {
	assessmentsv1.UnimplementedSelfAssessmentsServiceServer
	domain *selfassessment.Service
}

func parseTeam(field, name string) (t selfassessment.Team, err error) {
	err = parse(field, name, teamPattern, &t.District, &t.School, &t.ID)
	return t, err
}

func parseAssessment(field, name string) (t selfassessment.Team, id string, err error) {
	err = parse(field, name, assessmentPattern, &t.District, &t.School, &t.ID, &id)
	return t, id, err
}

// CreateSelfAssessment opens a self-assessment of a team.
func (s *selfAssessments) CreateSelfAssessment(ctx context.Context, req *assessmentsv1.CreateSelfAssessmentRequest) (*assessmentsv1.SelfAssessment, error) {
	t, err := parseTeam("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	a, err := s.domain.Create(ctx, selfassessment.Assessment{
		Team: t, ID: req.GetSelfAssessmentId(), Cycle: req.GetSelfAssessment().GetCycle(), FrameworkVersion: req.GetSelfAssessment().GetFrameworkVersion(),
	})
	if err != nil {
		return nil, err
	}
	return encodeAssessment(a), nil
}

// GetSelfAssessment reads one self-assessment.
func (s *selfAssessments) GetSelfAssessment(ctx context.Context, req *assessmentsv1.GetSelfAssessmentRequest) (*assessmentsv1.SelfAssessment, error) {
	t, id, err := parseAssessment("name", req.GetName())
	if err != nil {
		return nil, err
	}
	a, err := s.domain.Get(ctx, t, id)
	if err != nil {
		return nil, err
	}
	return encodeAssessment(a), nil
}

// ListSelfAssessments lists the self-assessments of a team.
func (s *selfAssessments) ListSelfAssessments(ctx context.Context, req *assessmentsv1.ListSelfAssessmentsRequest) (*assessmentsv1.ListSelfAssessmentsResponse, error) {
	t, err := parseTeam("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]selfassessment.Assessment, error) {
		return s.domain.List(ctx, t, first(after), limit)
	}, func(a selfassessment.Assessment) []string { return []string{a.ID} }, encodeAssessment)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListSelfAssessmentsResponse{SelfAssessments: list, NextPageToken: next}, nil
}

// CreateRating stores one member's levels.
func (s *selfAssessments) CreateRating(ctx context.Context, req *assessmentsv1.CreateRatingRequest) (*assessmentsv1.Rating, error) {
	t, id, err := parseAssessment("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	o, err := s.domain.Rate(ctx, t, id, subject(ctx), selfassessment.Opinion{
		ID: req.GetRatingId(), Group: int(req.GetRating().GetGroup()), Levels: encodeAll(req.GetRating().GetLevels(), decodeStandardLevel),
	})
	if err != nil {
		return nil, err
	}
	return encodeRating(req.GetParent())(o), nil
}

// ListRatings lists ratings without who gave them.
func (s *selfAssessments) ListRatings(ctx context.Context, req *assessmentsv1.ListRatingsRequest) (*assessmentsv1.ListRatingsResponse, error) {
	t, id, err := parseAssessment("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]selfassessment.Opinion, error) {
		return s.domain.Opinions(ctx, t, id, subject(ctx), first(after), limit)
	}, func(o selfassessment.Opinion) []string { return []string{o.ID} }, encodeRating(req.GetParent()))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListRatingsResponse{Ratings: list, NextPageToken: next}, nil
}

// SettleSelfAssessment records the consensus.
func (s *selfAssessments) SettleSelfAssessment(ctx context.Context, req *assessmentsv1.SettleSelfAssessmentRequest) (*assessmentsv1.SelfAssessment, error) {
	t, id, err := parseAssessment("name", req.GetName())
	if err != nil {
		return nil, err
	}
	a, err := s.domain.Settle(ctx, t, id, req.GetEtag(), encodeAll(req.GetConsensus(), decodeStandardLevel), req.GetNotes())
	if err != nil {
		return nil, err
	}
	return encodeAssessment(a), nil
}

// GetRatingSummary prepares the team's talk.
func (s *selfAssessments) GetRatingSummary(ctx context.Context, req *assessmentsv1.GetRatingSummaryRequest) (*assessmentsv1.RatingSummary, error) {
	t, id, err := parseAssessment("name", req.GetName())
	if err != nil {
		return nil, err
	}
	a, spreads, err := s.domain.Summary(ctx, t, id, subject(ctx))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.RatingSummary{Name: a.Name(), Ratings: count32(a.Ratings), Standards: encodeAll(spreads, encodeSpread)}, nil
}

// CompareWithSurvey sets a settled consensus beside what families and staff said.
func (s *selfAssessments) CompareWithSurvey(ctx context.Context, req *assessmentsv1.CompareWithSurveyRequest) (*assessmentsv1.SurveyComparison, error) {
	t, id, err := parseAssessment("name", req.GetName())
	if err != nil {
		return nil, err
	}
	c, err := s.domain.Compare(ctx, t, id)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.SurveyComparison{
		Name: c.Assessment.Name(), FamilyResult: c.Families, StaffResult: c.Staff, Method: selfassessment.Comparing,
		Standards: encodeAll(c.Standards, encodeSeen),
	}, nil
}

func encodeSpread(s selfassessment.Spread) *assessmentsv1.StandardSpread {
	return &assessmentsv1.StandardSpread{
		Standard: s.Standard, Lowest: count32(s.Lowest), Highest: count32(s.Highest), Median: s.Median, Talk: s.Talk(), Counts: encodeAll(s.Counts, count32),
	}
}

func encodeSeen(s selfassessment.Seen) *assessmentsv1.StandardComparison {
	return &assessmentsv1.StandardComparison{
		Standard: s.Standard, Level: count32(s.Level), Reading: s.Reading,
		Team: encodeSide(s.Team), Families: encodeSide(s.Families), Staff: encodeSide(s.Staff), Gap: encodeSide(s.Gap),
	}
}

func encodeSide(s selfassessment.Side) *assessmentsv1.Measure {
	return &assessmentsv1.Measure{Shown: s.Shown, Value: s.Value, Reason: s.Reason}
}

func encodeAssessment(a selfassessment.Assessment) *assessmentsv1.SelfAssessment {
	return &assessmentsv1.SelfAssessment{
		Name: a.Name(), Cycle: a.Cycle, FrameworkVersion: a.FrameworkVersion, State: assessmentsv1.SelfAssessment_State(a.State), //nolint:gosec // 1 or 2
		Consensus: encodeAll(a.Consensus, encodeStandardLevel), Notes: a.Notes, Ratings: int32(a.Ratings), //nolint:gosec // members of a team
		SettleTime: stamp(a.SettleTime), CreateTime: stamp(a.CreateTime), UpdateTime: stamp(a.UpdateTime), Etag: etag.Of(a.Version),
	}
}

func encodeRating(parent string) func(o selfassessment.Opinion) *assessmentsv1.Rating {
	return func(o selfassessment.Opinion) *assessmentsv1.Rating {
		return &assessmentsv1.Rating{
			Name: parent + "/ratings/" + o.ID, Levels: encodeAll(o.Levels, encodeStandardLevel), Group: typev1.StakeholderGroup(o.Group), CreateTime: stamp(o.Day), //nolint:gosec // at most 5
		}
	}
}

func encodeStandardLevel(l selfassessment.Level) *assessmentsv1.StandardLevel {
	return &assessmentsv1.StandardLevel{
		Standard: l.Standard, Level: count32(l.Level), Note: l.Note, Artifacts: l.Artifacts,
		Indicators: encodeAll(l.Indicators, func(i selfassessment.IndicatorLevel) *assessmentsv1.IndicatorLevel {
			return &assessmentsv1.IndicatorLevel{Indicator: i.Indicator, Level: count32(i.Level)}
		}),
	}
}

func decodeStandardLevel(l *assessmentsv1.StandardLevel) selfassessment.Level {
	return selfassessment.Level{
		Standard: l.GetStandard(), Level: int(l.GetLevel()), Note: l.GetNote(), Artifacts: l.GetArtifacts(),
		Indicators: encodeAll(l.GetIndicators(), func(i *assessmentsv1.IndicatorLevel) selfassessment.IndicatorLevel {
			return selfassessment.IndicatorLevel{Indicator: i.GetIndicator(), Level: int(i.GetLevel())}
		}),
	}
}
