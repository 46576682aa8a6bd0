// Package inventory is the domain of district facilitation: once in a cycle a
// district says which of the catalog's activities it does now and which it wants
// to start, and adds lines of its own.
//
//	draft -> submitted
//
// A submitted inventory does not change any more. It is compared with that of the
// cycle before (compare.go), its wishes become lines of a leadership action plan
// for people to finish (plan.go), and the state counts over all districts what is
// done and wanted (rollup.go). The catalog of strategies and activities is data of
// package builtin.
package inventory

import (
	"context"
	"fmt"
	"time"
)

// OwnLinesPerStrategy is how many lines of its own a district may add to a strategy.
const OwnLinesPerStrategy = 3

// Catalog is what the inventory asks about.
type Catalog struct {
	Strategies []Strategy
}

// Strategy is a group of activities.
type Strategy struct {
	ID         string
	Titles     map[string]string // by language
	Activities []Activity
}

// Activity is something a district can do.
type Activity struct {
	ID     string
	Titles map[string]string // by language
}

// Title is the text in a language, or in English.
func Title(titles map[string]string, language string) string {
	if t, ok := titles[language]; ok {
		return t
	}
	return titles["en"]
}

// State is where an inventory stands.
type State int

// States of an inventory.
const (
	Draft State = iota + 1
	Submitted
)

// Mark is what a district says of an activity.
type Mark struct {
	Activity    string `json:"activity"`
	DoingNow    bool   `json:"doing_now,omitempty"`
	WantToStart bool   `json:"want_to_start,omitempty"`
	Note        string `json:"note,omitempty"`
}

// OwnLine is an activity of the district's own.
type OwnLine struct {
	Strategy    string `json:"strategy"`
	Text        string `json:"text"`
	DoingNow    bool   `json:"doing_now,omitempty"`
	WantToStart bool   `json:"want_to_start,omitempty"`
}

// Inventory is what a district does and wants to start in one cycle.
type Inventory struct {
	District   string
	ID         string
	Cycle      string // resource name
	State      State
	Marks      []Mark
	OwnLines   []OwnLine
	SubmitTime time.Time
	CreateTime time.Time
	UpdateTime time.Time
	Version    int64
}

// Name is the resource name.
func (i Inventory) Name() string { return Name(i.District, i.ID) }

// Name is the resource name of an inventory.
func Name(district, id string) string {
	return fmt.Sprintf("districts/%s/inventories/%s", district, id)
}

// mark is what the district says of an activity; nothing is no mark.
func (i Inventory) mark(activity string) Mark {
	for _, m := range i.Marks {
		if m.Activity == activity {
			return m
		}
	}
	return Mark{Activity: activity}
}

// Store keeps inventories.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// AddInventory fails with "already exists" when the id is taken, or the cycle.
	AddInventory(ctx context.Context, i Inventory) error
	Inventory(ctx context.Context, district, id string) (Inventory, error)
	// Inventories come in falling order of their cycles; after is the cycle of the last one read.
	Inventories(ctx context.Context, district, after string, limit int) ([]Inventory, error)
	// SaveInventory replaces the row of version i.Version-1, or fails as stale.
	SaveInventory(ctx context.Context, i Inventory) error
	// Submitted records the event.
	Submitted(ctx context.Context, i Inventory) error
	// Before is the submitted inventory of the district's latest cycle before this one; "not found" without.
	Before(ctx context.Context, district, cycle string) (Inventory, error)
	// OfCycle calls each with every district's submitted inventory of a cycle.
	OfCycle(ctx context.Context, cycle string, each func(Inventory) error) error
	// CycleBefore is the latest cycle before this one in which any district submitted; empty without.
	CycleBefore(ctx context.Context, cycle string) (string, error)
}

// Directory is what the schools service knows.
type Directory interface {
	HasDistrict(ctx context.Context, name string) (bool, error)
	HasCycle(ctx context.Context, name string) (bool, error)
}
