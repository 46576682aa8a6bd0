package store

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// cellsBody is a published table as it is kept: its places stand once for all tables
// of the release, and counts that are true are in another table.
type cellsBody struct {
	Population string    `json:"population"`
	Of         string    `json:"of"`
	Filter     string    `json:"filter,omitempty"`
	Round      int       `json:"round"`
	Categories []string  `json:"categories"`
	Counts     [][]int64 `json:"counts"`
	Totals     []int64   `json:"totals"`
}

// shape is what the tables of a release have in common.
type shape struct {
	district, id, wave string
	rule               release.Rule
	whole, top         []release.Place
	epsilon            release.Epsilon
}

// SaveCells keeps what the engine decided.
func (s base) SaveCells(ctx context.Context, c rollup.Cells) error {
	whole, top := c.Truth[0].Places, []release.Place{}
	for _, t := range c.Truth {
		if t.Filter != "" {
			top = t.Places
			break
		}
	}
	bodies := make([]string, 3)
	for i, v := range []any{c.Rule, whole, top} {
		var err error
		if bodies[i], err = encode(v); err != nil {
			return err
		}
	}
	err := s.insert(ctx, c.Release, `
		INSERT INTO release_shapes (district_id, release_id, wave_key, rule, places, top_places, created_at, epsilon) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.District, c.Release, c.Wave.String(), bodies[0], bodies[1], bodies[2], sqldb.Micros(s.clock.Now()), int64(c.Epsilon))
	if err != nil {
		return err
	}
	cells, truths := make([][]any, len(c.Published)), make([][]any, len(c.Published))
	for i, p := range c.Published {
		body, err := encode(cellsBody{p.Population, p.Of, p.Filter, p.Round, p.Categories, p.Counts, p.Totals})
		if err != nil {
			return err
		}
		truth, err := encode(c.Truth[i].Counts)
		if err != nil {
			return err
		}
		cells[i], truths[i] = []any{c.District, c.Release, i, body}, []any{c.District, c.Release, i, truth}
	}
	if err := s.insertMany(ctx, `INSERT INTO release_cells (district_id, release_id, part, body)`, cells); err != nil {
		return err
	}
	return s.insertMany(ctx, `INSERT INTO release_truths (district_id, release_id, part, body)`, truths)
}

func scanShape(row scanner) (h shape, err error) {
	var rule, whole, top string
	if err = row.Scan(&h.district, &h.id, &h.wave, &rule, &whole, &top, &h.epsilon); err != nil {
		return h, err
	}
	for i, into := range []any{&h.rule, &h.whole, &h.top} {
		if err := decode([]string{rule, whole, top}[i], into); err != nil {
			return h, err
		}
	}
	return h, nil
}

const shapeColumns = `district_id, release_id, wave_key, rule, places, top_places, epsilon`

// Cells reads what was published of a release, and nothing of what is true.
func (s base) Cells(ctx context.Context, district, id string) (rollup.Cells, error) {
	h, err := one(ctx, s, id, scanShape, `SELECT `+shapeColumns+` FROM release_shapes WHERE district_id = $1 AND release_id = $2`, district, id)
	if err != nil {
		return rollup.Cells{}, err
	}
	published, err := s.cells(ctx, h)
	return rollup.Cells{District: district, Release: id, WaveKey: h.wave, Rule: h.rule, Published: published, Epsilon: h.epsilon}, err
}

func (s base) cells(ctx context.Context, h shape) ([]release.Published, error) {
	return all(ctx, s, func(row scanner) (release.Published, error) {
		body, err := scanText(row)
		if err != nil {
			return release.Published{}, err
		}
		var b cellsBody
		if err := decode(body, &b); err != nil {
			return release.Published{}, err
		}
		t := release.Table{Population: b.Population, Of: b.Of, Filter: b.Filter, Round: b.Round, Places: h.whole, Categories: b.Categories, Counts: b.Counts}
		if b.Filter != "" {
			t.Places = h.top
		}
		return release.Published{Table: t, Totals: b.Totals}, nil
	}, `SELECT body FROM release_cells WHERE district_id = $1 AND release_id = $2 ORDER BY part`, h.district, h.id)
}

// shapes are those of all releases about a wave, the oldest first.
func (s base) shapes(ctx context.Context, waveKey string) ([]shape, error) {
	return all(ctx, s, scanShape, `SELECT `+shapeColumns+` FROM release_shapes WHERE wave_key = $1 ORDER BY created_at, release_id`, waveKey)
}

// HistorySize counts the releases about a wave.
func (s base) HistorySize(ctx context.Context, w rollup.Wave) (n int, err error) {
	ctx = tenant.Everything(ctx, "a release is checked against all earlier ones about the same people, in whichever district")
	err = s.db.Conn(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM release_shapes WHERE wave_key = $1`, w.String()).Scan(&n)
	return n, sqldb.MapError(err, "releases")
}

// Told reads all that was published about a wave, and nothing of what is true.
func (s base) Told(ctx context.Context, waveKey string) (out []release.Published, releases int, err error) {
	ctx = tenant.Everything(ctx, "an audit takes in all that was published about the same people, in whichever district")
	shapes, err := s.shapes(ctx, waveKey)
	for _, h := range shapes {
		published, err := s.cells(ctx, h)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, published...)
	}
	return out, len(shapes), err
}

// History reads all that was released about a wave, with what is true, and how many
// releases that were.
func (s base) History(ctx context.Context, w rollup.Wave) ([]release.Release, int, error) {
	ctx = tenant.Everything(ctx, "a release is checked against all earlier ones about the same people, in whichever district")
	shapes, err := s.shapes(ctx, w.String())
	if err != nil {
		return nil, 0, err
	}
	var out []release.Release
	for _, h := range shapes {
		published, err := s.cells(ctx, h)
		if err != nil {
			return nil, 0, err
		}
		truths, err := all(ctx, s, func(row scanner) (counts [][]int64, err error) {
			body, err := scanText(row)
			if err != nil {
				return nil, err
			}
			return counts, decode(body, &counts)
		}, `SELECT body FROM release_truths WHERE district_id = $1 AND release_id = $2 ORDER BY part`, h.district, h.id)
		if err != nil {
			return nil, 0, err
		}
		if len(truths) != len(published) {
			return nil, 0, fmt.Errorf("release %s has %d tables and the truth of %d", h.id, len(published), len(truths))
		}
		for i, p := range published {
			truth := p.Table
			truth.Counts = truths[i]
			out = append(out, release.Release{Truth: truth, Published: p})
		}
	}
	return out, len(shapes), nil
}

// SavePages keeps the pages of a release.
func (s base) SavePages(ctx context.Context, district, id string, pages []rollup.Page) error {
	const batch = 100 // pages of a statement's arguments in memory at a time
	for len(pages) > 0 {
		n := min(batch, len(pages))
		rows := make([][]any, n)
		for i, p := range pages[:n] {
			line, err := encode(p.Line())
			if err != nil {
				return err
			}
			body, err := encode(p)
			if err != nil {
				return err
			}
			rows[i] = []any{district, id, p.Table, int(p.Level), p.Parent, line, body}
		}
		if err := s.insertMany(ctx, `INSERT INTO release_tables (district_id, release_id, table_id, level, parent_table, summary, body)`, rows); err != nil {
			return err
		}
		pages = pages[n:]
	}
	return nil
}

func scanPage(row scanner) (p rollup.Page, err error) {
	body, err := scanText(row)
	if err != nil {
		return p, err
	}
	return p, decode(body, &p)
}

// Page reads one page.
func (s base) Page(ctx context.Context, district, id, table string) (rollup.Page, error) {
	return one(ctx, s, "releases/"+id+"/tables/"+table, scanPage,
		`SELECT body FROM release_tables WHERE district_id = $1 AND release_id = $2 AND table_id = $3`, district, id, table)
}

// Pages reads all pages of a release.
func (s base) Pages(ctx context.Context, district, id string) ([]rollup.Page, error) {
	return all(ctx, s, scanPage, `SELECT body FROM release_tables WHERE district_id = $1 AND release_id = $2 `, district, id)
}

// Lines reads pages in short.
func (s base) Lines(ctx context.Context, district, id string, q rollup.Select) ([]rollup.Line, error) {
	condition, args := "", []any{district, id, q.After, q.Limit}
	if q.Under != "" {
		args = append(args, q.Under)
		condition += fmt.Sprintf(" AND parent_table = $%d", len(args))
	}
	if q.Level != 0 {
		args = append(args, int(q.Level))
		condition += fmt.Sprintf(" AND level = $%d", len(args))
	}
	return all(ctx, s, func(row scanner) (l rollup.Line, err error) {
		body, err := scanText(row)
		if err != nil {
			return l, err
		}
		return l, decode(body, &l)
	}, `SELECT summary FROM release_tables WHERE district_id = $1 AND release_id = $2 AND table_id > $3`+condition+` ORDER BY table_id LIMIT $4`, args...)
}

// released are the releases of an instrument, of a district or of the state.
const released = `(
	SELECT r.district_id, r.release_id, c.instrument_id, c.cycle, c.wave, r.created_at
	FROM releases r JOIN campaigns c ON c.district_id = r.district_id AND c.campaign_id = r.campaign_id WHERE r.district_id = $1
	UNION ALL
	SELECT district_id, release_id, instrument_id, cycle, wave, created_at FROM state_releases WHERE district_id = $1) r`

// Before finds the newest release of the instrument in another wave.
func (s base) Before(ctx context.Context, district string, w rollup.Wave) (string, error) {
	return s.idOrNone(ctx, `SELECT release_id FROM `+released+`
		WHERE instrument_id = $2 AND (cycle <> $3 OR wave < $4) AND EXISTS (SELECT 1 FROM release_tables t WHERE t.district_id = r.district_id AND t.release_id = r.release_id)
		ORDER BY created_at DESC, release_id DESC LIMIT 1`, district, w.Instrument, w.Cycle, w.Number)
}

// Latest finds the newest release of a wave.
func (s base) Latest(ctx context.Context, district string, w rollup.Wave) (string, error) {
	return s.idOrNone(ctx, `SELECT release_id FROM `+released+`
		WHERE instrument_id = $2 AND cycle = $3 AND wave = $4 ORDER BY created_at DESC, release_id DESC LIMIT 1`, district, w.Instrument, w.Cycle, w.Number)
}

func (s base) idOrNone(ctx context.Context, query string, args ...any) (string, error) {
	id, err := one(ctx, s, "releases/-", scanText, query, args...)
	if problem.Is(err, problem.KindNotFound) {
		return "", nil
	}
	return id, err
}
