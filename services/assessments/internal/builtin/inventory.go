package builtin

import (
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/inventory"
)

// Inventory is what a district office can do to help its schools: strategies with
// activities, in several languages. Titles carry placeholders such as {plan} for words
// that differ from state to state.
type Inventory struct {
	ID         string                       `json:"inventory"`
	Version    string                       `json:"version"`
	Terms      map[string]map[string]string `json:"terms"` // word by placeholder and language, unless a state has its own
	Strategies []Strategy                   `json:"strategies"`
}

// Strategy is a group of activities.
type Strategy struct {
	ID         string            `json:"id"`
	Titles     map[string]string `json:"titles"` // by language
	Activities []Activity        `json:"activities"`
}

// Activity is something a district can do.
type Activity struct {
	ID     string            `json:"id"`
	Titles map[string]string `json:"titles"` // by language
}

// FacilitationInventory reads the built-in inventory, with its placeholders.
func FacilitationInventory() (Inventory, error) {
	var i Inventory
	err := read("district-inventory-1.yaml", &i)
	return i, err
}

// In replaces the placeholders by the words of a state, in its languages; where the
// state has no word of its own, by the built-in one.
func (i Inventory) In(own map[string]map[string]string) Inventory {
	out := i
	out.Strategies = make([]Strategy, len(i.Strategies))
	for n, s := range i.Strategies {
		s.Titles = i.said(s.Titles, own)
		s.Activities = append([]Activity(nil), s.Activities...)
		for m, a := range s.Activities {
			s.Activities[m].Titles = i.said(a.Titles, own)
		}
		out.Strategies[n] = s
	}
	return out
}

func (i Inventory) said(titles map[string]string, own map[string]map[string]string) map[string]string {
	out := make(map[string]string, len(titles))
	for language, title := range titles {
		for placeholder, words := range i.Terms {
			word := own[placeholder][language]
			if word == "" {
				word = words[language]
			}
			title = strings.ReplaceAll(title, "{"+placeholder+"}", word)
		}
		out[language] = title
	}
	return out
}

// Catalog is the inventory in the words of a state, as package inventory asks it.
func (i Inventory) Catalog(own map[string]map[string]string) inventory.Catalog {
	var out inventory.Catalog
	for _, s := range i.In(own).Strategies {
		strategy := inventory.Strategy{ID: s.ID, Titles: s.Titles}
		for _, a := range s.Activities {
			strategy.Activities = append(strategy.Activities, inventory.Activity(a))
		}
		out.Strategies = append(out.Strategies, strategy)
	}
	return out
}
