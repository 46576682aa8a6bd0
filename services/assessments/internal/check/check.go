// Package check collects the violations of one request, so that a caller learns
// all that is wrong at once and not one mistake per attempt.
//
// The domain packages fill a List with field paths as the API spells them; Err
// turns it into one domain error. Parent tells an empty list from one under
// something that does not exist.
package check

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// partID is the form of the ids of standards, indicators, items and options.
var partID = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)

// List is what is wrong so far.
type List []problem.Violation

// Add records a violation.
func (l *List) Add(field, rule, fix string) {
	*l = append(*l, problem.Violation{Field: field, Rule: rule, Fix: fix})
}

// Need records a violation unless ok.
func (l *List) Need(ok bool, field, rule, fix string) {
	if !ok {
		l.Add(field, rule, fix)
	}
}

// PartID checks the id of a part of a document.
func (l *List) PartID(field, id string) {
	l.Need(partID.MatchString(id), field, "id_form", "Use 1 to 64 lower-case letters, digits and hyphens, beginning and ending with a letter or digit.")
}

// ResourceID returns the id to give a new resource: the caller's, or a new one.
func (l *List) ResourceID(field, given string) string {
	if given == "" {
		return ids.New()
	}
	l.Need(ids.ValidUser(given), field, "id_form", "Use 1 to 63 lower-case letters, digits and hyphens, or leave it out.")
	return given
}

// Err is nil when nothing is wrong.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return problem.Invalid(l...)
}

// Parent refuses a list that found nothing because its parent does not exist, by
// the parent's name as it was sent. With "-" in it the name stands for any parent.
func Parent(ctx context.Context, name string, listed int, has func(ctx context.Context, name string) (bool, error)) error {
	if listed > 0 || slices.Contains(strings.Split(name, "/"), "-") {
		return nil
	}
	known, err := has(ctx, name)
	if err != nil || known {
		return err
	}
	return problem.NotFound(name)
}
