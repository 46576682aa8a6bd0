package api

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// PreviewInstrumentVersion shows a version as respondents will see it, drafts too.
func (s *instruments) PreviewInstrumentVersion(ctx context.Context, req *assessmentsv1.PreviewInstrumentVersionRequest) (*assessmentsv1.InstrumentPreview, error) {
	var family, id string
	if err := parse("name", req.GetName(), instrumentVersionPattern, &family, &id); err != nil {
		return nil, err
	}
	e, err := s.domain.Get(ctx, family, id)
	if err != nil {
		return nil, err
	}
	p := e.Body.Preview(req.GetLanguage(), "instrument_version")
	form := encodeForm(p.Form)
	form.Title, form.InstrumentVersion = e.Title, instrument.Kind().VersionName(e.Family, e.ID)
	return &assessmentsv1.InstrumentPreview{
		Form: form, Notes: encodeAll(p.Notes, encodeNote), ReadingLevels: encodeAll(p.Levels, encodeReadingLevel),
	}, nil
}

func encodeNote(n instrument.Note) *assessmentsv1.PreviewNote {
	return &assessmentsv1.PreviewNote{Field: n.Field, Rule: n.Rule, Advice: n.Advice}
}

func encodeReadingLevel(l instrument.ReadingLevel) *assessmentsv1.ReadingLevel {
	return &assessmentsv1.ReadingLevel{
		Language: l.Language, Formula: l.Formula, Grade: l.Grade, Score: l.Score, Plain: l.Plain, HardestItems: l.Hardest,
	}
}
