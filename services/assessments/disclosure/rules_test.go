package disclosure_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

func TestWhatARuleProtects(t *testing.T) {
	for name, c := range map[string]struct {
		rule      disclosure.Rule
		protected []int64
		width     int64
	}{
		"ten":        {disclosure.Rule{Minimum: 10}, []int64{1, 9}, 9},
		"with zeros": {disclosure.Rule{Minimum: 3, Zeros: true}, []int64{0, 1, 2}, 2},
		"less width": {disclosure.Rule{Minimum: 10, Least: 1}, []int64{1, 9}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.width, c.rule.Width())
			for v := range c.rule.Minimum + 5 {
				inside := v >= c.protected[0] && v <= c.protected[len(c.protected)-1]
				require.Equal(t, inside, c.rule.Protects(v), v)
			}
		})
	}
}

// square is two schools by two answers with all totals.
func square(values ...int64) *builder {
	b := &builder{}
	b.Rule.Minimum = 10
	var rows [][]int
	for r := 0; r < len(values); r += 2 {
		x, y := b.cell("yes", values[r]), b.cell("no", values[r+1])
		rows = append(rows, []int{b.total("all", []int{x, y}), x, y})
	}
	b.across("both", rows)
	return b
}

func TestSystemsThatAreWrongAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*disclosure.System)
		want  string
	}{
		"minimum":  {func(s *disclosure.System) { s.Rule.Minimum = 1 }, "the minimum has to be 2 or more"},
		"width":    {func(s *disclosure.System) { s.Rule.Least = -1 }, "the width has to be 1 or more"},
		"negative": {func(s *disclosure.System) { s.Cells[0].Value = -1 }, "cell 0 (yes): the value has to be from 0 to 1099511627776"},
		"sum":      {func(s *disclosure.System) { s.Cells[0].Value++ }, "sum 0 (all): the parts do not add up to the total"},
		"status":   {func(s *disclosure.System) { s.Cells[1].Status = 7 }, "cell 1 (no): unknown status"},
		"fixed": {func(s *disclosure.System) {
			s.Cells[1] = disclosure.Cell{Label: "no", Value: 20, Fixed: true, Status: disclosure.Hidden}
		}, "cell 1 (no): only a shown cell can be fixed"},
		"weight": {func(s *disclosure.System) { s.Cells[1].Weight = -1 }, "cell 1 (no): the weight has to be a number of zero or more"},
		"index":  {func(s *disclosure.System) { s.Sums[0].Total = 99 }, "sum 0: there is no cell 99"},
		"twice":  {func(s *disclosure.System) { s.Sums[0].Parts = []int{0, 0} }, "sum 0: cell 0 (yes) stands in it twice"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &square(3, 20, 15, 30).System
			c.spoil(s)
			require.EqualError(t, s.Validate(), c.want)
			_, err := s.Protect(t.Context())
			require.EqualError(t, err, c.want)
			_, err = s.Audit(t.Context())
			require.EqualError(t, err, c.want)
		})
	}
}

func TestFixedCellsStayShown(t *testing.T) {
	s := &square(3, 20, 15, 30, 40, 50).System
	s.Cells[3].Fixed, s.Cells[4].Fixed = true, true // the second school's answers are out
	_, err := s.Protect(t.Context())
	require.NoError(t, err)
	require.Equal(t, disclosure.Shown, s.Cells[3].Status)
	require.Equal(t, disclosure.Shown, s.Cells[4].Status)
	report, err := s.Audit(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean())
}

func TestWhatCannotBeProtectedIsNamed(t *testing.T) {
	s := &square(3, 20, 15, 30).System
	for i := range s.Cells {
		s.Cells[i].Fixed = i != 0
	}
	before := slices.Clone(s.Cells)
	_, err := s.Protect(t.Context())
	require.EqualError(t, err, "no choice of hidden cells was found that protects yes: the numbers around them are published already")
	var impossible *disclosure.ImpossibleError
	require.ErrorAs(t, err, &impossible)
	require.Equal(t, []int{0}, impossible.Cells)
	require.Equal(t, before, s.Cells)

	s.Cells[0].Fixed = true
	_, err = s.Protect(t.Context())
	require.ErrorAs(t, err, &impossible, "a small cell that is out already")
}

func TestDearCellsAreSpared(t *testing.T) {
	cheap := func(dear int) []int {
		s := &square(3, 20, 15, 30, 16, 31).System
		s.Cells[dear].Weight = 100
		outcome, err := s.Protect(t.Context())
		require.NoError(t, err)
		return outcome.Newly
	}
	require.NotContains(t, cheap(3), 3)
	require.NotContains(t, cheap(6), 6)
}

func TestFreeCellsMakeWide(t *testing.T) {
	b := &builder{}
	b.Rule.Minimum = 10
	some, rest := b.cell("some", 4), b.cell("rest", 30)
	b.Cells[rest].Status = disclosure.Free
	b.total("all", []int{some, rest})
	outcome, err := b.Protect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{some}, outcome.Newly, "nobody knows the rest, so nothing else has to be hidden")
}

// TestMoreHiddenIsNotNarrower holds with every audit, and each interval has the
// truth in it.
func TestMoreHiddenIsNotNarrower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySystem().Draw(t, "system")
		conceal(t, s)
		before, err := s.Audit(t.Context())
		require.NoError(t, err)
		conceal(t, s)
		after, err := s.Audit(t.Context())
		require.NoError(t, err)
		wider := map[int]disclosure.Interval{}
		for _, i := range after.Intervals {
			require.LessOrEqual(t, i.Low, s.Cells[i.Cell].Value)
			require.GreaterOrEqual(t, i.High, s.Cells[i.Cell].Value)
			wider[i.Cell] = i
		}
		for _, i := range before.Intervals {
			require.LessOrEqual(t, wider[i.Cell].Low, i.Low)
			require.GreaterOrEqual(t, wider[i.Cell].High, i.High)
		}
	})
}

// TestRandomReleases publishes one table after another: cells that were shown are
// fixed, cells that were hidden stay so, and the rule holds for all at the end.
func TestRandomReleases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySystem().Draw(t, "system")
		var first disclosure.System
		first.Rule = s.Rule
		cells := rapid.IntRange(0, len(s.Cells)).Draw(t, "cells of the first release")
		first.Cells = slices.Clone(s.Cells[:cells])
		for _, sum := range s.Sums {
			if sum.Total < cells && !slices.ContainsFunc(sum.Parts, func(p int) bool { return p >= cells }) {
				first.Sums = append(first.Sums, sum)
			}
		}
		_, err := first.Protect(t.Context())
		require.NoError(t, err)
		for i, c := range first.Cells {
			s.Cells[i].Status, s.Cells[i].Fixed = c.Status, c.Status == disclosure.Shown
		}
		before := slices.Clone(s.Cells)
		_, err = s.Protect(t.Context())
		if err != nil {
			requireHopeless(t, s, before, err)
			return
		}
		for i := range first.Cells {
			require.Equal(t, first.Cells[i].Status, s.Cells[i].Status, "what is out stays as it is")
		}
		report, err := s.Audit(t.Context())
		require.NoError(t, err)
		require.True(t, report.Clean())
	})
}

func TestProtectionIsTheSameEachTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySystem().Draw(t, "system")
		again := disclosure.System{Cells: slices.Clone(s.Cells), Sums: s.Sums, Rule: s.Rule}
		one, err := s.Protect(t.Context())
		two, other := again.Protect(t.Context())
		require.Equal(t, err, other)
		require.Equal(t, one, two)
		require.Equal(t, s.Cells, again.Cells)
	})
}

func TestWorkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &square(3, 20, 15, 30).System
	_, err := s.Protect(ctx)
	require.ErrorIs(t, err, context.Canceled)
	s.Cells[0].Status, s.Cells[2].Status = disclosure.Hidden, disclosure.Hidden
	s.Cells[1].Status = disclosure.Hidden
	s.Cells[3].Status, s.Cells[4].Status = disclosure.Hidden, disclosure.Hidden
	_, err = s.Audit(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
