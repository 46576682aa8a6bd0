package store

import (
	"context"
	"strconv"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

// Policies keeps the state's rules.
type Policies struct{ base }

// NewPolicies returns the store of the state's rules.
func NewPolicies(db *sqldb.DB, c clock.Clock) *Policies { return &Policies{base{db, c}} }

const policyColumns = `minimum_cell, protect_zeros, round_size, asks_per_period, period_days, max_reminders, days_between_mails,
	epsilon_total, top_bottom_code, practical_difference, updated_at, version`

func scanPolicy(row scanner) (d policy.Document, err error) {
	var epsilon, difference string
	var updated int64
	err = row.Scan(&d.MinimumCell, &d.ProtectZeros, &d.RoundSize, &d.AsksPerPeriod, &d.PeriodDays, &d.MaxReminders, &d.DaysBetweenMails,
		&epsilon, &d.TopBottomCode, &difference, &updated, &d.Version)
	if err != nil {
		return d, err
	}
	if d.EpsilonTotal, err = strconv.ParseFloat(epsilon, 64); err != nil {
		return d, err
	}
	d.PracticalDifference, err = strconv.ParseFloat(difference, 64)
	d.UpdateTime = sqldb.Time(updated)
	return d, err
}

// PolicyDocument reads the rules; version 0 where none were set.
func (s *Policies) PolicyDocument(ctx context.Context) (policy.Document, error) {
	d, err := one(ctx, s.base, policy.Name, scanPolicy, `SELECT `+policyColumns+` FROM survey_policy WHERE district_id = $1`, state)
	if problem.Is(err, problem.KindNotFound) {
		return policy.Document{}, nil
	}
	return d, err
}

// SavePolicy replaces the rules.
func (s *Policies) SavePolicy(ctx context.Context, d policy.Document) error {
	return audit.Changed(ctx, s.db, policy.Name, s.PolicyDocument, func(ctx context.Context) error {
		number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
		return s.replace(ctx, policy.Name, `INSERT INTO survey_policy (district_id, `+policyColumns+`) VALUES (`+places(1, 13)+`)
			ON CONFLICT (district_id) DO UPDATE SET minimum_cell = $2, protect_zeros = $3, round_size = $4, asks_per_period = $5, period_days = $6,
			  max_reminders = $7, days_between_mails = $8, epsilon_total = $9, top_bottom_code = $10, practical_difference = $11, updated_at = $12, version = $13
			WHERE survey_policy.version = $14`,
			state, d.MinimumCell, d.ProtectZeros, d.RoundSize, d.AsksPerPeriod, d.PeriodDays, d.MaxReminders, d.DaysBetweenMails,
			number(d.EpsilonTotal), d.TopBottomCode, number(d.PracticalDifference), sqldb.Micros(d.UpdateTime), d.Version, d.Version-1)
	})
}
