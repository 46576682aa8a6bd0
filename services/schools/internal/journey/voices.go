package journey

import (
	"context"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const maxBody = 8000

// Reflection is what the team learned from a step. It is never changed.
type Reflection struct {
	Name   string
	Step   string
	Text   string
	Group  team.Group
	Author string
	record.Meta
}

// Note is an anecdotal observation of the time of discovery.
type Note struct {
	Name     string
	Text     string
	Standard string
	Author   string
	record.Meta
}

// CreateReflection writes down what the team learned from a step.
func (s Service) CreateReflection(ctx context.Context, by, journey, id string, r Reflection) (Reflection, error) {
	id, err := record.ChooseID(id, "reflection_id")
	if err != nil {
		return Reflection{}, err
	}
	r.Name, r.Author, r.Meta = record.Join(journey, "reflections", id), by, record.NewMeta(s.Clock.Now())
	_, err = s.edit(ctx, journey, createReflection, func(ctx context.Context, _ *Journey) error {
		if err := s.checkReflection(ctx, journey, r); err != nil {
			return err
		}
		return s.Store.InsertReflection(ctx, r)
	})
	return r, err
}

func (s Service) checkReflection(ctx context.Context, journey string, f Reflection) error {
	r := record.For("reflection")
	r.Text("text", f.Text, maxBody)
	if !f.Group.Valid() {
		r.Add("group", "required", "Say whose view it is.")
	}
	found := record.Parent(f.Step) == journey
	if found {
		_, err := s.Store.Step(ctx, f.Step)
		if found = err == nil; err != nil && !problem.Is(err, problem.KindNotFound) {
			return err
		}
	}
	if !found {
		r.Add("step", "step_of_journey", "Choose a step of this journey.")
	}
	return r.Err()
}

// GetReflection reads one reflection.
func (s Service) GetReflection(ctx context.Context, name string) (Reflection, error) {
	return s.Store.Reflection(ctx, name)
}

// ListReflections lists the reflections of a journey.
func (s Service) ListReflections(ctx context.Context, journey string, r record.Range) ([]Reflection, error) {
	if _, err := s.Store.Journey(ctx, journey); err != nil {
		return nil, err
	}
	return s.Store.ListReflections(ctx, journey, r)
}

// CreateNote keeps an observation from the time of discovery.
func (s Service) CreateNote(ctx context.Context, by, journey, id string, n Note) (Note, error) {
	id, err := record.ChooseID(id, "note_id")
	if err != nil {
		return Note{}, err
	}
	j, err := s.Store.Journey(ctx, journey)
	if err != nil {
		return Note{}, err
	}
	r := record.For("note")
	r.Text("text", n.Text, maxBody)
	if n.Standard != "" {
		f, err := s.Frameworks.Version(ctx, j.FrameworkVersion)
		if err != nil {
			return Note{}, err
		}
		if _, found := f.Standards[n.Standard]; !found {
			r.Add("standard", "standard_of_framework", "Choose a standard of "+j.FrameworkVersion+", or leave it empty for all.")
		}
	}
	if err := r.Err(); err != nil {
		return Note{}, err
	}
	n.Name, n.Author, n.Meta = record.Join(journey, "notes", id), by, record.NewMeta(s.Clock.Now())
	_, err = s.edit(ctx, journey, createNote, func(ctx context.Context, _ *Journey) error {
		return s.Store.InsertNote(ctx, n)
	})
	return n, err
}

// GetNote reads one note.
func (s Service) GetNote(ctx context.Context, name string) (Note, error) {
	return s.Store.Note(ctx, name)
}

// ListNotes lists the notes of a journey.
func (s Service) ListNotes(ctx context.Context, journey string, r record.Range) ([]Note, error) {
	if _, err := s.Store.Journey(ctx, journey); err != nil {
		return nil, err
	}
	return s.Store.ListNotes(ctx, journey, r)
}

// CountNotes counts the notes of a school's teams, or of one of them, by the
// standard they speak to; "" are those that speak to all.
func (s Service) CountNotes(ctx context.Context, school, team string) (map[string]int, error) {
	if team == "" {
		if _, err := s.Store.School(ctx, school); err != nil {
			return nil, err
		}
		return s.Store.CountNotes(ctx, school)
	}
	if _, err := s.Store.Team(ctx, team); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(team, school+"/teams/") {
		return nil, problem.NotFound(team)
	}
	return s.Store.CountNotes(ctx, team)
}
