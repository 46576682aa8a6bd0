package api

import (
	"context"
	"maps"
	"slices"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

// CreateReflection writes down what the team learned.
func (s *plans) CreateReflection(ctx context.Context, req *schoolsv1.CreateReflectionRequest) (*schoolsv1.Reflection, error) {
	if err := checkName("parent", req.GetParent(), journeyForm); err != nil {
		return nil, err
	}
	in := req.GetReflection()
	r, err := s.journeys.CreateReflection(ctx, actor(ctx).Subject, req.GetParent(), req.GetReflectionId(), journey.Reflection{
		Step: in.GetStep(), Text: in.GetText(), Group: wire.ToGroup(in.GetGroup()),
	})
	return answer(r, err, reflectionOut)
}

// GetReflection reads one reflection.
func (s *plans) GetReflection(ctx context.Context, req *schoolsv1.GetReflectionRequest) (*schoolsv1.Reflection, error) {
	return read(ctx, req.GetName(), reflectionForm, s.journeys.GetReflection, reflectionOut)
}

// ListReflections lists the reflections of a journey.
func (s *plans) ListReflections(ctx context.Context, req *schoolsv1.ListReflectionsRequest) (*schoolsv1.ListReflectionsResponse, error) {
	rows, next, err := below(ctx, req, journeyForm, s.journeys.ListReflections,
		func(r journey.Reflection) string { return r.Name }, reflectionOut)
	return &schoolsv1.ListReflectionsResponse{Reflections: rows, NextPageToken: next}, err
}

// CreateNote keeps an observation.
func (s *plans) CreateNote(ctx context.Context, req *schoolsv1.CreateNoteRequest) (*schoolsv1.Note, error) {
	if err := checkName("parent", req.GetParent(), journeyForm); err != nil {
		return nil, err
	}
	n, err := s.journeys.CreateNote(ctx, actor(ctx).Subject, req.GetParent(), req.GetNoteId(), journey.Note{
		Text: req.GetNote().GetText(), Standard: req.GetNote().GetStandard(),
	})
	return answer(n, err, noteOut)
}

// GetNote reads one note.
func (s *plans) GetNote(ctx context.Context, req *schoolsv1.GetNoteRequest) (*schoolsv1.Note, error) {
	return read(ctx, req.GetName(), noteForm, s.journeys.GetNote, noteOut)
}

// ListNotes lists the notes of a journey.
func (s *plans) ListNotes(ctx context.Context, req *schoolsv1.ListNotesRequest) (*schoolsv1.ListNotesResponse, error) {
	rows, next, err := below(ctx, req, journeyForm, s.journeys.ListNotes, func(n journey.Note) string { return n.Name }, noteOut)
	return &schoolsv1.ListNotesResponse{Notes: rows, NextPageToken: next}, err
}

// CountNotes counts notes by standard, without what they say.
func (s *plans) CountNotes(ctx context.Context, req *schoolsv1.CountNotesRequest) (*schoolsv1.NoteCounts, error) {
	if err := checkName("name", req.GetName(), schoolForm); err != nil {
		return nil, err
	}
	if team := req.GetTeam(); team != "" {
		if err := checkName("team", team, teamForm); err != nil {
			return nil, err
		}
	}
	counts, err := s.journeys.CountNotes(ctx, req.GetName(), req.GetTeam())
	return answer(counts, err, noteCountsOut(req.GetName()))
}

func noteCountsOut(name string) func(map[string]int) *schoolsv1.NoteCounts {
	return func(counts map[string]int) *schoolsv1.NoteCounts {
		out := &schoolsv1.NoteCounts{Name: name}
		for _, standard := range slices.Sorted(maps.Keys(counts)) {
			n := int32(counts[standard]) //nolint:gosec // notes of a school
			if standard == "" {
				out.General = n
				continue
			}
			out.Standards = append(out.Standards, &schoolsv1.StandardNotes{Standard: standard, Notes: n})
		}
		return out
	}
}

func reflectionOut(r journey.Reflection) *schoolsv1.Reflection {
	return &schoolsv1.Reflection{
		Name: r.Name, Step: r.Step, Text: r.Text, Group: wire.Group(r.Group), Author: r.Author,
		CreateTime: stamp(r.Created), Etag: tagOf(r.Meta),
	}
}

func noteOut(n journey.Note) *schoolsv1.Note {
	return &schoolsv1.Note{
		Name: n.Name, Text: n.Text, Standard: n.Standard, Author: n.Author, CreateTime: stamp(n.Created), Etag: tagOf(n.Meta),
	}
}
