// Package translog is the public, append-only log of what issuers did: badges issued, suspended,
// reinstated and revoked, keys added, retired and found compromised. It makes a rewritten history
// visible to anybody who kept one small file, the signed checkpoint of an earlier day.
//
// The log is a Merkle tree in the tiled layout of C2SP tlog-tiles, on golang.org/x/mod/sumdb: an
// Entry is one leaf, a Checkpoint names size and root of the tree and is signed with the log's
// Key, tiles hold the hashes and the entries. A Log reads these files from a server, a mirror or
// any fs.FS, believes nothing that does not hash to the checkpoint, and answers a Question about
// a credential. A Proof is the same for one credential in one text file.
//
// Everything here is pure but the two Files that read; the writing side is package logbook of the
// badges service. Entries are public for ever, so they hold addresses, digests and times only.
package translog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gowebpki/jcs"
)

// The kinds of entries.
const (
	Issued         = "issued"          // a credential was signed for the first time
	Reissued       = "reissued"        // a credential was signed again, with another digest
	Suspended      = "suspended"       // a credential does not count until it is reinstated
	Reinstated     = "reinstated"      // a suspended credential counts again
	Revoked        = "revoked"         // a credential does not count any more
	KeyAdded       = "key_added"       // an issuer has a new key
	KeyRetired     = "key_retired"     // a key signs no more; what it signed stays good
	KeyCompromised = "key_compromised" // a key is in wrong hands since the time of the entry
)

const (
	// entryTime is the form of times: UTC and milliseconds, so that there is one way to write each.
	entryTime = "2006-01-02T15:04:05.000Z"
	// maxText bounds addresses; an entry is far below the 64 KiB that a bundle can hold.
	maxText = 2000
)

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ErrEntry marks what is no entry of this log.
var ErrEntry = errors.New("not an entry of the log")

// Entry is one leaf of the log.
type Entry struct {
	Kind    string
	Issuer  string // DID
	Subject string // id of the credential, or verification method of the key
	Digest  string // SHA-256 of the signed credential, hex; empty for keys
	// Time is when it happened, of a compromised key since when its signatures count no more.
	Time time.Time
}

// wire is how an entry is written: all members always, as RFC 8785 orders them.
type wire struct {
	Digest  string `json:"digest"`
	Issuer  string `json:"issuer"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Time    string `json:"time"`
}

// AboutKey tells whether the entry is about a key rather than a credential.
func (e Entry) AboutKey() bool { return strings.HasPrefix(e.Kind, "key_") }

// Signs tells whether the entry says that a credential was signed.
func (e Entry) Signs() bool { return e.Kind == Issued || e.Kind == Reissued }

// Check tells why an entry may not enter the log.
func (e Entry) Check() error {
	known := []string{Issued, Reissued, Suspended, Reinstated, Revoked, KeyAdded, KeyRetired, KeyCompromised}
	switch {
	case !slices.Contains(known, e.Kind):
		return fmt.Errorf("%w: unknown kind %q", ErrEntry, e.Kind)
	case !strings.HasPrefix(e.Issuer, "did:") || !address(e.Issuer):
		return fmt.Errorf("%w: the issuer is not a DID", ErrEntry)
	case !address(e.Subject):
		return fmt.Errorf("%w: the subject is not an address", ErrEntry)
	case e.Signs() && !digestPattern.MatchString(e.Digest):
		return fmt.Errorf("%w: %s without the SHA-256 of the credential", ErrEntry, e.Kind)
	case !e.Signs() && !e.AboutKey() && e.Digest != "" && !digestPattern.MatchString(e.Digest):
		return fmt.Errorf("%w: the digest is not a SHA-256 in hex", ErrEntry)
	case e.AboutKey() && e.Digest != "":
		return fmt.Errorf("%w: %s with a digest", ErrEntry, e.Kind)
	case e.Time.IsZero() || e.Time.UTC().Year() < 1970 || e.Time.UTC().Year() > 9999:
		return fmt.Errorf("%w: no time", ErrEntry)
	}
	return nil
}

// address tells whether a text can stand in one line of any report.
func address(text string) bool {
	return text != "" && len(text) <= maxText && !strings.ContainsFunc(text, func(r rune) bool {
		return r == unicode.ReplacementChar || unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}

// Marshal writes the entry as the bytes of its leaf: canonical JSON (RFC 8785).
func (e Entry) Marshal() ([]byte, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(wire{
		Digest: e.Digest, Issuer: e.Issuer, Kind: e.Kind, Subject: e.Subject, Time: e.Time.UTC().Format(entryTime),
	})
	if err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	return jcs.Transform(raw)
}

// ParseEntry reads the bytes of a leaf. There is one way to write an entry, and no other is read.
func ParseEntry(leaf []byte) (Entry, error) {
	var w wire
	if err := json.Unmarshal(leaf, &w); err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	at, err := time.Parse(entryTime, w.Time)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: time %q", ErrEntry, w.Time)
	}
	e := Entry{Kind: w.Kind, Issuer: w.Issuer, Subject: w.Subject, Digest: w.Digest, Time: at.UTC()}
	again, err := e.Marshal()
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(again, leaf) {
		return Entry{}, fmt.Errorf("%w: not in its canonical form", ErrEntry)
	}
	return e, nil
}
