// Package response is what a respondent reaches without an account: the form
// behind a code, and the answer that is stored once.
//
//	code -> Door (campaign, school, state) -> answers checked -> one transaction:
//	answer + receipt + burned token + event
//
// The promises: an acknowledged answer is durable and counted once, and nothing
// stored leads from a token or a receipt to an answer. An answer has a random id
// and the day, not the time; a receipt is found only by who knows both the code
// and the client's response id; burning sets a mark and nothing else.
//
// Codes are made by package campaign; answers are counted by package result.
package response

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Door is where a code leads.
type Door struct {
	District          string
	Campaign          string
	School            string
	SchoolTitle       string
	Title             string // of the campaign
	State             campaign.State
	InstrumentVersion string
	Invitation        bool // by single-use token
	Burned            bool // the token has its answer
}

// Open tells whether an answer is taken now.
func (d Door) Open() bool { return d.State == campaign.Open && !d.Burned }

// Answer is the answer to one item: an option or a text.
type Answer struct {
	Item   string
	Option string
	Text   string
}

// Receipt tells a respondent that the answer is stored. It leads to no answer.
type Receipt struct {
	Code string
	Day  time.Time
}

// Record is an answer as it is stored.
type Record struct {
	ID       string // random
	District string
	Campaign string
	School   string
	Language string
	Day      time.Time
	Answers  []Answer

	ReceiptKey string // digest of code and response id
	Receipt    string // random
}

// Sheet is an answer on paper, keyed in.
type Sheet struct {
	ResponseID string
	Language   string // empty: the first of the instrument
	Answers    []Answer
}

// Store keeps answers.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Door finds the way in by a code, and nothing ("not found") for any other code.
	Door(ctx context.Context, code string) (Door, error)
	// SchoolDoor finds the way in of paper answers: a campaign and its school. The
	// school is empty when the campaign does not ask it.
	SchoolDoor(ctx context.Context, district, campaign, school string) (Door, error)
	// Receipts are those stored before under the keys.
	Receipts(ctx context.Context, district, campaign string, keys []string) (map[string]Receipt, error)
	// Burn marks a token; false when it was burned before.
	Burn(ctx context.Context, d Door, code string) (bool, error)
	// Save stores the records with their receipts and one event each.
	Save(ctx context.Context, records []Record) error
	// MarkPaper remembers that answers of the school came on paper.
	MarkPaper(ctx context.Context, district, campaign, school string) error
}

// Form is a questionnaire in one language.
type Form struct {
	Door     Door
	Language string
	Body     instrument.Body
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
