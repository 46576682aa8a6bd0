package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

// Responses keeps answers and receipts. What makes an answer durable is in take.go.
type Responses struct{ base }

// NewResponses returns the store of answers.
func NewResponses(db *sqldb.DB, c clock.Clock) *Responses { return &Responses{base{db, c}} }

const (
	doorColumns = `c.district_id, c.district_title, c.campaign_id, coalesce(s.school_id, ''), coalesce(s.title, ''), c.title, c.state, c.instrument_version, c.ends_at`
	doorSchool  = `campaign_schools s ON s.district_id = c.district_id AND s.campaign_id = c.campaign_id AND s.school_id = `
)

// scanDoor reads doorColumns, with others before and after them.
func scanDoor(row scanner, d *response.Door, before, after []any) error {
	var ends int64
	columns := []any{&d.District, &d.DistrictTitle, &d.Campaign, &d.School, &d.SchoolTitle, &d.Title, &d.State, &d.InstrumentVersion, &ends}
	err := row.Scan(append(append(before, columns...), after...)...)
	d.CloseTime = sqldb.Time(ends)
	return err
}

// Doors finds the ways in by the codes of links, invitations and recipients.
func (s *Responses) Doors(ctx context.Context, codes []string) (map[string]response.Door, error) {
	ctx = tenant.Everything(ctx, "a code is all that is known of its district until here")
	rows := make([][]string, len(codes))
	for i, c := range codes {
		rows[i] = []string{c, code.Digest(c)}
	}
	table, args, err := s.given([]string{"code", "hash"}, rows)
	if err != nil {
		return nil, err
	}
	way := func(kind, columns, from, match string) string {
		return fmt.Sprintf(`SELECT g.code, %s, %s, %s FROM %s JOIN %s w ON %s
			JOIN campaigns c ON c.district_id = w.district_id AND c.campaign_id = w.campaign_id JOIN %s w.school_id`,
			doorColumns, kind, columns, table, from, match, doorSchool)
	}
	type found struct {
		code string
		response.Door
	}
	list, err := all(sqldb.PlannedOnce(ctx), s.base, func(row scanner) (f found, err error) {
		var groups, recipient string
		err = scanDoor(row, &f.Door, []any{&f.code}, []any{&f.Kind, &f.Invitation, &f.Burned, &groups, &recipient})
		if err == nil && recipient != "" {
			f.Door, err = named(f.Door, recipient, groups)
		}
		return f, err
	}, way(`w.kind`, `FALSE, FALSE, '', ''`, `links`, `w.code = g.code`)+`
		UNION ALL `+way(`3`, `TRUE, w.burned, '', ''`, `invitations`, `w.code_hash = g.hash`)+`
		UNION ALL `+way(`3`, `FALSE, w.burned, w.groups, w.recipient_id`, `recipients`, `w.code_hash = g.hash`), args...)
	out := make(map[string]response.Door, len(list))
	for _, f := range list {
		out[f.code] = f.Door
	}
	return out, err
}

// named is the door of a recipient.
func named(d response.Door, recipient, groups string) (response.Door, error) {
	d.Kind = response.Token
	err := decode(groups, &d.Groups)
	return d.Named(recipient), err
}

// SchoolDoor finds the way in of paper answers.
func (s *Responses) SchoolDoor(ctx context.Context, district, campaignID, school string) (response.Door, error) {
	return one(ctx, s.base, campaign.Name(district, campaignID), func(row scanner) (d response.Door, err error) {
		return d, scanDoor(row, &d, nil, nil)
	}, `SELECT `+doorColumns+` FROM campaigns c LEFT JOIN `+doorSchool+` $3 WHERE c.district_id = $1 AND c.campaign_id = $2`,
		district, campaignID, school)
}

// RecipientDoor finds the way in of a recipient by name.
func (s *Responses) RecipientDoor(ctx context.Context, district, campaignID, recipient string) (response.Door, error) {
	name := campaign.Name(district, campaignID) + "/recipients/" + recipient
	return one(ctx, s.base, name, func(row scanner) (d response.Door, err error) {
		var groups string
		if err := scanDoor(row, &d, nil, []any{&d.Burned, &groups}); err != nil {
			return d, err
		}
		return named(d, recipient, groups)
	}, `SELECT `+doorColumns+`, w.burned, w.groups FROM recipients w
		JOIN campaigns c ON c.district_id = w.district_id AND c.campaign_id = w.campaign_id JOIN `+doorSchool+` w.school_id
		WHERE w.district_id = $1 AND w.campaign_id = $2 AND w.recipient_id = $3`, district, campaignID, recipient)
}

// Receipts finds receipts by their keys.
func (s *Responses) Receipts(ctx context.Context, district, campaignID string, keys []string) (map[string]response.Receipt, error) {
	type found struct {
		key string
		response.Receipt
	}
	rows := make([][]string, len(keys))
	for i, k := range keys {
		rows[i] = []string{k}
	}
	table, args, err := s.given([]string{"receipt_key"}, rows)
	if err != nil {
		return nil, err
	}
	next := len(args) + 1
	list, err := all(ctx, s.base, func(row scanner) (f found, err error) {
		var day int64
		err = row.Scan(&f.key, &f.Code, &day)
		f.Day = sqldb.Time(day)
		return f, err
	}, `SELECT r.receipt_key, r.receipt, r.day FROM `+table+` JOIN receipts r ON r.receipt_key = g.receipt_key
		WHERE r.district_id = `+places(next, 1)+` AND r.campaign_id = `+places(next+1, 1), append(args, district, campaignID)...)
	out := make(map[string]response.Receipt, len(list))
	for _, f := range list {
		out[f.key] = f.Receipt
	}
	return out, err
}

// MarkPaper remembers that answers of the school came on paper, and who of the
// staff brought them.
func (s *Responses) MarkPaper(ctx context.Context, district, campaignID, school string) error {
	name := campaign.Name(district, campaignID)
	read := audit.Row(s.db, "campaign_schools", `district_id = $1 AND campaign_id = $2 AND school_id = $3`, district, campaignID, school)
	err := audit.Changed(ctx, s.db, name, read, func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `UPDATE campaign_schools SET paper = TRUE
			WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND NOT paper`, district, campaignID, school)
		return err
	})
	return sqldb.MapError(err, name)
}

// SaveDraft keeps unfinished answers. They are in no audit log, as they are nobody's.
func (s *Responses) SaveDraft(ctx context.Context, d response.Draft) error {
	_, err := s.db.Exec(ctx, `INSERT INTO drafts (district_id, campaign_id, draft_key, day, sealed) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district_id, campaign_id, draft_key) DO UPDATE SET day = excluded.day, sealed = excluded.sealed`,
		d.District, d.Campaign, d.Key, sqldb.Micros(d.Day), d.Sealed)
	return sqldb.MapError(err, "unfinished answers")
}

// Draft finds unfinished answers.
func (s *Responses) Draft(ctx context.Context, district, campaignID, key string) (response.Draft, error) {
	return one(ctx, s.base, "unfinished answers", func(row scanner) (response.Draft, error) {
		d := response.Draft{District: district, Campaign: campaignID, Key: key}
		var day int64
		err := row.Scan(&day, &d.Sealed)
		d.Day = sqldb.Time(day)
		return d, err
	}, `SELECT day, sealed FROM drafts WHERE district_id = $1 AND campaign_id = $2 AND draft_key = $3`, district, campaignID, key)
}

// DropDrafts deletes drafts that are of no more use.
func (s *Responses) DropDrafts(ctx context.Context, before time.Time) (int64, error) {
	ctx = tenant.Everything(ctx, "unfinished answers of every district are deleted when their survey is over")
	return s.db.Exec(ctx, `DELETE FROM drafts WHERE day < $1 OR NOT EXISTS (SELECT 1 FROM campaigns c
		WHERE c.district_id = drafts.district_id AND c.campaign_id = drafts.campaign_id AND c.state = $2)`,
		sqldb.Micros(before), campaign.Open)
}
