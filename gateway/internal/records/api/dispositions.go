package api

import (
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/page"
	kept "github.com/tandem-badges/tandem/services/kit/records"

	"github.com/tandem-badges/tandem/gateway/internal/records"
)

// caller is who asks.
func caller(ctx context.Context) string {
	id, _ := access.FromContext(ctx)
	return id.Subject
}

// ErasePerson removes what identifies a person.
func (s *server) ErasePerson(ctx context.Context, req *recordsv1.ErasePersonRequest) (*recordsv1.Disposition, error) {
	d, err := s.work.Erase(ctx, req.GetName(), caller(ctx), req.GetReason())
	return answer(d, err)
}

// CreateDisposition plans a deletion.
func (s *server) CreateDisposition(ctx context.Context, req *recordsv1.CreateDispositionRequest) (*recordsv1.Disposition, error) {
	asked := req.GetDisposition()
	d, err := s.work.Plan(ctx, req.GetParent(), req.GetDispositionId(), caller(ctx), records.Disposition{
		Kind: kept.Kind(asked.GetKind()), Rule: asked.GetRule(), Reason: asked.GetReason(), Export: asked.GetExportSha256(),
	})
	return answer(d, err)
}

// GetDisposition reads one.
func (s *server) GetDisposition(ctx context.Context, req *recordsv1.GetDispositionRequest) (*recordsv1.Disposition, error) {
	return answer(s.work.Store.Disposition(ctx, req.GetName()))
}

// ApproveDisposition has a planned one carried out.
func (s *server) ApproveDisposition(ctx context.Context, req *recordsv1.ApproveDispositionRequest) (*recordsv1.Disposition, error) {
	return answer(s.work.Approve(ctx, req.GetName(), caller(ctx)))
}

// ListDispositions lists those of a district.
func (s *server) ListDispositions(ctx context.Context, req *recordsv1.ListDispositionsRequest) (*recordsv1.ListDispositionsResponse, error) {
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	found, err := s.work.Store.ListDispositions(ctx, req.GetParent(), strings.Join(p.After, ""), p.Size+1)
	if err != nil {
		return nil, err
	}
	out := &recordsv1.ListDispositionsResponse{}
	if len(found) > p.Size {
		found = found[:p.Size]
		last := found[p.Size-1].Name
		out.NextPageToken = p.Next(last[strings.LastIndexByte(last, '/')+1:])
	}
	for _, d := range found {
		out.Dispositions = append(out.Dispositions, dispositionOut(d))
	}
	return out, nil
}

func answer(d records.Disposition, err error) (*recordsv1.Disposition, error) {
	if err != nil {
		return nil, err
	}
	return dispositionOut(d), nil
}

func dispositionOut(d records.Disposition) *recordsv1.Disposition {
	out := &recordsv1.Disposition{
		Name: d.Name, Kind: recordsv1.Disposition_Kind(d.Kind), Rule: d.Rule, Reason: d.Reason, ExportSha256: d.Export, //nolint:gosec // one of three
		State: recordsv1.Disposition_State(d.State), PlannedBy: d.PlannedBy, ApprovedBy: d.ApprovedBy, Certificate: d.Certificate, //nolint:gosec // one of three
		CreateTime: timestamppb.New(d.Created), UpdateTime: timestamppb.New(d.Updated), Etag: etag.Of(d.Version),
	}
	if !d.Completed.IsZero() {
		out.CompleteTime = timestamppb.New(d.Completed)
	}
	for _, l := range d.Lines {
		out.Lines = append(out.Lines, &recordsv1.DispositionLine{Service: l.Service, Kind: l.Kind, Records: l.Records, Treatment: l.Treatment})
	}
	return out
}
