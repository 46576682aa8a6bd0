package inventory

import "context"

// fewest is how many districts must have submitted before a district's plan says
// how many others do an activity: with fewer it would name them.
const fewest = 3

// PlanLine is one line of a leadership action plan: what to start. Who, when and
// what it costs is for people to fill in.
type PlanLine struct {
	Strategy string
	Activity string // empty for an own line
	Title    string
	Expand   bool // it is done already, and is to grow
	Doing    int  // other districts that do it, to ask; 0 where too few submitted
}

// DraftPlan makes lines of a plan of what a district wants to start.
func (s *Service) DraftPlan(ctx context.Context, district, id, language string) (Inventory, []PlanLine, error) {
	i, err := s.store.Inventory(ctx, district, id)
	if err != nil {
		return i, nil, err
	}
	totals, err := s.count(ctx, i.Cycle, func(other Inventory) bool { return other.District != district })
	if err != nil {
		return i, nil, err
	}
	var lines []PlanLine
	for _, strategy := range s.catalog.Strategies {
		for _, a := range strategy.Activities {
			if m := i.mark(a.ID); m.WantToStart {
				line := PlanLine{Strategy: strategy.ID, Activity: a.ID, Title: Title(a.Titles, language), Expand: m.DoingNow}
				if totals.submitted >= fewest {
					line.Doing = totals.doing[a.ID]
				}
				lines = append(lines, line)
			}
		}
		for _, own := range i.OwnLines {
			if own.Strategy == strategy.ID && own.WantToStart {
				lines = append(lines, PlanLine{Strategy: strategy.ID, Title: own.Text, Expand: own.DoingNow})
			}
		}
	}
	return i, lines, nil
}

// RollUp counts districts by activity.
type RollUp struct {
	Cycle       string
	CycleBefore string // empty when no district submitted one earlier
	Submitted   int
	Activities  []ActivityCount // every activity of the catalog, in its order
}

// ActivityCount counts districts.
type ActivityCount struct {
	Activity                    Activity
	Doing, Wanting, DoingBefore int
}

// RollUp counts over all districts what is done and wanted in a cycle.
func (s *Service) RollUp(ctx context.Context, cycle string) (RollUp, error) {
	all := func(Inventory) bool { return true }
	now, err := s.count(ctx, cycle, all)
	if err != nil {
		return RollUp{}, err
	}
	out := RollUp{Cycle: cycle, Submitted: now.submitted}
	before := newTotals()
	if out.CycleBefore, err = s.store.CycleBefore(ctx, cycle); err != nil {
		return RollUp{}, err
	}
	if out.CycleBefore != "" {
		if before, err = s.count(ctx, out.CycleBefore, all); err != nil {
			return RollUp{}, err
		}
	}
	for _, strategy := range s.catalog.Strategies {
		for _, a := range strategy.Activities {
			out.Activities = append(out.Activities, ActivityCount{Activity: a, Doing: now.doing[a.ID], Wanting: now.wanting[a.ID], DoingBefore: before.doing[a.ID]})
		}
	}
	return out, nil
}

// totals counts submitted inventories by activity.
type totals struct {
	submitted      int
	doing, wanting map[string]int
}

func newTotals() totals { return totals{doing: map[string]int{}, wanting: map[string]int{}} }

func (s *Service) count(ctx context.Context, cycle string, counts func(Inventory) bool) (totals, error) {
	t := newTotals()
	err := s.store.OfCycle(ctx, cycle, func(i Inventory) error {
		if !counts(i) {
			return nil
		}
		t.submitted++
		for _, m := range i.Marks {
			t.doing[m.Activity] += one(m.DoingNow)
			t.wanting[m.Activity] += one(m.WantToStart)
		}
		return nil
	})
	return t, err
}
