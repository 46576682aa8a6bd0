package api

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/interchange"
)

// Media types of the files.
const (
	typeJSON    = "application/json"
	typeXLSForm = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typeCSV     = "text/csv; charset=utf-8"
)

// ExportInstrumentVersion writes a version as a file.
func (s *instruments) ExportInstrumentVersion(ctx context.Context, req *assessmentsv1.ExportInstrumentVersionRequest) (*httpbody.HttpBody, error) {
	var family, id string
	if err := parse("name", req.GetName(), instrumentVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Get(ctx, family, id)
	if err != nil {
		return nil, err
	}
	write, kind := interchange.WriteJSON, typeJSON
	switch req.GetFormat() {
	case assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_XLSFORM:
		write, kind = interchange.WriteXLSForm, typeXLSForm
	case assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_CODEBOOK:
		write, kind = interchange.WriteCodebook, typeCSV
	}
	data, err := write(interchange.Document{Title: e.Title, Body: e.Body})
	if err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: kind, Data: data}, nil
}

// ImportInstrumentVersion drafts a version from a file.
func (s *instruments) ImportInstrumentVersion(ctx context.Context, req *assessmentsv1.ImportInstrumentVersionRequest) (*assessmentsv1.ImportInstrumentVersionResponse, error) {
	var family string
	if err := parse("parent", req.GetParent(), instrumentPattern, &family); err != nil {
		return nil, err
	}
	d, notes, err := readFile(req.GetFormat(), req.GetContent())
	if err != nil {
		return nil, err
	}
	if d.Body.FrameworkVersion == "" {
		d.Body.FrameworkVersion = req.GetFrameworkVersion()
	}
	if strings.TrimSpace(d.Title) == "" {
		d.Title = "Imported"
		notes = append(notes, instrument.Note{Field: "title", Rule: "title_assumed", Advice: "Give a title: the file has none."})
	}
	e, err := s.domain.Create(ctx, family, req.GetInstrumentVersionId(), d.Title, d.Body)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ImportInstrumentVersionResponse{InstrumentVersion: encodeInstrumentVersion(e), Notes: encodeAll(notes, encodeNote)}, nil
}

func readFile(format assessmentsv1.InstrumentFormat, content []byte) (interchange.Document, []instrument.Note, error) {
	switch format {
	case assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_JSON:
		d, err := interchange.ReadJSON(content)
		return d, nil, err
	case assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_XLSFORM:
		return interchange.ReadXLSForm(content)
	}
	return interchange.Document{}, nil, problem.Invalid(problem.Violation{
		Field: "format", Rule: "readable_format", Fix: "Give our JSON or an XLSForm: a codebook is for reading only.",
	})
}
