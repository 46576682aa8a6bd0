// Package chart draws published tables as SVG.
//
// A chart is a picture with the same in words: each SVG carries a title and a
// description that lists every number, and hidden ones with the reason, for who
// does not see it (WCAG 1.1.1, SVG accessibility by role, title and desc). Its
// texts are texts, so that a browser finds and enlarges them. Charts show pages of
// package rollup, which hold only what may be published.
package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Bar is one line of a chart.
type Bar struct {
	Label  string
	Shown  bool
	Value  float64
	Low    float64 // of the 95 percent interval; equal to High without one
	High   float64
	Reason string // why it is hidden
	Said   string // the value in words
}

// Chart is what is drawn: one bar below the other.
type Chart struct {
	Title    string
	Axis     string
	From, To float64 // of the axis
	Bars     []Bar
	Words    Words
}

const (
	width     = 8 * vg.Inch
	barHeight = 0.34 * vg.Inch
	margin    = 1.1 * vg.Inch
	longest   = 58 // characters of a label
)

// SVG draws the chart.
func (c Chart) SVG() ([]byte, error) {
	p := plot.New()
	style(p)
	p.Title.Text, p.X.Label.Text = c.Title, c.Axis
	p.X.Min, p.X.Max = c.From, c.To
	p.Y.Min, p.Y.Max = -0.6, float64(len(c.Bars))-0.4
	p.Add(grid())
	if err := c.bars(p); err != nil {
		return nil, err
	}
	if err := c.hidden(p); err != nil {
		return nil, err
	}
	canvas := vgsvg.New(width, margin+barHeight*vg.Length(max(len(c.Bars), 1)))
	p.Draw(draw.Crop(draw.New(canvas), vg.Points(8), -vg.Points(12), vg.Points(6), -vg.Points(8)))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	return c.described(out.Bytes())
}

func style(p *plot.Plot) {
	sans := func(f *font.Font, size vg.Length) {
		*f = font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	}
	sans(&p.Title.TextStyle.Font, 14)
	sans(&p.X.Label.TextStyle.Font, 11)
	sans(&p.X.Tick.Label.Font, 11)
	sans(&p.Y.Tick.Label.Font, 11)
	p.Title.Padding = 8
	p.Y.Width, p.Y.Tick.Width, p.Y.Tick.Length = 0, 0, 0
}

func grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Width = 0
	return g
}

// place is where a bar stands: the first on top.
func (c Chart) place(i int) float64 { return float64(len(c.Bars) - 1 - i) }

// bars draws what is shown, with its interval.
func (c Chart) bars(p *plot.Plot) error {
	var ticks []plot.Tick
	for i, b := range c.Bars {
		ticks = append(ticks, plot.Tick{Value: c.place(i), Label: short(b.Label)})
		if !b.Shown {
			continue
		}
		bar, err := plotter.NewBarChart(plotter.Values{b.Value}, barHeight*0.62)
		if err != nil {
			return err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, c.place(i), fill, 0
		p.Add(bar)
		if b.High > b.Low {
			line, err := plotter.NewLine(plotter.XYs{{X: b.Low, Y: c.place(i)}, {X: b.High, Y: c.place(i)}})
			if err != nil {
				return err
			}
			line.Color, line.Width = ink, vg.Points(1.6)
			p.Add(line)
		}
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	return nil
}

// hidden says so where a bar would be.
func (c Chart) hidden(p *plot.Plot) error {
	var at plotter.XYLabels
	for i, b := range c.Bars {
		if !b.Shown {
			at.XYs = append(at.XYs, plotter.XY{X: max(c.From, min(0, c.To)), Y: c.place(i) - 0.12})
			at.Labels = append(at.Labels, " "+c.Words.Hidden)
		}
	}
	if len(at.XYs) == 0 {
		return nil
	}
	labels, err := plotter.NewLabels(at)
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: 10}
		labels.TextStyle[i].Color = ink
	}
	p.Add(labels)
	return nil
}

func short(label string) string {
	r := []rune(label)
	if len(r) <= longest {
		return label
	}
	return strings.TrimSpace(string(r[:longest-1])) + "…"
}

// described puts title and description into the picture.
func (c Chart) described(svg []byte) ([]byte, error) {
	head, rest, ok := bytes.Cut(svg, []byte("xmlns:xlink=\"http://www.w3.org/1999/xlink\">"))
	if !ok {
		return nil, fmt.Errorf("chart: the drawing has no root element")
	}
	var out bytes.Buffer
	out.Write(head)
	fmt.Fprintf(&out, `xmlns:xlink="http://www.w3.org/1999/xlink" role="img" lang="%s" direction="%s" aria-labelledby="title desc">`, c.Words.Language, c.Words.Direction)
	out.WriteString("\n<title id=\"title\">")
	if err := xml.EscapeText(&out, []byte(c.Title)); err != nil {
		return nil, err
	}
	out.WriteString("</title>\n<desc id=\"desc\">")
	if err := xml.EscapeText(&out, []byte(c.Words.describe(c))); err != nil {
		return nil, err
	}
	out.WriteString("</desc>")
	out.Write(rest)
	return out.Bytes(), nil
}
