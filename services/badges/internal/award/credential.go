package award

import (
	"context"
	"time"
)

// Kind is what a credential is for.
type Kind string

// The kinds, named as in the API.
const (
	KindBadge       Kind = "BADGE"       // a badge for one standard
	KindPartnership Kind = "PARTNERSHIP" // the Partnership School award
	KindExternal    Kind = "EXTERNAL"    // from elsewhere, kept for the school
)

// Credential is a signed document about a school, as it was signed last. A badge has an Award;
// a Partnership School award has the Parts it embeds; one from elsewhere has neither.
type Credential struct {
	Name, Award string
	Kind        Kind
	School      string
	Title       string // what it is called
	Issuer      string // identifier of who signed, such as a DID
	IssuerName  string // issuers/{issuer}; empty for one from elsewhere
	Key         string // verification method of the proof
	// FrameworkVersion and Parts are those of a Partnership School award: under which framework
	// version, and the names of the badges it embeds. ReplacedBy is the award that took its place.
	FrameworkVersion string
	Parts            []string
	ReplacedBy       string
	Document         []byte // exactly as signed
	Digest           string // SHA-256 over Document, hex
	Version          int    // 1, and one more each time it was signed anew
	IssueTime        time.Time
	ExpireTime       time.Time // zero: it has no end
}

// Reissue is why a credential was signed anew: Operation is the work that did, which does so once.
type Reissue struct {
	Operation, Reason string
}

// CredentialReissued says that a credential was signed anew.
type CredentialReissued struct{ Credential Credential }

// Selection is what credentials an operation is to sign anew; empty fields select all.
type Selection struct {
	IssuerName string
	Keys       []string // verification methods: all names of one key
}

// CredentialSlice is a page of a list, the newest first: those before a moment and a name, at most Limit.
type CredentialSlice struct {
	Before time.Time
	Name   string
	Limit  int
}

// Standing is what the awards of a school amount to under a framework version, after one of
// them changed.
type Standing struct {
	School, FrameworkVersion string
	Recognized               bool
	Standards                []string // those that a Partnership School holds badges for
	Awards                   []Award  // all of the school under the framework version, the newest last
	At                       time.Time
}

// Certifier keeps the credential of the Partnership School award in step with the awards it
// rests on. It is called in the transaction of every change of an award.
type Certifier interface {
	Certify(ctx context.Context, s Standing) error
}
