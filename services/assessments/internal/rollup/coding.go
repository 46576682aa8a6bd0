package rollup

// code replaces shares near 0 and 1 by bounds, wider for fewer answers, as the
// Statewide Longitudinal Data Systems brief of NCES (2011-603) recommends. The counts
// of a coded item are hidden too: numerator and denominator would tell the share.
func (p *Page) code() {
	for n := range p.Items {
		i := &p.Items[n]
		if !codeShare(&i.Share, i.Answers) {
			continue
		}
		i.Mean = hiddenEstimate(codedEnd)
		for o := range i.Options {
			i.Options[o].Count = Count{Reason: codedEnd}
		}
		i.Answers, i.NotScored = Count{Reason: codedEnd}, Count{Reason: codedEnd}
	}
	for n := range p.Groups {
		if g := &p.Groups[n]; codeShare(&g.Share, g.Answers) {
			g.Answers, g.Gap, g.P = Count{Reason: codedEnd}, hiddenEstimate(codedEnd), Measure{Reason: codedEnd}
		}
	}
}

// codeShare tells whether a share was replaced.
func codeShare(e *Estimate, answers Count) bool {
	end := endOf(answers)
	switch {
	case !e.Value.Shown:
		return false
	case e.Value.Value < end:
		*e = Estimate{Value: Measure{Shown: true, Value: end}, AtMost: true}
	case e.Value.Value > 1-end:
		*e = Estimate{Value: Measure{Shown: true, Value: 1 - end}, AtLeast: true}
	default:
		return false
	}
	e.SE, e.Low, e.High = Measure{Reason: codedEnd}, Measure{Reason: codedEnd}, Measure{Reason: codedEnd}
	return true
}

// endOf is how near an end a share may be shown.
func endOf(answers Count) float64 {
	switch {
	case !answers.Shown || answers.Value <= 20:
		return 0.20
	case answers.Value <= 40:
		return 0.10
	case answers.Value <= 100:
		return 0.05
	case answers.Value <= 300:
		return 0.02
	}
	return 0.01
}
