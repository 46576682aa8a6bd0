package selfassessment

import (
	"context"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// Spread is how the ratings of a standard spread.
type Spread struct {
	Standard        string
	Lowest, Highest int
	Median          float64
	Counts          []int // ratings by level, from 0
}

// Talk tells whether members see the standard so differently that it is worth
// talking about first.
func (s Spread) Talk() bool { return s.Highest-s.Lowest > 1 }

// most is how many ratings a summary reads: teams are small.
const most = 1000

// Summary prepares the team's talk: how ratings spread by standard. It is empty
// for a member who has not rated yet.
func (s *Service) Summary(ctx context.Context, t Team, id, subject string) (Assessment, []Spread, error) {
	a, err := s.store.Assessment(ctx, t, id)
	if err != nil {
		return a, nil, err
	}
	if may, err := s.mayRead(ctx, a, subject); err != nil || !may {
		return a, nil, err
	}
	f, err := framework.Published(ctx, s.frameworks, a.FrameworkVersion)
	if err != nil {
		return a, nil, err
	}
	opinions, err := s.store.Opinions(ctx, a, "", most)
	if err != nil || len(opinions) == 0 {
		return a, nil, err
	}
	var out []Spread
	for _, std := range f.Body.Standards {
		out = append(out, spreadOf(std, opinions))
	}
	return a, out, nil
}

func spreadOf(std framework.Standard, opinions []Opinion) Spread {
	var levels []int
	for _, o := range opinions {
		for _, l := range o.Levels {
			if l.Standard == std.ID {
				levels = append(levels, l.Level)
			}
		}
	}
	out := Spread{Standard: std.ID, Counts: make([]int, std.MaxLevel()+1)}
	if len(levels) == 0 {
		return out
	}
	slices.Sort(levels)
	for _, l := range levels {
		out.Counts[l]++
	}
	n := len(levels)
	out.Lowest, out.Highest = levels[0], levels[n-1]
	out.Median = float64(levels[(n-1)/2]+levels[n/2]) / 2
	return out
}
