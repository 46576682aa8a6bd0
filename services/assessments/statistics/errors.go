package statistics

import "fmt"

// InputError says which input is not acceptable, and the rule that it breaks.
type InputError struct {
	Field string // the argument, such as "weights"
	Row   int    // 0-based row, or -1 when the rule is about all of it
	Rule  string // what has to hold, in plain words
}

// Error names field, row and rule.
func (e *InputError) Error() string {
	if e.Row < 0 {
		return fmt.Sprintf("%s: %s", e.Field, e.Rule)
	}
	return fmt.Sprintf("%s, row %d: %s", e.Field, e.Row+1, e.Rule)
}

// RefusedError says that a statistic is undefined for these data or would
// mislead, so that no number is given.
type RefusedError struct {
	Statistic string
	Reason    string
}

// Error names statistic and reason.
func (e *RefusedError) Error() string { return fmt.Sprintf("%s refused: %s", e.Statistic, e.Reason) }

func invalid(field, rule string, args ...any) error {
	return &InputError{Field: field, Row: -1, Rule: fmt.Sprintf(rule, args...)}
}

func invalidRow(field string, row int, rule string, args ...any) error {
	return &InputError{Field: field, Row: row, Rule: fmt.Sprintf(rule, args...)}
}

func refused(statistic, reason string, args ...any) error {
	return &RefusedError{Statistic: statistic, Reason: fmt.Sprintf(reason, args...)}
}
