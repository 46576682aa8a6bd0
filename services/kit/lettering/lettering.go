// Package lettering turns text into outlines: the same letters in every picture and certificate, on any
// machine, with fonts that are part of the program.
//
// Names of schools come in all scripts. Set shapes a text as its script asks (joined letters, order of
// right-to-left text, marks), wraps it into lines and answers the curves to draw. Where it cannot do that
// rightly, because no font here has a letter or the script is not one it knows, it says so and draws nothing:
// callers then say in words where the name can be seen. A box or a wrong letter is never an answer.
//
// The badges service draws pictures and certificates with it, the assessments service letters.
package lettering

import (
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// longest is the most characters of a text that are set; names and titles are shorter.
const longest = 2000

// Style is how letters look and where lines break.
type Style struct {
	Bold  bool
	Size  float64 // height of the em
	Width float64 // where lines break; 0 sets one line
}

// Point is a place: x to the right, y down, from the begin of the baseline of the line.
type Point struct{ X, Y float64 }

// Op is what a segment does.
type Op byte

// The kinds of segments: move, line, quadratic curve, cubic curve. Every shape closes itself.
const (
	Move  Op = 'M'
	To    Op = 'L'
	Quad  Op = 'Q'
	Cubic Op = 'C'
)

// Segment is a part of an outline; Points are one, two for Quad, three for Cubic, the last where it ends.
type Segment struct {
	Op     Op
	Points []Point
}

// Line is one line of text as outlines.
type Line struct {
	Text    string
	Width   float64
	Outline []Segment
}

// Set sets a text. It answers false when some of it cannot be drawn rightly.
func Set(text string, s Style) ([]Line, bool) {
	runes := []rune(clean(text))
	if len(runes) == 0 {
		return nil, true
	}
	if len(runes) > longest || !scriptsKnown(runes) {
		return nil, false
	}
	faces := newFaces(s.Bold)
	direction := directionOf(runes)
	var segmenter shaping.Segmenter
	var shaper shaping.HarfbuzzShaper
	var runs []shaping.Output
	for _, in := range segmenter.Split(shaping.Input{
		Text: runes, RunEnd: len(runes), Direction: direction, Size: fixed.Int26_6(s.Size * 64), Language: language.NewLanguage("en"),
	}, faces) {
		out := shaper.Shape(in)
		if slices.ContainsFunc(out.Glyphs, func(g shaping.Glyph) bool { return g.GlyphID == 0 }) {
			return nil, false
		}
		runs = append(runs, out)
	}
	return wrap(runes, runs, direction, s), true
}

// Drawable tells whether Set can draw a text.
func Drawable(text string) bool {
	_, ok := Set(text, Style{Size: 10})
	return ok
}

// clean makes one line in composed form of a text.
func clean(text string) string {
	return norm.NFC.String(strings.Join(strings.Fields(text), " "))
}

func wrap(runes []rune, runs []shaping.Output, direction di.Direction, s Style) []Line {
	width := fixed.Int26_6(1 << 30)
	if s.Width > 0 {
		width = fixed.Int26_6(s.Width * 64)
	}
	var wrapper shaping.LineWrapper
	lines, _ := wrapper.WrapParagraphF(shaping.WrapConfig{Direction: direction, BreakPolicy: shaping.WhenNecessary}, width, runes, shaping.NewSliceIterator(runs))
	out := make([]Line, len(lines))
	for i, line := range lines {
		out[i] = draw(runes, line)
	}
	return out
}

// draw puts the glyphs of a line side by side, in the order in which they are seen.
func draw(runes []rune, line shaping.Line) Line {
	runs := slices.Clone(line)
	var out Line
	from, to := len(runes), 0
	for _, run := range runs {
		from, to = min(from, run.Runes.Offset), max(to, run.Runes.Offset+run.Runes.Count)
	}
	out.Text = strings.TrimSpace(string(runes[from:to]))
	slices.SortStableFunc(runs, func(a, b shaping.Output) int { return int(a.VisualIndex - b.VisualIndex) })
	for _, run := range runs {
		scale := float64(run.Size) / 64 / float64(run.Face.Upem())
		for _, g := range run.Glyphs {
			at := Point{out.Width + units(g.XOffset), -units(g.YOffset)}
			if shape, ok := run.Face.GlyphData(g.GlyphID).(font.GlyphOutline); ok {
				out.Outline = appendGlyph(out.Outline, shape, at, scale)
			}
			out.Width += units(g.Advance)
		}
	}
	return out
}

func units(v fixed.Int26_6) float64 { return float64(v) / 64 }

func appendGlyph(to []Segment, shape font.GlyphOutline, at Point, scale float64) []Segment {
	ops := []Op{Move, To, Quad, Cubic}
	for _, s := range shape.Segments {
		segment := Segment{Op: ops[s.Op]}
		for _, p := range s.ArgsSlice() {
			segment.Points = append(segment.Points, Point{at.X + float64(p.X)*scale, at.Y - float64(p.Y)*scale})
		}
		to = append(to, segment)
	}
	return to
}

// directionOf is that of the first letter that has one.
func directionOf(runes []rune) di.Direction {
	for _, r := range runes {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.R, bidi.AL:
			return di.DirectionRTL
		case bidi.L:
			return di.DirectionLTR
		}
	}
	return di.DirectionLTR
}

// scriptsKnown tells whether all letters are of scripts that the fonts here can set. Some fonts have
// letters of other scripts without the rules to join them.
func scriptsKnown(runes []rune) bool {
	known := []*unicode.RangeTable{
		unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian, unicode.Hebrew, unicode.Arabic,
		unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Common, unicode.Inherited,
	}
	for _, r := range runes {
		if !unicode.In(r, known...) || unicode.IsControl(r) || unicode.Is(unicode.Co, r) {
			return false
		}
	}
	return true
}
