// Package ddl reads migrations and finds what would stop or break the program that
// runs while they do.
//
// A migration runs beside programs of the version before: they must neither wait long
// for a lock nor miss what they use. So migrations only add in one release, and take
// away in a later one what no program uses any more (docs/migrations.md). Statements of
// PostgreSQL are read by PostgreSQL's own parser; SQLite has one process, which waits
// for nobody, so that only what a program of the version before would miss counts.
//
// What is meant to be says so in a comment above its statement: "contract: ..." that
// nothing uses it since which release, "bounded: ..." why only few rows are touched.
//
// A test runs it over the migrations of every service; the program itself does not
// hold it. Neighbour: kit/sqldb runs migrations, with a timeout for locks.
package ddl

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Finding is a statement that breaks a rule.
type Finding struct {
	File string
	Line int
	Rule string
	// Object is what the statement is about, by which an exception is told.
	Object  string
	Harm    string // what it locks or breaks
	Instead string // how to write it
}

// String tells all of it in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s (%s): %s Instead: %s", f.File, f.Line, f.Rule, f.Object, f.Harm, f.Instead)
}

// Key tells a finding from others, whatever lines are around it.
func (f Finding) Key() string { return f.File + ": " + f.Rule + ": " + f.Object }

// Dialects of migrations: the names of their folders.
const (
	Postgres = "postgres"
	SQLite   = "sqlite"
)

// Check reads the migrations of a dialect, in their order, and returns what breaks a
// rule.
func Check(fsys fs.FS, dialect string) ([]Finding, error) {
	names, err := fs.Glob(fsys, dialect+"/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	judge := newJudge(dialect)
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if err := judge.read(path.Join(dialect, path.Base(name)), string(text)); err != nil {
			return nil, err
		}
	}
	return judge.found, nil
}

// judge goes through the files of one dialect.
type judge struct {
	dialect string
	found   []Finding
	checks  map[string]check // constraints that say that a column is never null, by table and name

	// of the present file
	file          string
	noTransaction bool
	fresh         map[string]bool // tables that it creates: nobody uses them yet
	dropped       map[string]bool // indexes that it drops if they are there
	added         map[string]bool // constraints that it adds, by table and name
}

// check is a constraint by which a column is never null.
type check struct {
	column    string
	validated bool
}

func newJudge(dialect string) *judge { return &judge{dialect: dialect, checks: map[string]check{}} }

// read judges one file.
func (j *judge) read(name, text string) error {
	j.file = name
	j.noTransaction = strings.Contains(text, "-- +goose NO TRANSACTION")
	j.fresh, j.dropped, j.added = map[string]bool{}, map[string]bool{}, map[string]bool{}
	up := upOf(text)
	if j.dialect == SQLite {
		return j.sqlite(up)
	}
	return j.postgres(up)
}

// upOf is the part that brings a schema forward; the part back is blank, so that lines
// keep their numbers. The program never goes back.
func upOf(text string) string {
	up, down, _ := strings.Cut(text, "-- +goose Down")
	return up + strings.Repeat("\n", strings.Count(down, "\n"))
}

// statement is one statement with what its author says above it.
type statement struct {
	line     int
	contract bool
	bounded  bool
}

var (
	contract = regexp.MustCompile(`(?m)^\s*-- contract: \S+`)
	bounded  = regexp.MustCompile(`(?m)^\s*-- bounded: \S+`)
)

// at is the statement that begins, with the comments above it, at an offset.
func at(text string, offset int) statement {
	rest := text[offset:]
	lead := len(rest) - len(strings.TrimLeft(rest, " \t\r\n;"))
	for strings.HasPrefix(rest[lead:], "--") {
		end := strings.IndexByte(rest[lead:], '\n')
		if end < 0 {
			break
		}
		lead += end
		lead += len(rest[lead:]) - len(strings.TrimLeft(rest[lead:], " \t\r\n"))
	}
	above := rest[:lead]
	return statement{
		line:     1 + strings.Count(text[:offset+lead], "\n"),
		contract: contract.MatchString(above), bounded: bounded.MatchString(above),
	}
}

// rule is what may be broken.
type rule struct{ name, harm, instead string }

func (j *judge) blame(s statement, r rule, object string) {
	j.found = append(j.found, Finding{File: j.file, Line: s.line, Rule: r.name, Object: object, Harm: r.harm, Instead: r.instead})
}
