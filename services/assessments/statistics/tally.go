package statistics

import "slices"

// Tally counts how often each option of an item was chosen in one stratum, with
// weights. It can be merged like [Moments], keeps the distribution too, and
// holds nothing of single answers. The zero value counts nothing.
type Tally struct {
	Options []OptionTally
	// Rows are the rows of the stratum, those without an answer too.
	Rows int
}

// OptionTally is one option of an item.
type OptionTally struct {
	Option    string
	Score     float64 // of a scale; not used where Scored is false
	Scored    bool    // false for "not applicable" and "I don't know": they leave every denominator
	Favorable bool    // as the instrument declares it
	Count     int     // answers
	Weight    float64 // sum of their weights
	Weight2   float64 // sum of the squares of their weights
}

// Add counts one answer; option is the index in Options, or -1 without one.
func (t *Tally) Add(option int, weight float64) {
	t.Rows++
	if option < 0 {
		return
	}
	o := &t.Options[option]
	o.Count++
	o.Weight += weight
	o.Weight2 += weight * weight
}

// Merge adds the counts of another piece of the same stratum and item.
func (t *Tally) Merge(o Tally) error {
	if err := t.sameOptions(&o); err != nil {
		return err
	}
	t.Rows += o.Rows
	for i, other := range o.Options {
		t.Options[i].Count += other.Count
		t.Options[i].Weight += other.Weight
		t.Options[i].Weight2 += other.Weight2
	}
	return nil
}

func (t *Tally) sameOptions(o *Tally) error {
	same := slices.EqualFunc(t.Options, o.Options, func(a, b OptionTally) bool {
		return a.Option == b.Option && a.Score == b.Score && a.Scored == b.Scored && a.Favorable == b.Favorable
	})
	if !same {
		return invalid("tally", "the options of the two are not the same")
	}
	return nil
}

// MeanMoments are the moments of the mean score.
func (t *Tally) MeanMoments() Moments {
	return t.moments(func(o OptionTally) float64 { return o.Score })
}

// FavorableMoments are the moments of the share of favorable answers.
func (t *Tally) FavorableMoments() Moments {
	return t.moments(func(o OptionTally) float64 {
		if o.Favorable {
			return 1
		}
		return 0
	})
}

// OptionMoments are the moments of the share of one option among scored answers.
func (t *Tally) OptionMoments(option int) Moments {
	wanted := t.Options[option].Option
	return t.moments(func(o OptionTally) float64 {
		if o.Option == wanted {
			return 1
		}
		return 0
	})
}

func (t *Tally) moments(y func(OptionTally) float64) Moments {
	m := Moments{Rows: t.Rows}
	for _, o := range t.Options {
		if !o.Scored {
			continue
		}
		v := y(o)
		m.Answered += o.Count
		m.W += o.Weight
		m.WX += o.Weight
		m.WY += v * o.Weight
		m.W2 += o.Weight2
		m.XX += o.Weight2
		m.XY += v * o.Weight2
		m.YY += v * v * o.Weight2
	}
	return m
}

// TallyStratum is a part of the population that was sampled by itself, with the
// tally of one item.
type TallyStratum struct {
	Name       string
	Population float64 // as in [Stratum]
	Tally      Tally
}

// MeanOfTallies is the mean score over all strata.
func MeanOfTallies(lonely LonelyRule, strata ...TallyStratum) (Estimate, error) {
	return ratioOfTallies(lonely, strata, (*Tally).MeanMoments)
}

// FavorableOfTallies is the share of favorable answers among those with a score,
// over all strata.
func FavorableOfTallies(lonely LonelyRule, strata ...TallyStratum) (Estimate, error) {
	return ratioOfTallies(lonely, strata, (*Tally).FavorableMoments)
}

// DistributionOfTallies is the share of each scored option among scored answers,
// in the order of the options; all strata have the same options.
func DistributionOfTallies(lonely LonelyRule, strata ...TallyStratum) ([]Group, error) {
	if len(strata) == 0 {
		return nil, invalid("strata", "there are none")
	}
	var shares []Group
	for i, o := range strata[0].Tally.Options {
		if !o.Scored {
			continue
		}
		e, err := ratioOfTallies(lonely, strata, func(t *Tally) Moments { return t.OptionMoments(i) })
		if err != nil {
			return nil, err
		}
		shares = append(shares, Group{Name: o.Option, Estimate: e})
	}
	return shares, nil
}

func ratioOfTallies(lonely LonelyRule, strata []TallyStratum, moments func(*Tally) Moments) (Estimate, error) {
	list := make([]Stratum, len(strata))
	for i := range strata {
		s := &strata[i]
		if err := s.Tally.sameOptions(&strata[0].Tally); err != nil {
			return Estimate{}, err
		}
		list[i] = Stratum{Name: s.Name, Population: s.Population, Moments: moments(&s.Tally)}
	}
	return RatioOfStrata(lonely, list...)
}
