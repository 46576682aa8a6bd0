package response

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

func TestAllThatIsWrongWithAnswersIsSaidAtOnce(t *testing.T) {
	body := instrument.Body{Items: []instrument.Item{
		{ID: "q1", Type: instrument.Scale, Required: true, Options: []instrument.Option{{ID: "1"}, {ID: "2"}}},
		{ID: "q2", Type: instrument.Scale, Options: []instrument.Option{{ID: "1"}}},
		{ID: "words", Type: instrument.Text, MaxLength: 5},
		{ID: "must", Type: instrument.Text, Required: true},
	}}
	tests := map[string]struct {
		answers []Answer
		want    []string
	}{
		"complete":              {[]Answer{{Item: "q1", Option: "2"}, {Item: "q2", Option: "1"}, {Item: "words", Text: "ñandú"}, {Item: "must", Text: "x"}}, nil},
		"only what is required": {[]Answer{{Item: "must", Text: "x"}, {Item: "q1", Option: "1"}}, nil},
		"nothing":               {nil, []string{"answers required_item q1", "answers required_item must"}},
		"everything at once": {
			[]Answer{{Item: "q1", Option: "9"}, {Item: "q1", Option: "1"}, {Item: "none"}, {Item: "words", Text: "longer"}, {Item: "must", Text: " ", Option: "1"}},
			[]string{
				"answers[0].option option_of_item 1, 2", "answers[1].item item_once q1", "answers[2].item item_of_form none",
				"answers[3].text max_length 5", "answers[4].option text_item option", "answers[4].text required_item required",
			},
		},
		"a text where an option belongs": {
			[]Answer{{Item: "q1", Text: "yes"}, {Item: "must", Text: "x"}}, []string{"answers[0].text choice_item options", "answers[0].option option_of_item 1, 2"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var bad check.List
			validate(&bad, "", body, tt.answers)
			require.Len(t, bad, len(tt.want), "%v", bad)
			for i, v := range bad {
				want := strings.SplitN(tt.want[i], " ", 3)
				require.Equal(t, want[:2], []string{v.Field, v.Rule})
				require.Contains(t, v.Fix, want[2])
			}
		})
	}
}
