package recipient

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// Method says how the rates of a report are made.
const Method = "AAPOR Standard Definitions. RR1 = complete / all who are or may be eligible; RR2 counts partial answers too; " +
	"RR3 and RR4 take only the share e of those of whom it is not known. Nothing yet and unknown eligibility count as unknown; " +
	"e is the share of the eligible among those of whom it is known, and 1 while it is known of nobody."

// Report is how far the field work is: nothing of what was answered.
type Report struct {
	Campaign campaign.Campaign
	Total    Counts
	Schools  []Counts
	AsOf     time.Time
}

// Counts are those of one school, or of all.
type Counts struct {
	School  campaign.School
	Count   map[Disposition]int
	Invited int
	Tokens  Tokens
	Rates   statistics.Rates
}

// Recipients is how many are asked.
func (c Counts) Recipients() (n int) {
	for _, each := range c.Count {
		n += each
	}
	return n
}

// Report tells how far the field work of a campaign is.
func (s *Service) Report(ctx context.Context, district, campaignID string) (Report, error) {
	c, err := s.store.Campaign(ctx, district, campaignID)
	if err != nil {
		return Report{}, err
	}
	tallies, err := s.store.Tallies(ctx, district, campaignID)
	if err != nil {
		return Report{}, err
	}
	tokens, err := s.store.Tokens(ctx, district, campaignID)
	if err != nil {
		return Report{}, err
	}
	out := Report{Campaign: c, AsOf: s.clock.Now(), Total: Counts{Count: map[Disposition]int{}}}
	for _, school := range c.Schools {
		out.Schools = append(out.Schools, Counts{School: school, Count: map[Disposition]int{}})
	}
	of := func(school string) *Counts { // of a draft that asks whatever schools there are, those that have any
		for i := range out.Schools {
			if out.Schools[i].School.ID == school {
				return &out.Schools[i]
			}
		}
		out.Schools = append(out.Schools, Counts{School: campaign.School{ID: school}, Count: map[Disposition]int{}})
		return &out.Schools[len(out.Schools)-1]
	}
	for _, t := range tallies {
		for _, into := range []*Counts{of(t.School), &out.Total} {
			into.add(t)
		}
	}
	for _, t := range tokens {
		for _, into := range []*Counts{of(t.School), &out.Total} {
			into.Tokens.Made += t.Made
			into.Tokens.Used += t.Used
		}
	}
	for i := range out.Schools {
		out.Schools[i].Rates = out.Schools[i].rates()
	}
	out.Total.Rates = out.Total.rates()
	return out, nil
}

func (c *Counts) add(t Tally) {
	for d, n := range t.Count {
		c.Count[d] += n
	}
	c.Invited += t.Invited
}

// rates are zero where nobody is asked.
func (c Counts) rates() statistics.Rates {
	n := func(d Disposition) float64 { return float64(c.Count[d]) }
	d := statistics.Dispositions{
		Complete: n(Complete), Partial: n(Partial), Refusal: n(Refused), NonContact: n(NotReached), Other: n(OtherNonresponse),
		UnknownHousehold: n(UnknownEligibility), UnknownOther: n(Pending), Ineligible: n(NotEligible),
	}
	e, err := d.Eligibility()
	if err != nil {
		e = 1
	}
	rates, err := d.Rates(e)
	if err != nil {
		return statistics.Rates{}
	}
	return rates
}
