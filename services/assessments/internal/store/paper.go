package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

const entryColumns = `district_id, campaign_id, school_id, sheet_id, entry_id, state, first_by, second_by, first, second, different, salt, created_at, version`

func scanEntry(row scanner) (e response.Entry, err error) {
	var first, second, different string
	var created int64
	if err := row.Scan(&e.District, &e.Campaign, &e.School, &e.Sheet, &e.ID, &e.State, &e.FirstBy, &e.SecondBy,
		&first, &second, &different, &e.Salt, &created, &e.Version); err != nil {
		return e, err
	}
	e.CreateTime = sqldb.Time(created)
	if err := decode(first, &e.First); err != nil {
		return e, err
	}
	if second != "" {
		if err := decode(second, &e.Second); err != nil {
			return e, err
		}
	}
	return e, decode(different, &e.Different)
}

// Entry finds a sheet that is not stored yet.
func (s *Responses) Entry(ctx context.Context, district, campaignID, school, sheet string) (response.Entry, error) {
	return one(ctx, s.base, campaign.Name(district, campaignID)+"/paperEntries", scanEntry,
		`SELECT `+entryColumns+` FROM paper_entries WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND sheet_id = $4`,
		district, campaignID, school, sheet)
}

// Entries lists sheets that are not stored yet.
func (s *Responses) Entries(ctx context.Context, district, campaignID, after string, limit int) ([]response.Entry, error) {
	return all(ctx, s.base, scanEntry, `SELECT `+entryColumns+` FROM paper_entries
		WHERE district_id = $1 AND campaign_id = $2 AND entry_id > $3 ORDER BY entry_id LIMIT $4`, district, campaignID, after, limit)
}

// AddEntry keeps a sheet that was keyed in once.
func (s *Responses) AddEntry(ctx context.Context, e response.Entry) error {
	first, different, err := entryTexts(e)
	if err != nil {
		return err
	}
	return audit.Added(ctx, s.db, e.Name(), readEntry(s.db, e), func(ctx context.Context) error {
		return s.insert(ctx, e.Name(), `INSERT INTO paper_entries (`+entryColumns+`) VALUES (`+places(1, 14)+`)`,
			e.District, e.Campaign, e.School, e.Sheet, e.ID, e.State, e.FirstBy, e.SecondBy, first, "", different, e.Salt,
			sqldb.Micros(e.CreateTime), e.Version)
	})
}

// SaveEntry keeps what was keyed in again.
func (s *Responses) SaveEntry(ctx context.Context, e response.Entry) error {
	first, different, err := entryTexts(e)
	if err != nil {
		return err
	}
	second := ""
	if e.SecondBy != "" {
		if second, err = encode(e.Second); err != nil {
			return err
		}
	}
	return audit.Changed(ctx, s.db, e.Name(), readEntry(s.db, e), func(ctx context.Context) error {
		return s.replace(ctx, e.Name(), `UPDATE paper_entries SET state = $1, first_by = $2, second_by = $3, first = $4, second = $5, different = $6, version = $7
			WHERE district_id = $8 AND campaign_id = $9 AND entry_id = $10 AND version = $7 - 1`,
			e.State, e.FirstBy, e.SecondBy, first, second, different, e.Version, e.District, e.Campaign, e.ID)
	})
}

// DropEntry deletes what was keyed in of a sheet that is stored, with the salt that
// its digests in the audit log were made of.
func (s *Responses) DropEntry(ctx context.Context, e response.Entry) error {
	return audit.Removed(ctx, s.db, e.Name(), readEntry(s.db, e), func(ctx context.Context) error {
		return s.replace(ctx, e.Name(), `DELETE FROM paper_entries WHERE district_id = $1 AND campaign_id = $2 AND entry_id = $3 AND version = $4`,
			e.District, e.Campaign, e.ID, e.Version)
	})
}

func readEntry(db *sqldb.DB, e response.Entry) func(context.Context) (map[string]any, error) {
	return audit.Row(db, "paper_entries", `district_id = $1 AND campaign_id = $2 AND entry_id = $3`, e.District, e.Campaign, e.ID)
}

func entryTexts(e response.Entry) (first, different string, err error) {
	if first, err = encode(e.First); err != nil {
		return "", "", err
	}
	if len(e.Different) == 0 {
		return first, "[]", nil
	}
	different, err = encode(e.Different)
	return first, different, err
}
