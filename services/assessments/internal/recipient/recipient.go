// Package recipient is the field work of a confidential campaign: who is asked by
// name, what came of it, and the mails and letters that ask.
//
//	roster -> Recipient (pending) -> invited, reminded -> answered, refused, ...
//
// The promises: a recipient has one single-use code, which is made of the
// campaign's secret and kept as a digest only. An answer burns it by a mark alone:
// nothing here tells when, nor leads to the answer. Nobody is asked more often than
// the state allows, counted by unit and by mail address over all surveys of the
// district; who opted out is not asked. A mail goes out at most once.
//
// Neighbours: campaign has the window and the texts, policy the state's rules,
// response takes the answers and burns codes, mail and letter write what is sent,
// package work runs mailings beside the calls.
package recipient

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
)

// Disposition is what came of asking (AAPOR).
type Disposition int

// Dispositions. Complete and Partial come by an answer alone.
const (
	Pending Disposition = iota + 1
	Complete
	Partial
	Refused
	NotReached
	OtherNonresponse
	UnknownEligibility
	NotEligible
)

// Recipient is a unit that is asked by name.
type Recipient struct {
	District    string
	Campaign    string
	ID          string
	School      string
	UnitKey     string
	Addressee   string
	Email       string
	Language    string
	Groups      map[string]string
	Disposition Disposition // as staff set it; see Outcome

	// Marks of an answer, set by package response. They are no change of the
	// recipient, and the audit log does not tell of them.
	Burned     bool `json:"-"`
	HasPartial bool `json:"-"`

	NoMail      bool // opted out of this survey's mails and letters
	OptedOutAll bool `json:"-"` // of all surveys of the district; kept by contact
	InviteTime  time.Time
	RemindTime  time.Time
	LetterTime  time.Time
	Reminders   int
	MailFailed  bool
	MailUnclear bool
	CreateTime  time.Time
	UpdateTime  time.Time
	Version     int64
}

// Name is the resource name.
func (r Recipient) Name() string { return campaign.Name(r.District, r.Campaign) + "/recipients/" + r.ID }

// Outcome is what came of asking, the answer included.
func (r Recipient) Outcome() Disposition {
	switch {
	case r.Burned && r.HasPartial:
		return Partial
	case r.Burned:
		return Complete
	default:
		return r.Disposition
	}
}

// Code is the recipient's single-use code.
func (r Recipient) Code(secret string) string { return code.Derived(secret, r.ID) }

// Filter selects recipients of a campaign.
type Filter struct {
	School      string      // empty: of all
	Disposition Disposition // 0: any
}

// Tally counts recipients of a school.
type Tally struct {
	School  string
	Count   map[Disposition]int
	Invited int // mailed or lettered
}

// Tokens counts the single-use tokens of a school, in mode Token.
type Tokens struct {
	School     string
	Made, Used int
}

// Reader reads recipients.
type Reader interface {
	Recipient(ctx context.Context, district, campaign, id string) (Recipient, error)
	// Recipients come in the order of their ids.
	Recipients(ctx context.Context, district, campaign string, f Filter, after string, limit int) ([]Recipient, error)
}
