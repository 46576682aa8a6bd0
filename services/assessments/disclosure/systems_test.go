package disclosure_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// builder puts systems together for tests.
type builder struct{ disclosure.System }

func (b *builder) cell(label string, value int64) int {
	b.Cells = append(b.Cells, disclosure.Cell{Value: value, Label: label})
	return len(b.Cells) - 1
}

// total adds a cell that is the sum of others.
func (b *builder) total(label string, parts []int) int {
	var v int64
	for _, p := range parts {
		v += b.Cells[p].Value
	}
	t := b.cell(label, v)
	b.sum(t, parts)
	return t
}

func (b *builder) sum(total int, parts []int) {
	b.Sums = append(b.Sums, disclosure.Sum{Total: total, Parts: parts})
}

// across adds the row that is the sum of rows, column by column, and across its
// columns again: its first cell is the total of the others.
func (b *builder) across(label string, rows [][]int) []int {
	var all []int
	for k := range rows[0] {
		var parts []int
		for _, r := range rows {
			parts = append(parts, r[k])
		}
		all = append(all, b.total(fmt.Sprintf("%s/%d", label, k), parts))
	}
	b.sum(all[0], all[1:])
	return all
}

// row adds a row of cells and its total, which comes first.
func (b *builder) row(t *rapid.T, label string, columns int, values *rapid.Generator[int64]) []int {
	var cells []int
	for k := range columns {
		cells = append(cells, b.cell(fmt.Sprintf("%s/%d", label, k+1), values.Draw(t, "value")))
	}
	return append([]int{b.total(label+"/0", cells)}, cells...)
}

// counts are numbers of people: many small, some large, some zero.
func counts() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(0, 40), rapid.Just(int64(0)), rapid.Int64Range(1, 3))
}

// kinds are the shapes of published tables.
var kinds = map[string]func(*rapid.T) *builder{
	"flat": func(t *rapid.T) *builder {
		b := &builder{}
		var rows [][]int
		columns := rapid.IntRange(1, 5).Draw(t, "columns")
		for r := range rapid.IntRange(1, 6).Draw(t, "rows") {
			rows = append(rows, b.row(t, fmt.Sprint("row ", r), columns, counts()))
		}
		b.across("all", rows)
		return b
	},
	"tree": func(t *rapid.T) *builder { return tree(t, counts()) },
	"crossed": func(t *rapid.T) *builder {
		b := &builder{}
		byA, byB := map[int][][]int{}, map[int][][]int{}
		var rows [][]int
		columns := rapid.IntRange(2, 4).Draw(t, "columns")
		for r := range rapid.IntRange(2, 8).Draw(t, "rows") {
			row := b.row(t, fmt.Sprint("row ", r), columns, counts())
			rows = append(rows, row)
			g, h := rapid.IntRange(0, 2).Draw(t, "a"), rapid.IntRange(0, 2).Draw(t, "b")
			byA[g], byB[h] = append(byA[g], row), append(byB[h], row)
		}
		b.across("all", rows)
		for _, groups := range []map[int][][]int{byA, byB} {
			for g := range 3 {
				if len(groups[g]) > 0 {
					b.across(fmt.Sprint("group ", g), groups[g])
				}
			}
		}
		return b
	},
	"cube": func(t *rapid.T) *builder {
		b := &builder{}
		columns := rapid.IntRange(2, 3).Draw(t, "columns")
		var layers [][][]int
		for l := range 2 {
			var rows [][]int
			for r := range 3 {
				rows = append(rows, b.row(t, fmt.Sprint("layer ", l, " row ", r), columns, counts()))
			}
			layers = append(layers, append(rows, b.across(fmt.Sprint("layer ", l), rows)))
		}
		for r := range layers[0] {
			b.across(fmt.Sprint("row ", r), [][]int{layers[0][r], layers[1][r]})
		}
		return b
	},
	"filter": func(t *rapid.T) *builder {
		b := &builder{}
		var all, some, rest [][]int
		columns := rapid.IntRange(1, 3).Draw(t, "columns")
		for r := range rapid.IntRange(1, 4).Draw(t, "rows") {
			some = append(some, b.row(t, fmt.Sprint("some ", r), columns, counts()))
			rest = append(rest, b.row(t, fmt.Sprint("rest ", r), columns, counts()))
			all = append(all, b.across(fmt.Sprint("both ", r), [][]int{some[r], rest[r]}))
		}
		for _, r := range rest {
			for _, c := range r {
				b.Cells[c].Status = disclosure.Free
			}
		}
		b.across("all", all)
		b.across("all some", some)
		return b
	},
	"sums": func(t *rapid.T) *builder {
		b := &builder{}
		var cells []int
		for i := range rapid.IntRange(2, 8).Draw(t, "cells") {
			cells = append(cells, b.cell(fmt.Sprint("cell ", i), counts().Draw(t, "value")))
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "sums") {
			parts := rapid.SliceOfNDistinct(rapid.SampledFrom(cells), 1, len(cells), rapid.ID[int]).Draw(t, "parts")
			total := b.total(fmt.Sprint("sum ", i), parts)
			if rapid.Bool().Draw(t, "again") {
				cells = append(cells, total)
			}
		}
		return b
	},
}

func tree(t *rapid.T, values *rapid.Generator[int64]) *builder {
	b := &builder{}
	columns := rapid.IntRange(1, 4).Draw(t, "columns")
	var regions [][]int
	for g := range rapid.IntRange(1, 2).Draw(t, "regions") {
		var districts [][]int
		for d := range rapid.IntRange(1, 3).Draw(t, "districts") {
			var schools [][]int
			for s := range rapid.IntRange(1, 4).Draw(t, "schools") {
				schools = append(schools, b.row(t, fmt.Sprint("school ", g, d, s), columns, values))
			}
			districts = append(districts, b.across(fmt.Sprint("district ", g, d), schools))
		}
		regions = append(regions, b.across(fmt.Sprint("region ", g), districts))
	}
	b.across("state", regions)
	return b
}

// anySystem draws a shape, its numbers and a rule.
func anySystem() *rapid.Generator[*disclosure.System] {
	names := []string{"flat", "tree", "crossed", "cube", "filter", "sums"}
	return rapid.Custom(func(t *rapid.T) *disclosure.System {
		b := kinds[rapid.SampledFrom(names).Draw(t, "kind")](t)
		b.Rule = disclosure.Rule{
			Minimum: rapid.Int64Range(2, 12).Draw(t, "minimum"), Zeros: rapid.Bool().Draw(t, "zeros"),
			Least: rapid.SampledFrom([]int64{0, 0, 1, 4}).Draw(t, "width"),
		}
		return &b.System
	})
}

// conceal hides cells by chance.
func conceal(t *rapid.T, s *disclosure.System) {
	share := rapid.IntRange(1, 9).Draw(t, "share")
	for i := range s.Cells {
		if s.Cells[i].Status != disclosure.Free && rapid.IntRange(0, 9).Draw(t, "hide") < share {
			s.Cells[i].Status = disclosure.Hidden
		}
	}
}
