package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Campaigns keeps campaigns, links and invitations.
type Campaigns struct{ base }

// NewCampaigns returns the store of campaigns.
func NewCampaigns(db *sqldb.DB, c clock.Clock) *Campaigns { return &Campaigns{base{db, c}} }

const campaignColumns = `c.district_id, c.campaign_id, c.title, c.instrument_version, c.framework_version, c.cycle, c.wave, c.mode,
	c.state, c.all_schools, c.release_id, c.opened_at, c.closed_at, c.created_at, c.updated_at, c.version, c.rounds, c.start_local, c.end_local,
	c.time_zone, c.unit, c.group_variables, c.messages, c.reply_to, c.district_title, c.invitations_sent, c.reminders_sent`

func scanCampaign(row scanner) (c campaign.Campaign, err error) {
	var opened, closed, created, updated int64
	var groups, messages string
	err = row.Scan(&c.District, &c.ID, &c.Title, &c.InstrumentVersion, &c.FrameworkVersion, &c.Cycle, &c.Wave, &c.Mode,
		&c.State, &c.AllSchools, &c.Release, &opened, &closed, &created, &updated, &c.Version, &c.Rounds, &c.StartLocal, &c.EndLocal,
		&c.TimeZone, &c.Unit, &groups, &messages, &c.ReplyTo, &c.DistrictTitle, &c.InvitationsSent, &c.RemindersSent)
	if err != nil {
		return c, err
	}
	err = errors.Join(decodeList(groups, &c.GroupVariables), decodeList(messages, &c.Messages))
	c.OpenTime, c.CloseTime, c.CreateTime, c.UpdateTime = sqldb.Time(opened), sqldb.Time(closed), sqldb.Time(created), sqldb.Time(updated)
	return c, err
}

// decodeList reads a list; an empty one is none.
func decodeList[T any](raw string, into *[]T) error {
	if raw == "[]" {
		return nil
	}
	return decode(raw, into)
}

// encodeList writes a list; none is an empty one.
func encodeList[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	return encode(list)
}

// AddCampaign adds a campaign with its schools.
func (s base) AddCampaign(ctx context.Context, c campaign.Campaign) error {
	return audit.Added(ctx, s.db, c.Name(), s.campaignReader(c), func(ctx context.Context) error { return s.insertCampaign(ctx, c) })
}

// campaignReader reads the campaign as it is kept, for the audit log.
func (s base) campaignReader(c campaign.Campaign) func(context.Context) (campaign.Campaign, error) {
	return func(ctx context.Context) (campaign.Campaign, error) { return s.Campaign(ctx, c.District, c.ID) }
}

func (s base) insertCampaign(ctx context.Context, c campaign.Campaign) error {
	plan, err := planned(c)
	if err != nil {
		return err
	}
	err = s.insert(ctx, c.Name(), `
		INSERT INTO campaigns (district_id, campaign_id, version, `+plannedColumns+`, created_at)
		VALUES (`+places(1, 4+len(plan))+`)`,
		append(append([]any{c.District, c.ID, c.Version}, plan...), sqldb.Micros(c.CreateTime))...)
	if err != nil {
		return err
	}
	return s.addSchools(ctx, c)
}

// plannedColumns are those that a change of the campaign writes; planned are their values.
const plannedColumns = `title, instrument_id, instrument_version, framework_version, cycle, wave, mode, state, all_schools, release_id,
	opened_at, closed_at, updated_at, rounds, start_local, end_local, time_zone, starts_at, ends_at, unit, group_variables, messages, reply_to, district_title`

func planned(c campaign.Campaign) ([]any, error) {
	family, _, _ := edition.ParseName(instrument.Kind(), c.InstrumentVersion)
	groups, err := encodeList(c.GroupVariables)
	if err != nil {
		return nil, err
	}
	messages, err := encodeList(c.Messages)
	return []any{
		c.Title, family, c.InstrumentVersion, c.FrameworkVersion, c.Cycle, c.Wave, int(c.Mode), int(c.State), c.AllSchools, c.Release,
		sqldb.Micros(c.OpenTime), sqldb.Micros(c.CloseTime), sqldb.Micros(c.UpdateTime), c.Rounds, c.StartLocal, c.EndLocal, c.TimeZone,
		sqldb.Micros(c.StartsAt()), sqldb.Micros(c.EndsAt()), int(c.Unit), groups, messages, c.ReplyTo, c.DistrictTitle,
	}, err
}

func (s base) addSchools(ctx context.Context, c campaign.Campaign) error {
	rows := make([][]any, len(c.Schools))
	for i, school := range c.Schools {
		rows[i] = []any{c.District, c.ID, school.ID, school.Title, i}
	}
	return s.insertMany(ctx, `INSERT INTO campaign_schools (district_id, campaign_id, school_id, title, position)`, rows)
}

// Campaign reads one campaign.
func (s base) Campaign(ctx context.Context, district, id string) (campaign.Campaign, error) {
	c, err := one(ctx, s, campaign.Name(district, id), scanCampaign,
		`SELECT `+campaignColumns+` FROM campaigns c WHERE district_id = $1 AND campaign_id = $2`, district, id)
	if err != nil {
		return c, err
	}
	c.Schools, err = s.schools(ctx, district, id)
	return c, err
}

func (s base) schools(ctx context.Context, district, id string) ([]campaign.School, error) {
	return all(ctx, s, func(row scanner) (school campaign.School, err error) {
		err = row.Scan(&school.ID, &school.Title)
		return school, err
	}, `SELECT school_id, title FROM campaign_schools WHERE district_id = $1 AND campaign_id = $2 ORDER BY position`, district, id)
}

// withSchools fills in the schools of each.
func (s base) withSchools(ctx context.Context, list []campaign.Campaign, err error) ([]campaign.Campaign, error) {
	for i := range list {
		if err != nil {
			return nil, err
		}
		list[i].Schools, err = s.schools(ctx, list[i].District, list[i].ID)
	}
	return list, err
}

// seen is the condition that a viewer sees the campaign c, with its arguments
// numbered from first.
func seen(v campaign.Viewer, first int) (string, []any) {
	if v.All {
		return `TRUE`, nil
	}
	args := make([]any, len(v.Schools))
	for i, school := range v.Schools {
		args[i] = school
	}
	return fmt.Sprintf(`(c.all_schools OR EXISTS (SELECT 1 FROM campaign_schools s
		WHERE s.district_id = c.district_id AND s.campaign_id = c.campaign_id AND s.school_id IN (%s)))`, places(first, len(args))), args
}

// Campaigns lists the campaigns that the viewer sees.
func (s *Campaigns) Campaigns(ctx context.Context, district string, v campaign.Viewer, after string, limit int) ([]campaign.Campaign, error) {
	condition, args := seen(v, 4)
	list, err := all(ctx, s.base, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns c
		WHERE c.district_id = $1 AND c.campaign_id > $2 AND `+condition+` ORDER BY c.campaign_id LIMIT $3`,
		append([]any{district, after, limit}, args...)...)
	return s.withSchools(ctx, list, err)
}

// Waves lists the campaigns with the instrument, cycle and wave.
func (s *Campaigns) Waves(ctx context.Context, district, instrumentID, cycle string, wave int) ([]campaign.Campaign, error) {
	list, err := all(ctx, s.base, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns c
		WHERE c.district_id = $1 AND c.instrument_id = $2 AND c.cycle = $3 AND c.wave = $4 ORDER BY c.campaign_id`, district, instrumentID, cycle, wave)
	return s.withSchools(ctx, list, err)
}

// SaveCampaign replaces a campaign, and its schools until it has been opened.
func (s base) SaveCampaign(ctx context.Context, c campaign.Campaign) error {
	return audit.Changed(ctx, s.db, c.Name(), s.campaignReader(c), func(ctx context.Context) error { return s.updateCampaign(ctx, c) })
}

func (s base) updateCampaign(ctx context.Context, c campaign.Campaign) error {
	plan, err := planned(c)
	if err != nil {
		return err
	}
	err = s.replace(ctx, c.Name(), `UPDATE campaigns SET version = $3, (`+plannedColumns+`) = (`+places(5, len(plan))+`)
		WHERE district_id = $1 AND campaign_id = $2 AND version = $4`, append([]any{c.District, c.ID, c.Version, c.Version - 1}, plan...)...)
	if err != nil || c.State > campaign.Open {
		return err
	}
	if before, err := s.schools(ctx, c.District, c.ID); err != nil || equal(before, c.Schools) {
		return err
	}
	if _, err := s.db.Exec(ctx, `DELETE FROM campaign_schools WHERE district_id = $1 AND campaign_id = $2`, c.District, c.ID); err != nil {
		return sqldb.MapError(err, c.Name())
	}
	return s.addSchools(ctx, c)
}

func equal(a, b []campaign.School) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Opened records that a campaign takes answers.
func (s *Campaigns) Opened(ctx context.Context, c campaign.Campaign) error {
	return outbox.Add(ctx, s.db, s.clock.Now(), &assessmentsv1.CampaignOpened{Name: c.Name(), Cycle: c.Cycle, Wave: int32(c.Wave)}) //nolint:gosec // at most 50
}

// DueToOpen are drafts whose start has come.
func (s *Campaigns) DueToOpen(ctx context.Context, now time.Time) ([]campaign.Due, error) {
	return all(ctx, s.base, scanDue, `SELECT district_id, campaign_id FROM campaigns
		WHERE state = 1 AND starts_at > 0 AND starts_at <= $1 AND (ends_at = 0 OR ends_at > $1) ORDER BY starts_at, district_id, campaign_id`, sqldb.Micros(now))
}

// DueToClose are open campaigns whose end has come.
func (s *Campaigns) DueToClose(ctx context.Context, now time.Time) ([]campaign.Due, error) {
	return all(ctx, s.base, scanDue, `SELECT district_id, campaign_id FROM campaigns
		WHERE state = 2 AND ends_at > 0 AND ends_at <= $1 ORDER BY ends_at, district_id, campaign_id`, sqldb.Micros(now))
}

func scanDue(row scanner) (d campaign.Due, err error) {
	err = row.Scan(&d.District, &d.ID)
	return d, err
}

// Closed records that a campaign takes no more answers, and forgets the secret by
// which codes of recipients are made: no code can be made again.
func (s *Campaigns) Closed(ctx context.Context, c campaign.Campaign) error {
	if _, err := s.db.Exec(ctx, `UPDATE campaigns SET secret = '' WHERE district_id = $1 AND campaign_id = $2`, c.District, c.ID); err != nil {
		return sqldb.MapError(err, c.Name())
	}
	return outbox.Add(ctx, s.db, s.clock.Now(), &assessmentsv1.CampaignClosed{Name: c.Name(), Cycle: c.Cycle, Wave: int32(c.Wave)}) //nolint:gosec // at most 50
}

// AddLink adds a link.
func (s *Campaigns) AddLink(ctx context.Context, l campaign.Link) error {
	read := func(ctx context.Context) (campaign.Link, error) { return s.Link(ctx, l.District, l.Campaign, l.ID) }
	return audit.Added(ctx, s.db, l.Name(), read, func(ctx context.Context) error {
		return s.insert(ctx, l.Name(), `
			INSERT INTO links (district_id, campaign_id, link_id, school_id, code, kind, title, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			l.District, l.Campaign, l.ID, l.School, l.Code, int(l.Kind), l.Title, sqldb.Micros(l.CreateTime))
	})
}

const linkColumns = `district_id, campaign_id, link_id, school_id, code, kind, title, created_at`

func scanLink(row scanner) (l campaign.Link, err error) {
	var created int64
	err = row.Scan(&l.District, &l.Campaign, &l.ID, &l.School, &l.Code, &l.Kind, &l.Title, &created)
	l.CreateTime = sqldb.Time(created)
	return l, err
}

// Link reads one link.
func (s *Campaigns) Link(ctx context.Context, district, campaignID, id string) (campaign.Link, error) {
	name := campaign.Link{District: district, Campaign: campaignID, ID: id}.Name()
	return one(ctx, s.base, name, scanLink,
		`SELECT `+linkColumns+` FROM links WHERE district_id = $1 AND campaign_id = $2 AND link_id = $3`, district, campaignID, id)
}

// Links lists the links of a campaign.
func (s *Campaigns) Links(ctx context.Context, district, campaignID, after string, limit int) ([]campaign.Link, error) {
	return all(ctx, s.base, scanLink, `SELECT `+linkColumns+` FROM links
		WHERE district_id = $1 AND campaign_id = $2 AND link_id > $3 ORDER BY link_id LIMIT $4`, district, campaignID, after, limit)
}

// AddInvitations adds the digests of codes. The audit log tells of the school and
// the number only: a code is a key to an anonymous answer.
func (s *Campaigns) AddInvitations(ctx context.Context, district, campaignID, school string, digests []string) error {
	rows := make([][]any, len(digests))
	for i, d := range digests {
		rows[i] = []any{district, campaignID, school, d}
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.insertMany(ctx, `INSERT INTO invitations (district_id, campaign_id, school_id, code_hash)`, rows); err != nil {
			return err
		}
		return audit.Record(ctx, s.db, audit.Change{
			Resource: campaign.Name(district, campaignID), After: map[string]any{"school": school, "invitations": len(digests)},
		})
	})
}

// PublishOperation is the operation that publishes the campaign; empty before.
func (s *Campaigns) PublishOperation(ctx context.Context, district, id string) (string, error) {
	var name string
	err := s.db.Conn(ctx).QueryRowContext(ctx, `SELECT operation FROM campaigns WHERE district_id = $1 AND campaign_id = $2`, district, id).Scan(&name)
	return name, sqldb.MapError(err, campaign.Name(district, id))
}

// SetPublishOperation remembers the operation that publishes the campaign.
func (s *Campaigns) SetPublishOperation(ctx context.Context, district, id, operation string) error {
	read := func(ctx context.Context) (string, error) { return s.PublishOperation(ctx, district, id) }
	err := audit.Changed(ctx, s.db, campaign.Name(district, id), read, func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `UPDATE campaigns SET operation = $3 WHERE district_id = $1 AND campaign_id = $2`, district, id, operation)
		return err
	})
	return sqldb.MapError(err, campaign.Name(district, id))
}

// MailOperation is the operation that mails for the campaign; empty before.
func (s *Campaigns) MailOperation(ctx context.Context, district, id string) (string, error) {
	return one(ctx, s.base, campaign.Name(district, id), scanString,
		`SELECT mail_operation FROM campaigns WHERE district_id = $1 AND campaign_id = $2`, district, id)
}

// SetMailOperation remembers the operation that mails for the campaign; what it
// does is recorded where it begins.
func (s *Campaigns) SetMailOperation(ctx context.Context, district, id, operation string) error {
	return s.replace(ctx, campaign.Name(district, id), `UPDATE campaigns SET mail_operation = $3 WHERE district_id = $1 AND campaign_id = $2`,
		district, id, operation)
}
