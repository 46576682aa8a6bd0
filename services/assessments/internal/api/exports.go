package api

import (
	"context"
	"strings"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/export"
)

const exportPattern = "/exports/{export}"

// Exporter begins and follows the writing of files.
type Exporter interface {
	Start(ctx context.Context, district, release string, f export.Format) (*longrunningpb.Operation, error)
	Get(ctx context.Context, name string) (*longrunningpb.Operation, error)
}

type exports struct {
	assessmentsv1.UnimplementedExportsServiceServer
	domain   *export.Service
	exporter Exporter
}

// CreateExport writes a file of a district's release.
func (s *exports) CreateExport(ctx context.Context, req *assessmentsv1.CreateExportRequest) (*longrunningpb.Operation, error) {
	var district, release string
	if err := parse("parent", req.GetParent(), releasePattern, &district, &release); err != nil {
		return nil, err
	}
	return s.exporter.Start(ctx, district, release, export.Format(req.GetExport().GetFormat()))
}

// CreateStateExport writes a file of a statewide release.
func (s *exports) CreateStateExport(ctx context.Context, req *assessmentsv1.CreateStateExportRequest) (*longrunningpb.Operation, error) {
	var release string
	if err := parse("parent", req.GetParent(), stateReleasePattern, &release); err != nil {
		return nil, err
	}
	return s.exporter.Start(tenant.With(ctx, tenant.State), tenant.State, release, export.Format(req.GetExport().GetFormat()))
}

// GetExport reads what is known of a file.
func (s *exports) GetExport(ctx context.Context, req *assessmentsv1.GetExportRequest) (*assessmentsv1.Export, error) {
	ctx, district, release, id, err := parseExport(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	e, err := s.domain.Get(ctx, district, release, id)
	if err != nil {
		return nil, err
	}
	return encodeExport(e), nil
}

// GetExportOperation reads an operation.
func (s *exports) GetExportOperation(ctx context.Context, req *assessmentsv1.GetExportOperationRequest) (*longrunningpb.Operation, error) {
	if !strings.HasPrefix(req.GetName(), "districts/") {
		ctx = tenant.With(ctx, tenant.State)
	}
	return s.exporter.Get(ctx, req.GetName())
}

// ReadExport reads a piece of a file.
func (s *exports) ReadExport(ctx context.Context, req *assessmentsv1.ReadExportRequest) (*httpbody.HttpBody, error) {
	ctx, district, release, id, err := parseExport(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	e, piece, err := s.domain.Read(ctx, district, release, id, req.GetOffset(), int(req.GetLimit()))
	if err != nil {
		return nil, err
	}
	kind, _ := e.Format.Kind()
	return &httpbody.HttpBody{ContentType: kind.MediaType, Data: piece}, nil
}

// parseExport reads the name of an export of a district or of the state.
func parseExport(ctx context.Context, name string) (_ context.Context, district, release, id string, err error) {
	if strings.HasPrefix(name, "districts/") {
		err = parse("name", name, releasePattern+exportPattern, &district, &release, &id)
		return ctx, district, release, id, err
	}
	err = parse("name", name, stateReleasePattern+exportPattern, &release, &id)
	return tenant.With(ctx, tenant.State), tenant.State, release, id, err
}

// EncodeExport encodes an export as the response of its operation.
func EncodeExport(e export.Export) proto.Message { return encodeExport(e) }

func encodeExport(e export.Export) *assessmentsv1.Export {
	kind, _ := e.Format.Kind()
	return &assessmentsv1.Export{
		Name: e.Name(), Format: assessmentsv1.ExportFormat(e.Format), Size: e.Size, Sha256: e.SHA256, Filename: e.Filename(), MediaType: kind.MediaType, //nolint:gosec // at most 5
		Rows: e.Rows, CreateTime: stamp(e.CreateTime), ExpireTime: stamp(e.ExpireTime),
	}
}
