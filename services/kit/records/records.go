// Package records knows what a service keeps about people, and does with it what
// the law asks: show it to whom it is about, forget it when its time is over,
// give a district what is its own and delete it when the district leaves.
//
// A service declares its tables next to its migrations: which columns hold
// personal data, whom a row is about, which retention rule ends it. All else is
// done here, once for all services, over the declarations: Keeper works on the
// database, Register serves it to the gateway as RecordKeeperService, together
// with the audit log and the disclosure ledger. Check holds a declaration to the
// tables that really exist, so that a new table cannot be forgotten.
//
// Neighbours: packages audit and ledger keep what is shown here; the gateway's
// package records plans dispositions over all services and certifies them.
package records

import (
	"context"
	"io"

	"github.com/tandem-badges/tandem/proto/retention"
)

// Treatment is what becomes of a row whose time is over.
type Treatment string

// The treatments.
const (
	Deleted       Treatment = "deleted"
	Pseudonymized Treatment = "pseudonymized" // personal columns are emptied, the row stays
)

// Table declares one table.
type Table struct {
	Name string
	// Resource is SQL for the name of the resource a row is, for exports.
	Resource string
	// About is SQL for the name of the person a row is about, where it is.
	About string
	// Erase is what becomes of a row when the person it is about is erased.
	Erase Treatment
	// Subjects are columns that name people: as the whole text, or within JSON.
	Subjects []string
	// Personal are the columns with personal data, with what they hold when empty.
	Personal map[string]string
	// Fields are the annotated fields of the API that are kept here, such as
	// "schools.Note.text".
	Fields []string
	// Rule is the retention rule of the rows, by the time in Since (microseconds,
	// 0 for not yet), with this Treatment.
	Rule      string
	Since     string
	Treatment Treatment
	// None says why the table holds no personal data; nothing above is set then.
	None string
	// Stays is set on the records of deletion themselves, which outlive a district.
	Stays bool
	// Secret are columns that are shown to nobody: keys, and what opens doors.
	Secret []string
	// Withheld says why the rows are in no export of a district.
	Withheld string
}

// Files are what a service keeps outside its database, by district.
type Files interface {
	// Each calls fn for every file of a district, with its digest.
	Each(ctx context.Context, district string, fn func(digest string, content io.Reader) error) error
	// Count tells how many files of a district there are.
	Count(ctx context.Context, district string) (int64, error)
	// Remove deletes all files of a district.
	Remove(ctx context.Context, district string) error
}

// Declaration is all that a service keeps. Tables that refer to others come
// before those.
type Declaration struct {
	Tables []Table
	Files  Files
	// Passing are annotated fields of requests and answers that are kept in none
	// of the tables as they are, with the reason.
	Passing map[string]string
}

// Kind is what a disposition deletes.
type Kind int

// The kinds.
const (
	Retention Kind = iota + 1 // what one retention rule ends
	District                  // everything of a district that leaves
	Person                    // what identifies one person
)

// Scope is what one disposition deletes.
type Scope struct {
	Kind     Kind
	District string
	Rule     string // for Retention; empty for all rules
	Person   string // for Person
}

// Line counts what is, or was, deleted of one table.
type Line struct {
	Table     string
	Records   int64
	Treatment Treatment
}

// Rule is one line of the written retention schedule.
type Rule = retention.Rule

// Schedule is the written retention schedule, which annotations of the API name
// too.
func Schedule() []Rule { return retention.Schedule() }

// RuleOf finds a rule of the schedule.
func RuleOf(id string) (Rule, bool) { return retention.Of(id) }
