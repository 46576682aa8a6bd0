package lettering

import (
	"bytes"
	_ "embed"
	"sync"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/go-text/typesetting/font"
)

//go:embed fonts/DroidSansFallbackFull.ttf
var eastAsian []byte

// The fonts, read once: Latin, Greek and Cyrillic first, then Arabic, Hebrew and others, then East Asian.
var (
	regular = sync.OnceValue(func() []*font.Font { return append(parse(liberationsansregular.TTF, dejavusans.TTF), wide()...) })
	bold    = sync.OnceValue(func() []*font.Font { return append(parse(liberationsansbold.TTF, dejavusansbold.TTF), wide()...) })
	wide    = sync.OnceValue(func() []*font.Font { return parse(eastAsian) })
)

// Latin returns the font file for Latin, Greek and Cyrillic, for writers of documents.
func Latin(isBold bool) []byte {
	if isBold {
		return liberationsansbold.TTF
	}
	return liberationsansregular.TTF
}

// parse reads fonts that are part of the program. One that could not be read would be left out, and its
// letters with it; tests draw letters of each.
func parse(files ...[]byte) []*font.Font {
	var fonts []*font.Font
	for _, ttf := range files {
		if face, err := font.ParseTTF(bytes.NewReader(ttf)); err == nil {
			fonts = append(fonts, face.Font)
		}
	}
	return fonts
}

// faces picks a font for each letter. Faces keep notes of their own, so each text has its own.
type faces []*font.Face

func newFaces(isBold bool) faces {
	fonts := regular()
	if isBold {
		fonts = bold()
	}
	out := make(faces, len(fonts))
	for i, f := range fonts {
		out[i] = font.NewFace(f)
	}
	return out
}

// ResolveFace implements shaping.Fontmap: the first font that has the letter.
func (f faces) ResolveFace(r rune) *font.Face {
	for _, face := range f {
		if _, ok := face.NominalGlyph(r); ok {
			return face
		}
	}
	return f[0]
}

// Plain tells whether a text can be written with the font of Latin alone and without joining or marks, as
// writers of documents do.
func Plain(text string) bool {
	face := newFaces(false)[0]
	for _, r := range clean(text) {
		if _, ok := face.NominalGlyph(r); !ok || !plainRune(r) {
			return false
		}
	}
	return true
}
