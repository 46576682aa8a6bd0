package response

import (
	"context"
	"fmt"
	"sync"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Service takes answers.
type Service struct {
	store       Store
	instruments instrument.Source
	clock       clock.Clock

	// published instrument versions by name: they never change.
	published sync.Map
}

// NewService returns the service that takes answers.
func NewService(store Store, instruments instrument.Source, c clock.Clock) *Service {
	return &Service{store: store, instruments: instruments, clock: c}
}

// Form reads the questionnaire behind a code in the language asked for, or the
// nearest there is.
func (s *Service) Form(ctx context.Context, codeGiven, language string) (Form, error) {
	ctx, d, err := s.enter(ctx, codeGiven)
	if err != nil {
		return Form{}, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return Form{}, err
	}
	return Form{Door: d, Language: body.Language(language), Body: body}, nil
}

// Submit stores an answer. The same response id with the same code gets the same
// receipt, whenever it comes again.
func (s *Service) Submit(ctx context.Context, codeGiven, responseID, language string, answers []Answer) (Receipt, error) {
	ctx, d, err := s.enter(ctx, codeGiven)
	if err != nil {
		return Receipt{}, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return Receipt{}, err
	}
	r := s.record(d, code.Digest(responseID, codeGiven), body.Language(language), answers)
	if before, ok, err := s.receipt(ctx, r); err != nil || ok {
		return before, err
	}
	if err := mayAnswer(d); err != nil {
		return Receipt{}, err
	}
	var bad check.List
	validate(&bad, "", body, answers)
	if err := bad.Err(); err != nil {
		return Receipt{}, err
	}
	return s.store1(ctx, codeGiven, r)
}

// enter finds the way in. From there on the work is its district's, whoever calls.
func (s *Service) enter(ctx context.Context, codeGiven string) (context.Context, Door, error) {
	d, err := s.store.Door(ctx, codeGiven)
	return tenant.With(ctx, d.District), d, err
}

// store1 stores one checked answer. Between the check and here another answer may
// have burned the token, or the campaign may have closed: it looks again.
func (s *Service) store1(ctx context.Context, codeGiven string, r Record) (Receipt, error) {
	receipt := Receipt{Code: r.Receipt, Day: r.Day}
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		before, ok, err := s.receipt(ctx, r)
		if ok {
			receipt = before
		}
		if err != nil || ok {
			return err
		}
		d, err := s.store.Door(ctx, codeGiven)
		if err != nil {
			return err
		}
		if err := mayAnswer(d); err != nil {
			return err
		}
		if d.Invitation {
			fresh, err := s.store.Burn(ctx, d, codeGiven)
			if err != nil {
				return err
			}
			if !fresh {
				return usedUp()
			}
		}
		return s.store.Save(ctx, []Record{r})
	})
	return receipt, err
}

// BatchSubmit stores paper answers of one school, all or none. It returns how
// many were new and how many had been stored before.
func (s *Service) BatchSubmit(ctx context.Context, district, campaignID, school string, sheets []Sheet) (stored, repeated int, err error) {
	d, err := s.store.SchoolDoor(ctx, district, campaignID, school)
	if err != nil {
		return 0, 0, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return 0, 0, err
	}
	records, err := s.records(d, body, sheets)
	if err != nil {
		return 0, 0, err
	}
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		fresh, err := s.fresh(ctx, records)
		if err != nil {
			return err
		}
		stored, repeated = len(fresh), len(records)-len(fresh)
		if len(fresh) == 0 {
			return nil
		}
		now, err := s.store.SchoolDoor(ctx, district, campaignID, school)
		if err != nil {
			return err
		}
		if err := mayAnswer(now); err != nil {
			return err
		}
		if err := s.store.MarkPaper(ctx, district, campaignID, school); err != nil {
			return err
		}
		return s.store.Save(ctx, fresh)
	})
	return stored, repeated, err
}

// records checks all sheets and makes a record of each.
func (s *Service) records(d Door, body instrument.Body, sheets []Sheet) ([]Record, error) {
	var bad check.List
	bad.Need(d.School != "", "school", "school_of_campaign", "Name a school that the campaign asks.")
	bad.Need(len(sheets) > 0, "responses", "required", "Give at least one answer sheet.")
	records, seen := make([]Record, len(sheets)), make(map[string]bool, len(sheets))
	for i, sheet := range sheets {
		at := fmt.Sprintf("responses[%d]", i)
		bad.Need(!seen[sheet.ResponseID], at+".response_id", "response_id_unique", "Give each answer sheet an id of its own.")
		seen[sheet.ResponseID] = true
		validate(&bad, at+".", body, sheet.Answers)
		key := code.Digest(sheet.ResponseID, campaign.Name(d.District, d.Campaign))
		records[i] = s.record(d, key, body.Language(sheet.Language), sheet.Answers)
	}
	return records, bad.Err()
}

// fresh leaves out what was stored before.
func (s *Service) fresh(ctx context.Context, records []Record) ([]Record, error) {
	keys := make([]string, len(records))
	for i, r := range records {
		keys[i] = r.ReceiptKey
	}
	before, err := s.store.Receipts(ctx, records[0].District, records[0].Campaign, keys)
	if err != nil || len(before) == 0 {
		return records, err
	}
	var fresh []Record
	for _, r := range records {
		if _, ok := before[r.ReceiptKey]; !ok {
			fresh = append(fresh, r)
		}
	}
	return fresh, nil
}

func (s *Service) record(d Door, key, language string, answers []Answer) Record {
	return Record{
		ID: code.New(), District: d.District, Campaign: d.Campaign, School: d.School, Language: language,
		Day: day(s.clock.Now()), Answers: answers, ReceiptKey: key, Receipt: code.New(),
	}
}

func (s *Service) receipt(ctx context.Context, r Record) (Receipt, bool, error) {
	found, err := s.store.Receipts(ctx, r.District, r.Campaign, []string{r.ReceiptKey})
	before, ok := found[r.ReceiptKey]
	return before, ok, err
}

// instrument reads the questionnaire of a campaign, once per process.
func (s *Service) instrument(ctx context.Context, name string) (instrument.Body, error) {
	if known, ok := s.published.Load(name); ok {
		return known.(instrument.Body), nil //nolint:forcetypeassert // stored below, nowhere else
	}
	v, err := instrument.Published(ctx, s.instruments, name)
	if err != nil {
		return instrument.Body{}, err
	}
	s.published.Store(name, v.Body)
	return v.Body, nil
}

// mayAnswer refuses a used token and a campaign that is not open.
func mayAnswer(d Door) error {
	if d.Burned {
		return usedUp()
	}
	if d.State == campaign.Open {
		return nil
	}
	return problem.Precondition(problem.ReasonWindowClosed, problem.Violation{
		Field: campaign.Name(d.District, d.Campaign), Rule: "campaign_open", Fix: "Answers are taken only while the survey is open. Ask the school when it is.",
	})
}

func usedUp() error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: "code", Rule: "token_unused", Fix: "This code has been used for an answer. Ask the school for a new one if it was not yours.",
	})
}
