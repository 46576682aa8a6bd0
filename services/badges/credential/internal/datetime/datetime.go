// Package datetime reads and writes the time stamps of credentials and proofs: XML Schema
// dateTimeStamp, that is a date and time with a zone.
package datetime

import (
	"fmt"
	"time"
)

// Parse reads a dateTimeStamp. Unlike time.Parse it refuses a comma as the decimal mark.
func Parse(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || len(text) < len("2006-01-02T15:04:05Z") || text[19] == ',' {
		return time.Time{}, fmt.Errorf("%q is not a date and time with a zone such as 2026-05-01T09:00:00Z", text)
	}
	return t, nil
}

// Format writes a time in UTC with whole seconds, the form that all verifiers read.
func Format(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
