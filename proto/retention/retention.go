// Package retention is the written retention schedule: how long each kind of
// personal data is kept, and from when on. The annotations of fields
// (tandem.privacy.v1.personal) name its rules; the data inventory is written from
// both, and package records of the services deletes by it.
package retention

import (
	"slices"
	"time"
)

// Rule is one line of the schedule.
type Rule struct {
	ID, Title, Starts string
	Keep              time.Duration
}

// Audit is what annotations name instead of a rule where data stays for good: the
// records of access and deletion, which hold ids and digests only.
const Audit = "audit"

// Year is as long as the schedule takes it.
const Year = 365 * 24 * time.Hour

// Schedule is the whole. Nothing is kept without an end but what Audit says.
func Schedule() []Rule {
	return []Rule{
		{ID: "account", Title: "Accounts, roles and their reasons", Starts: "last change of the account", Keep: 3 * Year},
		{ID: "application", Title: "Applications, reviews and decisions with their reasons", Starts: "last change", Keep: 7 * Year},
		{ID: "award", Title: "Reasons for taking an award back", Starts: "last change of the award", Keep: 7 * Year},
		{ID: "evidence", Title: "Descriptions of evidence; its files go with the portfolio", Starts: "last change", Keep: 5 * Year},
		{ID: "journey", Title: "Working papers of teams: plans, notes, reflections, members", Starts: "last change", Keep: 5 * Year},
		{ID: "session", Title: "Sign-ins and devices", Starts: "last use", Keep: 30 * 24 * time.Hour},
		{ID: "survey", Title: "Answers to surveys; published results stay", Starts: "day of the answer", Keep: Year},
	}
}

// Of finds a rule of the schedule.
func Of(id string) (Rule, bool) {
	all := Schedule()
	at := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id })
	if at < 0 {
		return Rule{}, false
	}
	return all[at], true
}
