package response

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// BatchSubmit stores paper answers of one school, all or none, also after closing.
// It returns how many were new and how many had been stored before.
func (s *Service) BatchSubmit(ctx context.Context, district, campaignID, school string, sheets []Sheet) (stored, repeated int, err error) {
	d, body, err := s.staffDoor(ctx, district, campaignID, school)
	if err != nil {
		return 0, 0, err
	}
	records, err := s.records(d, body, sheets)
	if err != nil {
		return 0, 0, err
	}
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		taken, err := s.takeLate(ctx, records)
		if err != nil {
			return err
		}
		stored, repeated = taken, len(records)-taken
		return nil
	})
	return stored, repeated, err
}

// SubmitInterview stores what a recipient answered by telephone and burns the
// recipient's token. The answer is not linked to it.
func (s *Service) SubmitInterview(ctx context.Context, district, campaignID, recipient string, a Submission) (Receipt, error) {
	d, err := s.store.RecipientDoor(ctx, district, campaignID, recipient)
	if err != nil {
		return Receipt{}, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return Receipt{}, err
	}
	name := campaign.Name(district, campaignID) + "/recipients/" + recipient
	r := s.record(d, code.Digest(a.ResponseID, name), body, a.Language, a.Answers)
	r.Mode = ByPhone
	refused := mayAnswer(d)
	if refused == nil {
		var bad check.List
		body.Validate(&bad, "", a.Answers)
		refused = bad.Err()
	}
	return s.settle(ctx, r, refused, func(ctx context.Context) (Door, error) {
		return s.store.RecipientDoor(ctx, district, campaignID, recipient)
	})
}

// staffDoor finds the campaign and the school for which staff bring something in.
func (s *Service) staffDoor(ctx context.Context, district, campaignID, school string) (Door, instrument.Body, error) {
	d, err := s.store.SchoolDoor(ctx, district, campaignID, school)
	if err != nil {
		return d, instrument.Body{}, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	return d, body, err
}

// records checks all sheets and makes a record of each.
func (s *Service) records(d Door, body instrument.Body, sheets []Sheet) ([]Record, error) {
	var bad check.List
	ofCampaign(&bad, d)
	bad.Need(len(sheets) > 0, "responses", "required", "Give at least one answer sheet.")
	records, seen := make([]Record, len(sheets)), make(map[string]bool, len(sheets))
	for i, sheet := range sheets {
		at := fmt.Sprintf("responses[%d]", i)
		bad.Need(!seen[sheet.ResponseID], at+".response_id", "response_id_unique", "Give each answer sheet an id of its own.")
		seen[sheet.ResponseID] = true
		body.Validate(&bad, at+".", sheet.Answers)
		records[i] = s.paper(d, code.Digest(sheet.ResponseID, campaign.Name(d.District, d.Campaign)), body, sheet)
	}
	return records, bad.Err()
}

// ofCampaign refuses a school that the campaign does not ask.
func ofCampaign(bad *check.List, d Door) {
	bad.Need(d.School != "", "school", "school_of_campaign", "Name a school that the campaign asks.")
}

// paper is a sheet as an answer.
func (s *Service) paper(d Door, key string, body instrument.Body, sheet Sheet) Record {
	r := s.record(d, key, body, sheet.Language, sheet.Answers)
	r.Mode, r.Late = OnPaper, true
	return r
}

// takeLate stores answers of one school that staff bring in, in the transaction of
// ctx, and returns how many were new.
func (s *Service) takeLate(ctx context.Context, records []Record) (fresh int, err error) {
	one := records[0]
	taken, err := s.store.Take(ctx, records)
	if err != nil {
		return 0, err
	}
	keys := make([]string, 0, len(records))
	for i, r := range records {
		if taken[i] {
			fresh++
		} else {
			keys = append(keys, r.ReceiptKey)
		}
	}
	known, err := s.store.Receipts(ctx, one.District, one.Campaign, keys)
	if err != nil {
		return 0, err
	}
	if len(known) < len(keys) { // neither new nor known: the campaign takes nothing
		return 0, notBegun(one.District, one.Campaign)
	}
	if fresh == 0 {
		return 0, nil
	}
	return fresh, s.store.MarkPaper(ctx, one.District, one.Campaign, one.School)
}

func notBegun(district, id string) error {
	return problem.Precondition(problem.ReasonWindowClosed, problem.Violation{
		Field: campaign.Name(district, id), Rule: "campaign_opened", Fix: "Bring in answers once the survey is open. Answers that come late are taken after it is closed too.",
	})
}
