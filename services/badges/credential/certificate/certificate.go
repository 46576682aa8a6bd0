// Package certificate prints a badge: one page in English or Spanish, with the badge's picture, the school,
// the dates, a code that leads to the public page, and the signed credential attached to the file.
//
// Latin, Greek and Cyrillic are written with an embedded font. Other scripts are drawn as outlines, shaped
// by package lettering, with the text beside them for search and for reading aloud. A name that cannot be
// drawn rightly is not printed: the page says that, and where the web certificate shows it. The PDF has its
// language and title but no structure for screen readers; the web certificate is the accessible form.
//
// The credential inside is found again by package bake. Package rendering of the badges service fills it in.
package certificate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/tandem-badges/tandem/services/badges/credential/artwork"
	"github.com/tandem-badges/tandem/services/kit/lettering"
)

// Paper is the size of the page, which lies on its long side.
type Paper string

// The papers.
const (
	Letter Paper = "Letter"
	A4     Paper = "A4"
)

// Certificate is what is printed.
type Certificate struct {
	Language    string // "en", also when empty, or "es"
	Paper       Paper  // Letter when empty
	Badge       artwork.Badge
	School      string
	Description string // of the badge
	Awarded     time.Time
	ValidUntil  time.Time // zero: no end
	PageURL     string    // the public page of the badge
	WebURL      string    // the web certificate
	Notice      string    // e.g. that the badge was taken back; printed large
	Credential  []byte    // JSON or a token
	Printed     time.Time
}

// font names the embedded font.
const family = "tandem"

// page is a certificate under way. Lengths are millimeters.
type page struct {
	*fpdf.Fpdf
	Certificate
	words         words
	look          artwork.Look
	width, height float64
}

// PDF prints the certificate.
func (c Certificate) PDF() ([]byte, error) {
	if c.PageURL == "" || c.WebURL == "" || len(c.Credential) == 0 {
		return nil, errors.New("a certificate needs its addresses and its credential")
	}
	if c.Paper == "" {
		c.Paper = Letter
	}
	p := &page{Fpdf: fpdf.New("L", "mm", string(c.Paper), ""), Certificate: c, words: wordsOf(c.Language), look: artwork.LookOf(c.Badge.Kind)}
	p.describe()
	p.AddPage()
	p.width, p.height = p.GetPageSize()
	p.frame()
	if err := p.left(); err != nil {
		return nil, err
	}
	p.right()
	p.foot()
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("print certificate: %w", err)
	}
	return out.Bytes(), nil
}

// describe sets what is not seen: metadata, fonts, the attached credential.
func (p *page) describe() {
	p.SetTitle(fmt.Sprintf(p.words.title, p.Badge.Title, p.School), true)
	p.SetAuthor(p.Badge.Issuer, true)
	p.SetSubject(p.PageURL, true)
	p.SetCreator("Tandem", true)
	p.SetProducer("Tandem", true)
	p.SetLang(p.words.tag)
	p.SetCreationDate(p.Printed)
	p.SetModificationDate(p.Printed)
	p.SetCatalogSort(true)
	p.SetAutoPageBreak(false, 0)
	p.SetMargins(0, 0, 0)
	p.AddUTF8FontFromBytes(family, "", lettering.Latin(false))
	p.AddUTF8FontFromBytes(family, "B", lettering.Latin(true))
	p.SetAttachments([]fpdf.Attachment{{Content: p.Credential, Filename: fileName(p.Credential), Description: p.words.attached}})
}

// fileName of the attached credential by its form.
func fileName(credential []byte) string {
	if bytes.HasPrefix(bytes.TrimSpace(credential), []byte("{")) {
		return "credential.json"
	}
	return "credential.jwt"
}

func (p *page) frame() {
	p.stroke(p.look.Deep)
	p.SetLineWidth(1.4)
	p.Rect(8, 8, p.width-16, p.height-16, "D")
	p.stroke(p.look.Accent)
	p.SetLineWidth(0.5)
	p.Rect(10.5, 10.5, p.width-21, p.height-21, "D")
}

const (
	leftEdge   = 20.0
	leftWidth  = 82.0
	rightEdge  = 116.0
	badgeSize  = 82.0
	badgeDots  = 768
	codeSize   = 36.0
	rightInset = 22.0
)

// left is the picture of the badge and the code.
func (p *page) left() error {
	picture, err := p.Badge.PNG(badgeDots)
	if err != nil {
		return err
	}
	p.RegisterImageOptionsReader("badge", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(picture))
	p.ImageOptions("badge", leftEdge, 24, badgeSize, badgeSize, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	if err := p.code(leftEdge+(leftWidth-codeSize)/2, 116, codeSize); err != nil {
		return err
	}
	y := p.text(p.words.scan, place{x: leftEdge, y: 160, width: leftWidth, size: 3.6, most: 2, color: artwork.Soft, middle: true})
	p.address(p.PageURL, place{x: leftEdge, y: y + 1.5, width: leftWidth, size: 3.2, color: artwork.Ink, middle: true})
	p.LinkString(leftEdge, 116, leftWidth, 60, p.PageURL)
	return nil
}

// right is what the certificate says.
func (p *page) right() {
	at := place{x: rightEdge, width: p.width - rightEdge - rightInset, most: 1}
	line := func(text string, y, size float64, color string, bold bool, most int) float64 {
		spot := at
		spot.y, spot.size, spot.color, spot.bold, spot.most = y, size, color, bold, most
		return p.text(text, spot)
	}
	y := line(p.words.heading, 36, 7, p.look.Deep, true, 1)
	if p.Notice != "" {
		y = line(p.Notice, y+3, 5, warning, true, 3)
	}
	y = line(p.words.certifies, y+6, 4.6, artwork.Soft, false, 1)
	y = line(p.drawable(p.School, p.words.schoolElsewhere), y+5, 11, artwork.Ink, true, 3)
	y = line(p.words.earned, y+4, 4.6, artwork.Soft, false, 1)
	y = line(p.drawable(p.Badge.Title, p.words.badgeElsewhere), y+4, 8.4, p.look.Deep, true, 2)
	y = line(p.Description, y+2, 4.4, artwork.Ink, false, 4)
	y = line(p.dates(), y+6, 4.8, artwork.Ink, true, 2)
	if p.Badge.Issuer != "" {
		line(p.words.issuedBy+" "+p.drawable(p.Badge.Issuer, p.WebURL), y+2, 4.8, artwork.Ink, false, 2)
	}
}

// drawable is the text, or where it can be seen.
func (p *page) drawable(text, elsewhere string) string {
	if lettering.Drawable(text) {
		return text
	}
	return strings.ReplaceAll(elsewhere, "%s", p.WebURL)
}

func (p *page) dates() string {
	var parts []string
	if !p.Awarded.IsZero() {
		parts = append(parts, p.words.awarded+" "+p.words.date(p.Awarded))
	}
	if !p.ValidUntil.IsZero() {
		parts = append(parts, p.words.until+" "+p.words.date(p.ValidUntil))
	}
	return strings.Join(parts, " · ")
}

// foot tells what a print is worth.
func (p *page) foot() {
	p.stroke(p.look.Accent)
	p.SetLineWidth(0.4)
	p.Line(rightEdge, p.height-40, p.width-rightInset, p.height-40)
	width := p.width - rightEdge - rightInset
	y := p.text(p.words.proves, place{x: rightEdge, y: p.height - 36, width: width, size: 3.6, most: 3, color: artwork.Soft})
	y = p.text(p.words.web, place{x: rightEdge, y: y + 1, width: width, size: 3.6, most: 1, color: artwork.Soft})
	p.address(p.WebURL, place{x: rightEdge, y: y, width: width, size: 3.6, color: artwork.Soft})
	p.LinkString(rightEdge, y, width, 4.5, p.WebURL)
}
