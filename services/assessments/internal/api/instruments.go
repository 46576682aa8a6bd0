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

func encodeInstrumentVersion(e instrument.Version) *assessmentsv1.InstrumentVersion {
	return &assessmentsv1.InstrumentVersion{
		Name: instrument.Kind().VersionName(e.Family, e.ID), Title: e.Title, State: assessmentsv1.PublishState(e.State), //nolint:gosec // 1 or 2
		FrameworkVersion: e.Body.FrameworkVersion, Languages: e.Body.Languages, Items: encodeAll(e.Body.Items, encodeItem),
		PublishTime: stamp(e.PublishTime), CreateTime: stamp(e.CreateTime), UpdateTime: stamp(e.UpdateTime), Etag: etag.Of(e.Version),
	}
}

// itemTypes are the types of items in both spellings.
func itemTypes() map[instrument.Type]assessmentsv1.ItemType {
	return map[instrument.Type]assessmentsv1.ItemType{
		instrument.Scale:        assessmentsv1.ItemType_ITEM_TYPE_SCALE,
		instrument.SingleChoice: assessmentsv1.ItemType_ITEM_TYPE_SINGLE_CHOICE,
		instrument.Text:         assessmentsv1.ItemType_ITEM_TYPE_TEXT,
	}
}

func decodeType(t assessmentsv1.ItemType) instrument.Type {
	for name, number := range itemTypes() {
		if number == t {
			return name
		}
	}
	return ""
}

func encodeItem(i instrument.Item) *assessmentsv1.Item {
	return &assessmentsv1.Item{
		Id: i.ID, Type: itemTypes()[i.Type], Text: i.Text, Standard: i.Standard, Indicator: i.Indicator,
		Required: i.Required, MaxLength: int32(i.MaxLength), //nolint:gosec // at most 4000
		Options: encodeAll(i.Options, func(o instrument.Option) *assessmentsv1.Option {
			return &assessmentsv1.Option{
				Id: o.ID, Text: o.Text, Score: int32(o.Score), Favorable: o.Favorable, NotApplicable: o.NotApplicable, //nolint:gosec // came as int32
			}
		}),
	}
}

func decodeInstrument(v *assessmentsv1.InstrumentVersion) instrument.Body {
	return instrument.Body{
		FrameworkVersion: v.GetFrameworkVersion(), Languages: v.GetLanguages(),
		Items: encodeAll(v.GetItems(), func(i *assessmentsv1.Item) instrument.Item {
			return instrument.Item{
				ID: i.GetId(), Type: decodeType(i.GetType()), Text: i.GetText(), Standard: i.GetStandard(), Indicator: i.GetIndicator(),
				Required: i.GetRequired(), MaxLength: int(i.GetMaxLength()), Options: encodeAll(i.GetOptions(), decodeOption),
			}
		}),
	}
}

func decodeOption(o *assessmentsv1.Option) instrument.Option {
	return instrument.Option{
		ID: o.GetId(), Text: o.GetText(), Score: int(o.GetScore()), Favorable: o.GetFavorable(), NotApplicable: o.GetNotApplicable(),
	}
}
