package lettering

import (
	"strconv"
	"strings"
	"unicode"
)

// Path writes a line as path data of SVG, its baseline beginning at x, y.
func (l Line) Path(x, y float64) string {
	var b strings.Builder
	for i, s := range l.Outline {
		if s.Op == Move && i > 0 {
			b.WriteByte('Z')
		}
		b.WriteByte(byte(s.Op))
		for j, p := range s.Points {
			if j > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(Number(x+p.X) + " " + Number(y+p.Y))
		}
	}
	if b.Len() > 0 {
		b.WriteByte('Z')
	}
	return b.String()
}

// Number writes a coordinate with two decimals at most.
func Number(v float64) string {
	text := strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0")
	if text = strings.TrimSuffix(text, "."); text == "-0" {
		return "0"
	}
	return text
}

// plainRune tells whether a letter stands alone: no mark, no script that joins or runs from the right.
func plainRune(r rune) bool {
	return !unicode.Is(unicode.M, r) && !unicode.Is(unicode.Cf, r) && unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Common)
}
