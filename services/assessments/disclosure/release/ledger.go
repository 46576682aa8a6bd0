package release

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrSpent is returned when a noisy release would take more of somebody's budget
// than there is.
var ErrSpent = errors.New("the privacy budget is spent")

// Ledger says how much of the budget each group of people has spent. What was
// released about the same people adds up; about people of different places it does
// not, because nobody is in two of them. It is plain data, to be stored with the
// releases that it allowed.
type Ledger struct {
	Total Epsilon `json:"total"`
	// Places is the tree of all places that anything may be released about.
	Places []Place `json:"places"`
	// Spent is by people, such as those who answered in a wave, and place: what was
	// released about the place and all that lies in it.
	Spent map[string]map[string]Epsilon `json:"spent"`
}

// Left is what may still be released about people at a place: of everybody who is
// counted there, the one with the least left decides.
func (l *Ledger) Left(people, place string) (Epsilon, error) {
	at := slices.IndexFunc(l.Places, func(p Place) bool { return p.ID == place })
	if at < 0 {
		return 0, fmt.Errorf("the ledger does not know the place %q", place)
	}
	spent := l.Spent[people]
	var most Epsilon
	for i := range l.Places {
		var sum Epsilon
		inside := false
		for up, steps := i, 0; up >= 0; up = l.Places[up].Parent {
			if steps++; steps > len(l.Places) || up >= len(l.Places) {
				return 0, fmt.Errorf("the ledger's places are no tree at %q", l.Places[i].ID)
			}
			sum += spent[l.Places[up].ID]
			inside = inside || up == at
		}
		if inside {
			most = max(most, sum)
		}
	}
	return l.Total - most, nil
}

// Noisy makes a noisy table and books what it costs, or fails with ErrSpent and
// changes nothing. Everything about the same people has to go by the same name,
// all items of a wave and all parts of it: who answers one item answers the others.
// Values of a filter are booked one after another, though nobody has two of them.
func (l *Ledger) Noisy(people string, t Table, budget Epsilon, random io.Reader) (Table, error) {
	out, err := Noisy(t, budget, random)
	if err != nil {
		return Table{}, err
	}
	for _, p := range t.Places {
		if p.Parent >= 0 {
			continue
		}
		left, err := l.Left(people, p.ID)
		if err != nil {
			return Table{}, err
		}
		if left < budget {
			return Table{}, fmt.Errorf("%w: %q at %q", ErrSpent, people, p.ID)
		}
	}
	if l.nested(t.Places) {
		return Table{}, errors.New("places of a noisy table lie within each other without being parts of each other in it")
	}
	if l.Spent == nil {
		l.Spent = map[string]map[string]Epsilon{}
	}
	if l.Spent[people] == nil {
		l.Spent[people] = map[string]Epsilon{}
	}
	for _, p := range t.Places {
		if p.Parent < 0 {
			l.Spent[people][p.ID] += budget
		}
	}
	return out, nil
}

// nested tells whether a place at the top of a table lies within another.
func (l *Ledger) nested(places []Place) bool {
	top := map[string]bool{}
	for _, p := range places {
		if p.Parent < 0 {
			top[p.ID] = true
		}
	}
	for _, p := range l.Places {
		if !top[p.ID] {
			continue
		}
		for up := p.Parent; up >= 0; up = l.Places[up].Parent {
			if top[l.Places[up].ID] {
				return true
			}
		}
	}
	return false
}
