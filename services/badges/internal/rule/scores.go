package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Criterion is what the final reviews say about one criterion.
type Criterion struct {
	ID                     string
	Median, Min, Max, Mean float64
}

// Scores is what a decision rule looks at.
type Scores struct {
	Criteria []Criterion
	Mean     float64
	Reviews  int
}

// Summarize condenses points by criterion: points[i] holds the points that each review gave
// to criteria[i].
func Summarize(criteria []string, points [][]int) Scores {
	s := Scores{Criteria: make([]Criterion, len(criteria))}
	sum, count := 0, 0
	for i, id := range criteria {
		s.Criteria[i] = criterion(id, points[i])
		s.Reviews = max(s.Reviews, len(points[i]))
		for _, p := range points[i] {
			sum, count = sum+p, count+1
		}
	}
	if count > 0 {
		s.Mean = float64(sum) / float64(count)
	}
	return s
}

func criterion(id string, points []int) Criterion {
	if len(points) == 0 {
		return Criterion{ID: id}
	}
	sorted := slices.Sorted(slices.Values(points))
	sum := 0
	for _, p := range sorted {
		sum += p
	}
	half := len(sorted) / 2
	median := float64(sorted[half])
	if len(sorted)%2 == 0 {
		median = float64(sorted[half-1]+sorted[half]) / 2
	}
	return Criterion{
		ID: id, Median: median, Min: float64(sorted[0]), Max: float64(sorted[len(sorted)-1]),
		Mean: float64(sum) / float64(len(sorted)),
	}
}

// Explain says in one text how the rule came out, with the numbers that it looked at.
func Explain(rule string, met bool, s Scores) string {
	verdict := "is not met"
	if met {
		verdict = "is met"
	}
	parts := make([]string, len(s.Criteria))
	for i, c := range s.Criteria {
		parts[i] = fmt.Sprintf("%s median %s (%s to %s)", c.ID, number(c.Median), number(c.Min), number(c.Max))
	}
	return fmt.Sprintf("The rule %s %s: mean %s over %d reviews; %s.",
		rule, verdict, number(s.Mean), s.Reviews, strings.Join(parts, ", "))
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
