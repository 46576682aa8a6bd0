package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/scope"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

func districts() table[district.District] {
	return table[district.District]{
		name: "districts", collection: "districts", columns: "title, state_identifier, region, time_zone",
		fields: func(d *district.District) []any {
			return []any{&d.Title, &d.StateIdentifier, &d.Region, &d.TimeZone}
		},
		meta: func(d *district.District) (*string, *record.Meta) { return &d.Name, &d.Meta },
	}
}

func schools() table[district.School] {
	return table[district.School]{
		name: "schools", collection: "schools",
		columns: "title, state_identifier, grade_low, grade_high, enrollment, title_one, charter, state",
		fields: func(s *district.School) []any {
			return []any{
				&s.Title, &s.StateIdentifier, &s.GradeLow, &s.GradeHigh, &s.Enrollment, &s.TitleOne, &s.Charter, text(&s.State),
			}
		},
		meta: func(s *district.School) (*string, *record.Meta) { return &s.Name, &s.Meta },
	}
}

func feeders() table[district.Feeder] {
	return table[district.Feeder]{
		name: "feeder_systems", collection: "feederSystems", columns: "title, schools",
		fields: func(f *district.Feeder) []any { return []any{&f.Title, jsonText(&f.Schools)} },
		meta:   func(f *district.Feeder) (*string, *record.Meta) { return &f.Name, &f.Meta },
	}
}

// District reads one district.
func (s *Store) District(ctx context.Context, name string) (district.District, error) {
	return districts().get(ctx, s.db, name, "")
}

// InsertDistrict adds a district.
func (s *Store) InsertDistrict(ctx context.Context, d district.District) error {
	return districts().insert(ctx, s.db, d)
}

// UpdateDistrict writes a changed district.
func (s *Store) UpdateDistrict(ctx context.Context, d district.District) error {
	return districts().update(ctx, s.db, d)
}

// ListDistricts lists the districts of the scope, and those that a node of it lies in.
func (s *Store) ListDistricts(ctx context.Context, shown scope.Scope, r record.Range) ([]district.District, error) {
	where := &clause{}
	where.and(shown.Where(scope.Columns{District: "district_id", At: func(node string) string {
		return "district_id = " + where.arg(record.District(node))
	}}, where.arg))
	if len(r.After) == 1 {
		where.and("id > " + where.arg(r.After[0]))
	}
	return districts().query(ctx, s.db, where.String()+" ORDER BY id"+limit(r), where.args...)
}

// School reads one school.
func (s *Store) School(ctx context.Context, name string) (district.School, error) {
	return schools().get(ctx, s.db, name, "")
}

// InsertSchool adds a school.
func (s *Store) InsertSchool(ctx context.Context, v district.School) error {
	return schools().insert(ctx, s.db, v)
}

// UpdateSchool writes a changed school.
func (s *Store) UpdateSchool(ctx context.Context, v district.School) error {
	return schools().update(ctx, s.db, v)
}

// ListSchools lists the schools that the scope covers and the filter lets pass,
// by district and id.
func (s *Store) ListSchools(ctx context.Context, q district.SchoolQuery, r record.Range) ([]district.School, error) {
	where := &clause{}
	where.and(q.Scope.Where(scope.Columns{District: "district_id", At: func(node string) string {
		in := "district_id = " + where.arg(record.District(node))
		if schoolNode(node) {
			_, _, id := record.Split(node)
			in += " AND id = " + where.arg(id)
		}
		return in
	}}, where.arg))
	if q.District != "" {
		where.and("parent = " + where.arg(q.District) + " AND district_id = " + where.arg(record.District(q.District)))
	}
	if len(r.After) == 2 {
		where.and(fmt.Sprintf("(district_id, id) > (%s, %s)", where.arg(r.After[0]), where.arg(r.After[1])))
	}
	if q.Filter != nil {
		where.and(where.condition(q.Filter))
	}
	return schools().query(ctx, s.db, where.String()+" ORDER BY district_id, id"+limit(r), where.args...)
}

// Feeder reads one feeder system.
func (s *Store) Feeder(ctx context.Context, name string) (district.Feeder, error) {
	return feeders().get(ctx, s.db, name, "")
}

// InsertFeeder adds a feeder system.
func (s *Store) InsertFeeder(ctx context.Context, f district.Feeder) error {
	if err := feeders().insert(ctx, s.db, f); err != nil {
		return err
	}
	return s.claimSchools(ctx, f)
}

// UpdateFeeder writes a changed feeder system.
func (s *Store) UpdateFeeder(ctx context.Context, f district.Feeder) error {
	if err := feeders().update(ctx, s.db, f); err != nil {
		return err
	}
	if err := s.freeSchools(ctx, f.Name); err != nil {
		return err
	}
	return s.claimSchools(ctx, f)
}

// DeleteFeeder removes a feeder system.
func (s *Store) DeleteFeeder(ctx context.Context, f district.Feeder) error {
	if err := s.freeSchools(ctx, f.Name); err != nil {
		return err
	}
	return feeders().remove(ctx, s.db, f)
}

// ListFeeders lists the feeder systems of a district.
func (s *Store) ListFeeders(ctx context.Context, parent string, r record.Range) ([]district.Feeder, error) {
	return feeders().list(ctx, s.db, parent, "", r)
}

// FeederOf names the feeder system of a school, or is empty.
func (s *Store) FeederOf(ctx context.Context, school string) (feeder string, err error) {
	err = s.value(ctx, &feeder, `SELECT feeder FROM feeder_schools WHERE district_id = $1 AND school = $2`,
		record.District(school), school)
	return feeder, err
}

func (s *Store) claimSchools(ctx context.Context, f district.Feeder) error {
	for _, school := range f.Schools {
		_, err := s.db.Exec(ctx, `INSERT INTO feeder_schools (district_id, school, feeder) VALUES ($1, $2, $3)`,
			record.District(school), school, f.Name)
		if err != nil {
			return sqldb.MapError(err, school)
		}
	}
	return nil
}

func (s *Store) freeSchools(ctx context.Context, feeder string) error {
	_, err := s.db.Exec(ctx, `DELETE FROM feeder_schools WHERE district_id = $1 AND feeder = $2`, record.District(feeder), feeder)
	return sqldb.MapError(err, feeder)
}

// clause builds a WHERE text together with its arguments.
type clause struct {
	parts []string
	args  []any
}

func (c *clause) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *clause) and(part string) { c.parts = append(c.parts, "("+part+")") }

// String is the text after WHERE.
func (c *clause) String() string {
	if len(c.parts) == 0 {
		return "1 = 1"
	}
	return strings.Join(c.parts, " AND ")
}

// condition translates a filter. Fields come from the list that the parser of
// filters knows, values are bound.
func (c *clause) condition(f *district.Condition) string {
	switch f.Op {
	case district.And, district.Or:
		parts := make([]string, len(f.Args))
		for i, a := range f.Args {
			parts[i] = c.condition(a)
		}
		return "(" + strings.Join(parts, " "+strings.ToUpper(string(f.Op))+" ") + ")"
	case district.Not:
		return "(NOT " + c.condition(f.Args[0]) + ")"
	case district.Has:
		escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(fmt.Sprint(f.Value)))
		return fmt.Sprintf(`LOWER(%s) LIKE %s ESCAPE '\'`, f.Field, c.arg("%"+escaped+"%"))
	case district.NotEqual:
		return f.Field + " <> " + c.arg(f.Value)
	default:
		return f.Field + " = " + c.arg(f.Value)
	}
}
