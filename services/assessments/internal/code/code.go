// Package code makes the unguessable codes by which families reach a survey, and
// the digests kept in their place.
//
// A code has 128 random bits: nobody finds one by trying, so a plain SHA-256 is
// enough to keep it. Receipts and the ids of answers are codes too, since an id
// that told its time would tell which token and which answer came together.
package code

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
)

const randomBytes = 16

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New returns a new code of 26 lower-case letters and digits.
func New() string {
	raw := make([]byte, randomBytes)
	_, _ = rand.Read(raw) // never fails: it ends the process where the system has no randomness
	return encoding.EncodeToString(raw)
}

// Digest is the SHA-256 of the parts in hex. Parts are kept apart by a byte that
// none of them contains, so ("ab", "c") differs from ("a", "bc").
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Derived is the code that a secret and an id make: always the same, and found by
// nobody who lacks the secret. Codes that must be sent again are made so, and need
// not be kept.
func Derived(secret, id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return encoding.EncodeToString(mac.Sum(nil)[:randomBytes])
}
