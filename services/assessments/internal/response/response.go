// Package response is what a respondent reaches without an account: the form
// behind a code, and the answer that is stored once. Staff bring in what came on
// paper or by telephone.
//
//	code -> Door (campaign, school, state) -> answers checked -> one transaction
//	with whoever else answers at this moment: answer + receipt + burned token + event
//
// The promises: an acknowledged answer is durable and counted once, and nothing
// stored leads from a token or a receipt to an answer. An answer has a random id
// and the day, not the time; a receipt is found only by who knows both the code
// and the client's response id; burning sets a mark and nothing else; unfinished
// answers are sealed with a key that the respondent alone has.
//
// service.go takes answers, gather.go joins those that come together, draft.go
// keeps unfinished ones, paper.go compares what two people keyed in, flood.go
// bounds what open links take. Codes are made by packages campaign and recipient;
// answers are checked by package instrument and counted by package result.
package response

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Kind is what kind of way in a code is.
type Kind int

// Kinds of ways in, numbered as the API numbers them.
const (
	Web   Kind = iota + 1 // a link for one's own device
	Kiosk                 // a link for a device that many use
	Token                 // for one answer
)

// Mode is how an answer came.
type Mode string

// Modes of answers.
const (
	ByWeb   Mode = "web"
	ByKiosk Mode = "kiosk"
	OnPaper Mode = "paper"
	ByPhone Mode = "phone"
)

// Door is where a code leads.
type Door struct {
	District          string
	DistrictTitle     string // as it was at opening
	Campaign          string
	School            string
	SchoolTitle       string
	Title             string // of the campaign
	State             campaign.State
	InstrumentVersion string
	CloseTime         time.Time // planned; zero for none
	Kind              Kind
	Invitation        bool              // by single-use token of nobody by name
	Recipient         bool              // by single-use token of somebody asked by name
	Groups            map[string]string // of the recipient, counted with the answer
	Burned            bool              // the token has its answer

	unit string // the recipient, of whom nothing but the burning is kept
}

// Named returns the door with the recipient whose token it is.
func (d Door) Named(recipient string) Door {
	d.Recipient, d.unit = true, recipient
	return d
}

// Open tells whether an answer is taken now.
func (d Door) Open() bool { return d.State == campaign.Open && !d.Burned }

// Single tells whether the door takes one answer.
func (d Door) Single() bool { return d.Invitation || d.Recipient }

// mode is how answers through this door come.
func (d Door) mode() Mode {
	if d.Kind == Kiosk {
		return ByKiosk
	}
	return ByWeb
}

// Answer is the answer to one item.
type Answer = instrument.Answer

// Receipt tells a respondent that the answer is stored. It leads to no answer.
type Receipt struct {
	Code string
	Day  time.Time
}

// Record is an answer as it is stored, with what is done in the same transaction.
type Record struct {
	ID       string // random
	District string
	Campaign string
	School   string
	Language string
	Day      time.Time
	Mode     Mode
	Groups   map[string]string
	Answers  []Answer

	ReceiptKey string // digest of code and response id
	Receipt    string // random

	Late       bool   // brought in by staff, also after the campaign is closed
	Invitation string // digest of the token to burn
	Recipient  string // id of the recipient whose token is burned
	Partial    bool   // less than half was answered, for the recipient's disposition
	Draft      string // key of the unfinished answers that end with this one
}

// Sheet is an answer on paper, keyed in.
type Sheet struct {
	ResponseID string
	Language   string // empty: the first of the instrument
	Answers    []Answer
}

// Draft are unfinished answers, sealed.
type Draft struct {
	District string
	Campaign string
	Key      string // digest by which it is found
	Day      time.Time
	Sealed   []byte
}

// Store keeps answers.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Doors finds the ways in by codes; codes that lead nowhere are left out.
	Doors(ctx context.Context, codes []string) (map[string]Door, error)
	// SchoolDoor finds the way in of paper answers: a campaign and its school. The
	// school is empty when the campaign does not ask it.
	SchoolDoor(ctx context.Context, district, campaign, school string) (Door, error)
	// RecipientDoor finds the way in of a recipient by name.
	RecipientDoor(ctx context.Context, district, campaign, recipient string) (Door, error)
	// Receipts are those stored before under the keys.
	Receipts(ctx context.Context, district, campaign string, keys []string) (map[string]Receipt, error)
	// Take stores in one transaction all of the records that may be stored: the
	// campaign takes answers now, the token was not burned and the receipt key is new.
	// It tells of each whether it was; of records with one token or one key it takes
	// the first.
	Take(ctx context.Context, records []Record) ([]bool, error)
	// MarkPaper remembers that answers of the school came on paper.
	MarkPaper(ctx context.Context, district, campaign, school string) error

	DraftStore
	PaperStore
}

// DraftStore keeps unfinished answers.
type DraftStore interface {
	// SaveDraft keeps a draft, in place of one with its key.
	SaveDraft(ctx context.Context, d Draft) error
	Draft(ctx context.Context, district, campaign, key string) (Draft, error)
	// DropDrafts deletes the drafts of campaigns that are not open, and those last
	// saved before the day. It returns how many.
	DropDrafts(ctx context.Context, before time.Time) (int64, error)
}

// PaperStore keeps sheets that are not stored yet.
type PaperStore interface {
	// Entry finds a sheet, or nothing ("not found").
	Entry(ctx context.Context, district, campaign, school, sheet string) (Entry, error)
	// Entries come in the order of their ids.
	Entries(ctx context.Context, district, campaign, after string, limit int) ([]Entry, error)
	AddEntry(ctx context.Context, e Entry) error
	// SaveEntry replaces the row of version e.Version-1, or fails as stale.
	SaveEntry(ctx context.Context, e Entry) error
	// DropEntry deletes the row of version e.Version.
	DropEntry(ctx context.Context, e Entry) error
}

// Form is a questionnaire in one language.
type Form struct {
	Door     Door
	Language string
	Body     instrument.Body
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
