package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
)

// writable are recipients who may be written to as far as their row tells.
var writable = fmt.Sprintf(`NOT burned AND NOT no_mail AND disposition IN (%d, %d, %d)`, recipient.Pending, recipient.NotReached, recipient.UnknownEligibility)

// toMail is the condition of a mailing, by the arguments $1 to $3: district, campaign, school.
func toMail(m recipient.Mailing) (string, []any) {
	condition := `district_id = $1 AND campaign_id = $2 AND ($3 = '' OR school_id = $3) AND NOT burned AND NOT mail_failed AND `
	if m.Kind == campaign.Reminder {
		condition += `(invited_at > 0 OR lettered_at > 0)`
	} else {
		condition += `invited_at = 0`
	}
	return condition, []any{m.District, m.Campaign, m.School}
}

func scanString(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

// ToMail lists recipients to look at.
func (s *Recipients) ToMail(ctx context.Context, m recipient.Mailing, now time.Time, limit int) ([]string, error) {
	condition, args := toMail(m)
	if m.Last == recipient.Again {
		condition += ` AND tries > 0 AND due_at <= $4`
		args = append(args, sqldb.Micros(now))
	} else {
		condition += ` AND tries = 0 AND recipient_id > $4`
		args = append(args, m.Last)
	}
	return all(ctx, s.base, scanString, `SELECT recipient_id FROM recipients WHERE `+condition+` ORDER BY recipient_id LIMIT $5`, append(args, limit)...)
}

// Waiting counts recipients that the mail server put off.
func (s *Recipients) Waiting(ctx context.Context, m recipient.Mailing) (int, error) {
	condition, args := toMail(m)
	var n int
	err := s.db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM recipients WHERE `+condition+` AND tries > 0`, args...).Scan(&n)
	return n, sqldb.MapError(err, "recipients")
}

// ToLetter lists recipients to print letters for.
func (s *Recipients) ToLetter(ctx context.Context, district, campaignID, school string, limit int) ([]recipient.Recipient, error) {
	return all(ctx, s.base, scanRecipient, `SELECT `+recipientColumns+` FROM recipients
		WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND `+writable+` ORDER BY lettered_at, recipient_id LIMIT $4`,
		district, campaignID, school, limit)
}

// ContactKey is the district's key, made once.
func (s *Recipients) ContactKey(ctx context.Context, district string) (string, error) {
	read := func() (string, error) {
		return one(ctx, s.base, "contact key", scanString, `SELECT contact_key FROM contact_keys WHERE district_id = $1`, district)
	}
	key, err := read()
	if !problem.Is(err, problem.KindNotFound) {
		return key, err
	}
	if _, err := s.db.Exec(ctx, `INSERT INTO contact_keys (district_id, contact_key) VALUES ($1, $2) ON CONFLICT DO NOTHING`, district, code.New()); err != nil {
		return "", sqldb.MapError(err, "contact key")
	}
	return read()
}

// Asks counts other surveys that asked a contact.
func (s *Recipients) Asks(ctx context.Context, district, exceptCampaign, contact string, after time.Time) (int, error) {
	var n int
	err := s.db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM contacts
		WHERE district_id = $1 AND contact_hash = $2 AND campaign_id <> $3 AND asked_at > $4`,
		district, contact, exceptCampaign, sqldb.Micros(after)).Scan(&n)
	return n, sqldb.MapError(err, "contacts")
}

// AddAsk notes when a survey wrote to a contact last.
func (s *Recipients) AddAsk(ctx context.Context, district, campaignID, contact string, at time.Time) error {
	_, err := s.db.Exec(ctx, `INSERT INTO contacts (district_id, contact_hash, campaign_id, asked_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district_id, contact_hash, campaign_id) DO UPDATE SET asked_at = excluded.asked_at WHERE contacts.asked_at < excluded.asked_at`,
		district, contact, campaignID, sqldb.Micros(at))
	return sqldb.MapError(err, "contacts")
}

// OptedOut finds contacts that want no surveys.
func (s *Recipients) OptedOut(ctx context.Context, district string, contacts []string) (map[string]bool, error) {
	out := map[string]bool{}
	for len(contacts) > 0 {
		n := min(len(contacts), maxParams-1)
		args := []any{district}
		for _, c := range contacts[:n] {
			args = append(args, c)
		}
		found, err := all(ctx, s.base, scanString,
			`SELECT contact_hash FROM opt_outs WHERE district_id = $1 AND contact_hash IN (`+places(2, n)+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, hash := range found {
			out[hash] = true
		}
		contacts = contacts[n:]
	}
	return out, nil
}

// SetOptedOut keeps or forgets that contacts want no surveys.
func (s *Recipients) SetOptedOut(ctx context.Context, district string, contacts []string, out bool, at time.Time) error {
	for _, c := range contacts {
		query, args := `DELETE FROM opt_outs WHERE district_id = $1 AND contact_hash = $2`, []any{district, c}
		if out {
			query, args = `INSERT INTO opt_outs (district_id, contact_hash, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, append(args, sqldb.Micros(at))
		}
		if _, err := s.db.Exec(ctx, query, args...); err != nil {
			return sqldb.MapError(err, "opt-outs")
		}
	}
	return nil
}

// Tallies counts recipients by school and what came of asking.
func (s *Recipients) Tallies(ctx context.Context, district, campaignID string) ([]recipient.Tally, error) {
	type line struct {
		school     string
		outcome    recipient.Disposition
		n, invited int
	}
	lines, err := all(ctx, s.base, func(row scanner) (l line, err error) {
		err = row.Scan(&l.school, &l.outcome, &l.n, &l.invited)
		return l, err
	}, `SELECT school_id, CASE WHEN burned AND partial THEN 3 WHEN burned THEN 2 ELSE disposition END AS outcome, count(*),
		  sum(CASE WHEN invited_at > 0 OR lettered_at > 0 THEN 1 ELSE 0 END)
		FROM recipients WHERE district_id = $1 AND campaign_id = $2 GROUP BY school_id, outcome ORDER BY school_id, outcome`, district, campaignID)
	if err != nil {
		return nil, err
	}
	var out []recipient.Tally
	for _, l := range lines {
		if len(out) == 0 || out[len(out)-1].School != l.school {
			out = append(out, recipient.Tally{School: l.school, Count: map[recipient.Disposition]int{}})
		}
		t := &out[len(out)-1]
		t.Count[l.outcome] += l.n
		t.Invited += l.invited
	}
	return out, nil
}

// Tokens counts single-use tokens by school.
func (s *Recipients) Tokens(ctx context.Context, district, campaignID string) ([]recipient.Tokens, error) {
	return all(ctx, s.base, func(row scanner) (t recipient.Tokens, err error) {
		err = row.Scan(&t.School, &t.Made, &t.Used)
		return t, err
	}, `SELECT school_id, count(*), sum(CASE WHEN burned THEN 1 ELSE 0 END) FROM invitations
		WHERE district_id = $1 AND campaign_id = $2 GROUP BY school_id ORDER BY school_id`, district, campaignID)
}
