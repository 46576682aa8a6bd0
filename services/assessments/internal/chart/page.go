package chart

import (
	"fmt"
	"math"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Kind is what a chart shows, as the API numbers them.
type Kind int

// Kinds of charts.
const (
	Standards Kind = iota + 1
	Items
	Distribution
	Gaps
	Changes
)

// About is what the labels of a chart are taken from.
type About struct {
	Framework framework.Body
	Body      instrument.Body
	Language  string
}

// Of makes the chart of a page. A distribution is of one item.
func Of(p rollup.Page, about About, kind Kind, item string) (Chart, error) {
	w := In(about.Language)
	c := Chart{Axis: w.Share, To: 100, Words: w}
	switch kind {
	case Items:
		for _, i := range p.Items {
			c.Bars = append(c.Bars, share(about.item(i.Item), i.Share))
		}
	case Distribution:
		i, ok := find(p, item)
		if !ok {
			var bad check.List
			bad.Add("item", "item_of_table", "Name an item of the table, as its items are called.")
			return c, bad.Err()
		}
		c.Axis = w.Answers
		c.distribution(about, i)
	case Gaps:
		c.Axis = w.Gap
		for _, g := range p.Gaps {
			c.Bars = append(c.Bars, difference(about.item(g.Item), g.Gap))
		}
		c.around()
	case Changes:
		c.Axis = w.Change
		for _, d := range p.Changes {
			c.Bars = append(c.Bars, difference(about.either(d.Item, d.Standard), d.Change))
		}
		c.around()
	default:
		kind = Standards
		for _, s := range p.Standards {
			c.Bars = append(c.Bars, share(about.standard(s.Standard), s.Share))
		}
	}
	c.Title = p.Title + " – " + w.Of[kind]
	if kind == Distribution {
		c.Title = p.Title + " – " + about.item(item)
	}
	return c, nil
}

func find(p rollup.Page, item string) (rollup.ItemEstimate, bool) {
	for _, i := range p.Items {
		if i.Item == item {
			return i, true
		}
	}
	return rollup.ItemEstimate{}, false
}

// share is a bar of percent.
func share(label string, e rollup.Estimate) Bar {
	b := bar(label, e)
	if !b.Shown {
		return b
	}
	b.Said = fmt.Sprintf("%.0f%%", b.Value)
	switch {
	case e.AtMost:
		b.Said = "≤ " + b.Said
	case e.AtLeast:
		b.Said = "≥ " + b.Said
	case b.High > b.Low:
		b.Said += fmt.Sprintf(" (%.0f%%–%.0f%%)", b.Low, b.High)
	}
	return b
}

// difference is a bar of percentage points.
func difference(label string, e rollup.Estimate) Bar {
	b := bar(label, e)
	b.Said = fmt.Sprintf("%+.0f", b.Value)
	if b.High > b.Low {
		b.Said += fmt.Sprintf(" (%+.0f – %+.0f)", b.Low, b.High)
	}
	return b
}

func bar(label string, e rollup.Estimate) Bar {
	b := Bar{Label: label, Shown: e.Value.Shown, Value: 100 * e.Value.Value, Reason: e.Value.Reason}
	if e.Low.Shown && e.High.Shown {
		b.Low, b.High = 100*e.Low.Value, 100*e.High.Value
	}
	return b
}

func (c *Chart) distribution(about About, i rollup.ItemEstimate) {
	most := 1.0
	for _, o := range i.Options {
		b := Bar{Label: about.option(i.Item, o.Option), Shown: o.Count.Shown, Value: float64(o.Count.Value), Reason: o.Count.Reason, Said: fmt.Sprint(o.Count.Value)}
		most = max(most, b.Value)
		c.Bars = append(c.Bars, b)
	}
	c.To = most * 1.05
}

// around has the axis show all of the differences, and zero.
func (c *Chart) around() {
	c.From, c.To = -10, 10
	for _, b := range c.Bars {
		c.From = min(c.From, 10*math.Floor(min(b.Value, b.Low)/10))
		c.To = max(c.To, 10*math.Ceil(max(b.Value, b.High)/10))
	}
}

func (a About) standard(id string) string {
	if s, ok := a.Framework.Standard(id); ok {
		return s.Title
	}
	return id
}

func (a About) either(item, standard string) string {
	if item == "" {
		return a.standard(standard)
	}
	return a.item(item)
}

// item is the question in the language asked for.
func (a About) item(id string) string {
	base, row, _ := strings.Cut(id, "/")
	it, ok := a.Body.Item(base)
	if !ok {
		return id
	}
	for _, r := range it.Rows {
		if r.ID == row {
			return a.in(r.Text, id)
		}
	}
	if o, ok := it.Option(row); ok {
		return a.in(o.Text, id)
	}
	return a.in(it.Text, id)
}

func (a About) option(item, option string) string {
	base, _, _ := strings.Cut(item, "/")
	if it, ok := a.Body.Item(base); ok {
		if o, ok := it.Option(option); ok {
			return a.in(o.Text, option)
		}
	}
	return option
}

// in is a text in the language, or in the first that has it.
func (a About) in(text map[string]string, otherwise string) string {
	for _, l := range append([]string{a.Body.Language(a.Language)}, a.Body.Languages...) {
		if t := text[l]; t != "" {
			return t
		}
	}
	return otherwise
}
