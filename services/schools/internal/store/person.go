package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

func people() table[person.Person] {
	return table[person.Person]{
		name: "people", collection: "people", columns: "display_name, email, grants, demo, disabled",
		fields: func(p *person.Person) []any {
			// Grants are rows of their own; the column is for a program that still reads it.
			none := "[]"
			return []any{&p.DisplayName, &p.Email, &none, &p.Demo, &p.Disabled}
		},
		meta: func(p *person.Person) (*string, *record.Meta) { return &p.Name, &p.Meta },
	}
}

// Person reads one person.
func (s *Store) Person(ctx context.Context, name string) (person.Person, error) {
	return people().get(ctx, s.db, name, "")
}

// InsertPerson adds a person.
func (s *Store) InsertPerson(ctx context.Context, p person.Person) error {
	return people().insert(ctx, s.db, p)
}

// UpdatePerson writes a changed person.
func (s *Store) UpdatePerson(ctx context.Context, p person.Person) error {
	return people().update(ctx, s.db, p)
}

// ListPeople lists the people below parent, or everywhere, by district and id.
func (s *Store) ListPeople(ctx context.Context, parent string, everywhere bool, r record.Range) ([]person.Person, error) {
	where := &clause{}
	if !everywhere {
		where.and("parent = " + where.arg(parent) + " AND district_id = " + where.arg(record.District(parent)))
	}
	if len(r.After) == 2 {
		where.and("(district_id, id) > (" + where.arg(r.After[0]) + ", " + where.arg(r.After[1]) + ")")
	}
	return people().query(ctx, s.db, where.String()+" ORDER BY district_id, id"+limit(r), where.args...)
}
