package api

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

type responses struct {
	assessmentsv1.UnimplementedResponsesServiceServer
	domain *response.Service
}

// GetForm reads the questionnaire behind a code.
func (s *responses) GetForm(ctx context.Context, req *assessmentsv1.GetFormRequest) (*assessmentsv1.Form, error) {
	f, err := s.domain.Form(ctx, req.GetCode(), req.GetLanguage())
	if err != nil {
		return nil, err
	}
	return encodeDoor(f), nil
}

// SubmitResponse stores an answer once.
func (s *responses) SubmitResponse(ctx context.Context, req *assessmentsv1.SubmitResponseRequest) (*assessmentsv1.SubmitResponseResponse, error) {
	r, err := s.domain.Submit(ctx, req.GetCode(), req.GetResponseId(), req.GetLanguage(), encodeAll(req.GetAnswers(), decodeAnswer))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.SubmitResponseResponse{Receipt: r.Code, SubmitTime: stamp(r.Day)}, nil
}

// BatchSubmitResponses stores paper answers of one school.
func (s *responses) BatchSubmitResponses(ctx context.Context, req *assessmentsv1.BatchSubmitResponsesRequest) (*assessmentsv1.BatchSubmitResponsesResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	sheets := encodeAll(req.GetResponses(), func(p *assessmentsv1.PaperResponse) response.Sheet {
		return response.Sheet{
			ResponseID: p.GetResponseId(), Language: p.GetLanguage(), Answers: encodeAll(p.GetAnswers(), decodeAnswer),
		}
	})
	stored, repeated, err := s.domain.BatchSubmit(ctx, district, id, schoolIn(district, req.GetSchool()), sheets)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.BatchSubmitResponsesResponse{Stored: int32(stored), RepeatedIds: int32(repeated)}, nil //nolint:gosec // at most 500
}

func decodeAnswer(a *assessmentsv1.Answer) response.Answer {
	return response.Answer{Item: a.GetItem(), Option: a.GetOption(), Text: a.GetText()}
}

// encodeDoor encodes the questionnaire behind a code.
func encodeDoor(f response.Form) *assessmentsv1.Form {
	out := withoutScores(encodeForm(f.Body.Form(f.Language)))
	out.Title, out.SchoolTitle, out.Open = f.Door.Title, f.Door.SchoolTitle, f.Door.Open()
	return out
}
