package store

import (
	"context"
	"database/sql"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/inventory"
)

// Inventories keeps the facilitation inventories of districts.
type Inventories struct{ base }

// NewInventories returns the store of inventories.
func NewInventories(db *sqldb.DB, c clock.Clock) *Inventories { return &Inventories{base{db, c}} }

// AddInventory adds an inventory.
func (s *Inventories) AddInventory(ctx context.Context, i inventory.Inventory) error {
	marks, lines, err := encodeInventory(i)
	if err != nil {
		return err
	}
	return audit.Added(ctx, s.db, i.Name(), s.reader(i), func(ctx context.Context) error {
		return s.insert(ctx, i.Name(), `
			INSERT INTO inventories (district_id, inventory_id, cycle, state, marks, own_lines, submitted_at, created_at, updated_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			i.District, i.ID, i.Cycle, int(i.State), marks, lines, sqldb.Micros(i.SubmitTime), sqldb.Micros(i.CreateTime), sqldb.Micros(i.UpdateTime), i.Version)
	})
}

// reader reads the inventory as it is kept, for the audit log.
func (s *Inventories) reader(i inventory.Inventory) func(context.Context) (inventory.Inventory, error) {
	return func(ctx context.Context) (inventory.Inventory, error) { return s.Inventory(ctx, i.District, i.ID) }
}

func encodeInventory(i inventory.Inventory) (marks, lines string, err error) {
	if marks, err = encode(i.Marks); err != nil {
		return "", "", err
	}
	lines, err = encode(i.OwnLines)
	return marks, lines, err
}

const inventoryColumns = `district_id, inventory_id, cycle, state, marks, own_lines, submitted_at, created_at, updated_at, version`

func scanInventory(row scanner) (i inventory.Inventory, err error) {
	var marks, lines string
	var submitted, created, updated int64
	if err = row.Scan(&i.District, &i.ID, &i.Cycle, &i.State, &marks, &lines, &submitted, &created, &updated, &i.Version); err != nil {
		return i, err
	}
	i.SubmitTime, i.CreateTime, i.UpdateTime = sqldb.Time(submitted), sqldb.Time(created), sqldb.Time(updated)
	if err = decode(marks, &i.Marks); err != nil {
		return i, err
	}
	return i, decode(lines, &i.OwnLines)
}

// Inventory reads one inventory.
func (s *Inventories) Inventory(ctx context.Context, district, id string) (inventory.Inventory, error) {
	return one(ctx, s.base, inventory.Name(district, id), scanInventory, `SELECT `+inventoryColumns+` FROM inventories
		WHERE district_id = $1 AND inventory_id = $2`, district, id)
}

// Inventories lists the inventories of a district, the latest cycle first.
func (s *Inventories) Inventories(ctx context.Context, district, after string, limit int) ([]inventory.Inventory, error) {
	return all(ctx, s.base, scanInventory, `SELECT `+inventoryColumns+` FROM inventories
		WHERE district_id = $1 AND ($2 = '' OR cycle < $2) ORDER BY cycle DESC LIMIT $3`, district, after, limit)
}

// SaveInventory replaces an inventory.
func (s *Inventories) SaveInventory(ctx context.Context, i inventory.Inventory) error {
	marks, lines, err := encodeInventory(i)
	if err != nil {
		return err
	}
	return audit.Changed(ctx, s.db, i.Name(), s.reader(i), func(ctx context.Context) error {
		return s.replace(ctx, i.Name(), `UPDATE inventories SET state = $3, marks = $4, own_lines = $5, submitted_at = $6, updated_at = $7, version = $8
			WHERE district_id = $1 AND inventory_id = $2 AND version = $8 - 1`,
			i.District, i.ID, int(i.State), marks, lines, sqldb.Micros(i.SubmitTime), sqldb.Micros(i.UpdateTime), i.Version)
	})
}

// Submitted records that an inventory was submitted.
func (s *Inventories) Submitted(ctx context.Context, i inventory.Inventory) error {
	return outbox.Add(ctx, s.db, s.clock.Now(), &assessmentsv1.InventorySubmitted{Name: i.Name(), Cycle: i.Cycle})
}

// Before reads the submitted inventory of the latest cycle before.
func (s *Inventories) Before(ctx context.Context, district, cycle string) (inventory.Inventory, error) {
	return one(ctx, s.base, inventory.Name(district, "-"), scanInventory, `SELECT `+inventoryColumns+` FROM inventories
		WHERE district_id = $1 AND cycle < $2 AND state = 2 ORDER BY cycle DESC LIMIT 1`, district, cycle)
}

// OfCycle reads every district's submitted inventory of a cycle.
func (s *Inventories) OfCycle(ctx context.Context, cycle string, each func(inventory.Inventory) error) error {
	ctx = tenant.Everything(ctx, "what districts do is counted over the state")
	list, err := all(ctx, s.base, scanInventory, `SELECT `+inventoryColumns+` FROM inventories WHERE cycle = $1 AND state = 2 ORDER BY district_id`, cycle)
	if err != nil {
		return err
	}
	for _, i := range list {
		if err := each(i); err != nil {
			return err
		}
	}
	return nil
}

// CycleBefore is the latest earlier cycle in which a district submitted.
func (s *Inventories) CycleBefore(ctx context.Context, cycle string) (string, error) {
	ctx = tenant.Everything(ctx, "which cycles districts have inventories of is no secret of one")
	var before sql.NullString
	err := s.db.Conn(ctx).QueryRowContext(ctx, `SELECT max(cycle) FROM inventories WHERE cycle < $1 AND state = 2`, cycle).Scan(&before)
	return before.String, sqldb.MapError(err, "inventories")
}
