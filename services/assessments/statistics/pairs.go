package statistics

import "math"

// block sums up rows that have all items: most rows, so it does little for each.
type block struct {
	n       float64
	sums    []float64
	cross   [][]float64 // cross[i][j], j up to i
	extents []extent
}

func newBlock(k int) block {
	b := block{sums: make([]float64, k), cross: make([][]float64, k), extents: make([]extent, k)}
	for i := range b.cross {
		b.cross[i] = make([]float64, i+1)
	}
	return b
}

func (b *block) add(answers []float64, shift float64) {
	for i, x := range answers {
		x -= shift
		b.sums[i] += x
		b.extents[i].add(x, b.n == 0)
		row := b.cross[i]
		for j := range row {
			row[j] += x * (answers[j] - shift)
		}
	}
	b.n++
}

func (b *block) merge(o block) {
	for i := range b.sums {
		switch {
		case o.n == 0:
		case b.n == 0:
			b.extents[i] = o.extents[i]
		default:
			b.extents[i].merge(o.extents[i])
		}
		b.sums[i] += o.sums[i]
		for j := range b.cross[i] {
			b.cross[i][j] += o.cross[i][j]
		}
	}
	b.n += o.n
}

// pair is the part of the block in a pair, i being at least j.
func (b *block) pair(i, j int) pair {
	return pair{
		n: b.n, x: b.sums[i], y: b.sums[j], xx: b.cross[i][i], yy: b.cross[j][j], xy: b.cross[i][j], ofX: b.extents[i], ofY: b.extents[j],
	}
}

// pair sums up two variables, both less a shift that keeps them small.
type pair struct {
	n          float64
	x, y       float64
	xx, yy, xy float64
	ofX, ofY   extent
}

// extent is the smallest and the largest value: sums alone do not tell a
// constant from rounding.
type extent struct{ low, high float64 }

// add is called for every pair of answers, so it compares and no more.
func (e *extent) add(x float64, first bool) {
	if first {
		e.low, e.high = x, x
	}
	if x < e.low {
		e.low = x
	}
	if x > e.high {
		e.high = x
	}
}

func (e *extent) merge(o extent) { e.low, e.high = math.Min(e.low, o.low), math.Max(e.high, o.high) }

func (p *pair) add(x, y float64) {
	p.ofX.add(x, p.n == 0)
	p.ofY.add(y, p.n == 0)
	p.n++
	p.x += x
	p.y += y
	p.xx += x * x
	p.yy += y * y
	p.xy += x * y
}

func (p *pair) merge(o pair) {
	switch {
	case o.n == 0:
		return
	case p.n == 0:
		*p = o
		return
	}
	p.ofX.merge(o.ofX)
	p.ofY.merge(o.ofY)
	p.n += o.n
	p.x += o.x
	p.y += o.y
	p.xx += o.xx
	p.yy += o.yy
	p.xy += o.xy
}

func (p *pair) covariance() float64 { return (p.xy - p.x*p.y/p.n) / (p.n - 1) }
func (p *pair) varianceX() float64  { return p.variance(p.ofX, p.x, p.xx) }
func (p *pair) varianceY() float64  { return p.variance(p.ofY, p.y, p.yy) }

// variance is exactly 0 for a constant.
func (p *pair) variance(e extent, x, xx float64) float64 {
	if e.low == e.high {
		return 0
	}
	return (xx - x*x/p.n) / (p.n - 1)
}

func (p *pair) correlation() float64 {
	return p.covariance() / math.Sqrt(p.varianceX()*p.varianceY())
}
