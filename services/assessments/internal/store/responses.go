package store

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

// Responses keeps answers and receipts.
type Responses struct{ base }

// NewResponses returns the store of answers.
func NewResponses(db *sqldb.DB, c clock.Clock) *Responses { return &Responses{base{db, c}} }

const doorColumns = `c.district_id, c.campaign_id, s.school_id, s.title, c.title, c.state, c.instrument_version`

func scanDoor(more ...any) func(row scanner) (response.Door, error) {
	return func(row scanner) (d response.Door, err error) {
		err = row.Scan(append([]any{&d.District, &d.Campaign, &d.School, &d.SchoolTitle, &d.Title, &d.State, &d.InstrumentVersion}, more...)...)
		return d, err
	}
}

// Door finds the way in by the code of a link or an invitation.
func (s *Responses) Door(ctx context.Context, given string) (response.Door, error) {
	ctx = tenant.Everything(ctx, "a code is all that is known of its district until here")
	name := "forms/" + given
	d, err := one(ctx, s.base, name, scanDoor(), `SELECT `+doorColumns+` FROM links l
		JOIN campaigns c ON c.district_id = l.district_id AND c.campaign_id = l.campaign_id
		JOIN campaign_schools s ON s.district_id = l.district_id AND s.campaign_id = l.campaign_id AND s.school_id = l.school_id
		WHERE l.code = $1`, given)
	if !problem.Is(err, problem.KindNotFound) {
		return d, err
	}
	var burned bool
	d, err = one(ctx, s.base, name, scanDoor(&burned), `SELECT `+doorColumns+`, i.burned FROM invitations i
		JOIN campaigns c ON c.district_id = i.district_id AND c.campaign_id = i.campaign_id
		JOIN campaign_schools s ON s.district_id = i.district_id AND s.campaign_id = i.campaign_id AND s.school_id = i.school_id
		WHERE i.code_hash = $1`, code.Digest(given))
	d.Invitation, d.Burned = true, burned
	return d, err
}

// SchoolDoor finds the way in of paper answers.
func (s *Responses) SchoolDoor(ctx context.Context, district, campaignID, school string) (response.Door, error) {
	return one(ctx, s.base, campaign.Name(district, campaignID), scanDoor(), `
		SELECT c.district_id, c.campaign_id, coalesce(s.school_id, ''), coalesce(s.title, ''), c.title, c.state, c.instrument_version
		FROM campaigns c LEFT JOIN campaign_schools s
		  ON s.district_id = c.district_id AND s.campaign_id = c.campaign_id AND s.school_id = $3
		WHERE c.district_id = $1 AND c.campaign_id = $2`, district, campaignID, school)
}

// Receipts finds receipts by their keys.
func (s *Responses) Receipts(ctx context.Context, district, campaignID string, keys []string) (map[string]response.Receipt, error) {
	type found struct {
		key string
		response.Receipt
	}
	out := map[string]response.Receipt{}
	for len(keys) > 0 {
		n := min(len(keys), maxParams-2)
		args := []any{district, campaignID}
		for _, k := range keys[:n] {
			args = append(args, k)
		}
		rows, err := all(ctx, s.base, func(row scanner) (f found, err error) {
			var day int64
			err = row.Scan(&f.key, &f.Code, &day)
			f.Day = sqldb.Time(day)
			return f, err
		}, `SELECT receipt_key, receipt, day FROM receipts WHERE district_id = $1 AND campaign_id = $2 AND receipt_key IN (`+places(3, n)+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, f := range rows {
			out[f.key] = f.Receipt
		}
		keys = keys[n:]
	}
	return out, nil
}

// Burn marks a token.
func (s *Responses) Burn(ctx context.Context, d response.Door, given string) (bool, error) {
	n, err := s.db.Exec(ctx, `UPDATE invitations SET burned = TRUE
		WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND code_hash = $4 AND NOT burned`,
		d.District, d.Campaign, d.School, code.Digest(given))
	return n == 1, sqldb.MapError(err, "forms/"+given)
}

// Save stores answers, receipts and events. Answers are anonymous, so that there is
// nobody to name in the audit log, and an entry for each would put them in order.
func (s *Responses) Save(ctx context.Context, records []response.Record) error {
	answers, receipts := make([][]any, len(records)), make([][]any, len(records))
	for i, r := range records {
		options, texts := map[string]string{}, map[string]string{}
		for _, a := range r.Answers {
			if a.Option != "" {
				options[a.Item] = a.Option
			} else if a.Text != "" {
				texts[a.Item] = a.Text
			}
		}
		o, err := encode(options)
		if err != nil {
			return err
		}
		t, err := encode(texts)
		if err != nil {
			return err
		}
		answers[i] = []any{r.District, r.Campaign, r.School, r.ID, r.Language, sqldb.Micros(r.Day), o, t}
		receipts[i] = []any{r.District, r.Campaign, r.ReceiptKey, r.Receipt, sqldb.Micros(r.Day)}
	}
	if err := s.insertMany(ctx, `INSERT INTO responses (district_id, campaign_id, school_id, response_id, language, day, options, texts)`, answers); err != nil {
		return err
	}
	if err := s.insertMany(ctx, `INSERT INTO receipts (district_id, campaign_id, receipt_key, receipt, day)`, receipts); err != nil {
		return err
	}
	now := s.clock.Now()
	for _, r := range records {
		if err := outbox.Add(ctx, s.db, now, &assessmentsv1.ResponseCounted{Name: campaign.Name(r.District, r.Campaign)}); err != nil {
			return err
		}
	}
	return nil
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
