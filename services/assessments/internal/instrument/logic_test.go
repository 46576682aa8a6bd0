package instrument_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

func ptr(f float64) *float64 { return &f }

func choices(ids ...string) []instrument.Option {
	out := make([]instrument.Option, len(ids))
	for i, id := range ids {
		out[i] = instrument.Option{ID: id, Text: both(id)}
	}
	return out
}

func levels() []instrument.Option {
	return []instrument.Option{
		{ID: "1", Text: both("Never"), Score: 1}, {ID: "2", Text: both("Often"), Score: 2, Favorable: true}, {ID: "na", Text: both("?"), NotApplicable: true},
	}
}

// every has an item of each type, with conditions on some.
func every() instrument.Body {
	several := append(choices("bus", "car", "walk"), instrument.Option{ID: "none", Text: both("none"), Exclusive: true}, instrument.Option{ID: "dk", Text: both("dk"), NotApplicable: true})
	return instrument.Body{
		FrameworkVersion: "frameworks/f/versions/1", Languages: []string{"en", "es"},
		Sections: []instrument.Section{{ID: "one", Title: both("One")}, {ID: "two", Title: both("Two"), Relevant: `answers["visits"] == "yes"`}},
		Items: []instrument.Item{
			{ID: "visits", Type: instrument.SingleChoice, Section: "one", Text: both("Do you visit?"), Options: choices("yes", "no"), Required: true},
			{ID: "children", Type: instrument.Number, Section: "one", Text: both("How many?"), Integer: true, MinValue: ptr(0), MaxValue: ptr(20)},
			{ID: "babies", Type: instrument.Number, Section: "one", Text: both("Under two?"), Constraint: `value <= answers["children"]`, Message: both("Fewer than all.")},
			{ID: "ways", Type: instrument.MultipleChoice, Section: "two", Text: both("How?"), Options: several, MaxChoices: 2, Required: true},
			{ID: "rated", Type: instrument.Matrix, Section: "two", Text: both("How good?"), Options: levels(), Standard: "welcome", Rows: []instrument.Row{
				{ID: "bus", Text: both("The bus"), Required: true}, {ID: "car", Text: both("The car"), Indicator: "welcome-1"},
			}},
			{ID: "worst", Type: instrument.Text, Section: "two", Text: both("What is bad?"), Relevant: `answers["rated/bus"] == "1"`, MaxLength: 10, Required: true},
			{ID: "order", Type: instrument.Ranking, Section: "two", Text: both("Best first?"), Options: choices("a", "b", "c")},
			{ID: "day", Type: instrument.Date, Section: "two", Text: both("When?"), MinDate: "2026-01-01", MaxDate: "2026-12-31"},
			{ID: "more", Type: instrument.LongText, Section: "two", Text: both("Else?"), Relevant: `answers["worst"] != ""`},
		},
	}
}

func complete() []instrument.Answer {
	return []instrument.Answer{
		{Item: "visits", Option: "yes"},
		{Item: "children", Number: ptr(3)},
		{Item: "babies", Number: ptr(1)},
		{Item: "ways", Options: []string{"walk", "bus"}},
		{Item: "rated", Rows: map[string]string{"bus": "1", "car": "na"}},
		{Item: "worst", Text: "late"},
		{Item: "order", Options: []string{"c", "a", "b"}},
		{Item: "day", Date: "2026-10-05"},
		{Item: "more", Text: "words"},
	}
}

func TestAnInstrumentWithEverythingCanBePublished(t *testing.T) {
	bad, err := every().Check(t.Context(), "v", source{})
	require.NoError(t, err)
	require.Empty(t, bad)
}

func TestAnswersOfEveryType(t *testing.T) {
	with := func(a instrument.Answer) []instrument.Answer {
		out := complete()
		out[slices.IndexFunc(out, func(b instrument.Answer) bool { return b.Item == a.Item })] = a
		return out
	}
	without := func(items ...string) []instrument.Answer {
		return slices.DeleteFunc(complete(), func(a instrument.Answer) bool { return slices.Contains(items, a.Item) })
	}
	for name, tt := range map[string]struct {
		answers []instrument.Answer
		want    []string
	}{
		"complete":                         {complete(), nil},
		"nothing":                          {nil, []string{"answers required_item"}},
		"no visits, and nothing after it":  {[]instrument.Answer{{Item: "visits", Option: "no"}}, nil},
		"not asked is not looked at":       {[]instrument.Answer{{Item: "visits", Option: "no"}, {Item: "ways", Options: []string{"none", "plane"}}}, nil},
		"an item that is none":             {append(complete(), instrument.Answer{Item: "x"}), []string{"answers[9].item item_of_form"}},
		"an item twice":                    {append(complete(), instrument.Answer{Item: "day"}), []string{"answers[9].item item_once"}},
		"no option":                        {with(instrument.Answer{Item: "visits"}), []string{"answers[0].option option_of_item"}},
		"text for an option":               {with(instrument.Answer{Item: "visits", Option: "yes", Text: "x"}), []string{"answers[0].text choice_item"}},
		"an option for a number":           {with(instrument.Answer{Item: "children", Option: "3", Number: ptr(3)}), []string{"answers[1].option number_item"}},
		"half a child":                     {with(instrument.Answer{Item: "children", Number: ptr(2.5)}), []string{"answers[1].number whole_number"}},
		"too few children":                 {with(instrument.Answer{Item: "children", Number: ptr(-1)}), []string{"answers[1].number min_value", "answers[2].number constraint"}},
		"too many children":                {with(instrument.Answer{Item: "children", Number: ptr(21)}), []string{"answers[1].number max_value"}},
		"no number":                        {with(instrument.Answer{Item: "children", Number: ptr(math.NaN())}), []string{"answers[1].number finite_number", "answers[2].number constraint"}},
		"endless":                          {with(instrument.Answer{Item: "children", Number: ptr(math.Inf(1))}), []string{"answers[1].number finite_number"}},
		"more babies than children":        {with(instrument.Answer{Item: "babies", Number: ptr(4)}), []string{"answers[2].number constraint"}},
		"babies of an unknown number":      {without("children"), nil},
		"a number left open":               {with(instrument.Answer{Item: "babies"}), nil},
		"no way":                           {without("ways"), []string{"answers required_item"}},
		"an empty list of ways":            {with(instrument.Answer{Item: "ways"}), []string{"answers[3].options required_item"}},
		"a way that is none":               {with(instrument.Answer{Item: "ways", Options: []string{"bus", "plane"}}), []string{"answers[3].options[1] option_of_item"}},
		"a way twice":                      {with(instrument.Answer{Item: "ways", Options: []string{"bus", "bus"}}), []string{"answers[3].options[1] option_once"}},
		"three ways":                       {with(instrument.Answer{Item: "ways", Options: []string{"bus", "car", "walk"}}), []string{"answers[3].options max_choices"}},
		"none and one":                     {with(instrument.Answer{Item: "ways", Options: []string{"bus", "none"}}), []string{"answers[3].options exclusive_option"}},
		"don't know and one":               {with(instrument.Answer{Item: "ways", Options: []string{"dk", "car"}}), []string{"answers[3].options exclusive_option"}},
		"don't know alone":                 {with(instrument.Answer{Item: "ways", Options: []string{"dk"}}), nil},
		"a row that is needed":             {with(instrument.Answer{Item: "rated", Rows: map[string]string{"car": "2"}}), []string{"answers[4].rows.bus required_item"}},
		"a row that is none":               {with(instrument.Answer{Item: "rated", Rows: map[string]string{"bus": "1", "x": "1"}}), []string{"answers[4].rows row_of_item"}},
		"a row with another option":        {with(instrument.Answer{Item: "rated", Rows: map[string]string{"bus": "9"}}), []string{"answers[4].rows.bus option_of_item"}},
		"no rows at all":                   {without("rated"), []string{"answers required_item"}},
		"required words where asked":       {without("worst"), []string{"answers required_item"}},
		"blank words":                      {with(instrument.Answer{Item: "worst", Text: " "}), []string{"answers[5].text required_item"}},
		"many words":                       {with(instrument.Answer{Item: "worst", Text: strings.Repeat("ñ", 11)}), []string{"answers[5].text max_length"}},
		"a ranking of two":                 {with(instrument.Answer{Item: "order", Options: []string{"a", "b"}}), []string{"answers[6].options min_choices"}},
		"a ranking left open":              {with(instrument.Answer{Item: "order"}), nil},
		"a day that is none":               {with(instrument.Answer{Item: "day", Date: "2026-02-30"}), []string{"answers[7].date date_form"}},
		"a day too early":                  {with(instrument.Answer{Item: "day", Date: "2025-12-31"}), []string{"answers[7].date min_date"}},
		"a day too late":                   {with(instrument.Answer{Item: "day", Date: "2027-01-01"}), []string{"answers[7].date max_date"}},
		"a day as text":                    {with(instrument.Answer{Item: "day", Text: "2026-10-05"}), []string{"answers[7].text date_item"}},
		"rows for options, words for rows": {with(instrument.Answer{Item: "order", Rows: map[string]string{"a": "1"}}), []string{"answers[6].rows several_options_item"}},
	} {
		t.Run(name, func(t *testing.T) {
			var bad check.List
			every().Prepared().Validate(&bad, "", tt.answers)
			var got []string
			for _, v := range bad {
				got = append(got, v.Field+" "+v.Rule)
				require.NotEmpty(t, v.Fix)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestTheMessageOfAConstraintIsSaid(t *testing.T) {
	answers := complete()
	answers[2].Number = ptr(9)
	var bad check.List
	every().Validate(&bad, "responses[2].", answers)
	require.Len(t, bad, 1)
	require.Equal(t, "responses[2].answers[2].number", bad[0].Field)
	require.Equal(t, "Fewer than all.", bad[0].Fix)
}

// TestWhatIsNotAskedIsDropped, also what was asked because of it.
func TestWhatIsNotAskedIsDropped(t *testing.T) {
	items := func(answers []instrument.Answer) (out []string) {
		for _, a := range answers {
			out = append(out, a.Item)
		}
		return out
	}
	b := every()
	require.Equal(t, complete(), b.Relevant(complete()))
	answers := complete()
	answers[4].Rows = map[string]string{"bus": "2"}
	require.Equal(t, []string{"visits", "children", "babies", "ways", "rated", "order", "day"}, items(b.Relevant(answers)),
		"what is bad is not asked, so that its answer does not ask for more")
	answers = complete()
	answers[0].Option = "no"
	require.Equal(t, []string{"visits", "children", "babies"}, items(b.Relevant(answers)))
	require.Equal(t, []string{"visits", "children", "babies"}, b.Asked(answers))
	require.Empty(t, b.Relevant(nil))
}

// TestRelevantAnswersStayRelevant: keeping what was asked changes nothing about what is asked, in
// whatever order answers come, and is the same with compiled expressions.
func TestRelevantAnswersStayRelevant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var answers []instrument.Answer
		for _, a := range rapid.Permutation(complete()).Draw(t, "order") {
			if rapid.Bool().Draw(t, "given "+a.Item) {
				switch a.Item {
				case "visits":
					a.Option = rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "visits")
				case "rated":
					a.Rows = map[string]string{"bus": rapid.SampledFrom([]string{"1", "2", "na"}).Draw(t, "bus")}
				}
				answers = append(answers, a)
			}
		}
		b := every()
		kept := b.Relevant(answers)
		require.Equal(t, kept, b.Prepared().Relevant(kept))
		require.Equal(t, b.Asked(answers), b.Asked(kept))
		var all, some check.List
		b.Validate(&all, "", answers)
		b.Validate(&some, "", kept)
		require.Len(t, some, len(all))
	})
}

func TestWhatExpressionsMayNot(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(b *instrument.Body)
		want   []string
	}{
		"an unknown item": {func(b *instrument.Body) { b.Items[5].Relevant = `answers["x"] == ""` }, []string{"v.items[5].relevant item_exists"}},
		"a matrix and not a row": {
			func(b *instrument.Body) { b.Items[5].Relevant = `answers["rated"] == ""` }, []string{"v.items[5].relevant item_exists"},
		},
		"no CEL":       {func(b *instrument.Body) { b.Items[5].Relevant = `answers[` }, []string{"v.items[5].relevant expression_syntax"}},
		"a later item": {func(b *instrument.Body) { b.Items[3].Relevant = `answers["day"] == null` }, []string{"v.items[3].relevant earlier_item"}},
		"itself":       {func(b *instrument.Body) { b.Items[3].Relevant = `size(answers["ways"]) > 0` }, []string{"v.items[3].relevant no_cycle"}},
		"a circle": {
			func(b *instrument.Body) { b.Items[5].Relevant = `answers["more"] == ""` }, []string{"v.items[5].relevant no_cycle"},
		},
		"a circle through the section": {
			func(b *instrument.Body) { b.Sections[1].Relevant = `answers["worst"] != ""` }, []string{"v.sections[1].relevant no_cycle"},
		},
		"a section that looks ahead": {
			func(b *instrument.Body) { b.Sections[0].Relevant = `answers["day"] == null` }, []string{"v.sections[0].relevant no_cycle"},
		},
		"a constraint that names itself": {
			func(b *instrument.Body) { b.Items[2].Constraint = `answers["babies"] > 1` }, []string{"v.items[2].constraint no_cycle"},
		},
		"a constraint on a later item": {
			func(b *instrument.Body) { b.Items[2].Constraint = `value < 5 || answers["worst"] == ""` }, []string{"v.items[2].constraint earlier_item"},
		},
		"value in a condition":       {func(b *instrument.Body) { b.Items[2].Relevant = `value > 1` }, []string{"v.items[2].relevant expression_subset"}},
		"a constraint of a matrix":   {func(b *instrument.Body) { b.Items[4].Constraint = `value == ""` }, []string{"v.items[4].constraint constraint_of_item"}},
		"a message of no constraint": {func(b *instrument.Body) { b.Items[2].Constraint = "" }, []string{"v.items[2].constraint_message field_of_type"}},
		"a constraint of another kind": {
			func(b *instrument.Body) { b.Items[2].Constraint = `value == "2"` }, []string{"v.items[2].constraint expression_type"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := every()
			tt.change(&b)
			require.Equal(t, tt.want, rulesOf(t, b))
		})
	}
}

func rulesOf(t *testing.T, b instrument.Body) (out []string) {
	t.Helper()
	bad, err := b.Check(t.Context(), "v", source{})
	require.NoError(t, err)
	for _, v := range bad {
		out = append(out, v.Field+" "+v.Rule)
		require.NotEmpty(t, v.Fix)
	}
	return out
}
