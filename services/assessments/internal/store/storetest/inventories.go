package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/inventory"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

func inventories(t *testing.T, db *sqldb.DB) {
	ctx := kittest.All(t)
	s := store.NewInventories(db, clock.NewFake(now))
	row := func(district, id, cycle string, state inventory.State) inventory.Inventory {
		i := inventory.Inventory{
			District: district, ID: id, Cycle: "cycles/" + cycle, State: state, CreateTime: now, UpdateTime: now, Version: 1,
			Marks:    []inventory.Mark{{Activity: "a1", DoingNow: true, Note: "é"}},
			OwnLines: []inventory.OwnLine{{Strategy: "a", Text: "Ours", WantToStart: true}},
		}
		require.NoError(t, s.AddInventory(ctx, i))
		return i
	}
	first := row("d1", "one", "2025", inventory.Submitted)
	second := row("d1", "two", "2026", inventory.Draft)
	row("d2", "one", "2025", inventory.Submitted)
	row("d2", "zero", "2024", inventory.Submitted)
	kind(t, problem.KindAlreadyExists, s.AddInventory(ctx, first))
	twice := first
	twice.ID = "again"
	kind(t, problem.KindAlreadyExists, s.AddInventory(ctx, twice))

	got, err := s.Inventory(ctx, "d1", "one")
	require.NoError(t, err)
	require.Equal(t, first, got)
	_, err = s.Inventory(ctx, "d2", "two")
	kind(t, problem.KindNotFound, err)

	list, err := s.Inventories(ctx, "d1", "", 10)
	require.NoError(t, err)
	require.Equal(t, []inventory.Inventory{second, first}, list, "the latest cycle first")
	list, err = s.Inventories(ctx, "d1", "cycles/2026", 10)
	require.NoError(t, err)
	require.Equal(t, []inventory.Inventory{first}, list)

	got, err = s.Before(ctx, "d1", "cycles/2026")
	require.NoError(t, err)
	require.Equal(t, first, got)
	_, err = s.Before(ctx, "d1", "cycles/2025")
	kind(t, problem.KindNotFound, err)

	submitsInventory(t, db, s, second)
	countsInventories(t, s)
}

func submitsInventory(t *testing.T, db *sqldb.DB, s *store.Inventories, i inventory.Inventory) {
	ctx := kittest.All(t)
	i.State, i.SubmitTime, i.Version = inventory.Submitted, now.Add(time.Hour), 2
	in(t, db, func(ctx context.Context) error {
		require.NoError(t, s.SaveInventory(ctx, i))
		return s.Submitted(ctx, i)
	})
	kind(t, problem.KindAborted, s.SaveInventory(ctx, i))
	require.Equal(t, 1, outboxed(t, db, "InventorySubmitted"))
	got, err := s.Inventory(ctx, "d1", "two")
	require.NoError(t, err)
	require.Equal(t, i, got)
}

func countsInventories(t *testing.T, s *store.Inventories) {
	ctx := kittest.All(t)
	var districts []string
	require.NoError(t, s.OfCycle(ctx, "cycles/2025", func(i inventory.Inventory) error {
		districts = append(districts, i.District)
		return nil
	}))
	require.Equal(t, []string{"d1", "d2"}, districts)
	earlier, err := s.CycleBefore(ctx, "cycles/2025")
	require.NoError(t, err)
	require.Equal(t, "cycles/2024", earlier)
	earlier, err = s.CycleBefore(ctx, "cycles/2024")
	require.NoError(t, err)
	require.Empty(t, earlier)
}
