package instrument_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

func TestTheStructureOfAQuestionnaire(t *testing.T) {
	scale := func(items ...string) []instrument.Measure {
		return []instrument.Measure{{ID: "s", Title: both("S"), Kind: instrument.Composite, Items: items}}
	}
	for name, tt := range map[string]struct {
		change func(b *instrument.Body)
		want   []string
	}{
		"an audience nobody knows":     {func(b *instrument.Body) { b.Audience = "pets" }, []string{"v.audience known_audience"}},
		"a parallel that is a version": {func(b *instrument.Body) { b.Parallel = "instruments/a/versions/1" }, []string{"v.parallel_instrument resource_name"}},
		"a section twice":              {func(b *instrument.Body) { b.Sections[1].ID = "one" }, []string{"v.sections[1].id id_unique", "v.items[3].section section_exists", "v.items[4].section section_exists", "v.items[5].section section_exists", "v.items[6].section section_exists", "v.items[7].section section_exists", "v.items[8].section section_exists", "v.sections[1].relevant no_cycle"}},
		"a section without items": {func(b *instrument.Body) {
			b.Sections = append(b.Sections, instrument.Section{ID: "x", Title: both("X")})
		}, []string{"v.sections[2] section_has_items"}},
		"a section without a title":     {func(b *instrument.Body) { b.Sections[0].Title = nil }, []string{"v.sections[0].title first_language"}},
		"an item of no section":         {func(b *instrument.Body) { b.Items[8].Section = "x" }, []string{"v.items[8].section section_exists"}},
		"an item back in a section":     {func(b *instrument.Body) { b.Items[8].Section = "one" }, []string{"v.items[8].section section_order"}},
		"an item after all sections":    {func(b *instrument.Body) { b.Items[8].Section = "" }, []string{"v.items[8].section section_order"}},
		"an item before all sections":   {func(b *instrument.Body) { b.Items[0].Section = "" }, nil},
		"a hint in a second language":   {func(b *instrument.Body) { b.Items[0].Hint = map[string]string{"es": "x"} }, []string{"v.items[0].hint first_language"}},
		"a hint that needs translation": {func(b *instrument.Body) { b.Items[0].Hint = map[string]string{"en": "x"} }, nil},
		"rows of a choice":              {func(b *instrument.Body) { b.Items[0].Rows = b.Items[4].Rows }, []string{"v.items[0].rows rows_of_matrix"}},
		"a matrix without rows":         {func(b *instrument.Body) { b.Items[4].Rows, b.Items[5].Relevant = nil, "" }, []string{"v.items[4].rows required"}},
		"a row twice":                   {func(b *instrument.Body) { b.Items[4].Rows[1].ID = "bus" }, []string{"v.items[4].rows[1].id id_unique"}},
		"a row of another standard":     {func(b *instrument.Body) { b.Items[4].Rows[1].Standard = "x" }, []string{"v.items[4].rows[1].standard standard_of_framework"}},
		"a row of another indicator":    {func(b *instrument.Body) { b.Items[4].Rows[1].Indicator = "x" }, []string{"v.items[4].rows[1].indicator indicator_of_standard"}},
		"a goal that is none":           {func(b *instrument.Body) { b.Items[4].Goal = "x" }, []string{"v.items[4].goal goal_of_standard"}},
		"a goal without a standard":     {func(b *instrument.Body) { b.Items[0].Goal = "x" }, []string{"v.items[0].goal goal_needs_standard"}},
		"an exclusive single choice":    {func(b *instrument.Body) { b.Items[0].Options[0].Exclusive = true }, []string{"v.items[0].options[0].exclusive exclusive_of_multiple_choice"}},
		"don't know in a ranking":       {func(b *instrument.Body) { b.Items[6].Options[0].NotApplicable = true }, []string{"v.items[6].options[0].not_applicable ranking_ranks_all"}},
		"scores of several":             {func(b *instrument.Body) { b.Items[3].Options[0].Score = 1 }, []string{"v.items[3].options[0].score only_scales_have_scores"}},
		"options of a number":           {func(b *instrument.Body) { b.Items[1].Options = choices("a", "b") }, []string{"v.items[1].options text_has_no_options"}},
		"bounds where they mean nothing": {
			func(b *instrument.Body) {
				b.Items[0].MaxLength, b.Items[0].MinValue, b.Items[0].Integer, b.Items[0].MaxDate, b.Items[0].MinChoices = 1, ptr(1), true, "2026-01-01", 1
			},
			[]string{"v.items[0].max_length field_of_type", "v.items[0].min_value field_of_type", "v.items[0].integer field_of_type", "v.items[0].max_date field_of_type", "v.items[0].min_choices field_of_type"},
		},
		"numbers the wrong way round": {func(b *instrument.Body) { b.Items[1].MinValue = ptr(21) }, []string{"v.items[1].max_value range"}},
		"days the wrong way round":    {func(b *instrument.Body) { b.Items[7].MinDate = "2027-01-01" }, []string{"v.items[7].max_date range"}},
		"a day that is none":          {func(b *instrument.Body) { b.Items[7].MinDate = "2026-1-1" }, []string{"v.items[7].min_date date_form"}},
		"more choices than options":   {func(b *instrument.Body) { b.Items[3].MaxChoices = 6 }, []string{"v.items[3].max_choices range"}},
		"more at least than at most":  {func(b *instrument.Body) { b.Items[3].MinChoices = 3 }, []string{"v.items[3].max_choices range"}},
		"a scale of rows":             {func(b *instrument.Body) { b.Scales = scale("rated/bus", "rated/car") }, nil},
		"a scale of one":              {func(b *instrument.Body) { b.Scales = scale("rated/bus") }, []string{"v.scales[0].items two_items"}},
		"a scale of a choice":         {func(b *instrument.Body) { b.Scales = scale("rated/bus", "visits") }, []string{"v.scales[0].items[1] scale_item"}},
		"a scale of a whole matrix":   {func(b *instrument.Body) { b.Scales = scale("rated/bus", "rated") }, []string{"v.scales[0].items[1] scale_item"}},
		"a scale with an item twice":  {func(b *instrument.Body) { b.Scales = scale("rated/bus", "rated/bus") }, []string{"v.scales[0].items[1] item_once"}},
		"a scale of no kind":          {func(b *instrument.Body) { b.Scales = scale("rated/bus", "rated/car"); b.Scales[0].Kind = "" }, []string{"v.scales[0].kind known_kind"}},
		"a scale of another standard": {func(b *instrument.Body) { b.Scales = scale("rated/bus", "rated/car"); b.Scales[0].Standard = "x" }, []string{"v.scales[0].standard standard_of_framework"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := every()
			tt.change(&b)
			require.Equal(t, tt.want, rulesOf(t, b))
		})
	}
}

func TestTheQuestionsOfAMatrixAreItsRows(t *testing.T) {
	item, ok := every().Item("rated")
	require.True(t, ok)
	q := item.Questions()
	require.Len(t, q, 2)
	require.Equal(t, "rated/bus", q[0].ID)
	require.Equal(t, []any{"welcome", "", true}, []any{q[0].Standard, q[0].Indicator, q[0].Required})
	require.Equal(t, []any{"welcome", "welcome-1", false}, []any{q[1].Standard, q[1].Indicator, q[1].Required})
	require.Equal(t, "The car", q[1].Text["en"])
}

func TestAFormSpeaksOneLanguagePerItem(t *testing.T) {
	b := every()
	b.Languages = []string{"en", "es", "ar"}
	b.Items[0].Text["ar"] = "هل تزور؟"
	for i := range b.Items[0].Options {
		b.Items[0].Options[i].Text["ar"] = "خيار"
	}
	b.Items[1].Text["ar"] = "كم؟"
	b.Items[6].Text["ar"] = "question only, options missing"
	f := b.Form("ar-EG")
	require.Equal(t, []string{"ar", "rtl"}, []string{f.Language, f.Direction})
	require.Equal(t, []string{"هل تزور؟", ""}, []string{f.Items[0].Text, f.Items[0].Language})
	require.Equal(t, []string{"كم؟", ""}, []string{f.Items[1].Text, f.Items[1].Language})
	require.Equal(t, []string{"Best first?", "en", "a"}, []string{f.Items[6].Text, f.Items[6].Language, f.Items[6].Options[0].Text}, "not half in one language")
	require.Equal(t, "One", f.Sections[0].Title)
	require.Equal(t, `answers["visits"] == "yes"`, f.Sections[1].Relevant)
	require.Equal(t, []string{"rated/bus"}, f.Items[5].RelevantItems)
	require.Equal(t, "ltr", b.Form("fr").Direction)
	require.Equal(t, "en", b.Form("fr").Language)
	require.Equal(t, "es", b.Form("ES-mx").Language)
	require.True(t, f.Items[4].Rows[0].Required)
	require.False(t, f.Items[4].Rows[1].Required)
}

func TestDirections(t *testing.T) {
	for tag, want := range map[string]string{"ar": "rtl", "he": "rtl", "fa-AF": "rtl", "ps": "rtl", "ur": "rtl", "az-Arab": "rtl", "az": "ltr", "en": "ltr", "am": "ltr", "so": "ltr", "zh": "ltr", "not a tag": "ltr"} {
		require.Equal(t, want, instrument.Direction(tag), tag)
	}
}

func TestMinutesFollowWordsAndTypes(t *testing.T) {
	b := instrument.Body{Languages: []string{"en"}, Items: []instrument.Item{{ID: "a", Type: instrument.LongText, Text: map[string]string{"en": "Why?"}}}}
	require.Equal(t, 1, b.Minutes(""))
	for range 3 {
		b.Items = append(b.Items, b.Items[0])
	}
	require.Equal(t, 4, b.Minutes(""), "4 x (45 s to write and a third to read) are three minutes and a bit")
	more := every()
	require.Greater(t, more.Minutes("en"), 1)
}

func TestWhatACarefulReaderSays(t *testing.T) {
	one := func(text string, options ...instrument.Option) instrument.Body {
		return instrument.Body{Languages: []string{"en"}, Items: []instrument.Item{{ID: "a", Type: instrument.SingleChoice, Text: map[string]string{"en": text}, Options: options}}}
	}
	en := func(id, text string) instrument.Option {
		return instrument.Option{ID: id, Text: map[string]string{"en": text}}
	}
	rules := func(b instrument.Body) (out []string) {
		for _, n := range b.Preview("", "v").Notes {
			out = append(out, n.Field+" "+n.Rule)
			require.NotEmpty(t, n.Advice)
		}
		return out
	}
	require.Empty(t, rules(one("How often do you visit?", en("a", "Never"), en("b", "Often"))))
	require.Equal(t, []string{"v.items[0].text double_negative"}, rules(one("Is it not true that nobody helped?")))
	require.Empty(t, rules(one("Is there nobody to ask?")))
	require.Equal(t, []string{"v.items[0].text agree_disagree"}, rules(one("Do you agree that staff are kind?")))
	require.Equal(t, []string{"v.items[0].options agree_disagree"}, rules(one("The staff are kind.", en("a", "Agree"), en("b", "Disagree"))))
	require.Equal(t, []string{"v.items[0].text two_questions"}, rules(one("Is the bus safe and/or on time?")))
	long := "How often " + "do you and we and they "
	for range 3 {
		long += long
	}
	require.Contains(t, rules(one(long+"go?")), "v.items[0].text long_text")
	b := every()
	b.Languages = append(b.Languages, "ar")
	require.NotContains(t, rules(b), "v.items[4].options turned_scale")
	b.Items[4].Options[0].Favorable, b.Items[4].Options[1].Favorable = true, false
	got := rules(b)
	require.Contains(t, got, "v.items[4].options turned_scale")
	require.Contains(t, got, "v.items[4].options few_options")
	require.Contains(t, got, "v.items[0].required no_way_out")
	require.Contains(t, got, "v.items[5].required required_words")
	require.Contains(t, got, "v.items[4].rows[0].text translation_missing")
	require.NotContains(t, got, "v.items[0].hint translation_missing")
	levels := b.Preview("es", "v").Levels
	require.Len(t, levels, 2, "there is no formula for Arabic")
	hard := one("What institutional responsibilities characterize organizational accountability?").Preview("en", "v")
	require.Equal(t, []string{"a"}, hard.Levels[0].Hardest)
	require.Equal(t, "reading_level", hard.Notes[len(hard.Notes)-1].Rule)
}
