package instrument_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

func TestEveryRuleOfOptionsAndIDs(t *testing.T) {
	const o = "v.items[0].options"
	for name, tt := range map[string]struct {
		change func(b *instrument.Body)
		want   []string
	}{
		"an item without an id":              {func(b *instrument.Body) { b.Items[0].ID = "" }, []string{"v.items[0].id id_form"}},
		"an option's id with a blank":        {func(b *instrument.Body) { b.Items[0].Options[0].ID = "a b" }, []string{o + "[0].id id_form"}},
		"an option in no first language":     {func(b *instrument.Body) { delete(b.Items[0].Options[1].Text, "en") }, []string{o + "[1].text first_language"}},
		"a missing translation is fine":      {func(b *instrument.Body) { delete(b.Items[0].Options[1].Text, "es") }, nil},
		"an option of blanks":                {func(b *instrument.Body) { b.Items[0].Options[1].Text["en"] = " " }, []string{o + "[1].text first_language"}},
		"an option in another language":      {func(b *instrument.Body) { b.Items[0].Options[1].Text["fr"] = "x" }, []string{o + "[1].text declared_language"}},
		"a text in no language":              {func(b *instrument.Body) { b.Items[1].Text = nil }, []string{"v.items[1].text first_language"}},
		"a lowest score of 0":                {func(b *instrument.Body) { b.Items[0].Options[0].Score = 0 }, []string{o + "[0].score scores_rise_from_one"}},
		"equal scores":                       {func(b *instrument.Body) { b.Items[0].Options[0].Score = 2 }, []string{o + "[1].score scores_rise_from_one"}},
		"a favorable \"?\"":                  {func(b *instrument.Body) { b.Items[0].Options[2].Favorable = true }, []string{o + "[2].not_applicable not_applicable_is_not_scored"}},
		"only options that do not apply":     {func(b *instrument.Body) { b.Items[0].Options = b.Items[0].Options[2:] }, []string{o + " two_options", o + " favorable_and_not"}},
		"a scale without options":            {func(b *instrument.Body) { b.Items[0].Options = nil }, []string{o + " two_options", o + " favorable_and_not"}},
		"gaps between scores are fine":       {func(b *instrument.Body) { b.Items[0].Options[1].Score = 9 }, nil},
		"an item without a standard is fine": {func(b *instrument.Body) { b.Items[0].Standard, b.Items[0].Indicator = "", "" }, nil},
		"nothing is said about standards of a framework that is not known": {
			func(b *instrument.Body) {
				b.FrameworkVersion, b.Items[0].Standard = "frameworks/g/versions/1", "anything"
			},
			[]string{"v.framework_version published_framework_version"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := valid()
			tt.change(&b)
			bad, err := b.Check(t.Context(), "v", source{})
			require.NoError(t, err)
			var got []string
			for _, v := range bad {
				got = append(got, v.Field+" "+v.Rule)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestAChoiceHasNoScoresAndNeedsNothingFavorable(t *testing.T) {
	b := valid()
	b.Items[0].Type = instrument.SingleChoice
	for i := range b.Items[0].Options {
		b.Items[0].Options[i].Score, b.Items[0].Options[i].Favorable = 0, false
	}
	bad, err := b.Check(t.Context(), "v", source{})
	require.NoError(t, err)
	require.Empty(t, bad)
}
