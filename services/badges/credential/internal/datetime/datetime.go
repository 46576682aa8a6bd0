// Package datetime reads and writes the time stamps of credentials and proofs: XML Schema 1.1
// dateTimeStamp, that is a date and time with a zone.
package datetime

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stamp has the parts of a dateTimeStamp. Its year has four digits at least, and no leading zero
// when it has more; five are enough for anything that a credential may say.
var stamp = regexp.MustCompile(`^(-?(?:[1-9][0-9]{4}|[0-9]{4}))-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`)

// maxLength bounds the fraction of a second that anybody may write.
const maxLength = 64

var errForm = errors.New("not a date and time with a zone such as 2026-05-01T09:00:00Z")

// Parse reads a dateTimeStamp. Unlike RFC 3339 it knows no leap second and no small letters, and
// 24:00:00 is the midnight that ends a day.
func Parse(text string) (time.Time, error) {
	t, err := parse(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is %w", text, errForm)
	}
	return t, nil
}

func parse(text string) (time.Time, error) {
	if t, ok := usual(text); ok {
		return t, nil
	}
	if len(text) > maxLength {
		return time.Time{}, errForm
	}
	m := stamp.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, errForm
	}
	year, month, day := number(m[1]), number(m[2]), number(m[3])
	hour, minute, second := number(m[4]), number(m[5]), number(m[6])
	endOfDay := hour == 24 && minute == 0 && second == 0 && strings.Trim(m[7], ".0") == ""
	if (hour > 23 && !endOfDay) || minute > 59 || second > 59 || !isDay(year, month, day) {
		return time.Time{}, errForm
	}
	zone, err := offset(m[8])
	if err != nil {
		return time.Time{}, err
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanoseconds(m[7]), zone), nil
}

// usual reads the form in which nearly every time is written, at a tenth of the cost.
func usual(text string) (time.Time, bool) {
	if len(text) != len("2006-01-02T15:04:05Z") || text[13] != ':' || text[16] != ':' || text[19] != 'Z' {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

// isDay tells whether the calendar has the day.
func isDay(year, month, day int) bool {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Month() == time.Month(month) && t.Day() == day
}

// offset reads a zone, which is at most 14 hours from UTC.
func offset(text string) (*time.Location, error) {
	if text == "Z" {
		return time.UTC, nil
	}
	hours, minutes := number(text[1:3]), number(text[4:6])
	if minutes > 59 || hours*60+minutes > 14*60 {
		return nil, errForm
	}
	seconds := (hours*60 + minutes) * 60
	if text[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), nil
}

// nanoseconds reads a fraction such as .25; digits after the ninth are cut off.
func nanoseconds(fraction string) int {
	digits := strings.TrimPrefix(fraction, ".") + "000000000"
	return number(digits[:9])
}

// number reads digits that the pattern has found.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// Format writes a time in UTC with whole seconds, the form that all verifiers read.
func Format(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
