package inventory_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/inventory"
)

const (
	before = "cycles/2025-26"
	now    = "cycles/2026-27"
)

// memory keeps inventories, and knows the districts d1 to d9 and two cycles.
type memory struct {
	rows      []inventory.Inventory
	submitted []string
}

func (m *memory) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (m *memory) AddInventory(_ context.Context, i inventory.Inventory) error {
	for _, r := range m.rows {
		if r.District == i.District && (r.ID == i.ID || r.Cycle == i.Cycle) {
			return problem.AlreadyExists(i.Name())
		}
	}
	m.rows = append(m.rows, i)
	return nil
}

func (m *memory) at(district, id string) int {
	return slices.IndexFunc(m.rows, func(r inventory.Inventory) bool { return r.District == district && r.ID == id })
}

func (m *memory) Inventory(_ context.Context, district, id string) (inventory.Inventory, error) {
	if i := m.at(district, id); i >= 0 {
		return m.rows[i], nil
	}
	return inventory.Inventory{}, problem.NotFound(inventory.Name(district, id))
}

func (m *memory) Inventories(_ context.Context, district, _ string, _ int) (out []inventory.Inventory, _ error) {
	for _, r := range m.rows {
		if r.District == district {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) SaveInventory(_ context.Context, i inventory.Inventory) error {
	at := m.at(i.District, i.ID)
	if m.rows[at].Version != i.Version-1 {
		return problem.Stale(i.Name())
	}
	m.rows[at] = i
	return nil
}

func (m *memory) Submitted(_ context.Context, i inventory.Inventory) error {
	m.submitted = append(m.submitted, i.Name())
	return nil
}

func (m *memory) Before(_ context.Context, district, cycle string) (inventory.Inventory, error) {
	for _, r := range m.rows {
		if r.District == district && r.Cycle < cycle && r.State == inventory.Submitted {
			return r, nil
		}
	}
	return inventory.Inventory{}, problem.NotFound("none")
}

func (m *memory) OfCycle(_ context.Context, cycle string, each func(inventory.Inventory) error) error {
	for _, r := range m.rows {
		if r.Cycle == cycle && r.State == inventory.Submitted {
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) CycleBefore(_ context.Context, cycle string) (string, error) {
	for _, r := range m.rows {
		if r.Cycle < cycle && r.State == inventory.Submitted {
			return r.Cycle, nil
		}
	}
	return "", nil
}

func (m *memory) HasDistrict(_ context.Context, name string) (bool, error) {
	return len(name) == len("districts/d1"), nil
}

func (m *memory) HasCycle(_ context.Context, name string) (bool, error) {
	return name == before || name == now, nil
}

func catalog() inventory.Catalog {
	titles := func(en, es string) map[string]string { return map[string]string{"en": en, "es": es} }
	return inventory.Catalog{Strategies: []inventory.Strategy{
		{ID: "a", Titles: titles("Align", "Alinear"), Activities: []inventory.Activity{{ID: "a1", Titles: titles("Name a leader", "Nombrar")}, {ID: "a2", Titles: titles("Write a plan", "Escribir")}}},
		{ID: "b", Titles: titles("Tell", "Contar"), Activities: []inventory.Activity{{ID: "b1", Titles: map[string]string{"en": "Tell the board"}}}},
	}}
}

type rig struct {
	*require.Assertions
	ctx   context.Context
	store *memory
	svc   *inventory.Service
	clock *clock.Fake
}

func start(t require.TestingT) *rig {
	m, c := &memory{}, clock.NewFake(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	return &rig{require.New(t), context.Background(), m, inventory.NewService(m, catalog(), m, c), c}
}

// submitted is an inventory of a district that counts.
func (r *rig) submitted(district, cycle string, marks ...inventory.Mark) inventory.Inventory {
	i, err := r.svc.Create(r.ctx, inventory.Inventory{District: district, Cycle: cycle, Marks: marks})
	r.NoError(err)
	i, err = r.svc.Submit(r.ctx, district, i.ID, etag.Of(i.Version))
	r.NoError(err)
	return i
}

func (r *rig) refused(err error, rules ...string) {
	p, ok := problem.As(err)
	r.True(ok, "%v", err)
	var got []string
	for _, v := range p.Violations {
		r.NotEmpty(v.Field)
		r.NotEmpty(v.Fix)
		got = append(got, v.Rule)
	}
	r.Equal(rules, got)
}

func TestAnInventoryIsChangedUntilItIsSubmitted(t *testing.T) {
	r := start(t)
	i, err := r.svc.Create(r.ctx, inventory.Inventory{District: "d1", ID: "this-year", Cycle: now})
	r.NoError(err)
	r.Equal(inventory.Draft, i.State)

	_, err = r.svc.Submit(r.ctx, "d1", "this-year", "")
	r.refused(err, "something_marked")
	_, err = r.svc.Update(r.ctx, "d1", "this-year", `"9"`, func(*inventory.Inventory) error { return nil })
	r.True(problem.Is(err, problem.KindAborted) || problem.Is(err, problem.KindInvalid), "%v", err)
	_, err = r.svc.Update(r.ctx, "d1", "this-year", "", func(i *inventory.Inventory) error { i.Cycle = before; return nil })
	r.refused(err, "cycle_stays")
	i, err = r.svc.Update(r.ctx, "d1", "this-year", etag.Of(i.Version), func(i *inventory.Inventory) error {
		i.Marks = []inventory.Mark{{Activity: "a1", DoingNow: true}}
		return nil
	})
	r.NoError(err)
	i, err = r.svc.Submit(r.ctx, "d1", "this-year", etag.Of(i.Version))
	r.NoError(err)
	r.Equal(inventory.Submitted, i.State)
	r.Equal(r.clock.Now(), i.SubmitTime)
	r.Equal([]string{"districts/d1/inventories/this-year"}, r.store.submitted)

	_, err = r.svc.Update(r.ctx, "d1", "this-year", "", func(*inventory.Inventory) error { return nil })
	r.refused(err, "not_submitted")
	_, err = r.svc.Submit(r.ctx, "d1", "this-year", "")
	r.refused(err, "not_submitted")
}

func TestAnInventoryIsOfTheCatalog(t *testing.T) {
	r := start(t)
	line := inventory.OwnLine{Strategy: "a", Text: "Ours"}
	_, err := r.svc.Create(r.ctx, inventory.Inventory{
		District: "d1", ID: "Not an id", Cycle: "cycles/never",
		Marks:    []inventory.Mark{{Activity: "a1"}, {Activity: "a1"}, {Activity: "z9"}},
		OwnLines: []inventory.OwnLine{line, line, line, line, {Strategy: "z", Text: " "}},
	})
	r.refused(err, "id_form", "cycle_exists", "activity_once", "activity_of_catalog", "three_lines", "strategy_of_catalog", "required")
	_, err = r.svc.Create(r.ctx, inventory.Inventory{District: "elsewhere", Cycle: now})
	r.True(problem.Is(err, problem.KindNotFound))
	r.submitted("d1", now, inventory.Mark{Activity: "a1", DoingNow: true})
	_, err = r.svc.Create(r.ctx, inventory.Inventory{District: "d1", Cycle: now})
	r.True(problem.Is(err, problem.KindAlreadyExists), "one for each cycle")
}

func TestTwoYearsAreCompared(t *testing.T) {
	r := start(t)
	this := r.submitted("d1", now, inventory.Mark{Activity: "a1", DoingNow: true}, inventory.Mark{Activity: "b1", WantToStart: true})
	_, err := r.svc.Compare(r.ctx, "d1", this.ID, "")
	r.refused(err, "earlier_inventory")
	last := r.submitted("d1", before, inventory.Mark{Activity: "a1", WantToStart: true}, inventory.Mark{Activity: "a2", DoingNow: true}, inventory.Mark{Activity: "b1", WantToStart: true})

	c, err := r.svc.Compare(r.ctx, "d1", this.ID, "")
	r.NoError(err)
	r.Equal([]string{"a1"}, c.Fulfilled)
	r.Equal([]string{"b1"}, c.Kept)
	r.Len(c.Changes, 3)
	r.True(c.Changes[1].DoneBefore)
	r.False(c.Changes[1].DoneNow)
	r.Equal(inventory.Count{Strategy: "a", Activities: 2, DoneBefore: 1, DoneNow: 1}, c.Strategies[0])
	named, err := r.svc.Compare(r.ctx, "d1", this.ID, last.ID)
	r.NoError(err)
	r.Equal(c, named)
}

func TestWishesBecomeLinesOfAPlan(t *testing.T) {
	r := start(t)
	i, err := r.svc.Create(r.ctx, inventory.Inventory{
		District: "d1", Cycle: now,
		Marks:    []inventory.Mark{{Activity: "a1", DoingNow: true, WantToStart: true}, {Activity: "a2", DoingNow: true}, {Activity: "b1", WantToStart: true}},
		OwnLines: []inventory.OwnLine{{Strategy: "a", Text: "Our own", WantToStart: true}, {Strategy: "b", Text: "Done", DoingNow: true}},
	})
	r.NoError(err)
	r.submitted("d2", now, inventory.Mark{Activity: "b1", DoingNow: true})
	r.submitted("d3", now, inventory.Mark{Activity: "b1", DoingNow: true})
	_, lines, err := r.svc.DraftPlan(r.ctx, "d1", i.ID, "es")
	r.NoError(err)
	r.Equal([]inventory.PlanLine{
		{Strategy: "a", Activity: "a1", Title: "Nombrar", Expand: true},
		{Strategy: "a", Title: "Our own"},
		{Strategy: "b", Activity: "b1", Title: "Tell the board"},
	}, lines, "two others would be named by a number")
	r.submitted("d4", now, inventory.Mark{Activity: "a1", DoingNow: true})
	_, lines, err = r.svc.DraftPlan(r.ctx, "d1", i.ID, "es")
	r.NoError(err)
	r.Equal(2, lines[2].Doing)
}

// TestTheRollUpCountsEachDistrictOnce compares with a recount of what was marked.
func TestTheRollUpCountsEachDistrictOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := start(t)
		doing := map[string]map[string]int{before: {}, now: {}}
		for n := range rapid.IntRange(0, 9).Draw(t, "districts") {
			for _, cycle := range []string{before, now} {
				if rapid.Bool().Draw(t, "takes part") {
					marks := []inventory.Mark{{Activity: "a2", WantToStart: true}}
					for _, a := range []string{"a1", "b1"} {
						if rapid.Bool().Draw(t, a) {
							marks = append(marks, inventory.Mark{Activity: a, DoingNow: true})
							doing[cycle][a]++
						}
					}
					r.submitted(fmt.Sprintf("d%d", n), cycle, marks...)
					doing[cycle]["submitted"]++
				}
			}
		}
		got, err := r.svc.RollUp(r.ctx, now)
		r.NoError(err)
		r.Equal(doing[now]["submitted"], got.Submitted)
		r.Equal(doing[before]["submitted"] > 0, got.CycleBefore == before)
		for _, a := range got.Activities {
			r.Equal(doing[now][a.Activity.ID], a.Doing, a.Activity.ID)
			r.Equal(doing[before][a.Activity.ID], a.DoingBefore, a.Activity.ID)
		}
		r.Equal(got.Submitted, got.Activities[1].Wanting)
	})
}
