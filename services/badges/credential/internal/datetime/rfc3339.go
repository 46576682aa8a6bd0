package datetime

import (
	"regexp"
	"strings"
)

var rfc3339 = regexp.MustCompile(`^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$`)

// IsRFC3339 tells whether a text is a date-time of RFC 3339, which JSON Schema means by that word. It
// differs from what Parse reads: small letters and leap seconds are right, and 24:00:00 is not.
func IsRFC3339(text string) bool {
	m := rfc3339.FindStringSubmatch(text)
	if m == nil || !isDay(number(m[1]), number(m[2]), number(m[3])) {
		return false
	}
	hour, minute, second := number(m[4]), number(m[5]), number(m[6])
	zoneHour, zoneMinute := number(m[8]), number(m[9])
	if hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59 {
		return false
	}
	offset := zoneHour*60 + zoneMinute
	if strings.HasPrefix(m[7], "-") {
		offset = -offset
	}
	const day = 24 * 60
	utc := (hour*60 + minute - offset + day) % day
	return second < 60 || utc == day-1 // a leap second ends a day of UTC
}
