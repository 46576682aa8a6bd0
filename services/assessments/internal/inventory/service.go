package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

// Service keeps inventories.
type Service struct {
	store     Store
	catalog   Catalog
	directory Directory
	clock     clock.Clock
}

// NewService returns the service that keeps inventories of a catalog's activities.
func NewService(store Store, catalog Catalog, directory Directory, c clock.Clock) *Service {
	return &Service{store: store, catalog: catalog, directory: directory, clock: c}
}

// Catalog is what the inventory asks about.
func (s *Service) Catalog() Catalog { return s.catalog }

// Create begins the inventory of a district. Of i it reads district, id, cycle,
// marks and own lines.
func (s *Service) Create(ctx context.Context, i Inventory) (Inventory, error) {
	var bad check.List
	i.ID = bad.ResourceID("inventory_id", i.ID)
	known, err := s.directory.HasCycle(ctx, i.Cycle)
	if err != nil {
		return i, err
	}
	bad.Need(known, "inventory.cycle", "cycle_exists", "Name a cycle that exists, e.g. cycles/2026-27.")
	s.check(&bad, i)
	if err := bad.Err(); err != nil {
		return i, err
	}
	if known, err = s.directory.HasDistrict(ctx, campaign.DistrictName(i.District)); err != nil {
		return i, err
	}
	if !known {
		return i, problem.NotFound(campaign.DistrictName(i.District))
	}
	now := s.clock.Now()
	i.State, i.CreateTime, i.UpdateTime, i.Version = Draft, now, now, 1
	return i, s.store.Tx(ctx, func(ctx context.Context) error { return s.store.AddInventory(ctx, i) })
}

// Get reads an inventory.
func (s *Service) Get(ctx context.Context, district, id string) (Inventory, error) {
	return s.store.Inventory(ctx, district, id)
}

// List lists the inventories of a district, the latest cycle first.
func (s *Service) List(ctx context.Context, district, after string, limit int) ([]Inventory, error) {
	list, err := s.store.Inventories(ctx, district, after, limit)
	if err != nil {
		return nil, err
	}
	return list, check.Parent(ctx, campaign.DistrictName(district), len(list), s.directory.HasDistrict)
}

// Update changes marks and own lines of a draft.
func (s *Service) Update(ctx context.Context, district, id, tag string, change func(*Inventory) error) (Inventory, error) {
	return s.edit(ctx, district, id, tag, func(_ context.Context, i *Inventory) error {
		cycle := i.Cycle
		if err := change(i); err != nil {
			return err
		}
		var bad check.List
		bad.Need(i.Cycle == cycle, "inventory.cycle", "cycle_stays", "Leave the cycle as it is; create another inventory for another cycle.")
		s.check(&bad, *i)
		return bad.Err()
	})
}

// Submit ends the draft.
func (s *Service) Submit(ctx context.Context, district, id, tag string) (Inventory, error) {
	return s.edit(ctx, district, id, tag, func(ctx context.Context, i *Inventory) error {
		var bad check.List
		bad.Need(len(i.Marks)+len(i.OwnLines) > 0, "inventory.marks", "something_marked", "Mark at least one activity, or add a line of your own, before submitting.")
		if err := bad.Err(); err != nil {
			return err
		}
		i.State, i.SubmitTime = Submitted, s.clock.Now()
		return s.store.Submitted(ctx, *i)
	})
}

// edit changes a draft in one transaction.
func (s *Service) edit(ctx context.Context, district, id, tag string, change func(context.Context, *Inventory) error) (Inventory, error) {
	var out Inventory
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		i, err := s.store.Inventory(ctx, district, id)
		if err != nil {
			return err
		}
		if err := etag.Check(tag, i.Version, i.Name()); err != nil {
			return err
		}
		if i.State != Draft {
			return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: i.Name(), Rule: "not_submitted", Fix: "A submitted inventory stays as it is. Begin one for the next cycle.",
			})
		}
		if err := change(ctx, &i); err != nil {
			return err
		}
		i.UpdateTime, i.Version = s.clock.Now(), i.Version+1
		out = i
		return s.store.SaveInventory(ctx, i)
	})
	return out, err
}

// check lists what is wrong with marks and own lines.
func (s *Service) check(bad *check.List, i Inventory) {
	seen := map[string]bool{}
	for n, m := range i.Marks {
		at := fmt.Sprintf("inventory.marks[%d].activity", n)
		_, known := s.catalog.Activity(m.Activity)
		bad.Need(known, at, "activity_of_catalog", "Name an activity of the catalog, e.g. a1.")
		bad.Need(!seen[m.Activity], at, "activity_once", "Mark each activity once.")
		seen[m.Activity] = true
	}
	lines := map[string]int{}
	for n, l := range i.OwnLines {
		at := fmt.Sprintf("inventory.own_lines[%d]", n)
		bad.Need(s.catalog.has(l.Strategy), at+".strategy", "strategy_of_catalog", "Name a strategy of the catalog, e.g. a.")
		bad.Need(strings.TrimSpace(l.Text) != "", at+".text", "required", "Say what the district does.")
		lines[l.Strategy]++
		bad.Need(lines[l.Strategy] <= OwnLinesPerStrategy, at, "three_lines", fmt.Sprintf("Add at most %d lines of your own to a strategy.", OwnLinesPerStrategy))
	}
}

// Activity finds an activity of the catalog by its id.
func (c Catalog) Activity(id string) (Activity, bool) {
	for _, s := range c.Strategies {
		if n := slices.IndexFunc(s.Activities, func(a Activity) bool { return a.ID == id }); n >= 0 {
			return s.Activities[n], true
		}
	}
	return Activity{}, false
}

func (c Catalog) has(strategy string) bool {
	return slices.ContainsFunc(c.Strategies, func(s Strategy) bool { return s.ID == strategy })
}
