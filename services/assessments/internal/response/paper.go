package response

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// PaperState is where a sheet stands.
type PaperState int

// States of a sheet, numbered as the API numbers them.
const (
	EnteredOnce PaperState = iota + 1 // a second person has to key it in
	Different                         // keyed in twice, differently
	Stored                            // both agree, or somebody decided
)

// Entry is a sheet that is not stored yet, with what was keyed in. Nobody is shown
// the keying of another: who keys in second must read the sheet, not the first.
type Entry struct {
	District   string
	Campaign   string
	School     string
	Sheet      string
	ID         string
	State      PaperState
	FirstBy    string // digest of who
	SecondBy   string
	First      Sheet
	Second     Sheet
	Different  []string // items
	Salt       string   // random
	CreateTime time.Time
	Version    int64
}

// Name is the resource name.
func (e Entry) Name() string {
	return campaign.Name(e.District, e.Campaign) + "/paperEntries/" + e.ID
}

// Keyed is what somebody keyed in of a sheet.
type Keyed struct {
	District, Campaign, School string
	Sheet                      string // number on the sheet
	Language                   string
	Answers                    []Answer
	By                         string // who
	Resolve                    bool   // decide between two entries that differ
}

// EnterPaper takes what somebody keyed in of a sheet. It is stored once two people
// keyed in the same, or somebody who looked at the sheet again decides between two
// that differ. It returns where the sheet stands and which items differ.
func (s *Service) EnterPaper(ctx context.Context, k Keyed) (PaperState, []string, error) {
	d, body, err := s.staffDoor(ctx, k.District, k.Campaign, k.School)
	if err != nil {
		return 0, nil, err
	}
	var bad check.List
	ofCampaign(&bad, d)
	body.Validate(&bad, "", k.Answers)
	if err := bad.Err(); err != nil {
		return 0, nil, err
	}
	if d.State < campaign.Open {
		return 0, nil, notBegun(k.District, k.Campaign)
	}
	sheet := Sheet{Language: body.Language(k.Language), Answers: normal(body, body.Relevant(k.Answers))}
	var e Entry
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		e, err = s.enterSheet(ctx, d, body, k, sheet)
		return err
	})
	return e.State, e.Different, err
}

// enterSheet moves one sheet on, in the transaction of ctx.
func (s *Service) enterSheet(ctx context.Context, d Door, body instrument.Body, k Keyed, sheet Sheet) (Entry, error) {
	key := sheetKey(k)
	stored, err := s.store.Receipts(ctx, k.District, k.Campaign, []string{key})
	if err != nil || len(stored) > 0 {
		return Entry{State: Stored}, err
	}
	by := code.Digest(k.By, key)
	e, err := s.store.Entry(ctx, k.District, k.Campaign, k.School, k.Sheet)
	if problem.Is(err, problem.KindNotFound) {
		if k.Resolve {
			return Entry{}, nothingToResolve(k)
		}
		e = Entry{
			District: k.District, Campaign: k.Campaign, School: k.School, Sheet: k.Sheet, ID: ids.New(), State: EnteredOnce,
			FirstBy: by, First: sheet, Salt: code.New(), CreateTime: s.clock.Now(), Version: 1,
		}
		return e, s.store.AddEntry(ctx, e)
	}
	if err != nil {
		return Entry{}, err
	}
	agreed, err := e.enter(by, sheet, k)
	if err != nil {
		return Entry{}, err
	}
	if !agreed {
		e.Version++
		return e, s.store.SaveEntry(ctx, e)
	}
	if _, err := s.takeLate(ctx, []Record{s.paper(d, key, body, sheet)}); err != nil {
		return Entry{}, err
	}
	return Entry{State: Stored}, s.store.DropEntry(ctx, e)
}

// enter adds what one more person keyed in, or the same person again. It tells
// whether the sheet is settled by it.
func (e *Entry) enter(by string, sheet Sheet, k Keyed) (agreed bool, err error) {
	switch {
	case k.Resolve && e.State != Different:
		return false, nothingToResolve(k)
	case k.Resolve:
		return true, nil
	case e.State == EnteredOnce && by == e.FirstBy: // who keyed it in corrects it
		e.First = sheet
		return false, nil
	case e.State == EnteredOnce:
		e.SecondBy, e.Second = by, sheet
	case by == e.FirstBy:
		e.First = sheet
	case by == e.SecondBy:
		e.Second = sheet
	default: // a third person, who agrees with one of the two or decides
		if len(different(e.First.Answers, sheet.Answers)) > 0 && len(different(e.Second.Answers, sheet.Answers)) > 0 {
			return false, undecided(k)
		}
		return true, nil
	}
	e.Different = different(e.First.Answers, e.Second.Answers)
	e.State = Different
	return len(e.Different) == 0, nil
}

// Entries lists the sheets of a campaign that are not stored yet.
func (s *Service) Entries(ctx context.Context, district, campaignID, after string, limit int) ([]Entry, error) {
	if _, err := s.store.SchoolDoor(ctx, district, campaignID, ""); err != nil {
		return nil, err
	}
	return s.store.Entries(ctx, district, campaignID, after, limit)
}

// sheetKey is the receipt key of a sheet: its number is unique in campaign and school.
func sheetKey(k Keyed) string {
	return code.Digest("sheet", k.Sheet, campaign.Name(k.District, k.Campaign), k.School)
}

// normal is the one way to write answers: by item, without those that say nothing,
// and options by id where their order means nothing.
func normal(body instrument.Body, answers []Answer) []Answer {
	var out []Answer
	for _, a := range answers {
		if a.Empty() {
			continue
		}
		if item, _ := body.Item(a.Item); item.Type == instrument.MultipleChoice {
			a.Options = slices.Sorted(slices.Values(a.Options))
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Answer) int { return strings.Compare(a.Item, b.Item) })
	return out
}

// different are the items that two entries answer differently, in order.
func different(a, b []Answer) []string {
	one, other := written(a), written(b)
	found := map[string]bool{}
	for item, text := range one {
		found[item] = other[item] != text
	}
	for item := range other {
		if _, both := one[item]; !both {
			found[item] = true
		}
	}
	maps.DeleteFunc(found, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(found))
}

// written are answers as text, by item.
func written(answers []Answer) map[string]string {
	out := make(map[string]string, len(answers))
	for _, a := range answers {
		raw, _ := json.Marshal(a) // strings, numbers and maps of them
		out[a.Item] = string(raw)
	}
	return out
}

func nothingToResolve(k Keyed) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: "sheet_id", Rule: "entries_differ", Fix: "Decide only between two entries that differ. Sheet " + k.Sheet + " has none: key it in without resolve.",
	})
}

func undecided(k Keyed) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: "sheet_id", Rule: "entries_differ", Fix: "Two people keyed in sheet " + k.Sheet + " differently, and this agrees with neither. Look at the sheet and send what it says with resolve.",
	})
}
