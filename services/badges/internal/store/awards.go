package store

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const awardColumns = "name, edition, standard, framework_version, application, decision, journey, credential, state, awarded_at, " +
	"expires_at, lapses_at, revoke_reason, suspend_reason, suspended_at, renews, renewed_by, renewal_opens_at, renewal_announced, " +
	"created_at, updated_at, version"

// sixMonths are about as long before their end as awards may be renewed that are older than renewals.
const sixMonths = 183 * 24 * time.Hour

// InsertAward adds an award; one per decision.
func (s *Store) InsertAward(ctx context.Context, a award.Award) error {
	s.db.AfterCommit(ctx, func() { s.awarded.Add(ctx, "", 1) })
	return s.insert(ctx, a.Name, "awards", "id, school, "+awardColumns, names.ID(a.Name), names.School(a.Name), a.Name, a.Edition,
		a.Standard, a.FrameworkVersion, a.Application, a.Decision, a.Journey, a.Credential, string(a.State), micros(a.AwardTime),
		micros(a.ExpireTime), micros(a.LapseTime), a.RevokeReason, a.SuspendReason, micros(a.SuspendTime), a.Renews, a.RenewedBy,
		micros(a.RenewalOpenTime), a.RenewalAnnounced, micros(a.CreateTime), micros(a.UpdateTime), a.Version)
}

// UpdateAward changes where an award stands.
func (s *Store) UpdateAward(ctx context.Context, a award.Award) error {
	return s.update(ctx, a.Name, "awards",
		"state, revoke_reason, suspend_reason, suspended_at, renewed_by, renewal_announced, updated_at", a.Version,
		string(a.State), a.RevokeReason, a.SuspendReason, micros(a.SuspendTime), a.RenewedBy, a.RenewalAnnounced, micros(a.UpdateTime))
}

func scanAward(r row) (a award.Award, err error) {
	var awarded, expires, lapses, suspended, opens, created, updated int64
	err = r.Scan(&a.Name, &a.Edition, &a.Standard, &a.FrameworkVersion, &a.Application, &a.Decision, &a.Journey, &a.Credential,
		&a.State, &awarded, &expires, &lapses, &a.RevokeReason, &a.SuspendReason, &suspended, &a.Renews, &a.RenewedBy, &opens,
		&a.RenewalAnnounced, &created, &updated, &a.Version)
	a.AwardTime, a.ExpireTime, a.LapseTime = moment(awarded), moment(expires), moment(lapses)
	a.SuspendTime, a.RenewalOpenTime = moment(suspended), moment(opens)
	if opens == 0 {
		a.RenewalOpenTime = a.ExpireTime.Add(-sixMonths)
	}
	a.CreateTime, a.UpdateTime = moment(created), moment(updated)
	return a, err
}

// Award reads one award.
func (s *Store) Award(ctx context.Context, name string) (award.Award, error) {
	return one(ctx, s, name, scanAward, "SELECT "+awardColumns+
		" FROM awards WHERE district_id = $1 AND name = $2", names.District(name), name)
}

// Awards lists the awards that a person may see.
func (s *Store) Awards(ctx context.Context, sc caller.Scope, p award.Slice) ([]award.Award, error) {
	var c condition
	c.under("w", sc.Parent)
	c.and(c.shown("w", sc.Readable))
	c.page("w", p.After)
	return all(ctx, s, scanAward, "SELECT "+awardColumns+" FROM awards w"+c.where()+
		" ORDER BY w.id, w.name LIMIT "+c.arg(limit(p.Limit)), c.args...)
}

// AwardsOf lists all awards of a school, the newest last.
func (s *Store) AwardsOf(ctx context.Context, school string) ([]award.Award, error) {
	return all(ctx, s, scanAward, "SELECT "+awardColumns+
		" FROM awards WHERE district_id = $1 AND school = $2 ORDER BY id", names.District(school), school)
}

// Due are the awards whose renewal opens, or whose end or lapse has come.
func (s *Store) Due(ctx context.Context, now time.Time, most int) ([]string, error) {
	ctx = tenant.Everything(ctx, "awards whose time has come are looked for in every district")
	return all(ctx, s, func(r row) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, `SELECT name FROM awards WHERE (state = 'ACTIVE' AND expires_at <= $1) OR (state = 'GRACE' AND lapses_at <= $1)
		OR (state = 'ACTIVE' AND NOT renewal_announced AND renewed_by = '' AND renewal_opens_at <= $1
			AND (renewal_opens_at > 0 OR expires_at <= $2))
		ORDER BY expires_at, name LIMIT $3`, micros(now), micros(now.Add(sixMonths)), limit(most))
}

// Partnership reads whether a school is a Partnership School.
func (s *Store) Partnership(ctx context.Context, school, version string) (award.Partnership, error) {
	p := award.Partnership{School: school, FrameworkVersion: version}
	var changed int64
	_, err := found(s.db.Conn(ctx).QueryRowContext(ctx, `SELECT recognized, changed_at FROM partnerships
		WHERE district_id = $1 AND school = $2 AND framework_version = $3`,
		names.District(school), school, version).Scan(&p.Recognized, &changed))
	p.ChangeTime = moment(changed)
	return p, err
}

// SavePartnership writes whether a school is a Partnership School.
func (s *Store) SavePartnership(ctx context.Context, p award.Partnership) error {
	read := audit.Row(s.db, "partnerships", "district_id = $1 AND school = $2 AND framework_version = $3",
		names.District(p.School), p.School, p.FrameworkVersion)
	err := audit.Changed(ctx, s.db, p.School, read, func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `INSERT INTO partnerships (district_id, school, framework_version, recognized, changed_at, version)
			VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (district_id, school, framework_version) DO UPDATE
			SET recognized = excluded.recognized, changed_at = excluded.changed_at, version = partnerships.version + 1`,
			names.District(p.School), p.School, p.FrameworkVersion, p.Recognized, micros(p.ChangeTime))
		return err
	})
	return sqldb.MapError(err, p.School)
}

// Standards lists the standards that have a badge under a framework version, in the order in
// which the badges came; without a version it takes that of the badge published last.
func (s *Store) Standards(ctx context.Context, version string) (string, []string, error) {
	if version == "" {
		if _, err := found(s.db.Conn(ctx).QueryRowContext(ctx, `SELECT e.framework_version FROM editions e
			JOIN badge_definitions d ON d.district_id = e.district_id AND d.current_edition = e.name
			ORDER BY e.published_at DESC, e.name LIMIT 1`).Scan(&version)); err != nil {
			return "", nil, err
		}
	}
	standards, err := all(ctx, s, func(r row) (standard string, err error) {
		err = r.Scan(&standard)
		return standard, err
	}, `SELECT d.standard FROM editions e
		JOIN badge_definitions d ON d.district_id = e.district_id AND d.name = e.definition
		WHERE e.framework_version = $1 AND e.state = 'PUBLISHED' ORDER BY e.published_at, e.name`, version)
	var out []string
	for _, standard := range standards {
		if !slices.Contains(out, standard) {
			out = append(out, standard)
		}
	}
	return version, out, err
}
