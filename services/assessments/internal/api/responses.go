package api

import (
	"context"

	"google.golang.org/grpc/metadata"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/requestid"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

type responses struct {
	assessmentsv1.UnimplementedResponsesServiceServer
	domain *response.Service
}

// GetForm reads the questionnaire behind a code.
func (s *responses) GetForm(ctx context.Context, req *assessmentsv1.GetFormRequest) (*assessmentsv1.Form, error) {
	f, err := s.domain.Form(ctx, req.GetCode(), req.GetLanguage(), client(ctx))
	if err != nil {
		return nil, err
	}
	return encodeDoor(f), nil
}

// SubmitResponse stores an answer once.
func (s *responses) SubmitResponse(ctx context.Context, req *assessmentsv1.SubmitResponseRequest) (*assessmentsv1.SubmitResponseResponse, error) {
	r, err := s.domain.Submit(ctx, response.Submission{
		Code: req.GetCode(), ResponseID: req.GetResponseId(), Language: req.GetLanguage(), Answers: encodeAll(req.GetAnswers(), decodeAnswer),
		ResumeKey: req.GetResumeKey(), Client: client(ctx),
	})
	if err != nil {
		return nil, err
	}
	return encodeReceipt(r), nil
}

// SaveResponse keeps unfinished answers.
func (s *responses) SaveResponse(ctx context.Context, req *assessmentsv1.SaveResponseRequest) (*assessmentsv1.SaveResponseResponse, error) {
	key, saved, err := s.domain.Save(ctx, response.Submission{
		Code: req.GetCode(), ResponseID: req.GetResponseId(), Language: req.GetLanguage(), Answers: encodeAll(req.GetAnswers(), decodeAnswer),
		ResumeKey: req.GetResumeKey(), Client: client(ctx),
	})
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.SaveResponseResponse{ResumeKey: key, SaveTime: stamp(saved)}, nil
}

// ResumeResponse reads unfinished answers.
func (s *responses) ResumeResponse(ctx context.Context, req *assessmentsv1.ResumeResponseRequest) (*assessmentsv1.ResumeResponseResponse, error) {
	u, err := s.domain.Resume(ctx, req.GetCode(), req.GetResumeKey(), client(ctx))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ResumeResponseResponse{
		ResponseId: u.ResponseID, Language: u.Language, Answers: encodeAll(u.Answers, encodeAnswer), SaveTime: stamp(u.SaveTime),
	}, nil
}

// SubmitQueuedResponses stores answers that waited on a device, each by itself.
func (s *responses) SubmitQueuedResponses(ctx context.Context, req *assessmentsv1.SubmitQueuedResponsesRequest) (*assessmentsv1.SubmitQueuedResponsesResponse, error) {
	queue := encodeAll(req.GetResponses(), func(q *assessmentsv1.QueuedResponse) response.Submission {
		return response.Submission{ResponseID: q.GetResponseId(), Language: q.GetLanguage(), Answers: encodeAll(q.GetAnswers(), decodeAnswer)}
	})
	outcomes, err := s.domain.SubmitQueued(ctx, req.GetCode(), client(ctx), queue)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.SubmitQueuedResponsesResponse{Outcomes: encodeAll(outcomes, func(o response.Outcome) *assessmentsv1.QueuedOutcome {
		return &assessmentsv1.QueuedOutcome{ResponseId: o.ResponseID, Receipt: o.Receipt, Problem: o.Problem, Retry: o.Retry}
	})}, nil
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

// EnterPaperResponse keys in a sheet.
func (s *responses) EnterPaperResponse(ctx context.Context, req *assessmentsv1.EnterPaperResponseRequest) (*assessmentsv1.EnterPaperResponseResponse, error) {
	k := response.Keyed{
		Sheet: req.GetSheetId(), Language: req.GetLanguage(), Answers: encodeAll(req.GetAnswers(), decodeAnswer),
		By: subject(ctx), Resolve: req.GetResolve(),
	}
	if err := parse("parent", req.GetParent(), campaignPattern, &k.District, &k.Campaign); err != nil {
		return nil, err
	}
	k.School = schoolIn(k.District, req.GetSchool())
	state, different, err := s.domain.EnterPaper(ctx, k)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.EnterPaperResponseResponse{State: assessmentsv1.PaperState(state), DifferentItems: different}, nil //nolint:gosec // numbered alike
}

// ListPaperEntries lists sheets that are not stored yet.
func (s *responses) ListPaperEntries(ctx context.Context, req *assessmentsv1.ListPaperEntriesRequest) (*assessmentsv1.ListPaperEntriesResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]response.Entry, error) {
		return s.domain.Entries(ctx, district, id, first(after), limit)
	}, func(e response.Entry) []string { return []string{e.ID} }, encodeEntry)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListPaperEntriesResponse{PaperEntries: list, NextPageToken: next}, nil
}

// SubmitInterview stores what a recipient answered by telephone.
func (s *responses) SubmitInterview(ctx context.Context, req *assessmentsv1.SubmitInterviewRequest) (*assessmentsv1.SubmitResponseResponse, error) {
	var district, id, recipient string
	if err := parse("name", req.GetName(), campaignPattern+"/recipients/{recipient}", &district, &id, &recipient); err != nil {
		return nil, err
	}
	r, err := s.domain.SubmitInterview(ctx, district, id, recipient, response.Submission{
		ResponseID: req.GetResponseId(), Language: req.GetLanguage(), Answers: encodeAll(req.GetAnswers(), decodeAnswer),
	})
	if err != nil {
		return nil, err
	}
	return encodeReceipt(r), nil
}

// client stands for where the call came from, as the gateway says.
func client(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	if said := md.Get(requestid.ClientKey); len(said) == 1 {
		return said[0]
	}
	return ""
}

func decodeAnswer(a *assessmentsv1.Answer) response.Answer {
	return response.Answer{
		Item: a.GetItem(), Option: a.GetOption(), Text: a.GetText(), Options: a.GetOptions(), Rows: a.GetRows(), Number: a.Number, Date: a.GetDate(),
	}
}

func encodeAnswer(a response.Answer) *assessmentsv1.Answer {
	return &assessmentsv1.Answer{
		Item: a.Item, Option: a.Option, Text: a.Text, Options: a.Options, Rows: a.Rows, Number: a.Number, Date: a.Date,
	}
}

func encodeReceipt(r response.Receipt) *assessmentsv1.SubmitResponseResponse {
	return &assessmentsv1.SubmitResponseResponse{Receipt: r.Code, SubmitTime: stamp(r.Day)}
}

func encodeEntry(e response.Entry) *assessmentsv1.PaperEntry {
	return &assessmentsv1.PaperEntry{
		Name: e.Name(), School: campaign.SchoolName(e.District, e.School), SheetId: e.Sheet, DifferentItems: e.Different, CreateTime: stamp(e.CreateTime),
		State: assessmentsv1.PaperState(e.State), //nolint:gosec // numbered alike
	}
}

// encodeDoor encodes the questionnaire behind a code.
func encodeDoor(f response.Form) *assessmentsv1.Form {
	out, d := withoutScores(encodeForm(f.Body.Form(f.Language))), f.Door
	out.Title, out.SchoolTitle, out.DistrictTitle = d.Title, d.SchoolTitle, d.DistrictTitle
	out.Open, out.Answered, out.Resumable = d.Open(), d.Burned, d.Open()
	out.Kind = assessmentsv1.LinkKind(d.Kind) //nolint:gosec // numbered alike
	out.CloseTime, out.InstrumentVersion = stamp(d.CloseTime), d.InstrumentVersion
	out.Anonymity = d.Anonymity(f.Language)
	return out
}
