package chart

import (
	"image/color"
	"strings"
)

// Colors with a contrast of at least 3:1 to white (WCAG 1.4.11).
var (
	fill = color.RGBA{R: 0x5b, G: 0x93, B: 0xc7, A: 0xff}
	ink  = color.RGBA{R: 0x1d, G: 0x24, B: 0x2b, A: 0xff}
)

// Words are what a chart says beside its labels.
type Words struct {
	Language  string
	Direction string
	Hidden    string
	Share     string
	Answers   string
	Gap       string
	Change    string
	Of        map[Kind]string
	and       string
}

var (
	english = Words{
		Language: "en", Direction: "ltr", Hidden: "not shown", Share: "Favorable answers, percent, with 95% interval", Answers: "Answers",
		Gap: "Staff less families, percentage points", Change: "This wave less the one before, percentage points", and: ". ",
		Of: map[Kind]string{Standards: "By standard", Items: "By question", Distribution: "Answers to one question", Gaps: "Staff and families", Changes: "Change since the wave before"},
	}
	spanish = Words{
		Language: "es", Direction: "ltr", Hidden: "no se muestra", Share: "Respuestas favorables, en porcentaje, con intervalo del 95 %", Answers: "Respuestas",
		Gap: "Personal menos familias, puntos porcentuales", Change: "Esta encuesta menos la anterior, puntos porcentuales", and: ". ",
		Of: map[Kind]string{Standards: "Por estándar", Items: "Por pregunta", Distribution: "Respuestas a una pregunta", Gaps: "Personal y familias", Changes: "Cambio desde la encuesta anterior"},
	}
)

// In are the words of a language; English where there are none.
func In(language string) Words {
	base, _, _ := strings.Cut(language, "-")
	if strings.EqualFold(base, "es") {
		return spanish
	}
	return english
}

// describe lists all that the chart shows.
func (w Words) describe(c Chart) string {
	parts := []string{c.Axis}
	for _, b := range c.Bars {
		said := b.Said
		if !b.Shown {
			said = w.Hidden
			if b.Reason != "" {
				said += " (" + strings.TrimSuffix(b.Reason, ".") + ")"
			}
		}
		parts = append(parts, b.Label+": "+said)
	}
	return strings.Join(parts, w.and) + "."
}
