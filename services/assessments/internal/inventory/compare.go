package inventory

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Change is an activity in two inventories.
type Change struct {
	Activity                Activity
	DoneBefore, DoneNow     bool
	WantedBefore, WantedNow bool
}

// Count counts the activities of a strategy.
type Count struct {
	Strategy                                   string
	Activities, DoneBefore, DoneNow, WantedNow int
}

// Comparison tells what changed between two inventories of a district.
type Comparison struct {
	Now, Before Inventory
	Changes     []Change // every activity of the catalog, in its order
	Strategies  []Count
	Kept        []string // activities wanted then and still only wanted
	Fulfilled   []string // activities wanted then and done now
}

// Compare compares an inventory with an earlier one: the one named, or that of
// the latest cycle before.
func (s *Service) Compare(ctx context.Context, district, id, with string) (Comparison, error) {
	now, err := s.store.Inventory(ctx, district, id)
	if err != nil {
		return Comparison{}, err
	}
	before, err := s.earlier(ctx, now, with)
	if err != nil {
		return Comparison{}, err
	}
	return s.catalog.compare(now, before), nil
}

func (s *Service) earlier(ctx context.Context, now Inventory, with string) (Inventory, error) {
	if with != "" {
		return s.store.Inventory(ctx, now.District, with)
	}
	before, err := s.store.Before(ctx, now.District, now.Cycle)
	if problem.Is(err, problem.KindNotFound) {
		return before, problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: now.Name(), Rule: "earlier_inventory", Fix: "There is no submitted inventory of an earlier cycle to compare with. Compare next year, or name another inventory.",
		})
	}
	return before, err
}

func (c Catalog) compare(now, before Inventory) Comparison {
	out := Comparison{Now: now, Before: before}
	for _, strategy := range c.Strategies {
		count := Count{Strategy: strategy.ID, Activities: len(strategy.Activities)}
		for _, a := range strategy.Activities {
			was, is := before.mark(a.ID), now.mark(a.ID)
			out.Changes = append(out.Changes, Change{
				Activity: a, DoneBefore: was.DoingNow, DoneNow: is.DoingNow, WantedBefore: was.WantToStart, WantedNow: is.WantToStart,
			})
			count.DoneBefore += one(was.DoingNow)
			count.DoneNow += one(is.DoingNow)
			count.WantedNow += one(is.WantToStart)
			switch wish := was.WantToStart && !was.DoingNow; {
			case wish && is.DoingNow:
				out.Fulfilled = append(out.Fulfilled, a.ID)
			case wish && is.WantToStart:
				out.Kept = append(out.Kept, a.ID)
			}
		}
		out.Strategies = append(out.Strategies, count)
	}
	return out
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
