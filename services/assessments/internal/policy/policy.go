// Package policy is the state's rules of asking and publishing: how small a count
// may be shown, how often a person may be asked, how many reminders there are.
//
// It is one document of the whole state. Where the state set nothing the defaults
// hold. Package recipient asks by it, packages result and rollup publish by it;
// what was published before a change stays as it is.
package policy

import (
	"context"
	"time"
)

// Defaults and bounds.
const (
	DefaultMinimumCell         = 10
	LeastMinimumCell           = 5
	MostMinimumCell            = 30
	MostPeriodDays             = 365 // as long as asks are kept
	DefaultPeriodDays          = 90
	DefaultMaxReminders        = 3
	DefaultDaysBetweenMails    = 3
	DefaultPracticalDifference = 5
	LeastEpsilonTotal          = 0.1 // smallest budget of noisy releases
)

// Policy is the rules.
type Policy struct {
	MinimumCell         int     // smallest count of people that is published
	ProtectZeros        bool    // zeros are protected like small counts
	RoundSize           int     // fewest new answers of a school in a later round
	AsksPerPeriod       int     // surveys of the district that a person is asked in within the period; 0: no limit
	PeriodDays          int     // days of the period
	MaxReminders        int     // for each invitation
	DaysBetweenMails    int     // to one recipient
	EpsilonTotal        float64 // privacy loss of a campaign's noisy releases; 0: exact, with suppression
	TopBottomCode       bool    // shares of 0 and 100 % are shown as bounds
	PracticalDifference float64 // percentage points that are called notable
}

// Document is the policy as it is kept: zeros stand for defaults.
type Document struct {
	Policy
	UpdateTime time.Time
	Version    int64 // 0: never set
}

// Source knows the rules in force.
type Source interface {
	Policy(ctx context.Context) (Policy, error)
}

// Store keeps the document.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// PolicyDocument is the document; the first one, of version 0, where none is kept.
	PolicyDocument(ctx context.Context) (Document, error)
	// SavePolicy replaces the document of version d.Version-1, or fails as stale.
	SavePolicy(ctx context.Context, d Document) error
}

// InForce fills in the defaults.
func (p Policy) InForce() Policy {
	fill := func(v *int, otherwise int) {
		if *v == 0 {
			*v = otherwise
		}
	}
	fill(&p.MinimumCell, DefaultMinimumCell)
	fill(&p.RoundSize, p.MinimumCell)
	fill(&p.PeriodDays, DefaultPeriodDays)
	fill(&p.MaxReminders, DefaultMaxReminders)
	fill(&p.DaysBetweenMails, DefaultDaysBetweenMails)
	if p.PracticalDifference == 0 {
		p.PracticalDifference = DefaultPracticalDifference
	}
	return p
}

// Period is how far back asks are counted.
func (p Policy) Period() time.Duration { return time.Duration(p.PeriodDays) * 24 * time.Hour }

// BetweenMails is the least time between two mails to one recipient.
func (p Policy) BetweenMails() time.Duration {
	return time.Duration(p.DaysBetweenMails) * 24 * time.Hour
}
