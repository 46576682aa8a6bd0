package store

import (
	"context"

	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Editions keeps families of versioned documents of one kind.
type Editions[B any] struct {
	base
	kind     edition.Kind
	families string // table
	versions string // table
	event    func(e edition.Edition[B]) proto.Message
}

// NewFrameworks returns the store of frameworks.
func NewFrameworks(db *sqldb.DB, c clock.Clock) *Editions[framework.Body] {
	kind := framework.Kind()
	return &Editions[framework.Body]{
		base: base{db, c}, kind: kind, families: "frameworks", versions: "framework_versions",
		event: func(e framework.Version) proto.Message {
			published := &assessmentsv1.FrameworkPublished{Name: kind.VersionName(e.Family, e.ID)}
			for _, s := range e.Body.Standards {
				published.Standards = append(published.Standards, s.ID)
			}
			return published
		},
	}
}

// NewInstruments returns the store of instruments.
func NewInstruments(db *sqldb.DB, c clock.Clock) *Editions[instrument.Body] {
	kind := instrument.Kind()
	return &Editions[instrument.Body]{
		base: base{db, c}, kind: kind, families: "instruments", versions: "instrument_versions",
		event: func(e instrument.Version) proto.Message {
			return &assessmentsv1.InstrumentPublished{Name: kind.VersionName(e.Family, e.ID)}
		},
	}
}

// AddFamily adds a family.
func (s *Editions[B]) AddFamily(ctx context.Context, f edition.Family) error {
	name := s.kind.FamilyName(f.ID)
	read := func(ctx context.Context) (edition.Family, error) { return s.Family(ctx, f.ID) }
	return audit.Added(ctx, s.db, name, read, func(ctx context.Context) error {
		return s.insert(ctx, name, `
			INSERT INTO `+s.families+` (district_id, family_id, title, description, created_at, updated_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			state, f.ID, f.Title, f.Description, sqldb.Micros(f.CreateTime), sqldb.Micros(f.UpdateTime), f.Version)
	})
}

const familyColumns = `family_id, title, description, created_at, updated_at, version`

func scanFamily(row scanner) (f edition.Family, err error) {
	var created, updated int64
	err = row.Scan(&f.ID, &f.Title, &f.Description, &created, &updated, &f.Version)
	f.CreateTime, f.UpdateTime = sqldb.Time(created), sqldb.Time(updated)
	return f, err
}

// Family reads one family.
func (s *Editions[B]) Family(ctx context.Context, id string) (edition.Family, error) {
	return one(ctx, s.base, s.kind.FamilyName(id), scanFamily,
		`SELECT `+familyColumns+` FROM `+s.families+` WHERE district_id = $1 AND family_id = $2`, state, id)
}

// Families lists families.
func (s *Editions[B]) Families(ctx context.Context, after string, limit int) ([]edition.Family, error) {
	return all(ctx, s.base, scanFamily, `SELECT `+familyColumns+` FROM `+s.families+`
		WHERE district_id = $1 AND family_id > $2 ORDER BY family_id LIMIT $3`, state, after, limit)
}

// AddEdition adds a version.
func (s *Editions[B]) AddEdition(ctx context.Context, e edition.Edition[B]) error {
	body, err := encode(e.Body)
	if err != nil {
		return err
	}
	name := s.kind.VersionName(e.Family, e.ID)
	return audit.Added(ctx, s.db, name, s.editionReader(e), func(ctx context.Context) error {
		return s.insert(ctx, name, `
			INSERT INTO `+s.versions+` (district_id, family_id, version_id, title, body, state, published_at, created_at, updated_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			state, e.Family, e.ID, e.Title, body, int(e.State), sqldb.Micros(e.PublishTime), sqldb.Micros(e.CreateTime), sqldb.Micros(e.UpdateTime), e.Version)
	})
}

// editionReader reads the version as it is kept, for the audit log.
func (s *Editions[B]) editionReader(e edition.Edition[B]) func(context.Context) (edition.Edition[B], error) {
	return func(ctx context.Context) (edition.Edition[B], error) { return s.Edition(ctx, e.Family, e.ID) }
}

const versionColumns = `family_id, version_id, title, body, state, published_at, created_at, updated_at, version`

func scanEdition[B any](row scanner) (e edition.Edition[B], err error) {
	var body string
	var published, created, updated int64
	if err = row.Scan(&e.Family, &e.ID, &e.Title, &body, &e.State, &published, &created, &updated, &e.Version); err != nil {
		return e, err
	}
	e.PublishTime, e.CreateTime, e.UpdateTime = sqldb.Time(published), sqldb.Time(created), sqldb.Time(updated)
	err = decode(body, &e.Body)
	return e, err
}

// Edition reads one version.
func (s *Editions[B]) Edition(ctx context.Context, family, id string) (edition.Edition[B], error) {
	return one(ctx, s.base, s.kind.VersionName(family, id), scanEdition[B],
		`SELECT `+versionColumns+` FROM `+s.versions+` WHERE district_id = $1 AND family_id = $2 AND version_id = $3`, state, family, id)
}

// Editions lists the versions of a family.
func (s *Editions[B]) Editions(ctx context.Context, family, after string, limit int) ([]edition.Edition[B], error) {
	return all(ctx, s.base, scanEdition[B], `SELECT `+versionColumns+` FROM `+s.versions+`
		WHERE district_id = $1 AND family_id = $2 AND version_id > $3 ORDER BY version_id LIMIT $4`, state, family, after, limit)
}

// SaveEdition replaces a version.
func (s *Editions[B]) SaveEdition(ctx context.Context, e edition.Edition[B]) error {
	body, err := encode(e.Body)
	if err != nil {
		return err
	}
	name := s.kind.VersionName(e.Family, e.ID)
	return audit.Changed(ctx, s.db, name, s.editionReader(e), func(ctx context.Context) error {
		return s.replace(ctx, name, `
			UPDATE `+s.versions+` SET title = $4, body = $5, state = $6, published_at = $7, updated_at = $8, version = $9
			WHERE district_id = $1 AND family_id = $2 AND version_id = $3 AND version = $10`,
			state, e.Family, e.ID, e.Title, body, int(e.State), sqldb.Micros(e.PublishTime), sqldb.Micros(e.UpdateTime), e.Version, e.Version-1)
	})
}

// Announce records that the version was published.
func (s *Editions[B]) Announce(ctx context.Context, e edition.Edition[B]) error {
	return outbox.Add(ctx, s.db, s.clock.Now(), s.event(e))
}
