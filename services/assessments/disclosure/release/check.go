package release

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// validate says what is wrong with a table. Messages name places and categories,
// never counts.
func (t *Table) validate() error {
	if err := t.validateShape(); err != nil {
		return fmt.Errorf("table of %q, filter %q, round %d: %w", t.Population, t.Filter, t.Round, err)
	}
	if err := t.validateCounts(); err != nil {
		return fmt.Errorf("table of %q, filter %q, round %d: %w", t.Population, t.Filter, t.Round, err)
	}
	return nil
}

func (t *Table) validateShape() error {
	switch {
	case t.Population == "":
		return errors.New("the population has to be named")
	case t.Of == t.Population:
		return errors.New("a population cannot have its totals from itself")
	case t.Round < 1:
		return errors.New("rounds are counted from 1")
	case t.Filter != "" && variableOf(t.Filter) == "":
		return errors.New("a filter is variable=value")
	case len(t.Counts) != len(t.Places):
		return errors.New("there have to be as many rows of counts as places")
	case len(t.Categories) == 0:
		return errors.New("there have to be categories")
	}
	if slices.Contains(t.Categories, "") || len(set(t.Categories)) != len(t.Categories) {
		return errors.New("categories have to be named, each differently")
	}
	return t.validatePlaces()
}

func (t *Table) validatePlaces() error {
	seen := make(map[string]bool, len(t.Places))
	for i, p := range t.Places {
		switch {
		case p.ID == "" || seen[p.ID]:
			return fmt.Errorf("place %d: every place needs an identifier of its own", i)
		case p.Parent < -1 || p.Parent >= len(t.Places):
			return fmt.Errorf("place %q: there is no parent %d", p.ID, p.Parent)
		}
		seen[p.ID] = true
		if p.Round < 0 {
			return fmt.Errorf("place %q: rounds are counted from 1, 0 is the round of the table", p.ID)
		}
		for up, steps := p.Parent, 0; up >= 0; up = t.Places[up].Parent {
			if steps++; steps > len(t.Places) || up == i {
				return fmt.Errorf("place %q: it is part of itself", p.ID)
			}
			if up >= len(t.Places) || t.Places[up].Parent < -1 {
				break // said of that place
			}
		}
	}
	return nil
}

func (t *Table) validateCounts() error {
	sums := make([][]int64, len(t.Places))
	for i, row := range t.Counts {
		if len(row) != len(t.Categories) {
			return fmt.Errorf("place %q: there have to be as many counts as categories", t.Places[i].ID)
		}
		var total int64
		for k, n := range row {
			if n < 0 || n > disclosure.MaxValue {
				return fmt.Errorf("place %q, category %q: a count has to be from 0 to %d", t.Places[i].ID, t.Categories[k], int64(disclosure.MaxValue))
			}
			total += n
		}
		if total > disclosure.MaxValue {
			return fmt.Errorf("place %q: the total is too large", t.Places[i].ID)
		}
		if up := t.Places[i].Parent; up >= 0 {
			if sums[up] == nil {
				sums[up] = make([]int64, len(t.Categories))
			}
			for k, n := range row {
				sums[up][k] += n
			}
		}
	}
	for i, sum := range sums {
		if sum != nil && !slices.Equal(sum, t.Counts[i]) {
			return fmt.Errorf("place %q: the counts of its parts do not add up to its own", t.Places[i].ID)
		}
	}
	return nil
}

// validate says what is wrong with the shape of a published table.
func (p *Published) validate() error {
	if err := p.validateShape(); err != nil {
		return fmt.Errorf("published table of %q, filter %q, round %d: %w", p.Population, p.Filter, p.Round, err)
	}
	if len(p.Totals) != len(p.Places) {
		return fmt.Errorf("published table of %q: there have to be as many totals as places", p.Population)
	}
	for i, row := range p.Counts {
		if len(row) != len(p.Categories) {
			return fmt.Errorf("published table of %q, place %q: there have to be as many counts as categories", p.Population, p.Places[i].ID)
		}
		for _, n := range append([]int64{p.Totals[i]}, row...) {
			if n < Withheld || n > disclosure.MaxValue {
				return fmt.Errorf("published table of %q, place %q: a count is from 0 to %d, or %d where it is withheld", p.Population, p.Places[i].ID, int64(disclosure.MaxValue), Withheld)
			}
		}
	}
	return nil
}

// validate says where a release does not tell the truth.
func (r *Release) validate() error {
	if err := r.Truth.validate(); err != nil {
		return err
	}
	if err := r.Published.validate(); err != nil {
		return err
	}
	t, p := &r.Truth, &r.Published
	if len(p.Places) == 0 {
		return nil
	}
	if t.Population != p.Population || t.Of != p.Of || t.Filter != p.Filter || t.Round != p.Round ||
		!slices.Equal(t.Places, p.Places) || !slices.Equal(t.Categories, p.Categories) {
		return fmt.Errorf("table of %q, filter %q, round %d: what was published is another table", t.Population, t.Filter, t.Round)
	}
	for i, row := range p.Counts {
		if n := p.Totals[i]; n != Withheld && n != total(t.Counts[i]) {
			return fmt.Errorf("table of %q, filter %q, round %d, place %q: another total was published", t.Population, t.Filter, t.Round, t.Places[i].ID)
		}
		for k, n := range row {
			if n != Withheld && n != t.Counts[i][k] {
				return fmt.Errorf("table of %q, filter %q, round %d, place %q, category %q: another count was published", t.Population, t.Filter, t.Round, t.Places[i].ID, t.Categories[k])
			}
		}
	}
	return nil
}

// variableOf is the variable of a filter.
func variableOf(filter string) string {
	variable, _, _ := strings.Cut(filter, "=")
	if variable == filter {
		return ""
	}
	return variable
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}

func total(row []int64) int64 {
	var sum int64
	for _, n := range row {
		sum += n
	}
	return sum
}
