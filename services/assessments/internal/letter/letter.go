// Package letter prints the letters that ask families to a survey: a page each,
// with a code to scan and the same code to type, what is kept and who sees it.
//
// Latin letters are written with an embedded font; scripts that join or run from
// the right are drawn as outlines by package lettering, with their text beside
// them for search and reading aloud. What is the same on all pages of a language
// is kept in the file once, so that hundreds of letters stay small. A name that
// no font here can draw is left out rather than printed wrong.
//
// Package recipient decides who gets a letter.
package letter

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/tandem-badges/tandem/services/kit/lettering"

	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

// Promise is what a letter says about the answer.
type Promise int

// The promises.
const (
	Open         Promise = iota // whoever has the link may answer
	OneAnswer                   // a token, of nobody by name
	Confidential                // of a named recipient
)

// Letter is one page.
type Letter struct {
	Language  string // one of package wording
	School    string
	District  string
	Addressee string // empty: whoever gets it
	Link      string // in the code to scan
	TypeAt    string // page where the code is typed
	Code      string
	CloseDate string // empty: not planned
	Minutes   string // empty: not known
	Promise   Promise
}

// PaperOf is the paper of a time zone: Letter in the Americas, A4 elsewhere.
func PaperOf(zone string) string {
	if zone == "" || strings.HasPrefix(zone, "America/") || strings.HasPrefix(zone, "US/") || strings.HasPrefix(zone, "Canada/") || zone == "Pacific/Honolulu" {
		return "Letter"
	}
	return "A4"
}

// Typed is a code in groups, for people who type it.
func Typed(code string) string {
	const group = 5
	var b strings.Builder
	for i, r := range code {
		if i > 0 && i%group == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

const (
	family = "tandem"
	margin = 25.0 // millimeters, as are all lengths here
	qrSize = 52.0
)

// document is a file under way.
type document struct {
	*fpdf.Fpdf
	width, height float64
	fixed         map[string]fixed // parts that are the same on many pages
}

// fixed is a part that is drawn once.
type fixed struct {
	template fpdf.Template
	below    float64 // where the next part begins
}

// Print prints letters on paper.
func Print(letters []Letter, paper string, now time.Time) ([]byte, error) {
	d := &document{Fpdf: fpdf.New("P", "mm", paper, ""), fixed: map[string]fixed{}}
	d.SetCreator("Tandem", true)
	d.SetProducer("Tandem", true)
	d.SetCreationDate(now)
	d.SetModificationDate(now)
	d.SetCatalogSort(true)
	d.SetAutoPageBreak(false, 0)
	d.SetMargins(0, 0, 0)
	d.AddUTF8FontFromBytes(family, "", lettering.Latin(false))
	d.AddUTF8FontFromBytes(family, "B", lettering.Latin(true))
	if len(letters) > 0 {
		d.SetTitle(wordsOf(letters[0].Language).heading, true)
		d.SetLang(letters[0].Language)
	}
	for _, l := range letters {
		if err := d.page(l); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := d.Output(&out); err != nil {
		return nil, fmt.Errorf("print letters: %w", err)
	}
	return out.Bytes(), nil
}

// page prints one letter.
func (d *document) page(l Letter) error {
	d.AddPage()
	d.width, d.height = d.GetPageSize()
	w := wordsOf(l.Language)
	rtl := wording.Direction(l.Language) == "rtl"
	inner := d.width - 2*margin
	at := func(y, size float64) place { return place{x: margin, y: y, width: inner, size: size, right: rtl} }
	y := d.block(l, "head", margin, func(p *pen) float64 {
		bottom := p.text(l.School, bold(at(0, 6.2)))
		if l.District != "" {
			bottom = p.text(l.District, soft(at(bottom+1, 4)))
		}
		return bottom
	})
	if l.Addressee != "" {
		y = (&pen{Fpdf: d.Fpdf, height: d.height}).text(l.Addressee, at(y+9, 4.6))
	}
	y = d.block(l, "ask", y+9, func(p *pen) float64 {
		bottom := p.text(w.heading, bold(at(0, 7.4)))
		bottom = p.text(fmt.Sprintf(w.ask, l.School), at(bottom+4, 4.6))
		if l.Minutes != "" {
			bottom = p.text(fmt.Sprintf(w.minutes, l.Minutes), at(bottom+2.5, 4.6))
		}
		if l.CloseDate != "" {
			bottom = p.text(fmt.Sprintf(w.until, l.CloseDate), bold(at(bottom+2.5, 4.6)))
		}
		return bottom
	})
	if y = d.code(l, w, y+8, rtl); d.Err() {
		return d.Error()
	}
	d.block(l, "kept", y+6, func(p *pen) float64 {
		bottom := p.text(w.keptHeading, bold(at(0, 4.8)))
		for _, line := range w.kept[l.Promise] {
			bottom = p.text(line, at(bottom+1.5, 4.2))
		}
		return bottom
	})
	return d.Error()
}

// code prints the code to scan beside the code to type.
func (d *document) code(l Letter, w words, y float64, rtl bool) float64 {
	codeX, textX := margin, margin+qrSize+8
	if rtl {
		codeX, textX = d.width-margin-qrSize, margin
	}
	if err := d.qr(l.Link, codeX, y, qrSize); err != nil {
		d.SetError(err)
		return y
	}
	d.LinkString(codeX, y, qrSize, qrSize, l.Link)
	width := d.width - 2*margin - qrSize - 8
	bottom := d.block(l, "type", y+6, func(p *pen) float64 {
		below := p.text(w.scan, place{x: textX, width: width, size: 4.6, right: rtl})
		return p.text(w.typeAt, place{x: textX, y: below + 3, width: width, size: 4.6, right: rtl})
	})
	p := &pen{Fpdf: d.Fpdf, height: d.height}
	bottom = p.text(l.TypeAt, bold(place{x: textX, y: bottom + 1.5, width: width, size: 4.6}))
	p.text(Typed(l.Code), bold(place{x: textX, y: bottom + 2.5, width: width, size: 5.2}))
	return y + qrSize
}

// block draws a part that other letters have too. Its pen begins at the top of the
// part; where it stands differs from page to page.
func (d *document) block(l Letter, name string, y float64, draw func(p *pen) float64) float64 {
	key := fmt.Sprint(name, l.Language, l.School, l.District, l.Minutes, l.CloseDate, l.Promise)
	part, known := d.fixed[key]
	if !known {
		size := fpdf.SizeType{Wd: d.width, Ht: d.height}
		part.template = d.CreateTemplateCustom(fpdf.PointType{}, size, func(t *fpdf.Tpl) {
			t.SetAutoPageBreak(false, 0)
			t.AddUTF8FontFromBytes(family, "", lettering.Latin(false))
			t.AddUTF8FontFromBytes(family, "B", lettering.Latin(true))
			part.below = draw(&pen{Fpdf: &t.Fpdf, height: d.height})
		})
		d.fixed[key] = part
	}
	d.UseTemplateScaled(part.template, fpdf.PointType{Y: y}, fpdf.SizeType{Wd: d.width, Ht: d.height})
	return y + part.below
}
