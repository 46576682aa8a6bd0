package interchange

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

func asked(name string) (string, expression.Question, bool) {
	of := map[string]expression.Question{
		"visits": {Kind: expression.Choice, Options: []string{"yes", "no", "1"}}, "ways": {Kind: expression.Several, Options: []string{"bus", "car"}},
		"words": {Kind: expression.Words}, "age": {Kind: expression.Amount}, "day": {Kind: expression.Day}, "rated/bus": {Kind: expression.Choice},
	}
	id := map[string]string{"rated__bus": "rated/bus"}[name]
	if id == "" {
		id = name
	}
	q, ok := of[id]
	return id, q, ok
}

func TestConditionsFromXLSForm(t *testing.T) {
	for text, want := range map[string]string{
		`${visits} = 'yes'`:                                   `answers["visits"] == "yes"`,
		`${visits}="yes"`:                                     `answers["visits"] == "yes"`,
		`${ visits } = ‘yes’`:                                 `answers["visits"] == "yes"`,
		`${visits} = 'Yes'`:                                   `answers["visits"] == "yes"`,
		`${visits} = 1`:                                       `answers["visits"] == "1"`,
		`'yes' = ${visits}`:                                   `answers["visits"] == "yes"`,
		`${visits} = ''`:                                      `answers["visits"] == ""`,
		`${rated__bus} != '1'`:                                `answers["rated/bus"] != "1"`,
		`selected(${ways}, 'bus')`:                            `"bus" in answers["ways"]`,
		`selected(${visits}, 'yes')`:                          `answers["visits"] == "yes"`,
		`not(selected(${ways}, "car"))`:                       `!("car" in answers["ways"])`,
		`count-selected(${ways}) >= 2`:                        `size(answers["ways"]) >= 2`,
		`${ways} = ''`:                                        `size(answers["ways"]) == 0`,
		`string-length(.) <= 20`:                              `size(value) <= 20`,
		`${age} > 3`:                                          `answers["age"] > 3`,
		`3 < ${age}`:                                          `answers["age"] > 3`,
		`${age} >= '18'`:                                      `answers["age"] >= 18`,
		`${age} != ''`:                                        `answers["age"] != null`,
		`number(${age}) <= -1.5`:                              `answers["age"] <= -1.5`,
		`${day} >= date('2026-09-01')`:                        `answers["day"] >= "2026-09-01"`,
		`${day} = ''`:                                         `answers["day"] == null`,
		`${words} = "it's"`:                                   `answers["words"] == "it's"`,
		`${words} = concat('it', "'", 's "so"')`:              `answers["words"] == "it's \"so\""`,
		`${visits} = 'yes' or ${visits} = 'no'`:               `answers["visits"] in ["yes", "no"]`,
		`${visits} = 'yes' or ${age} > 3 and ${day} != ''`:    `answers["visits"] == "yes" || answers["age"] > 3 && answers["day"] != null`,
		`(${visits} = 'yes' or ${age} > 3) and ${day} != ''`:  `(answers["visits"] == "yes" || answers["age"] > 3) && answers["day"] != null`,
		`((${age} > 1 and ${age} < 5)) and ${visits} = 'yes'`: `answers["age"] > 1 && answers["age"] < 5 && answers["visits"] == "yes"`,
	} {
		words := expression.Question{Kind: expression.Words}
		n, err := fromXPath(text, asked, &words)
		require.NoError(t, err, text)
		require.Equal(t, want, n.String(), text)
	}
}

func TestConditionsWithoutCounterpart(t *testing.T) {
	for _, text := range []string{
		``, `${visits}`, `${nobody} = 1`, `. > 3`, `${age} + 1 > 3`, `${age} > today()`, `if(${visits} = 'yes', 1, 2) = 1`, `regex(., '[a-z]+')`, `${visits} = `,
		`(${age} > 3`, `${age} > 3)`, `${age`, `'yes`, `selected(${ways}, ${visits})`, `selected(${ways} 'bus')`, `not ${age} > 3`, `${age} > 3 ${day}`, `../age > 3`,
		`${ways} > ''`, `date(${day}) > 1`, `count-selected() > 1`, `jr:choice-name(${visits}, '${visits}') = 'Yes'`, `${age} > 1.2.3`, `@#!`, `and`, `or ${age} > 1`, `true()`,
	} {
		_, err := fromXPath(text, asked, nil)
		require.Error(t, err, text)
	}
	deep := ""
	for range 60 {
		deep += "("
	}
	_, err := fromXPath(deep, asked, nil)
	require.ErrorContains(t, err, "parentheses")
}

// TestConditionsComeBackFromXLSForm writes and reads each again.
func TestConditionsComeBackFromXLSForm(t *testing.T) {
	known := kinds{"visits": expression.Choice, "ways": expression.Several, "words": expression.Words, "age": expression.Amount, "day": expression.Day, "rated/bus": expression.Choice, "": expression.Day}
	for _, text := range []string{
		`answers["visits"] == "yes"`, `answers["visits"] != ""`, `answers["visits"] in ["yes", "no"] && answers["age"] > 2`, `"bus" in answers["ways"]`,
		`!("bus" in answers["ways"] || answers["age"] == null)`, `size(answers["ways"]) >= 2`, `size(answers["words"]) < 3`, `answers["rated/bus"] == "1"`,
		`answers["day"] >= "2026-09-01" && value > answers["day"]`, `value >= "2026-09-01"`, `answers["words"] == "it's \"so\""`, `answers["words"] == "it's"`,
		`answers["visits"] == "yes" || answers["age"] > 3 && answers["day"] != null`, `(answers["visits"] == "yes" || answers["age"] > 3) && answers["day"] == null`,
		`answers["age"] in [1, 2.5] || answers["words"] == ""`,
	} {
		n, err := expression.Parse(text)
		require.NoError(t, err)
		day := expression.Question{Kind: expression.Day}
		back, err := fromXPath(known.toXPath(n), asked, &day)
		require.NoError(t, err, known.toXPath(n))
		require.Equal(t, text, back.String(), known.toXPath(n))
	}
}
