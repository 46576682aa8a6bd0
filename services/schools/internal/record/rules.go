package record

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// DateLayout is how days are written.
const DateLayout = time.DateOnly

// Rules collects broken rules, so that a caller learns all of them at once.
type Rules struct {
	prefix     string
	violations []problem.Violation
}

// For starts a collection whose fields lie below prefix, e.g. "school" or
// "requests[3].school".
func For(prefix string) *Rules {
	return &Rules{prefix: prefix}
}

// Add records that a field breaks a rule.
func (r *Rules) Add(field, rule, fix string) {
	if r.prefix != "" {
		field = r.prefix + "." + field
	}
	r.violations = append(r.violations, problem.Violation{Field: field, Rule: rule, Fix: fix})
}

// Merge adds what another collection found.
func (r *Rules) Merge(other *Rules) {
	r.violations = append(r.violations, other.violations...)
}

// Text asks for a text that is there and not too long.
func (r *Rules) Text(field, value string, limit int) {
	if strings.TrimSpace(value) == "" {
		r.Add(field, "required", "Give a text that is not blank.")
	}
	r.Short(field, value, limit)
}

// Short asks for a text that is not too long.
func (r *Rules) Short(field, value string, limit int) {
	if utf8.RuneCountInString(value) > limit {
		r.Add(field, "max_length", "Shorten the text.")
	}
}

// Date asks for a day of the calendar, as YYYY-MM-DD, and tells whether it is one.
func (r *Rules) Date(field, value string) bool {
	if value == "" {
		r.Add(field, "required", "Give a day as YYYY-MM-DD.")
		return false
	}
	if _, err := time.Parse(DateLayout, value); err != nil {
		r.Add(field, "calendar_day", "Give a day that exists, as YYYY-MM-DD.")
		return false
	}
	return true
}

// OK tells whether nothing was found.
func (r *Rules) OK() bool { return len(r.violations) == 0 }

// Err is nil, or problem.Invalid with everything that was found.
func (r *Rules) Err() error {
	if r.OK() {
		return nil
	}
	return problem.Invalid(r.violations...)
}
