package disclosure

import (
	"context"
	"math"
)

// Audit computes the interval of every hidden cell, knowing the values: those
// cells are held to the rule that it protects.
func (s *System) Audit(ctx context.Context) (Report, error) {
	if err := s.Validate(); err != nil {
		return Report{}, err
	}
	return s.audit(ctx, func(c Cell) bool { return s.Rule.Protects(c.Value) }, true)
}

// AuditUnknown is Audit for somebody who has only what was published. The values
// of hidden and free cells are not looked at, and every hidden cell is held to
// the rule, because a reader cannot tell which of them is small. It fails with
// ErrContradiction where no values agree with what is shown.
func (s *System) AuditUnknown(ctx context.Context) (Report, error) {
	if err := s.validateShape(); err != nil {
		return Report{}, err
	}
	return s.audit(ctx, func(Cell) bool { return true }, false)
}

func (s *System) audit(ctx context.Context, protected func(Cell) bool, known bool) (Report, error) {
	intervals, err := s.intervals(ctx, known)
	if err != nil {
		return Report{}, err
	}
	var report Report
	for i, c := range s.Cells {
		if c.Status == Shown && s.Rule.Protects(c.Value) {
			report.Exposed++
		}
		if c.Status == Hidden {
			interval := intervals[i]
			interval.Cell, interval.Protected = i, protected(c)
			report.Intervals = append(report.Intervals, interval)
		}
	}
	for i := range report.Intervals {
		report.count(&report.Intervals[i], s.Rule.Width())
	}
	return report, nil
}

func (r *Report) count(i *Interval, width int64) {
	if i.Low == i.High {
		r.Recoverable++
	}
	if !i.Protected {
		return
	}
	if i.Width() < width {
		r.TooNarrow++
	}
	if r.Narrowest == nil || i.Width() < r.Narrowest.Width() {
		r.Narrowest = i
	}
}

// intervals computes what can be known of every cell that is not shown.
func (s *System) intervals(ctx context.Context, known bool) ([]Interval, error) {
	varies, value := make([]bool, len(s.Cells)), make([]int64, len(s.Cells))
	for i, c := range s.Cells {
		varies[i] = c.Status != Shown
		if known || !varies[i] {
			value[i] = c.Value
		}
	}
	intervals := make([]Interval, len(s.Cells))
	rows, err := s.rowsOf(varies, value)
	if err != nil {
		return nil, err
	}
	settled, err := settle(rows, varies, value)
	if err != nil {
		return nil, err
	}
	for _, c := range settled {
		intervals[c] = exactly(value[c], value[c])
	}
	if rows, err = s.rowsOf(varies, value); err != nil {
		return nil, err
	}
	for _, p := range partsOf(rows, varies) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n := networkOf(p); n != nil {
			err = n.audit(ctx, p, value, known, intervals)
		} else {
			err = auditLinear(ctx, p, intervals)
		}
		if err != nil {
			return nil, err
		}
	}
	return intervals, nil
}

// exactly is an interval with whole ends.
func exactly(low, high int64) Interval {
	i := Interval{Low: low, High: high, LowReal: float64(low), HighReal: float64(high)}
	if high == Unbounded {
		i.HighReal = math.Inf(1)
	}
	return i
}

// audit computes the intervals of a network's cells.
func (n *network) audit(ctx context.Context, p part, value []int64, known bool, into []Interval) error {
	var values []int64
	if known {
		for _, c := range n.cell {
			values = append(values, value[c])
		}
	} else {
		if values = feasible(n); values == nil {
			return ErrContradiction
		}
		for k, c := range n.cell {
			value[c] = values[k]
		}
		if !p.agrees(value) {
			return ErrContradiction
		}
	}
	f := newFlow(n, values, always(len(into)))
	for k := range n.arcs {
		if k%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		low, high := f.interval(id(k))
		into[n.cell[k]] = exactly(low, high)
	}
	return nil
}

// agrees tells whether the values satisfy every row of a part: those that were
// left out as implied may still contradict the others.
func (p part) agrees(value []int64) bool {
	for _, r := range p.rows {
		rest := r.rest
		for i, c := range r.cells {
			rest -= int64(r.signs[i]) * value[c]
		}
		if rest != 0 {
			return false
		}
	}
	return true
}

// settle finds cells which have one possible value only: the last unknown of a
// sum, or all parts of nothing. It takes them out of what varies.
func settle(rows []row, varies []bool, value []int64) ([]int32, error) {
	rowsAt := map[int32][]int32{}
	for i, r := range rows {
		for _, c := range r.cells {
			rowsAt[c] = append(rowsAt[c], id(i))
		}
	}
	var settled []int32
	queue := make([]int32, len(rows))
	for i := range rows {
		queue[i] = id(i)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		cells, values, err := rows[queue[0]].settle(varies, value)
		if err != nil {
			return nil, err
		}
		for i, c := range cells {
			varies[c], value[c] = false, values[i]
			settled = append(settled, c)
			queue = append(queue, rowsAt[c]...)
		}
	}
	return settled, nil
}

// settle answers with the cells of a row that have one possible value, given those
// that vary no more.
func (r row) settle(varies []bool, value []int64) (cells []int32, values []int64, err error) {
	rest, sign, mixed := r.rest, int8(0), false
	for i, c := range r.cells {
		if !varies[c] {
			continue
		}
		cells = append(cells, c)
		mixed = mixed || sign != 0 && sign != r.signs[i]
		sign = r.signs[i]
	}
	if len(cells) == 0 || mixed {
		return nil, nil, nil
	}
	for i, c := range r.cells {
		if !varies[c] {
			rest -= int64(r.signs[i]) * value[c]
		}
	}
	if rest *= int64(sign); rest < 0 {
		return nil, nil, ErrContradiction
	}
	if len(cells) > 1 && rest > 0 {
		return nil, nil, nil
	}
	values = make([]int64, len(cells))
	values[0] = rest
	return cells, values, nil
}
