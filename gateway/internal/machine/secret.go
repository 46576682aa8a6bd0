package machine

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
	"time"
)

// Kind says what a secret is for.
type Kind string

// The kinds.
const (
	ClientSecret Kind = "client_secret" // for the token endpoint
	APIKey       Kind = "api_key"       // with every call
)

// The visible beginnings, by which people, we and scanners of source code tell
// what they found.
const (
	secretPrefix = "tdm_sk_"
	keyPrefix    = "tdm_live_"
)

const (
	entropy   = 32 // bytes
	bodySize  = 43 // digits of base 62 for entropy bytes
	sumSize   = 6  // digits of base 62 for a CRC-32
	shownSize = 6  // digits shown after the prefix
	base      = 62
)

// Digest is the SHA-256 of a secret. A slow hash, as for passwords, would protect
// nothing here: nobody guesses 256 random bits, however fast each guess is, and
// the digest is computed at every call.
type Digest [sha256.Size]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// DigestOf is the digest of a secret as its bearer sends it.
func DigestOf(value string) Digest { return sha256.Sum256([]byte(value)) }

// ParseDigest reads what String wrote.
func ParseDigest(text string) (d Digest, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(d) {
		return d, fmt.Errorf("digest of a secret: %d bytes", len(raw))
	}
	return Digest(raw), nil
}

// Secret is a secret or key of a client, without its value.
type Secret struct {
	ID      string
	Kind    Kind
	Prefix  string // first characters, by which people recognize it
	Digest  Digest
	Created time.Time
	Expires time.Time // zero for never
	LastUse time.Time // to the minute
}

// live tells whether the secret counts at the time.
func (s *Secret) live(now time.Time) bool { return s.Expires.IsZero() || now.Before(s.Expires) }

// NewValue makes the value of a secret: a prefix that tells what it is, 256
// random bits, and a checksum of both, by which a value that was cut or mistyped
// is known without asking the database.
func NewValue(kind Kind) string {
	random := make([]byte, entropy)
	_, _ = rand.Read(random) // never fails: the process ends when the system has no randomness
	body := prefixOf(kind) + digits(new(big.Int).SetBytes(random), bodySize)
	return body + checksum(body)
}

// KindOf tells what a text is by its form alone: the prefix, the length and the
// checksum.
func KindOf(value string) (Kind, bool) {
	for _, kind := range []Kind{ClientSecret, APIKey} {
		rest, ok := strings.CutPrefix(value, prefixOf(kind))
		if !ok || len(rest) != bodySize+sumSize {
			continue
		}
		body := value[:len(value)-sumSize]
		return kind, checksum(body) == value[len(body):]
	}
	return "", false
}

func prefixOf(kind Kind) string {
	if kind == APIKey {
		return keyPrefix
	}
	return secretPrefix
}

// shown is the part of a value that is kept to recognize it.
func shown(value string, kind Kind) string { return value[:len(prefixOf(kind))+shownSize] }

func checksum(body string) string {
	return digits(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), sumSize)
}

// digits writes a number to base 62 with leading zeros.
func digits(n *big.Int, size int) string {
	text := n.Text(base)
	return strings.Repeat("0", max(0, size-len(text))) + text
}
