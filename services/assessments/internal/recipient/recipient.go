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
	CreateTime  time.Time
	UpdateTime  time.Time
	Version     int64

	Marks `json:"-"`
}

// Marks are what mailing notes. They are no change of the recipient: the audit log
// has the mailing.
type Marks struct {
	InviteTime  time.Time
	RemindTime  time.Time
	LetterTime  time.Time
	Reminders   int
	Sending     campaign.MessageKind // the mail server has it in hand; 0: nothing
	Tries       int                  // that the mail server put off
	DueTime     time.Time            // of the next try
	MailFailed  bool
	MailUnclear bool
}

// Asked is when the recipient was last written to; zero: never.
func (m Marks) Asked() time.Time {
	last := m.InviteTime
	for _, t := range []time.Time{m.RemindTime, m.LetterTime} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// Name is the resource name.
func (r Recipient) Name() string {
	return campaign.Name(r.District, r.Campaign) + "/recipients/" + r.ID
}

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

// Unit is a unit of the roster.
type Unit struct{ School, Key string }

// Store keeps recipients, and whom the surveys of a district asked.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Campaign(ctx context.Context, district, id string) (campaign.Campaign, error)

	Recipient(ctx context.Context, district, campaign, id string) (Recipient, error)
	// RecipientByCode finds one by the digest of the code, in whichever district.
	RecipientByCode(ctx context.Context, digest string) (Recipient, error)
	// Recipients come in the order of their ids.
	Recipients(ctx context.Context, district, campaign string, f Filter, after string, limit int) ([]Recipient, error)
	// Units finds the recipients of these units.
	Units(ctx context.Context, district, campaign string, units []Unit) (map[Unit]Recipient, error)
	// AddRecipients adds recipients with the digests of their codes, as one entry of the audit log.
	AddRecipients(ctx context.Context, campaign string, list []Recipient, digests []string) error
	// SaveRecipient replaces the row of version r.Version-1, or fails as stale; it leaves marks alone.
	SaveRecipient(ctx context.Context, r Recipient) error
	// Mark notes what mailing did.
	Mark(ctx context.Context, r Recipient) error
	// Sent counts a mail of the campaign.
	Sent(ctx context.Context, district, campaign string, kind campaign.MessageKind) error

	// Secret is what codes are made of; empty before the first and after closing.
	Secret(ctx context.Context, district, campaign string) (string, error)
	SetSecret(ctx context.Context, district, campaign, secret string) error

	// ToMail are ids of recipients to look at, in order.
	ToMail(ctx context.Context, m Mailing, now time.Time, limit int) ([]string, error)
	// Waiting tells how many recipients of a mailing wait for another try.
	Waiting(ctx context.Context, m Mailing) (int, error)
	// ToLetter are recipients of a school to print letters for, those never printed first.
	ToLetter(ctx context.Context, district, campaign, school string, limit int) ([]Recipient, error)

	// ContactKey is the district's key of contact digests, made at the first call.
	ContactKey(ctx context.Context, district string) (string, error)
	// Asks counts the other surveys that wrote to a contact after a time.
	Asks(ctx context.Context, district, exceptCampaign, contact string, after time.Time) (int, error)
	// AddAsk notes when a survey wrote to a contact last.
	AddAsk(ctx context.Context, district, campaign, contact string, at time.Time) error
	// OptedOut are those of the contacts that opted out of all surveys.
	OptedOut(ctx context.Context, district string, contacts []string) (map[string]bool, error)
	SetOptedOut(ctx context.Context, district string, contacts []string, out bool, at time.Time) error

	// Tallies and Tokens count by school.
	Tallies(ctx context.Context, district, campaign string) ([]Tally, error)
	Tokens(ctx context.Context, district, campaign string) ([]Tokens, error)
}

// Mailing is one round of mails of a campaign.
type Mailing struct {
	District, Campaign string
	School             string // empty: all
	Kind               campaign.MessageKind
	Last               string // id of the recipient looked at last; Again: only those put off are left
}

// Again stands behind all ids.
const Again = "~"
