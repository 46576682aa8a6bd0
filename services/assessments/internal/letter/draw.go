package letter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"

	"github.com/tandem-badges/tandem/services/kit/lettering"
)

const (
	leading = 1.35
	em      = 1000.0    // letters are set this big and drawn smaller: their distances are whole numbers of it
	points  = 72 / 25.4 // of a millimeter
)

// place is where a text stands; y is its top.
type place struct {
	x, y, width, size float64
	bold, soft, right bool
}

func bold(p place) place { p.bold = true; return p }
func soft(p place) place { p.soft = true; return p }

// pen writes on a page, or on a part of pages.
type pen struct {
	*fpdf.Fpdf
	height float64 // of the page, since PDF counts from below
}

// text writes a text on as many lines as it needs, and answers where the next may
// begin. What cannot be drawn rightly is not drawn.
func (p *pen) text(text string, at place) float64 {
	scale := at.size / em
	lines, ok := lettering.Set(text, lettering.Style{Bold: at.bold, Size: em, Width: at.width / scale})
	if !ok {
		return at.y
	}
	p.SetTextColor(0, 0, 0)
	if at.soft {
		p.SetTextColor(70, 70, 70)
	}
	for i, l := range lines {
		x := at.x
		if at.right {
			x += at.width - l.Width*scale
		}
		p.line(l, x, at.y+at.size*(0.8+float64(i)*leading), at)
	}
	return at.y + float64(len(lines))*at.size*leading
}

// line writes with the font where each letter stands for itself, and draws where
// letters must be shaped. A drawn line carries its text, on a space nobody sees.
func (p *pen) line(l lettering.Line, x, baseline float64, at place) {
	style := ""
	if at.bold {
		style = "B"
	}
	p.SetFont(family, style, at.size*points)
	if lettering.Plain(l.Text) {
		p.Text(x, baseline, l.Text)
		return
	}
	p.RawWriteStr("/Span <</ActualText <" + utf16Hex(l.Text) + ">>> BDC")
	p.SetTextRenderingMode(3)
	p.Text(x, baseline, " ")
	p.SetTextRenderingMode(0)
	p.RawWriteStr(p.outline(l, x, baseline, at.size/em))
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

// outline writes the curves of a line in the words of PDF, which has cubic curves
// only and counts from below.
func (p *pen) outline(l lettering.Line, x, y, scale float64) string {
	var b strings.Builder
	write := func(op string, all ...lettering.Point) {
		for _, pt := range all {
			b.WriteString(number((x+pt.X*scale)*points) + " " + number((p.height-y-pt.Y*scale)*points) + " ")
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
	return fmt.Sprintf("q %s %s %s rg\n%sh f Q", number(float64(r)/255), number(float64(g)/255), number(float64(bl)/255), b.String())
}

// between is two thirds of the way to the control point of a quadratic curve.
func between(end, control lettering.Point) lettering.Point {
	return lettering.Point{X: end.X + (control.X-end.X)*2/3, Y: end.Y + (control.Y-end.Y)*2/3}
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// quiet is the white border that readers of codes need, in modules.
const quiet = 4

// qr draws the code of an address.
func (d *document) qr(address string, x, y, size float64) error {
	code, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("code of a letter: %w", err)
	}
	edge := code.Bounds().Dx()
	module := size / float64(edge+2*quiet)
	dark := func(col, row int) bool {
		r, _, _, _ := code.At(col, row).RGBA()
		return r < 0x8000
	}
	d.SetFillColor(0, 0, 0)
	for row := range edge {
		for col := 0; col < edge; col++ {
			length := 0 // modules side by side are one bar, so that no light shines between them
			for col+length < edge && dark(col+length, row) {
				length++
			}
			if length > 0 {
				d.Rect(x+float64(col+quiet)*module, y+float64(row+quiet)*module, float64(length)*module, module*1.02, "F")
				col += length
			}
		}
	}
	return nil
}
