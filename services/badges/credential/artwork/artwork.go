// Package artwork draws the badges: a medal for each of the six standards and for the Partnership School,
// and a wide picture for social media.
//
// A drawing is SVG made from a template; the PNG is the same drawing in pixels, made without a browser.
// Letters are outlines (package lettering), so that a badge looks the same everywhere, and its title and
// description stand in the drawing as text for those who do not see it. What the fonts here cannot draw
// rightly is left out of the picture and stays in that text.
//
// Package bake puts credentials into the pictures, package certificate prints them.
package artwork

import (
	"bytes"
	"embed"
	"fmt"
	"image"
	imagedraw "image/draw"
	"image/png"
	"text/template"

	"github.com/srwiley/oksvg"
	"github.com/srwiley/rasterx"

	"github.com/tandem-badges/tandem/services/kit/lettering"
)

// PartnershipSchool is the kind of the award for holding all six badges.
const PartnershipSchool = "partnership-school"

// The sizes of pictures.
const (
	Size        = 512 // of a drawing, and the usual one of a PNG
	LargestSize = 2048
	ShareWidth  = 1200
	ShareHeight = 630
)

//go:embed drawings/*.svg
var drawings embed.FS

var templates = template.Must(template.ParseFS(drawings, "drawings/*.svg"))

// Badge is what a medal shows.
type Badge struct {
	Kind   string // id of a standard, or PartnershipSchool; another is drawn with a star
	Title  string
	Issuer string
}

// Alt is the text that stands for the picture.
func (b Badge) Alt() string {
	return fmt.Sprintf("Badge “%s”: %s.", b.Title, look(b.Kind).Symbol)
}

// medal is what the template draws.
type medal struct {
	Look        Look
	Scallops    string
	Title, Desc string
	Words       []words
}

// words is one line of text as a path.
type words struct{ Path, Fill string }

// SVG draws the badge.
func (b Badge) SVG() ([]byte, error) {
	m := medal{
		Look: look(b.Kind), Scallops: scallops(), Title: escape(b.Title),
		Desc: escape(b.Alt() + " Given by " + b.Issuer + "."),
	}
	m.Words = append(
		centered(b.Title, block{x: Size / 2, y: 312, size: 34, width: 330, most: 3, bold: true, fill: Ink}),
		centered(b.Issuer, block{x: Size / 2, y: 404, size: 17, width: 250, most: 3, fill: Soft})...,
	)
	return draw("medal.svg", m)
}

// PNG draws the badge in pixels, size on each side.
func (b Badge) PNG(size int) ([]byte, error) {
	if size < 16 || size > LargestSize {
		return nil, fmt.Errorf("badge picture of %d pixels: from 16 to %d can be drawn", size, LargestSize)
	}
	drawing, err := b.SVG()
	if err != nil {
		return nil, err
	}
	img, err := pixels(drawing, size, size)
	if err != nil {
		return nil, err
	}
	return encode(img)
}

// Share is a wide picture that tells which school was given which badge.
type Share struct {
	Badge  Badge
	School string
	Line   string // below, e.g. "Awarded on 20 May 2026"
}

// PNG draws the picture. A name that cannot be drawn is left out, and the rest moves up.
func (s Share) PNG() ([]byte, error) {
	l := look(s.Badge.Kind)
	var all []words
	y := 176.0
	for _, b := range []struct {
		text string
		block
	}{
		{s.School, block{size: 52, most: 3, bold: true, fill: Ink}},
		{s.Badge.Title, block{size: 38, most: 2, bold: true, fill: l.Deep}},
		{s.Line, block{size: 26, most: 1, fill: Soft}},
		{s.Badge.Issuer, block{size: 26, most: 2, fill: Soft}},
	} {
		b.x, b.y, b.width = 590, y, 560
		lines := leftAligned(b.text, &b.block)
		all = append(all, lines...)
		if len(lines) > 0 {
			y += float64(len(lines))*b.size*leading + 16
		}
	}
	drawing, err := draw("share.svg", struct {
		Look  Look
		Words []words
	}{l, all})
	if err != nil {
		return nil, err
	}
	medal, err := s.Badge.SVG()
	if err != nil {
		return nil, err
	}
	return composed(drawing, medal)
}

// composed puts the medal on the wide picture.
func composed(drawing, medal []byte) ([]byte, error) {
	const edge, left, top = 470, 30, 68
	ground, err := pixels(drawing, ShareWidth, ShareHeight)
	if err != nil {
		return nil, err
	}
	over, err := pixels(medal, edge, edge)
	if err != nil {
		return nil, err
	}
	imagedraw.Draw(ground, image.Rect(left, top, left+edge, top+edge), over, image.Point{}, imagedraw.Over)
	return encode(ground)
}

func draw(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("draw badge: %w", err)
	}
	return out.Bytes(), nil
}

// pixels draws SVG of this package: others may ask for more than the library can.
func pixels(drawing []byte, width, height int) (*image.RGBA, error) {
	icon, err := oksvg.ReadIconStream(bytes.NewReader(drawing), oksvg.StrictErrorMode)
	if err != nil {
		return nil, fmt.Errorf("draw badge: %w", err)
	}
	icon.SetTarget(0, 0, float64(width), float64(height))
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	icon.Draw(rasterx.NewDasher(width, height, rasterx.NewScannerGV(width, height, img, img.Bounds())), 1)
	return img, nil
}

func encode(img image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.DefaultCompression}).Encode(&out, img); err != nil {
		return nil, fmt.Errorf("draw badge: %w", err)
	}
	return out.Bytes(), nil
}

// block is where and how a text is drawn; y is the middle of centered text, and the first baseline of others.
type block struct {
	x, y, size, width float64
	most              int // lines
	bold              bool
	fill              string
}

// set wraps the text, smaller when it needs more lines than there are. A text that cannot be drawn, or is too
// long at any size that can be read, is left out.
func (b *block) set(text string) []lettering.Line {
	for smallest := b.size * 0.55; b.size >= smallest; b.size *= 0.92 {
		lines, ok := lettering.Set(text, lettering.Style{Bold: b.bold, Size: b.size, Width: b.width})
		if !ok {
			return nil
		}
		if len(lines) <= b.most {
			return lines
		}
	}
	return nil
}

const leading = 1.22

func centered(text string, b block) []words {
	lines := b.set(text)
	top := b.y - float64(len(lines)-1)*b.size*leading/2 + b.size*0.35
	out := make([]words, len(lines))
	for i, l := range lines {
		out[i] = words{l.Path(b.x-l.Width/2, top+float64(i)*b.size*leading), b.fill}
	}
	return out
}

func leftAligned(text string, b *block) []words {
	lines := b.set(text)
	out := make([]words, len(lines))
	for i, l := range lines {
		out[i] = words{l.Path(b.x, b.y+float64(i)*b.size*leading), b.fill}
	}
	return out
}
