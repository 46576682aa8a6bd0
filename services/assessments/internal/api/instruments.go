package api

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

const (
	instrumentPattern        = "instruments/{instrument}"
	instrumentVersionPattern = instrumentPattern + "/versions/{version}"
)

type instruments struct {
	assessmentsv1.UnimplementedInstrumentsServiceServer
	domain *instrument.Service
}

// CreateInstrument creates an instrument.
func (s *instruments) CreateInstrument(ctx context.Context, req *assessmentsv1.CreateInstrumentRequest) (*assessmentsv1.Instrument, error) {
	f, err := s.domain.CreateFamily(ctx, req.GetInstrumentId(), req.GetInstrument().GetTitle(), req.GetInstrument().GetDescription())
	if err != nil {
		return nil, err
	}
	return encodeInstrument(f), nil
}

// GetInstrument reads one instrument.
func (s *instruments) GetInstrument(ctx context.Context, req *assessmentsv1.GetInstrumentRequest) (*assessmentsv1.Instrument, error) {
	var id string
	if err := parse("name", req.GetName(), instrumentPattern, &id); err != nil {
		return nil, err
	}
	f, err := s.domain.Family(ctx, id)
	if err != nil {
		return nil, err
	}
	return encodeInstrument(f), nil
}

// ListInstruments lists instruments.
func (s *instruments) ListInstruments(ctx context.Context, req *assessmentsv1.ListInstrumentsRequest) (*assessmentsv1.ListInstrumentsResponse, error) {
	list, next, err := pageOf(req, func(after []string, limit int) ([]edition.Family, error) {
		return s.domain.Families(ctx, first(after), limit)
	}, func(f edition.Family) []string { return []string{f.ID} }, encodeInstrument)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListInstrumentsResponse{Instruments: list, NextPageToken: next}, nil
}

// CreateInstrumentVersion drafts a version.
func (s *instruments) CreateInstrumentVersion(ctx context.Context, req *assessmentsv1.CreateInstrumentVersionRequest) (*assessmentsv1.InstrumentVersion, error) {
	var id string
	if err := parse("parent", req.GetParent(), instrumentPattern, &id); err != nil {
		return nil, err
	}
	v := req.GetInstrumentVersion()
	e, err := s.domain.Create(ctx, id, req.GetInstrumentVersionId(), v.GetTitle(), decodeInstrument(v))
	if err != nil {
		return nil, err
	}
	return encodeInstrumentVersion(e), nil
}

// GetInstrumentVersion reads one version.
func (s *instruments) GetInstrumentVersion(ctx context.Context, req *assessmentsv1.GetInstrumentVersionRequest) (*assessmentsv1.InstrumentVersion, error) {
	var family, id string
	if err := parse("name", req.GetName(), instrumentVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Get(ctx, family, id)
	if err != nil {
		return nil, err
	}
	return encodeInstrumentVersion(e), nil
}

// ListInstrumentVersions lists the versions of an instrument.
func (s *instruments) ListInstrumentVersions(ctx context.Context, req *assessmentsv1.ListInstrumentVersionsRequest) (*assessmentsv1.ListInstrumentVersionsResponse, error) {
	var id string
	if err := parse("parent", req.GetParent(), instrumentPattern, &id); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]instrument.Version, error) {
		return s.domain.List(ctx, id, first(after), limit)
	}, func(e instrument.Version) []string { return []string{e.ID} }, encodeInstrumentVersion)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListInstrumentVersionsResponse{InstrumentVersions: list, NextPageToken: next}, nil
}

// UpdateInstrumentVersion changes a draft.
func (s *instruments) UpdateInstrumentVersion(ctx context.Context, req *assessmentsv1.UpdateInstrumentVersionRequest) (*assessmentsv1.InstrumentVersion, error) {
	patch := req.GetInstrumentVersion()
	var family, id string
	if err := parse("instrument_version.name", patch.GetName(), instrumentVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Update(ctx, family, id, patch.GetEtag(), func(e *instrument.Version) error {
		v := encodeInstrumentVersion(*e)
		if err := merge(v, patch, req.GetUpdateMask()); err != nil {
			return err
		}
		e.Title, e.Body = v.GetTitle(), decodeInstrument(v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodeInstrumentVersion(e), nil
}

// PublishInstrumentVersion freezes a draft.
func (s *instruments) PublishInstrumentVersion(ctx context.Context, req *assessmentsv1.PublishInstrumentVersionRequest) (*assessmentsv1.InstrumentVersion, error) {
	var family, id string
	if err := parse("name", req.GetName(), instrumentVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Publish(ctx, family, id, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return encodeInstrumentVersion(e), nil
}

func encodeInstrument(f edition.Family) *assessmentsv1.Instrument {
	return &assessmentsv1.Instrument{
		Name: instrument.Kind().FamilyName(f.ID), Title: f.Title, Description: f.Description,
		CreateTime: stamp(f.CreateTime), UpdateTime: stamp(f.UpdateTime), Etag: etag.Of(f.Version),
	}
}
