package rollup_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

var wave = rollup.Wave{Instrument: "family-survey", Cycle: "cycles/2026-27", Number: 1}

// scale are four options and one that is never scored.
func scale() []instrument.Option {
	return []instrument.Option{
		{ID: "1", Score: 1}, {ID: "2", Score: 2}, {ID: "3", Score: 3, Favorable: true}, {ID: "4", Score: 4, Favorable: true}, {ID: "na", NotApplicable: true},
	}
}

// form asks two questions on a scale, a matrix of two rows, and some of three things.
func form() rollup.Form {
	b := instrument.Body{
		Items: []instrument.Item{
			{ID: "q1", Type: instrument.Scale, Standard: "welcome", Required: true, Options: scale()},
			{ID: "q2", Type: instrument.Scale, Standard: "welcome", Required: true, Options: scale()[:4]},
			{ID: "m", Type: instrument.Matrix, Standard: "share", Options: scale(), Rows: []instrument.Row{{ID: "a"}, {ID: "b"}}},
			{ID: "many", Type: instrument.MultipleChoice, Options: []instrument.Option{{ID: "x"}, {ID: "y"}, {ID: "z"}}},
			{ID: "rank", Type: instrument.Ranking, Options: []instrument.Option{{ID: "x"}, {ID: "y"}}},
			{ID: "words", Type: instrument.Text},
		},
		Scales: []instrument.Measure{{ID: "s", Kind: instrument.Reflective, Items: []string{"q1", "q2"}}, {ID: "sum", Kind: instrument.Composite, Items: []string{"q1", "m/a"}}},
	}
	return rollup.Form{Body: b, Edition: rollup.Edition{Questions: rollup.Questions(b), Scales: b.Scales, Standards: []string{"welcome", "share"}}}
}

// shortForm asks two questions.
func shortForm() rollup.Form {
	b := form().Body
	b.Items = b.Items[:2]
	b.Scales = b.Scales[:1]
	return rollup.Form{Body: b, Edition: rollup.Edition{Questions: rollup.Questions(b), Scales: b.Scales, Standards: []string{"welcome"}}}
}

// answer is a stored answer.
func answer(school, language, options string) rollup.Answer {
	return rollup.Answer{School: school, Language: []byte(language), Options: []byte(options), Groups: []byte(`{"grade":"` + string(rune('a'+len(options)%2)) + `"}`)}
}

// counted counts n answers for each school; pick chooses an option of 0 to bound-1 for
// the i-th answer of a school to a question.
func counted(t require.TestingT, f rollup.Form, schools map[string]int, pick func(school string, i, question, bound int) int) rollup.Counted {
	c, err := rollup.NewCounter(f.Body)
	require.NoError(t, err)
	for school, n := range schools {
		for i := range n {
			var parts []string
			for q, key := range []string{"q1", "q2", "m/a"} {
				options := scale()
				if key == "q2" {
					options = options[:4]
				}
				parts = append(parts, fmt.Sprintf("%q:%q", key, options[pick(school, i, q, len(options))].ID))
			}
			if pick(school, i, 3, 3) > 0 {
				parts = append(parts, `"many":["x"]`)
			}
			language := []string{"en", "es", "es"}[pick(school, i, 4, 3)]
			require.NoError(t, c.Add(answer(school, language, "{"+strings.Join(parts, ",")+"}")))
		}
	}
	return c.Finish()
}

// part is the first snapshot of a campaign of a district.
func part(t require.TestingT, f rollup.Form, district string, schools map[string]int, pick func(school string, i, question, bound int) int) rollup.Part {
	c := campaign.Campaign{District: district, ID: "fall", Mode: campaign.Confidential}
	for id := range schools {
		c.Schools = append(c.Schools, campaign.School{ID: id, Title: "School " + id})
	}
	all := counted(t, f, schools, pick)
	return rollup.Part{Campaign: c, Snapshot: rollup.First(c, all, 10), Scales: all.Scales, Units: map[string]rollup.Units{}}
}

func rules() policy.Policy { return policy.Policy{}.InForce() }

// published puts a tree through the engine.
func published(t require.TestingT, tree *rollup.Tree, history ...release.Release) []release.Published {
	ctx := contextOf(t)
	out, _, err := release.Protect(ctx, release.Rule{Minimum: 10}, tree.Tables(wave), history)
	require.NoError(t, err)
	found, err := release.Audit(ctx, release.Rule{Minimum: 10}, out)
	require.NoError(t, err)
	require.True(t, found.Clean(), "%+v", found)
	return out
}

func pagesOf(t require.TestingT, tree *rollup.Tree, told []release.Published, f rollup.Form, p policy.Policy) map[string]rollup.Page {
	list, err := rollup.Pages(tree, told, rollup.Noise{}, f.Edition, p)
	require.NoError(t, err)
	out := map[string]rollup.Page{}
	for _, page := range list {
		out[page.Table] = page
	}
	return out
}

func item(t *testing.T, p rollup.Page, id string) rollup.ItemEstimate {
	t.Helper()
	for _, i := range p.Items {
		if i.Item == id {
			return i
		}
	}
	require.Fail(t, "no item "+id)
	return rollup.ItemEstimate{}
}

func contextOf(require.TestingT) context.Context { return context.Background() }
