package instrument_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// source knows one published framework, f/1, and its draft, f/2.
type source struct{ err error }

func (s source) Edition(_ context.Context, family, id string) (framework.Version, error) {
	if s.err != nil {
		return framework.Version{}, s.err
	}
	if family != "f" {
		return framework.Version{}, problem.NotFound("frameworks/" + family)
	}
	v := framework.Version{State: edition.Published, Body: framework.Body{Standards: []framework.Standard{
		{ID: "welcome", Goals: []framework.Goal{{Indicators: []framework.Indicator{{ID: "welcome-1"}}}}},
	}}}
	if id == "2" {
		v.State = edition.Draft
	}
	return v, nil
}

func both(s string) map[string]string { return map[string]string{"en": s, "es": s} }

func valid() instrument.Body {
	return instrument.Body{
		FrameworkVersion: "frameworks/f/versions/1", Languages: []string{"en", "es"},
		Items: []instrument.Item{
			{ID: "q1", Type: instrument.Scale, Text: both("How?"), Standard: "welcome", Indicator: "welcome-1", Required: true, Options: []instrument.Option{
				{ID: "1", Text: both("Never"), Score: 1}, {ID: "2", Text: both("Often"), Score: 2, Favorable: true}, {ID: "na", Text: both("?"), NotApplicable: true},
			}},
			{ID: "q2", Type: instrument.Text, Text: both("What else?")},
		},
	}
}

func TestWhatKeepsAnInstrumentFromBeingPublished(t *testing.T) {
	tests := map[string]struct {
		change func(b *instrument.Body)
		want   []string
	}{
		"nothing":  {func(*instrument.Body) {}, nil},
		"no items": {func(b *instrument.Body) { b.Items = nil }, []string{"v.items required"}},
		"a framework that is a draft": {
			func(b *instrument.Body) { b.FrameworkVersion = "frameworks/f/versions/2" }, []string{"v.framework_version published_framework_version"},
		},
		"a framework that is none, but the rest is still checked": {
			func(b *instrument.Body) { b.FrameworkVersion, b.Items = "nonsense", nil }, []string{"v.framework_version published_framework_version", "v.items required"},
		},
		"no language":          {func(b *instrument.Body) { b.Languages, b.Items = nil, b.Items[:0] }, []string{"v.languages required", "v.items required"}},
		"a language not a tag": {func(b *instrument.Body) { b.Languages[1] = "no language!"; b.Items = nil }, []string{"v.languages[1] bcp_47", "v.items required"}},
		"a language twice":     {func(b *instrument.Body) { b.Languages[1] = "en"; b.Items = nil }, []string{"v.languages[1] language_unique", "v.items required"}},
		"a text missing in the first language": {
			func(b *instrument.Body) { delete(b.Items[1].Text, "en") }, []string{"v.items[1].text first_language"},
		},
		"a text in a language not declared": {
			func(b *instrument.Body) { b.Items[1].Text["fr"] = "Quoi?" }, []string{"v.items[1].text declared_language"},
		},
		"an item twice":             {func(b *instrument.Body) { b.Items[1].ID = "q1" }, []string{"v.items[1].id id_unique"}},
		"a standard of another set": {func(b *instrument.Body) { b.Items[0].Standard = "x" }, []string{"v.items[0].standard standard_of_framework"}},
		"an indicator of another standard": {
			func(b *instrument.Body) { b.Items[0].Indicator = "x" }, []string{"v.items[0].indicator indicator_of_standard"},
		},
		"an indicator alone": {
			func(b *instrument.Body) { b.Items[0].Standard = "" }, []string{"v.items[0].indicator indicator_needs_standard"},
		},
		"options of a text": {func(b *instrument.Body) { b.Items[1].Options = b.Items[0].Options }, []string{"v.items[1].options text_has_no_options"}},
		"an unknown type":   {func(b *instrument.Body) { b.Items[1].Type = "" }, []string{"v.items[1].type known_type"}},
		"an option twice":   {func(b *instrument.Body) { b.Items[0].Options[1].ID = "1" }, []string{"v.items[0].options[1].id id_unique"}},
		"scores that fall":  {func(b *instrument.Body) { b.Items[0].Options[0].Score = 3 }, []string{"v.items[0].options[1].score scores_rise_from_one"}},
		"a scored \"?\"":    {func(b *instrument.Body) { b.Items[0].Options[2].Score = 3 }, []string{"v.items[0].options[2].not_applicable not_applicable_is_not_scored"}},
		"nothing favorable": {func(b *instrument.Body) { b.Items[0].Options[1].Favorable = false }, []string{"v.items[0].options favorable_and_not"}},
		"all favorable":     {func(b *instrument.Body) { b.Items[0].Options[0].Favorable = true }, []string{"v.items[0].options favorable_and_not"}},
		"one option":        {func(b *instrument.Body) { b.Items[0].Options = b.Items[0].Options[1:] }, []string{"v.items[0].options two_options", "v.items[0].options favorable_and_not"}},
		"a choice with score": {
			func(b *instrument.Body) { b.Items[0].Type = instrument.SingleChoice },
			[]string{"v.items[0].options[0].score only_scales_have_scores", "v.items[0].options[1].score only_scales_have_scores"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := valid()
			tt.change(&b)
			bad, err := b.Check(t.Context(), "v", source{})
			require.NoError(t, err)
			var got []string
			for _, v := range bad {
				got = append(got, v.Field+" "+v.Rule)
				require.NotEmpty(t, v.Fix)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestADatabaseThatIsAwayIsNoFaultOfTheInstrument(t *testing.T) {
	_, err := valid().Check(t.Context(), "v", source{err: errors.New("away")})
	require.EqualError(t, err, "away")
}

func TestTheLanguageToSpeak(t *testing.T) {
	b := instrument.Body{Languages: []string{"en", "es", "zh-Hans"}}
	for asked, want := range map[string]string{"": "en", "es": "es", "es-MX": "es", "zh": "zh-Hans", "fr": "en", "EN-us": "en"} {
		require.Equal(t, want, b.Language(asked), "asked for %q", asked)
	}
}

func TestTheScaleOfAnItem(t *testing.T) {
	b := valid()
	low, high := b.Items[0].Range()
	require.Equal(t, []int{1, 2}, []int{low, high})
	require.True(t, b.Items[0].MayAbstain(), "it has an option that is not applicable")
	require.Equal(t, 2000, b.Items[1].Limit())
}
