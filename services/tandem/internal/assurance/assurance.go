// Package assurance holds the lists by which outsiders judge the platform's
// security, and proves that they do not point into the void: docs/asvs.csv says
// for each requirement of OWASP ASVS 5.0.0, levels 1 and 2, which tests show it
// or why there is none, and the guides name the tests that show what they promise.
// The rows are in our own words; the identifiers are the standard's.
package assurance

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Status says how a requirement stands.
type Status string

// The statuses of requirements.
const (
	Tested        Status = "tested"         // tests show it
	Documented    Status = "documented"     // a written reason or document shows it
	NotApplicable Status = "not applicable" // there is no such part
	Open          Status = "open"           // not met, and the note says how far
)

// Requirement is one row of the list.
type Requirement struct {
	ID      string
	Level   string
	Summary string
	Status  Status
	Tests   []string // "folder.TestName", the folder from the repository's root
	Note    string
}

var header = []string{"requirement", "level", "summary", "status", "tests", "note"}

// Read reads the list.
func Read(r io.Reader) ([]Requirement, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != strings.Join(header, ",") {
		return nil, fmt.Errorf("the first row must be %s", strings.Join(header, ","))
	}
	var all []Requirement
	for _, row := range rows[1:] {
		all = append(all, Requirement{
			ID: row[0], Level: row[1], Summary: row[2], Status: Status(row[3]), Tests: strings.Fields(row[4]), Note: row[5],
		})
	}
	return all, nil
}

var mention = regexp.MustCompile("`([a-z0-9/]+\\.(?:Test|Fuzz)[A-Za-z0-9]+)`")

// Mentions returns the tests that a text names, each once and in order:
// `folder.TestName` in back quotes.
func Mentions(text string) []string {
	var names []string
	for _, found := range mention.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}
