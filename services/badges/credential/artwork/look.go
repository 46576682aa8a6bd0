package artwork

import (
	"bytes"
	"encoding/xml"
	"math"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/lettering"
)

// The colors of text on a badge.
const (
	Ink  = "#1c2733"
	Soft = "#4a5866"
)

// Look is how badges of a kind differ from others. Deep is dark enough to be read on Ground.
type Look struct {
	Deep, Ground, Accent string
	Symbol               string // in words
	File                 string // the template that draws it, empty for the star
}

func looks() map[string]Look {
	return map[string]Look{
		"welcome-all-families":       {Deep: "#0b5566", Ground: "#eef7f9", Accent: "#e8a33d", Symbol: "an open door", File: "door"},
		"communicate-effectively":    {Deep: "#6a3590", Ground: "#f6f0fa", Accent: "#e0a52f", Symbol: "two speech bubbles", File: "speech"},
		"support-student-success":    {Deep: "#1a6b3c", Ground: "#eef8f1", Accent: "#e8a33d", Symbol: "a plant that grows from an open book", File: "book"},
		"speak-up-for-every-child":   {Deep: "#a3261e", Ground: "#fdf1ef", Accent: "#f0b23c", Symbol: "a megaphone", File: "megaphone"},
		"share-power":                {Deep: "#7d4400", Ground: "#fdf6ec", Accent: "#d98a1f", Symbol: "six seats at a round table", File: "table"},
		"collaborate-with-community": {Deep: "#1d4f91", Ground: "#eff4fb", Accent: "#e8a33d", Symbol: "three houses side by side", File: "houses"},
		PartnershipSchool:            {Deep: "#16324f", Ground: "#fffaf0", Accent: "#d9a400", Symbol: "a star within a ring of six colors", File: "ring"},
	}
}

// Kinds are the kinds with a look of their own.
func Kinds() []string {
	return []string{
		"welcome-all-families", "communicate-effectively", "support-student-success", "speak-up-for-every-child", "share-power",
		"collaborate-with-community", PartnershipSchool,
	}
}

// LookOf is how badges of a kind look.
func LookOf(kind string) Look { return look(kind) }

func look(kind string) Look {
	if l, ok := looks()[kind]; ok {
		return l
	}
	return Look{Deep: "#37474f", Ground: "#f4f6f7", Accent: "#e8a33d", Symbol: "a star", File: "star"}
}

// scallops is the outline of a medal: small arcs around a circle.
func scallops() string {
	const count, radius, middle = 28, 236.0, Size / 2.0
	var b strings.Builder
	for i := range count + 1 {
		angle := 2*math.Pi*float64(i)/count - math.Pi/2
		x, y := middle+radius*math.Cos(angle), middle+radius*math.Sin(angle)
		if i == 0 {
			b.WriteString("M" + lettering.Number(x) + " " + lettering.Number(y))
			continue
		}
		out := angle - math.Pi/count
		const far = radius + 32
		b.WriteString("Q" + lettering.Number(middle+far*math.Cos(out)) + " " + lettering.Number(middle+far*math.Sin(out)) +
			" " + lettering.Number(x) + " " + lettering.Number(y))
	}
	return b.String() + "Z"
}

// escape makes a text fit for a drawing.
func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
