package rollup

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// Noise is what a reader has to know of the noise in published counts: its spread in
// tables of everybody and in tables of groups. The zero value is no noise.
type Noise struct {
	Epsilon       release.Epsilon
	whole, groups spread
}

// spread is the discrete Laplace distribution with exp(-|x|*rate).
type spread struct{ rate float64 }

// variance is the most that the noise of one count can have: making tables add up
// only takes from it.
func (s spread) variance() float64 {
	if s.rate == 0 {
		return 0
	}
	p := math.Exp(-s.rate)
	return 2 * p / ((1 - p) * (1 - p))
}

// margin is the smallest number that 95 % of the noise stays within.
func (s spread) margin() int {
	p := math.Exp(-s.rate)
	return max(0, int(math.Ceil(math.Log((1-confidence)*(1+p)/2)/math.Log(p)))-1)
}

// draw puts noise in place of suppression: the tables of a release, together private
// with this budget for who adds or takes away all answers of one person. Each question
// gets an equal part. Half of a question's part goes to its table of everybody, and
// half to its groups, an equal part to each variable: nobody has two of its values, so
// that they share one. Without groups all of it goes to the table of everybody.
func draw(tables []release.Table, budget release.Epsilon, random io.Reader) ([]release.Published, Noise, error) {
	questions, variables := 0, map[string]bool{}
	for _, t := range tables {
		if variable, _, ok := strings.Cut(t.Filter, "="); ok {
			variables[variable] = true
		} else {
			questions++
		}
	}
	whole := budget / release.Epsilon(max(1, questions))
	group := release.Epsilon(0)
	if len(variables) > 0 {
		whole /= 2
		group = whole / release.Epsilon(len(variables))
	}
	noise := Noise{Epsilon: budget}
	out := make([]release.Published, len(tables))
	for i, t := range tables {
		share, into := whole, &noise.whole
		if t.Filter != "" {
			share, into = group, &noise.groups
		}
		noisy, err := release.Noisy(t, share, random)
		if err != nil {
			return nil, Noise{}, fmt.Errorf("noise: %w", err)
		}
		into.rate = float64(share) / float64(release.One) / float64(levelsOf(t.Places))
		out[i] = told(noisy)
	}
	return out, noise, nil
}

// told is a table of which everything is shown.
func told(t release.Table) release.Published {
	p := release.Published{Table: t, Totals: make([]int64, len(t.Places))}
	for i, row := range t.Counts {
		for _, n := range row {
			p.Totals[i] += n
		}
	}
	return p
}

// levelsOf is how many levels a tree has; parents come before their children.
func levelsOf(places []release.Place) int {
	most, depth := 0, make([]int, len(places))
	for i, p := range places {
		depth[i] = 1
		if p.Parent >= 0 {
			depth[i] += depth[p.Parent]
		}
		most = max(most, depth[i])
	}
	return most
}

// note is what every page with noise says.
func (n Noise) note() string {
	if n.Epsilon == 0 {
		return ""
	}
	text := fmt.Sprintf("The numbers are noisy, so that nobody can be found in them: in 95 of 100 counts of an option the noise is at most %d people", n.whole.margin())
	if n.groups.rate > 0 {
		text += fmt.Sprintf(", and at most %d in groups", n.groups.margin())
	}
	return text + fmt.Sprintf("; sums of several options have more. Errors and intervals include it. Each question has noise of its own, so that as many people seem "+
		"to have answered one as another only about; the number of all answers is that of the first question. The privacy loss of this release is %g.", n.Epsilon.Float())
}

// widen adds the noise behind an estimate to its standard error. At an end of a share,
// where the error says nothing, as many answers count as have the error of both.
func (n number) widen(variance float64) number {
	if !n.ok() || variance == 0 {
		return n
	}
	n.SE = math.Sqrt(n.SE*n.SE + variance)
	n.Effective /= 1 + 4*n.Effective*variance
	return n
}

// noiseOf is the variance of the noise in a ratio at a place: how far each count pulls
// at it, times the noise of a count.
func (v *view) noiseOf(place, q int, p parts, mean float64) float64 {
	if v.noise.Epsilon == 0 {
		return 0
	}
	question := &v.tree.questions[q]
	var variance, all float64
	strata := v.borne(place, q, p)
	for _, s := range strata {
		all += s.weight * float64(s.given())
	}
	if all == 0 {
		return 0
	}
	categories := p.categories(question)
	for k, o := range p.options(question) {
		variance += float64(categories[k]) * most(strata, func(s borne) float64 { return s.weight * (o.Score - mean - s.lost(p, question, mean)) })
	}
	variance += most(strata, func(s borne) float64 { return s.weight * s.lost(p, question, mean) }) // those not scored, by the weights
	return variance * v.noise.whole.variance() / (all * all)
}

// borne are counts that bear a weight.
type borne struct {
	counts []int64
	weight float64
	total  int64 // that the weight was made of; 0 where it was not
}

func (b borne) given() (n int64) {
	for _, c := range b.counts {
		n += c
	}
	return n
}

// lost is what one more answer takes from a ratio by making the others of its school
// weigh less.
func (b borne) lost(p parts, q *Question, mean float64) float64 {
	if b.total == 0 || b.weight <= 1 {
		return 0
	}
	var sum float64
	for k, o := range p.options(q) {
		sum += float64(b.counts[k]) * (o.Score - mean)
	}
	return sum / float64(b.total)
}

// borne are the counts of the strata of a place; unweighted where it has none.
func (v *view) borne(place, q int, p parts) []borne {
	at := v.tree.Places[place]
	if at.Asked == 0 || len(v.leaves[place]) < 2 {
		counts, _ := p.counts(v.tally(place, q))
		return []borne{{counts: counts, weight: 1}}
	}
	var out []borne
	for _, leaf := range v.leaves[place] {
		t := v.tally(leaf, q)
		b := borne{total: t.total}
		if b.counts, _ = p.counts(t); t.total > 0 {
			b.weight = weight(v.tree.Places[leaf].Asked, t.total)
		}
		out = append(out, b)
	}
	return out
}

// most is the greatest variance that a sum over the strata can have, each pulling by
// so much, where the noise of a stratum and that of their sum have a variance of at
// most 1: that of the mean pull, which the place's own count bears, and that of how the
// pulls differ.
func most(strata []borne, pull func(borne) float64) float64 {
	var mean, apart float64
	for _, s := range strata {
		mean += pull(s) / float64(len(strata))
	}
	for _, s := range strata {
		apart += (pull(s) - mean) * (pull(s) - mean)
	}
	sd := math.Abs(mean) + math.Sqrt(apart)
	return sd * sd
}

// ofShare is the variance of the noise in the share of a group.
func (n Noise) ofShare(group tally, own []int64) float64 {
	all := float64(own[0] + own[1])
	share, categories := float64(own[0])/all, shareParts.categories(group.question)
	pull := float64(categories[0])*(1-share)*(1-share) + float64(categories[1])*share*share
	return pull * n.groups.variance() / (all * all)
}

// ofPart is the variance of the noise in the part that a group is of all who answered.
func (n Noise) ofPart(group tally, part float64, answered int64) float64 {
	of := float64(len(group.counts)) / (float64(answered) * float64(answered))
	return of * (n.groups.variance() + part*part*n.whole.variance())
}

// difference compares a group with the others. With noise, that of the group's counts
// is in both shares, as the others are everybody less the group.
func (n Noise) difference(a, b statistics.Count, group tally) (statistics.Test, error) {
	test, err := statistics.TwoProportions(a, b, confidence)
	if n.Epsilon == 0 || err != nil {
		return test, err
	}
	left, right := simple(int64(a.Successes), int64(a.N)), simple(int64(b.Successes), int64(b.N))
	if !left.ok() || !right.ok() {
		return statistics.Test{}, errors.New("too few answers for a standard error")
	}
	var both, others float64
	for k, categories := range shareParts.categories(group.question) {
		score := float64(1 - k)
		own, rest := (score-left.Value)/float64(a.N), (score-right.Value)/float64(b.N)
		both += float64(categories) * (own + rest) * (own + rest)
		others += float64(categories) * rest * rest
	}
	left = left.widen(both*n.groups.variance() + others*n.whole.variance())
	return statistics.Difference(left.Estimate, right.Estimate, confidence)
}
