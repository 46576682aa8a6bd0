package statistics

import (
	"fmt"
	"math"
)

// The bounds of a notable difference between those who answered and all (NCES
// Statistical Standards, standards 2-2 and 4-4).
const (
	NotableRelative = 0.10 // of the value of all
	NotablePoints   = 1.0  // percentage points
	ReliableCV      = 0.15 // of the estimate
	ReliableCell    = 30   // people behind it
)

// Characteristic is something known of everybody who was asked, such as the
// share of families of a grade, as it is among those who answered.
type Characteristic struct {
	Name string
	// Respondents is the estimate from those who answered; N is the cell.
	Respondents Estimate
	// All is the value among everybody who was asked.
	All float64
	// Share says that values are shares in [0, 1], for which the difference in
	// points counts too.
	Share bool
}

// Bias is the difference that nonresponse made to a characteristic.
type Bias struct {
	Name       string
	Difference float64 // respondents less all, in the unit
	Relative   float64 // Difference over All; +Inf where All is 0
	CV         float64
	// Notable: all bounds are passed, so that the difference is real and large.
	Notable bool
	// Reasons are one sentence for each bound.
	Reasons []string
}

// NonresponseBias compares those who answered with everybody who was asked, one
// characteristic after the other. A difference is notable when it is large, in
// itself and relative to the value, and the estimate is reliable enough to say
// so. That a difference is not notable does not prove that there is no bias in
// what was asked: only what is known of everybody can be compared.
func NonresponseBias(characteristics ...Characteristic) ([]Bias, error) {
	found := make([]Bias, len(characteristics))
	for i, c := range characteristics {
		e := c.Respondents
		if !finite(e.Value) || !finite(e.SE) || e.SE < 0 || !finite(c.All) || e.N < 1 {
			return nil, invalidRow("characteristics", i, "it takes finite values and somebody who answered")
		}
		if c.Share && (e.Value < 0 || e.Value > 1 || c.All < 0 || c.All > 1) {
			return nil, invalidRow("characteristics", i, "shares lie in [0, 1]")
		}
		found[i] = c.bias()
	}
	return found, nil
}

func (c Characteristic) bias() Bias {
	b := Bias{Name: c.Name, Difference: c.Respondents.Value - c.All, CV: c.Respondents.CV()}
	if b.Difference != 0 {
		b.Relative = b.Difference / math.Abs(c.All)
	}
	if c.Respondents.SE == 0 {
		b.CV = 0
	}
	b.Notable = true
	rule := func(passed bool, text string, args ...any) {
		b.Notable = b.Notable && passed
		b.Reasons = append(b.Reasons, fmt.Sprintf(text, args...))
	}
	large := math.Abs(b.Relative) > NotableRelative
	rule(large, "The relative difference is %.1f%%, %s 10%%.", 100*math.Abs(b.Relative), than(large, "more than", "not more than"))
	if c.Share {
		points := 100 * math.Abs(b.Difference)
		far := points > NotablePoints
		rule(far, "The difference is %.1f points, %s 1 point.", points, than(far, "more than", "not more than"))
	}
	certain := b.CV < ReliableCV
	rule(certain, "The coefficient of variation is %.1f%%, %s 15%%.", 100*b.CV, than(certain, "below", "not below"))
	enough := c.Respondents.N >= ReliableCell
	rule(enough, "%d people are behind it, %s 30.", c.Respondents.N, than(enough, "at least", "fewer than"))
	return b
}

func than(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
}
