package store

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
)

// Recipients keeps who is asked by name.
type Recipients struct{ base }

// NewRecipients returns the store of recipients.
func NewRecipients(db *sqldb.DB, c clock.Clock) *Recipients { return &Recipients{base{db, c}} }

const recipientColumns = `district_id, campaign_id, recipient_id, school_id, unit_key, addressee, email, language, groups, disposition, burned, partial,
	no_mail, invited_at, reminded_at, lettered_at, reminders, sending, tries, due_at, mail_failed, mail_unclear, created_at, updated_at, version`

func scanRecipient(row scanner) (r recipient.Recipient, err error) {
	var groups string
	var invited, reminded, lettered, due, created, updated int64
	err = row.Scan(&r.District, &r.Campaign, &r.ID, &r.School, &r.UnitKey, &r.Addressee, &r.Email, &r.Language, &groups, &r.Disposition, &r.Burned,
		&r.HasPartial, &r.NoMail, &invited, &reminded, &lettered, &r.Reminders, &r.Sending, &r.Tries, &due, &r.MailFailed, &r.MailUnclear,
		&created, &updated, &r.Version)
	if err != nil {
		return r, err
	}
	r.InviteTime, r.RemindTime, r.LetterTime, r.DueTime = sqldb.Time(invited), sqldb.Time(reminded), sqldb.Time(lettered), sqldb.Time(due)
	r.CreateTime, r.UpdateTime = sqldb.Time(created), sqldb.Time(updated)
	if groups == "{}" {
		return r, nil
	}
	return r, decode(groups, &r.Groups)
}

// Recipient reads one recipient.
func (s *Recipients) Recipient(ctx context.Context, district, campaignID, id string) (recipient.Recipient, error) {
	name := recipient.Recipient{District: district, Campaign: campaignID, ID: id}.Name()
	return one(ctx, s.base, name, scanRecipient, `SELECT `+recipientColumns+` FROM recipients
		WHERE district_id = $1 AND campaign_id = $2 AND recipient_id = $3`, district, campaignID, id)
}

// RecipientByCode finds a recipient by the digest of the code.
func (s *Recipients) RecipientByCode(ctx context.Context, digest string) (recipient.Recipient, error) {
	ctx = tenant.Everything(ctx, "a code is all that is known of its district until here")
	return one(ctx, s.base, "forms/-", scanRecipient, `SELECT `+recipientColumns+` FROM recipients WHERE code_hash = $1`, digest)
}

// outcome is the condition of what came of asking, the answer included.
func outcome(d recipient.Disposition) string {
	switch d {
	case 0:
		return `TRUE`
	case recipient.Complete:
		return `burned AND NOT partial`
	case recipient.Partial:
		return `burned AND partial`
	default:
		return fmt.Sprintf(`NOT burned AND disposition = %d`, d)
	}
}

// Recipients lists recipients of a campaign.
func (s *Recipients) Recipients(ctx context.Context, district, campaignID string, f recipient.Filter, after string, limit int) ([]recipient.Recipient, error) {
	return all(ctx, s.base, scanRecipient, `SELECT `+recipientColumns+` FROM recipients
		WHERE district_id = $1 AND campaign_id = $2 AND recipient_id > $3 AND ($4 = '' OR school_id = $4) AND `+outcome(f.Disposition)+`
		ORDER BY recipient_id LIMIT $5`, district, campaignID, after, f.School, limit)
}

// Units finds the recipients of units.
func (s *Recipients) Units(ctx context.Context, district, campaignID string, units []recipient.Unit) (map[recipient.Unit]recipient.Recipient, error) {
	out := make(map[recipient.Unit]recipient.Recipient, len(units))
	bySchool := map[string][]any{}
	for _, u := range units {
		bySchool[u.School] = append(bySchool[u.School], u.Key)
	}
	for school, keys := range bySchool {
		for len(keys) > 0 {
			n := min(len(keys), maxParams-3)
			found, err := all(ctx, s.base, scanRecipient, `SELECT `+recipientColumns+` FROM recipients
				WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND unit_key IN (`+places(4, n)+`)`,
				append([]any{district, campaignID, school}, keys[:n]...)...)
			if err != nil {
				return nil, err
			}
			for _, r := range found {
				out[recipient.Unit{School: r.School, Key: r.UnitKey}] = r
			}
			keys = keys[n:]
		}
	}
	return out, nil
}

// AddRecipients adds recipients. The audit log has one entry for all of them, with
// the digest of what was added.
func (s *Recipients) AddRecipients(ctx context.Context, campaignName string, list []recipient.Recipient, digests []string) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		groups, err := encodeGroups(r.Groups)
		if err != nil {
			return err
		}
		rows[i] = []any{
			r.District, r.Campaign, r.ID, r.School, r.UnitKey, r.Addressee, r.Email, r.Language, groups, int(r.Disposition), digests[i], r.NoMail,
			sqldb.Micros(r.CreateTime), sqldb.Micros(r.UpdateTime), r.Version,
		}
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		err := s.insertMany(ctx, `INSERT INTO recipients (district_id, campaign_id, recipient_id, school_id, unit_key, addressee, email, language,
			groups, disposition, code_hash, no_mail, created_at, updated_at, version)`, rows)
		if err != nil || len(list) == 0 {
			return err
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: campaignName, After: map[string]any{"recipients": list}})
	})
}

func encodeGroups(groups map[string]string) (string, error) {
	if len(groups) == 0 {
		return "{}", nil
	}
	return encode(groups)
}

// SaveRecipient replaces what staff set of a recipient.
func (s *Recipients) SaveRecipient(ctx context.Context, r recipient.Recipient) error {
	groups, err := encodeGroups(r.Groups)
	if err != nil {
		return err
	}
	read := func(ctx context.Context) (recipient.Recipient, error) {
		return s.Recipient(ctx, r.District, r.Campaign, r.ID)
	}
	return audit.Changed(ctx, s.db, r.Name(), read, func(ctx context.Context) error {
		return s.replace(ctx, r.Name(), `UPDATE recipients SET school_id = $4, unit_key = $5, addressee = $6, email = $7, language = $8, groups = $9,
			disposition = $10, no_mail = $11, mail_failed = $12, updated_at = $13, version = $14
			WHERE district_id = $1 AND campaign_id = $2 AND recipient_id = $3 AND version = $15`,
			r.District, r.Campaign, r.ID, r.School, r.UnitKey, r.Addressee, r.Email, r.Language, groups, int(r.Disposition), r.NoMail, r.MailFailed,
			sqldb.Micros(r.UpdateTime), r.Version, r.Version-1)
	})
}

// Mark notes what mailing did.
func (s *Recipients) Mark(ctx context.Context, r recipient.Recipient) error {
	return s.replace(ctx, r.Name(), `UPDATE recipients SET invited_at = $4, reminded_at = $5, lettered_at = $6, reminders = $7, sending = $8,
		tries = $9, due_at = $10, mail_failed = $11, mail_unclear = $12 WHERE district_id = $1 AND campaign_id = $2 AND recipient_id = $3`,
		r.District, r.Campaign, r.ID, sqldb.Micros(r.InviteTime), sqldb.Micros(r.RemindTime), sqldb.Micros(r.LetterTime), r.Reminders, int(r.Sending),
		r.Tries, sqldb.Micros(r.DueTime), r.MailFailed, r.MailUnclear)
}

// Sent counts a mail of the campaign.
func (s *Recipients) Sent(ctx context.Context, district, campaignID string, kind campaign.MessageKind) error {
	column := "invitations_sent"
	if kind == campaign.Reminder {
		column = "reminders_sent"
	}
	_, err := s.db.Exec(ctx, `UPDATE campaigns SET `+column+` = `+column+` + 1 WHERE district_id = $1 AND campaign_id = $2`, district, campaignID)
	return sqldb.MapError(err, campaign.Name(district, campaignID))
}

// Secret is what codes of recipients are made of.
func (s *Recipients) Secret(ctx context.Context, district, campaignID string) (string, error) {
	var secret string
	err := s.db.Conn(ctx).QueryRowContext(ctx, `SELECT secret FROM campaigns WHERE district_id = $1 AND campaign_id = $2`, district, campaignID).Scan(&secret)
	return secret, sqldb.MapError(err, campaign.Name(district, campaignID))
}

// SetSecret keeps the secret of a campaign.
func (s *Recipients) SetSecret(ctx context.Context, district, campaignID, secret string) error {
	return s.replace(ctx, campaign.Name(district, campaignID), `UPDATE campaigns SET secret = $3 WHERE district_id = $1 AND campaign_id = $2`,
		district, campaignID, secret)
}
