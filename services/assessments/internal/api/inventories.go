package api

import (
	"context"
	"strconv"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/inventory"
)

const inventoryPattern = districtPattern + "/inventories/{inventory}"

type inventories struct {
	assessmentsv1.UnimplementedInventoriesServiceServer
	domain *inventory.Service
}

// ListInventoryActivities lists the catalog.
func (s *inventories) ListInventoryActivities(_ context.Context, req *assessmentsv1.ListInventoryActivitiesRequest) (*assessmentsv1.ListInventoryActivitiesResponse, error) {
	all := s.domain.Catalog().Strategies
	list, next, err := pageOf(req, func(after []string, limit int) ([]inventory.Strategy, error) {
		from, err := strconv.Atoi(first(after))
		if err != nil {
			from = 0
		}
		return all[min(from, len(all)):min(from+limit, len(all))], nil
	}, func(last inventory.Strategy) []string { return []string{strconv.Itoa(place(all, last.ID) + 1)} }, encodeStrategy(req.GetLanguage()))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListInventoryActivitiesResponse{Strategies: list, NextPageToken: next}, nil
}

func place(all []inventory.Strategy, id string) int {
	for i, s := range all {
		if s.ID == id {
			return i
		}
	}
	return len(all)
}

// CreateInventory begins the inventory of a district.
func (s *inventories) CreateInventory(ctx context.Context, req *assessmentsv1.CreateInventoryRequest) (*assessmentsv1.Inventory, error) {
	i := inventory.Inventory{ID: req.GetInventoryId()}
	if err := parse("parent", req.GetParent(), districtPattern, &i.District); err != nil {
		return nil, err
	}
	decodeInventory(req.GetInventory(), &i)
	i, err := s.domain.Create(ctx, i)
	if err != nil {
		return nil, err
	}
	return encodeInventory(i), nil
}

// GetInventory reads one inventory.
func (s *inventories) GetInventory(ctx context.Context, req *assessmentsv1.GetInventoryRequest) (*assessmentsv1.Inventory, error) {
	var district, id string
	if err := parse("name", req.GetName(), inventoryPattern, &district, &id); err != nil {
		return nil, err
	}
	i, err := s.domain.Get(ctx, district, id)
	if err != nil {
		return nil, err
	}
	return encodeInventory(i), nil
}

// ListInventories lists the inventories of a district, the latest cycle first.
func (s *inventories) ListInventories(ctx context.Context, req *assessmentsv1.ListInventoriesRequest) (*assessmentsv1.ListInventoriesResponse, error) {
	var district string
	if err := parse("parent", req.GetParent(), districtPattern, &district); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]inventory.Inventory, error) {
		return s.domain.List(ctx, district, first(after), limit)
	}, func(i inventory.Inventory) []string { return []string{i.Cycle} }, encodeInventory)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListInventoriesResponse{Inventories: list, NextPageToken: next}, nil
}

// UpdateInventory changes a draft.
func (s *inventories) UpdateInventory(ctx context.Context, req *assessmentsv1.UpdateInventoryRequest) (*assessmentsv1.Inventory, error) {
	var district, id string
	if err := parse("inventory.name", req.GetInventory().GetName(), inventoryPattern, &district, &id); err != nil {
		return nil, err
	}
	i, err := s.domain.Update(ctx, district, id, req.GetInventory().GetEtag(), func(i *inventory.Inventory) error {
		merged := encodeInventory(*i)
		if err := merge(merged, req.GetInventory(), req.GetUpdateMask()); err != nil {
			return err
		}
		decodeInventory(merged, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodeInventory(i), nil
}

// SubmitInventory ends the draft.
func (s *inventories) SubmitInventory(ctx context.Context, req *assessmentsv1.SubmitInventoryRequest) (*assessmentsv1.Inventory, error) {
	var district, id string
	if err := parse("name", req.GetName(), inventoryPattern, &district, &id); err != nil {
		return nil, err
	}
	i, err := s.domain.Submit(ctx, district, id, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return encodeInventory(i), nil
}

// CompareInventories compares an inventory with an earlier one.
func (s *inventories) CompareInventories(ctx context.Context, req *assessmentsv1.CompareInventoriesRequest) (*assessmentsv1.InventoryComparison, error) {
	var district, id, with string
	if err := parse("name", req.GetName(), inventoryPattern, &district, &id); err != nil {
		return nil, err
	}
	if req.GetWith() != "" {
		var other string
		if err := parse("with", req.GetWith(), inventoryPattern, &other, &with); err != nil {
			return nil, err
		}
		if other != district {
			with = req.GetWith() // an inventory of another district is none of this one
		}
	}
	c, err := s.domain.Compare(ctx, district, id, with)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.InventoryComparison{
		Name: c.Now.Name(), With: c.Before.Name(), KeptWishes: c.Kept, FulfilledWishes: c.Fulfilled,
		Changes: encodeAll(c.Changes, encodeChange), Strategies: encodeAll(c.Strategies, encodeStrategyCount),
	}, nil
}

// DraftLeadershipPlan makes lines of a plan of what a district wants.
func (s *inventories) DraftLeadershipPlan(ctx context.Context, req *assessmentsv1.DraftLeadershipPlanRequest) (*assessmentsv1.LeadershipPlanDraft, error) {
	var district, id string
	if err := parse("name", req.GetName(), inventoryPattern, &district, &id); err != nil {
		return nil, err
	}
	i, lines, err := s.domain.DraftPlan(ctx, district, id, req.GetLanguage())
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.LeadershipPlanDraft{Name: i.Name(), Cycle: i.Cycle, Lines: encodeAll(lines, encodePlanLine)}, nil
}

// RollUpInventories counts districts by activity.
func (s *inventories) RollUpInventories(ctx context.Context, req *assessmentsv1.RollUpInventoriesRequest) (*assessmentsv1.InventoryRollUp, error) {
	r, err := s.domain.RollUp(ctx, req.GetCycle())
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.InventoryRollUp{
		Cycle: r.Cycle, CycleBefore: r.CycleBefore, Submitted: count32(r.Submitted), Activities: encodeAll(r.Activities, encodeActivityCount),
	}, nil
}

func decodeInventory(from *assessmentsv1.Inventory, i *inventory.Inventory) {
	i.Cycle = from.GetCycle()
	i.Marks = encodeAll(from.GetMarks(), func(m *assessmentsv1.InventoryMark) inventory.Mark {
		return inventory.Mark{Activity: m.GetActivity(), DoingNow: m.GetDoingNow(), WantToStart: m.GetWantToStart(), Note: m.GetNote()}
	})
	i.OwnLines = encodeAll(from.GetOwnLines(), func(l *assessmentsv1.InventoryOwnLine) inventory.OwnLine {
		return inventory.OwnLine{Strategy: l.GetStrategy(), Text: l.GetText(), DoingNow: l.GetDoingNow(), WantToStart: l.GetWantToStart()}
	})
}

func encodeInventory(i inventory.Inventory) *assessmentsv1.Inventory {
	return &assessmentsv1.Inventory{
		Name: i.Name(), Cycle: i.Cycle, State: assessmentsv1.Inventory_State(i.State), //nolint:gosec // 1 or 2
		Marks: encodeAll(i.Marks, func(m inventory.Mark) *assessmentsv1.InventoryMark {
			return &assessmentsv1.InventoryMark{Activity: m.Activity, DoingNow: m.DoingNow, WantToStart: m.WantToStart, Note: m.Note}
		}),
		OwnLines: encodeAll(i.OwnLines, func(l inventory.OwnLine) *assessmentsv1.InventoryOwnLine {
			return &assessmentsv1.InventoryOwnLine{Strategy: l.Strategy, Text: l.Text, DoingNow: l.DoingNow, WantToStart: l.WantToStart}
		}),
		SubmitTime: stamp(i.SubmitTime), CreateTime: stamp(i.CreateTime), UpdateTime: stamp(i.UpdateTime), Etag: etag.Of(i.Version),
	}
}

func encodeStrategy(language string) func(inventory.Strategy) *assessmentsv1.InventoryStrategy {
	return func(s inventory.Strategy) *assessmentsv1.InventoryStrategy {
		return &assessmentsv1.InventoryStrategy{
			Id: s.ID, Title: inventory.Title(s.Titles, language), Titles: s.Titles,
			Activities: encodeAll(s.Activities, func(a inventory.Activity) *assessmentsv1.InventoryActivity {
				return &assessmentsv1.InventoryActivity{Id: a.ID, Title: inventory.Title(a.Titles, language), Titles: a.Titles}
			}),
		}
	}
}

func encodeChange(c inventory.Change) *assessmentsv1.ActivityChange {
	return &assessmentsv1.ActivityChange{
		Activity: c.Activity.ID, Title: inventory.Title(c.Activity.Titles, ""),
		DoneBefore: c.DoneBefore, DoneNow: c.DoneNow, WantedBefore: c.WantedBefore, WantedNow: c.WantedNow,
	}
}

func encodeStrategyCount(c inventory.Count) *assessmentsv1.StrategyCount {
	return &assessmentsv1.StrategyCount{
		Strategy: c.Strategy, Activities: count32(c.Activities), DoneBefore: count32(c.DoneBefore), DoneNow: count32(c.DoneNow), WantedNow: count32(c.WantedNow),
	}
}

func encodePlanLine(l inventory.PlanLine) *assessmentsv1.LeadershipPlanLine {
	return &assessmentsv1.LeadershipPlanLine{Strategy: l.Strategy, Activity: l.Activity, Title: l.Title, Expand: l.Expand, DistrictsDoing: count32(l.Doing)}
}

func encodeActivityCount(c inventory.ActivityCount) *assessmentsv1.ActivityCount {
	return &assessmentsv1.ActivityCount{
		Activity: c.Activity.ID, Title: inventory.Title(c.Activity.Titles, ""), Doing: count32(c.Doing), Wanting: count32(c.Wanting), DoingBefore: count32(c.DoingBefore),
	}
}

// count32 is a count of a few thousand at most, as the API has it.
func count32(n int) int32 { return int32(n) } //nolint:gosec // districts, schools, members: thousands at most
