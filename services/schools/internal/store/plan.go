package store

import (
	"context"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

func goals() table[journey.Goal] {
	return table[journey.Goal]{
		name: "goals", collection: "goals", columns: "title, indicator, improvement_plan_goal, measure",
		fields: func(g *journey.Goal) []any {
			return []any{&g.Title, &g.Indicator, &g.ImprovementPlanGoal, &g.Measure}
		},
		meta: func(g *journey.Goal) (*string, *record.Meta) { return &g.Name, &g.Meta },
	}
}

func steps() table[journey.Step] {
	return table[journey.Step]{
		name: "steps", collection: "steps",
		columns: "title, goal, owner, due_date, budget_cents, completed, completed_at, outcome",
		fields: func(s *journey.Step) []any {
			return []any{
				&s.Title, &s.Goal, &s.Owner, &s.DueDate, &s.BudgetCents, &s.Completed, micros(&s.CompleteTime), &s.Outcome,
			}
		},
		meta: func(s *journey.Step) (*string, *record.Meta) { return &s.Name, &s.Meta },
	}
}

func reflections() table[journey.Reflection] {
	return table[journey.Reflection]{
		name: "reflections", collection: "reflections", columns: "step, body, speaks_for, author",
		fields: func(r *journey.Reflection) []any { return []any{&r.Step, &r.Text, text(&r.Group), &r.Author} },
		meta:   func(r *journey.Reflection) (*string, *record.Meta) { return &r.Name, &r.Meta },
	}
}

func notes() table[journey.Note] {
	return table[journey.Note]{
		name: "notes", collection: "notes", columns: "body, standard, author",
		fields: func(n *journey.Note) []any { return []any{&n.Text, &n.Standard, &n.Author} },
		meta:   func(n *journey.Note) (*string, *record.Meta) { return &n.Name, &n.Meta },
	}
}

// Goal reads one goal.
func (s *Store) Goal(ctx context.Context, name string) (journey.Goal, error) {
	return goals().get(ctx, s.db, name, "")
}

// InsertGoal adds a goal.
func (s *Store) InsertGoal(ctx context.Context, g journey.Goal) error {
	return goals().insert(ctx, s.db, g)
}

// UpdateGoal writes a changed goal.
func (s *Store) UpdateGoal(ctx context.Context, g journey.Goal) error {
	return goals().update(ctx, s.db, g)
}

// DeleteGoal removes a goal.
func (s *Store) DeleteGoal(ctx context.Context, g journey.Goal) error {
	return goals().remove(ctx, s.db, g)
}

// ListGoals lists the goals of a journey.
func (s *Store) ListGoals(ctx context.Context, name string, r record.Range) ([]journey.Goal, error) {
	return goals().list(ctx, s.db, name, "", r)
}

// Goals returns the goals of a journey in order of creation.
func (s *Store) Goals(ctx context.Context, name string) ([]journey.Goal, error) {
	return goals().all(ctx, s.db, name)
}

// Step reads one step.
func (s *Store) Step(ctx context.Context, name string) (journey.Step, error) {
	return steps().get(ctx, s.db, name, "")
}

// InsertStep adds a step.
func (s *Store) InsertStep(ctx context.Context, st journey.Step) error {
	return steps().insert(ctx, s.db, st)
}

// UpdateStep writes a changed step.
func (s *Store) UpdateStep(ctx context.Context, st journey.Step) error {
	return steps().update(ctx, s.db, st)
}

// DeleteStep removes a step.
func (s *Store) DeleteStep(ctx context.Context, st journey.Step) error {
	return steps().remove(ctx, s.db, st)
}

// ListSteps lists the steps of a journey.
func (s *Store) ListSteps(ctx context.Context, name string, r record.Range) ([]journey.Step, error) {
	return steps().list(ctx, s.db, name, "", r)
}

// Steps returns the steps of a journey in order of creation.
func (s *Store) Steps(ctx context.Context, name string) ([]journey.Step, error) {
	return steps().all(ctx, s.db, name)
}

// Reflection reads one reflection.
func (s *Store) Reflection(ctx context.Context, name string) (journey.Reflection, error) {
	return reflections().get(ctx, s.db, name, "")
}

// InsertReflection adds a reflection.
func (s *Store) InsertReflection(ctx context.Context, r journey.Reflection) error {
	return reflections().insert(ctx, s.db, r)
}

// ListReflections lists the reflections of a journey.
func (s *Store) ListReflections(ctx context.Context, name string, r record.Range) ([]journey.Reflection, error) {
	return reflections().list(ctx, s.db, name, "", r)
}

// Reflections returns the reflections of a journey in order of creation.
func (s *Store) Reflections(ctx context.Context, name string) ([]journey.Reflection, error) {
	return reflections().all(ctx, s.db, name)
}

// Note reads one note.
func (s *Store) Note(ctx context.Context, name string) (journey.Note, error) {
	return notes().get(ctx, s.db, name, "")
}

// InsertNote adds a note.
func (s *Store) InsertNote(ctx context.Context, n journey.Note) error {
	return notes().insert(ctx, s.db, n)
}

// ListNotes lists the notes of a journey.
func (s *Store) ListNotes(ctx context.Context, name string, r record.Range) ([]journey.Note, error) {
	return notes().list(ctx, s.db, name, "", r)
}

// Notes returns the notes of a journey in order of creation.
func (s *Store) Notes(ctx context.Context, name string) ([]journey.Note, error) {
	return notes().all(ctx, s.db, name)
}

// CountNotes counts the notes below a school or team by standard.
func (s *Store) CountNotes(ctx context.Context, below string) (map[string]int, error) {
	district, _, _ := strings.Cut(strings.TrimPrefix(below, "districts/"), "/")
	// "0" is the character after "/": names below sort between the two.
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT standard, count(*) FROM notes
		WHERE district_id = $1 AND parent > $2 || '/' AND parent < $2 || '0' GROUP BY standard`, district, below)
	if err != nil {
		return nil, sqldb.MapError(err, below)
	}
	defer func() { _ = rows.Close() }()
	counts := map[string]int{}
	for rows.Next() {
		var standard string
		var n int
		if err := rows.Scan(&standard, &n); err != nil {
			return nil, sqldb.MapError(err, below)
		}
		counts[standard] = n
	}
	return counts, sqldb.MapError(rows.Err(), below)
}
