// Package ids makes and checks the last segment of resource names.
//
// Ids the product makes are UUIDv7 written as 26 lower-case letters of the
// base32 "extended hex" alphabet. That alphabet is in ASCII order, so ids sort
// as text the way they were made in time: keyset paging needs no other column.
//
// Ids that people choose (a district's number, a team's short name) follow
// AIP-122 with one widening: they may begin with a digit, since school and
// district numbers such as 0880 do.
package ids

import (
	"encoding/base32"
	"encoding/binary"
	"regexp"
	"time"

	"github.com/google/uuid"
)

// Length is the number of letters of an id made by New.
const Length = 26

var (
	encoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)
	userID   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// New returns a new id. Ids made later by one process are greater as text.
func New() string {
	id := uuid.Must(uuid.NewV7())
	return encoding.EncodeToString(id[:])
}

// Valid tells whether s has the one canonical form of an id made by New.
func Valid(s string) bool {
	if len(s) != Length {
		return false
	}
	raw, err := encoding.DecodeString(s)
	// 26 letters carry two bits more than a UUID; only zeros are canonical.
	return err == nil && encoding.EncodeToString(raw) == s
}

// Time is when New made an id, to the millisecond; false for any other id.
func Time(s string) (time.Time, bool) {
	if !Valid(s) {
		return time.Time{}, false
	}
	raw, _ := encoding.DecodeString(s)
	if id, err := uuid.FromBytes(raw); err != nil || id.Version() != 7 {
		return time.Time{}, false
	}
	var millis [8]byte
	copy(millis[2:], raw[:6])                                                    // a UUIDv7 begins with 48 bits of milliseconds
	return time.UnixMilli(int64(binary.BigEndian.Uint64(millis[:]))).UTC(), true //nolint:gosec // 48 bits
}

// ValidUser tells whether s may be used as an id that a person chose. Every
// id made by New is also a valid user id.
func ValidUser(s string) bool {
	return userID.MatchString(s)
}
