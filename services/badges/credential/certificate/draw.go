package certificate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/boombuler/barcode/qr"

	"github.com/tandem-badges/tandem/services/kit/lettering"
)

const (
	warning = "#9b1c1c"
	leading = 1.24
	points  = 72 / 25.4 // of a millimeter
)

// place is where a text stands; y is its top.
type place struct {
	x, y, width    float64
	size, smallest float64
	most           int
	color          string
	bold, middle   bool
}

// text writes a text, smaller where it needs more lines than it may have, and answers where the next one may
// begin. What does not fit at the smallest size is cut after the last line that does, with an ellipsis.
func (p *page) text(text string, at place) float64 {
	if at.smallest == 0 {
		at.smallest = at.size * 0.6
	}
	lines := at.fit(text)
	p.fill(at.color)
	for i, l := range lines {
		x, baseline := at.x, at.y+at.size*(0.8+float64(i)*leading)
		if at.middle {
			x += (at.width - l.Width) / 2
		}
		p.line(l, x, baseline, at)
	}
	return at.y + float64(len(lines))*at.size*leading
}

// address writes an address, which is never cut: on one line if letters that can be read allow, else on more.
func (p *page) address(url string, at place) {
	const smallest, lines = 2.3, 4
	for size := at.size; size >= smallest; size *= 0.95 {
		at.size = size
		if one, ok := at.set(url); ok && len(one) == 1 {
			break
		}
	}
	at.smallest, at.most = smallest/2, lines
	p.text(url, at)
}

// fit wraps a text, a little smaller each time it does not fit.
func (at *place) fit(text string) []lettering.Line {
	for {
		lines, ok := at.set(text)
		if !ok || len(lines) <= at.most {
			return lines
		}
		if at.size*0.95 < at.smallest {
			return at.cut(lines)
		}
		at.size *= 0.95
	}
}

func (at *place) set(text string) ([]lettering.Line, bool) {
	return lettering.Set(text, lettering.Style{Bold: at.bold, Size: at.size, Width: at.width})
}

// cut ends the last line that may stand with an ellipsis.
func (at *place) cut(lines []lettering.Line) []lettering.Line {
	words := strings.Fields(lines[at.most-1].Text)
	for n := len(words); n > 0; n-- {
		last, ok := at.set(strings.Join(words[:n], " ") + "…")
		if ok && len(last) == 1 {
			return append(lines[:at.most-1:at.most-1], last...)
		}
	}
	return lines[:at.most]
}

// line writes a line with the font where each letter stands for itself, and draws it where letters must be
// shaped. A drawn line carries its text, on a space that nobody sees.
func (p *page) line(l lettering.Line, x, baseline float64, at place) {
	style := ""
	if at.bold {
		style = "B"
	}
	p.SetFont(family, style, at.size*points)
	if lettering.Plain(l.Text) {
		if at.middle {
			x = at.x + (at.width-p.GetStringWidth(l.Text))/2
		}
		p.Text(x, baseline, l.Text)
		return
	}
	p.RawWriteStr("/Span <</ActualText <" + utf16Hex(l.Text) + ">>> BDC")
	p.SetTextRenderingMode(3)
	p.Text(x, baseline, " ")
	p.SetTextRenderingMode(0)
	p.RawWriteStr(p.outline(l, x, baseline))
	p.RawWriteStr("EMC")
}

func utf16Hex(text string) string {
	var b strings.Builder
	b.WriteString("FEFF")
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String()
}

// outline writes the curves of a line in the words of PDF, which has cubic curves only and counts from below.
func (p *page) outline(l lettering.Line, x, y float64) string {
	var b strings.Builder
	write := func(op string, all ...lettering.Point) {
		for _, pt := range all {
			b.WriteString(number((x+pt.X)*points) + " " + number((p.height-y-pt.Y)*points) + " ")
		}
		b.WriteString(op + "\n")
	}
	var at lettering.Point
	for i, s := range l.Outline {
		switch s.Op {
		case lettering.Move:
			if i > 0 {
				b.WriteString("h\n")
			}
			write("m", s.Points...)
		case lettering.To:
			write("l", s.Points...)
		case lettering.Quad:
			write("c", between(at, s.Points[0]), between(s.Points[1], s.Points[0]), s.Points[1])
		case lettering.Cubic:
			write("c", s.Points...)
		}
		at = s.Points[len(s.Points)-1]
	}
	r, g, bl := p.GetTextColor()
	return fmt.Sprintf("q %s %s %s rg\n%sh f Q", channel(r), channel(g), channel(bl), b.String())
}

// between is two thirds of the way to the control point of a quadratic curve.
func between(end, control lettering.Point) lettering.Point {
	return lettering.Point{X: end.X + (control.X-end.X)*2/3, Y: end.Y + (control.Y-end.Y)*2/3}
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }

func channel(v int) string { return number(float64(v) / 255) }

func rgb(color string) (r, g, b int) {
	v, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 24)
	if err != nil {
		return 0, 0, 0 // black can always be read
	}
	return int(v >> 16), int(v >> 8 & 0xff), int(v & 0xff)
}

func (p *page) fill(color string) {
	r, g, b := rgb(color)
	p.SetTextColor(r, g, b)
}

func (p *page) stroke(color string) {
	r, g, b := rgb(color)
	p.SetDrawColor(r, g, b)
}

// code draws the QR code of the page's address, with the white border that readers need.
func (p *page) code(x, y, size float64) error {
	const quiet = 4
	code, err := qr.Encode(p.PageURL, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("code of the certificate: %w", err)
	}
	edge := code.Bounds().Dx()
	module := size / float64(edge+2*quiet)
	p.SetFillColor(255, 255, 255)
	p.Rect(x, y, size, size, "F")
	p.SetFillColor(0, 0, 0)
	for row := range edge {
		for col := 0; col < edge; col++ {
			length := 0 // modules side by side are one bar, so that no light shines between them
			for col+length < edge && dark(code.At(col+length, row)) {
				length++
			}
			if length > 0 {
				p.Rect(x+float64(col+quiet)*module, y+float64(row+quiet)*module, float64(length)*module, module*1.02, "F")
				col += length
			}
		}
	}
	return nil
}

func dark(c interface{ RGBA() (r, g, b, a uint32) }) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
