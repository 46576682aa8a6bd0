package store

import (
	"context"
	"fmt"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
)

// Portfolios derives portfolios and keeps manifests.
type Portfolios struct{ base }

// NewPortfolios returns the store of portfolios.
func NewPortfolios(db *sqldb.DB, c clock.Clock) *Portfolios { return &Portfolios{base{db, c}} }

// Version counts the changes of a portfolio.
func (s *Portfolios) Version(ctx context.Context, j portfolio.Journey) (int64, error) {
	return s.number(ctx, `SELECT version FROM portfolios WHERE district_id = $1 AND journey = $2`, j.District, j.Name())
}

// Items are the accepted artifacts of a journey.
func (s *Portfolios) Items(ctx context.Context, j portfolio.Journey) ([]portfolio.Item, error) {
	list, err := all(ctx, s.base, scanArtifact, `SELECT `+artifactColumns+` FROM artifacts
		WHERE district_id = $1 AND journey = $2 AND state = $3`, j.District, j.Name(), int(artifact.Accepted))
	out := make([]portfolio.Item, len(list))
	for i, a := range list {
		out[i] = portfolio.Item{Groups: a.Groups, Entry: portfolio.Entry{
			Artifact: a.Name(), SHA256: a.SHA256, Size: a.Size, MediaType: a.MediaType, Caption: a.Caption, OccurDate: a.OccurDate, Step: a.Step, Indicator: a.Indicator,
			PublicSummary: a.PublicSummary,
		}}
	}
	return out, err
}

const manifestColumns = `manifest_id, sequence, entries, digest, previous_digest, created_at`

func scanManifest(j portfolio.Journey) func(row scanner) (portfolio.Manifest, error) {
	return func(row scanner) (portfolio.Manifest, error) {
		m := portfolio.Manifest{Journey: j}
		var entries string
		var created int64
		if err := row.Scan(&m.ID, &m.Sequence, &entries, &m.Digest, &m.Previous, &created); err != nil {
			return m, err
		}
		m.CreateTime = sqldb.Time(created)
		return m, decode(entries, &m.Entries)
	}
}

// Newest is the newest manifest of a journey.
func (s *Portfolios) Newest(ctx context.Context, j portfolio.Journey) (portfolio.Manifest, bool, error) {
	m, err := one(ctx, s.base, j.Portfolio(), scanManifest(j), `SELECT `+manifestColumns+` FROM manifests
		WHERE district_id = $1 AND journey = $2 ORDER BY sequence DESC LIMIT 1`, j.District, j.Name())
	if problem.Is(err, problem.KindNotFound) {
		return portfolio.Manifest{}, false, nil
	}
	return m, err == nil, err
}

// AddManifest adds a manifest. The portfolio's row comes first: of two at once, one
// waits for it and then finds the other's manifest.
func (s *Portfolios) AddManifest(ctx context.Context, m portfolio.Manifest) error {
	read := func(ctx context.Context) (portfolio.Manifest, error) { return s.Manifest(ctx, m.Journey, m.ID) }
	return audit.Added(ctx, s.db, m.Name(), read, func(ctx context.Context) error { return s.insertManifest(ctx, m) })
}

func (s *Portfolios) insertManifest(ctx context.Context, m portfolio.Manifest) error {
	entries, err := encode(m.Entries)
	if err != nil {
		return err
	}
	if err := s.touch(ctx, m.Journey.District, m.Journey.Name()); err != nil {
		return err
	}
	err = s.exec(ctx, m.Name(), `INSERT INTO manifests (district_id, journey, `+manifestColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		m.Journey.District, m.Journey.Name(), m.ID, m.Sequence, entries, m.Digest, m.Previous, sqldb.Micros(m.CreateTime))
	for _, e := range m.Entries {
		if err != nil {
			return err
		}
		err = s.exec(ctx, m.Name(), `INSERT INTO frozen_contents (district_id, sha256) VALUES ($1, $2)
			ON CONFLICT (district_id, sha256) DO NOTHING`, m.Journey.District, e.SHA256)
	}
	return err
}

// Manifest reads one manifest.
func (s *Portfolios) Manifest(ctx context.Context, j portfolio.Journey, id string) (portfolio.Manifest, error) {
	return one(ctx, s.base, portfolio.Manifest{Journey: j, ID: id}.Name(), scanManifest(j), `SELECT `+manifestColumns+` FROM manifests
		WHERE district_id = $1 AND journey = $2 AND manifest_id = $3`, j.District, j.Name(), id)
}

// Manifests lists the manifests of a journey.
func (s *Portfolios) Manifests(ctx context.Context, j portfolio.Journey, after int64, limit int) ([]portfolio.Manifest, error) {
	return all(ctx, s.base, scanManifest(j), `SELECT `+manifestColumns+` FROM manifests
		WHERE district_id = $1 AND journey = $2 AND sequence > $3 ORDER BY sequence LIMIT $4`, j.District, j.Name(), after, limit)
}

// Emit records an event of package portfolio.
func (s *Portfolios) Emit(ctx context.Context, event any) error {
	frozen, ok := event.(portfolio.FrozenEvent)
	if !ok {
		return fmt.Errorf("no event for %T", event)
	}
	m := frozen.Manifest
	return outbox.Add(ctx, s.db, s.clock.Now(), &evidencev1.PortfolioFrozen{Name: m.Name(), Journey: m.Journey.Name(), Digest: m.Digest})
}
