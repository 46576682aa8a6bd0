package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/chart"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

func shown(v float64) rollup.Measure { return rollup.Measure{Shown: true, Value: v} }

func about(language string) chart.About {
	text := func(en, es string) map[string]string { return map[string]string{"en": en, "es": es} }
	return chart.About{
		Language:  language,
		Framework: framework.Body{Standards: []framework.Standard{{ID: "welcome", Title: "Welcome all <families>"}, {ID: "talk", Title: "Communicate"}}},
		Body: instrument.Body{Languages: []string{"en", "es"}, Items: []instrument.Item{{
			ID: "q1", Text: text("How often?", "¿Con qué frecuencia?"),
			Options: []instrument.Option{{ID: "1", Text: text("Never", "Nunca")}, {ID: "2", Text: text("Always", "Siempre")}},
			Rows:    []instrument.Row{{ID: "r", Text: text("By mail", "Por correo")}},
		}}},
	}
}

func page() rollup.Page {
	return rollup.Page{
		Title: "Oak & Elm",
		Items: []rollup.ItemEstimate{{
			Item: "q1", Share: rollup.Estimate{Value: shown(0.5), Low: shown(0.4), High: shown(0.6)},
			Options: []rollup.OptionCount{{Option: "1", Count: rollup.Count{Shown: true, Value: 20}}, {Option: "2", Count: rollup.Count{Reason: "Few."}}},
		}, {Item: "q1/r", Share: rollup.Estimate{Value: shown(0.03), AtMost: true}}},
		Standards: []rollup.StandardEstimate{
			{Standard: "welcome", Share: rollup.Estimate{Value: shown(0.72), Low: shown(0.66), High: shown(0.78)}},
			{Standard: "talk", Share: rollup.Estimate{Value: rollup.Measure{Reason: "Fewer than 10 families answered."}}},
		},
		Gaps:    []rollup.Gap{{Item: "q1", Gap: rollup.Estimate{Value: shown(0.12), Low: shown(0.04), High: shown(0.2)}}},
		Changes: []rollup.Change{{Standard: "welcome", Change: rollup.Estimate{Value: shown(-0.25)}}},
	}
}

// drawn is the chart with all its texts, the description apart.
func drawn(t *testing.T, language string, kind chart.Kind, item string) (texts []string, title, desc string) {
	t.Helper()
	c, err := chart.Of(page(), about(language), kind, item)
	require.NoError(t, err)
	svg, err := c.SVG()
	require.NoError(t, err)
	if dir := os.Getenv("TANDEM_CHARTS"); dir != "" { // to look at
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".svg"), svg, 0o600))
	}
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts, title, desc
		}
		require.NoError(t, err)
		if s, ok := token.(xml.StartElement); ok && (s.Name.Local == "text" || s.Name.Local == "title" || s.Name.Local == "desc") {
			var text string
			require.NoError(t, d.DecodeElement(&text, &s))
			switch s.Name.Local {
			case "title":
				title = text
			case "desc":
				desc = text
			default:
				texts = append(texts, text)
			}
		}
	}
}

func TestAChartSaysInWordsWhatItShows(t *testing.T) {
	for name, c := range map[string]struct {
		language string
		kind     chart.Kind
		item     string
		texts    []string
		title    string
		desc     []string
	}{
		"standards": {
			"en", 0, "",
			[]string{"Welcome all <families>", "Communicate", " not shown"},
			"Oak & Elm – By standard",
			[]string{"Welcome all <families>: 72% (66%–78%)", "Communicate: not shown (Fewer than 10 families answered)"},
		},
		"standards in Spanish": {"es", chart.Standards, "", []string{" no se muestra"}, "Oak & Elm – Por estándar", []string{"Respuestas favorables"}},
		"items":                {"es", chart.Items, "", []string{"¿Con qué frecuencia?", "Por correo"}, "Oak & Elm – Por pregunta", []string{"Por correo: ≤ 3%"}},
		"distribution":         {"en", chart.Distribution, "q1", []string{"Never", "Always", " not shown"}, "Oak & Elm – How often?", []string{"Never: 20", "Always: not shown (Few)"}},
		"gaps":                 {"en", chart.Gaps, "", []string{"How often?"}, "Oak & Elm – Staff and families", []string{"How often?: +12 (+4 – +20)"}},
		"changes":              {"en", chart.Changes, "", nil, "Oak & Elm – Change since the wave before", []string{"Welcome all <families>: -25"}},
	} {
		t.Run(name, func(t *testing.T) {
			texts, title, desc := drawn(t, c.language, c.kind, c.item)
			require.Equal(t, c.title, title)
			for _, want := range c.texts {
				require.Contains(t, texts, want)
			}
			for _, want := range c.desc {
				require.Contains(t, desc, want)
			}
		})
	}
}

func TestADistributionIsOfAnItemOfTheTable(t *testing.T) {
	_, err := chart.Of(page(), about("en"), chart.Distribution, "q9")
	p, ok := problem.As(err)
	require.True(t, ok)
	require.Equal(t, "item_of_table", p.Violations[0].Rule)
}

func TestAChartOfNothingIsDrawn(t *testing.T) {
	c, err := chart.Of(rollup.Page{Title: "Nothing"}, about("en"), chart.Gaps, "")
	require.NoError(t, err)
	_, err = c.SVG()
	require.NoError(t, err)
}
