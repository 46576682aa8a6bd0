// Package interchange turns questionnaires into files and back: our own JSON, which
// is complete and comes back exactly as it was; XLSForm, the spreadsheet that Kobo,
// ODK and Survey123 use; and a codebook for whoever works with exported answers.
//
// Files are written by strangers. Sizes, rows and nesting are bounded before anything
// is built; formulas are never computed; what a file says that a questionnaire cannot
// say is told in notes and never guessed. A draft comes out, which is checked whole
// when it is published (package instrument).
//
//	json.go       our JSON
//	xlsform.go    the columns and names that both directions share
//	write*.go     questionnaire -> XLSForm
//	read*.go      XLSForm -> questionnaire
//	xpath*.go     the expressions of XLSForm, from and to package expression
//	codebook.go   CSV
package interchange

import (
	"fmt"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Bounds of a document, the same that the API sets to its messages.
const (
	MaxContent   = 4 << 20 // bytes of a file
	maxItems     = 200
	maxParts     = 50 // sections, scales, options or rows
	maxLanguages = 40
	maxText      = 4000 // characters of one text
	maxTitle     = 200
)

// Document is a questionnaire as a file.
type Document struct {
	Title string
	Body  instrument.Body
}

// bounded refuses a document that is larger than the API takes. A file may be small
// and say much, so this looks at what came out of it.
func bounded(d Document) error {
	var bad check.List
	most := func(n, limit int, field string) {
		bad.Need(n <= limit, field, "too_many", fmt.Sprintf("Give at most %d.", limit))
	}
	long := func(text string, limit int, field string) {
		bad.Need(utf8.RuneCountInString(text) <= limit, field, "too_long", fmt.Sprintf("Write at most %d characters.", limit))
	}
	texts := func(field string, all map[string]string) {
		most(len(all), maxLanguages, field)
		for l, t := range all {
			long(l, 35, field)
			long(t, maxText, field)
		}
	}
	long(d.Title, maxTitle, "title")
	most(len(d.Body.Languages), maxLanguages, "languages")
	most(len(d.Body.Items), maxItems, "items")
	most(len(d.Body.Sections), maxParts, "sections")
	most(len(d.Body.Scales), maxParts, "scales")
	if len(bad) > 0 {
		return bad.Err() // not worth looking into
	}
	for i, s := range d.Body.Sections {
		at := fmt.Sprintf("sections[%d]", i)
		texts(at, s.Title)
		texts(at, s.Text)
		long(s.Relevant, expression.MaxLength, at+".relevant")
	}
	for i, it := range d.Body.Items {
		at := fmt.Sprintf("items[%d]", i)
		most(len(it.Options), maxParts, at+".options")
		most(len(it.Rows), maxParts, at+".rows")
		long(it.Relevant, expression.MaxLength, at+".relevant")
		long(it.Constraint, expression.MaxLength, at+".constraint")
		texts(at, it.Text)
		texts(at, it.Hint)
		texts(at, it.Message)
		for _, o := range it.Options {
			texts(at, o.Text)
		}
		for _, r := range it.Rows {
			texts(at, r.Text)
		}
	}
	for i, m := range d.Body.Scales {
		most(len(m.Items), 2*maxParts, fmt.Sprintf("scales[%d].items", i))
		texts(fmt.Sprintf("scales[%d]", i), m.Title)
	}
	return bad.Err()
}

// refused says that a file cannot be read.
func refused(rule, fix string, args ...any) error {
	var bad check.List
	bad.Add("content", rule, fmt.Sprintf(fix, args...))
	return bad.Err()
}
