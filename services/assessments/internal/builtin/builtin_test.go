package builtin

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

func standards(t *testing.T) framework.Body {
	t.Helper()
	var f frameworkFile
	require.NoError(t, read("national-standards-2022.yaml", &f))
	return f.Body
}

func survey(t *testing.T, file string) instrumentFile {
	t.Helper()
	var i instrumentFile
	require.NoError(t, read(file, &i))
	return i
}

// source knows the built-in framework as published.
type source struct{ body framework.Body }

func (s source) Edition(_ context.Context, family, id string) (framework.Version, error) {
	if family+"/"+id != "national-standards/2022" {
		return framework.Version{}, problem.NotFound(family)
	}
	return framework.Version{State: edition.Published, Body: s.body}, nil
}

func TestTheFrameworkFollowsItsOwnRules(t *testing.T) {
	body := standards(t)
	require.Empty(t, body.Check("v"))
	require.Len(t, body.Standards, 6)
	indicators := 0
	for _, s := range body.Standards {
		require.NotEmpty(t, s.Description, s.ID)
		require.Len(t, s.Goals, 2, s.ID)
		require.Equal(t, 3, s.MaxLevel(), s.ID)
		for _, g := range s.Goals {
			for _, i := range g.Indicators {
				indicators++
				require.Len(t, i.Levels, 4, i.ID)
				for _, l := range i.Levels {
					require.NotEmpty(t, strings.TrimSpace(l.Descriptor), "%s level %d", i.ID, l.Level)
				}
			}
		}
	}
	require.Greater(t, indicators, 18)
}

// TestEveryTextOfASurveyIsThereInEachLanguage looks at all texts of questions and options: there,
// a question, without a blank too many, and not one language's words in the other's place.
func TestEveryTextOfASurveyIsThereInEachLanguage(t *testing.T) {
	blanks := regexp.MustCompile(`^\s|\s$|\s\s`)
	for _, file := range []string{"family-survey-1.yaml", "staff-survey-1.yaml"} { // the others are in instruments_test.go
		i := survey(t, file)
		bad, err := i.Body.Check(t.Context(), "v", source{standards(t)})
		require.NoError(t, err)
		require.Empty(t, bad, file)
		require.Equal(t, []string{"en", "es"}, i.Body.Languages)
		asked := map[string]string{}
		for _, item := range i.Body.Items {
			checkTexts(t, blanks, item.ID, item.Text)
			require.True(t, strings.HasSuffix(item.Text["en"], "?"), "%s asks", item.ID)
			require.Contains(t, item.Text["es"], "¿", "%s asks", item.ID)
			for language, text := range item.Text {
				require.Empty(t, asked[language+text], "%s asks what another item asks", item.ID)
				asked[language+text] = item.ID
			}
			said := map[string]bool{}
			for _, o := range item.Options {
				checkTexts(t, blanks, item.ID+" "+o.ID, o.Text)
				for language, text := range o.Text {
					require.False(t, said[language+text], "%s offers %q twice", item.ID, text)
					said[language+text] = true
				}
			}
		}
	}
}

func checkTexts(t *testing.T, blanks *regexp.Regexp, at string, text map[string]string) {
	t.Helper()
	require.Len(t, text, 2, at)
	for language, words := range text {
		require.NotEmpty(t, words, "%s in %s", at, language)
		require.False(t, blanks.MatchString(words), "%s in %s: %q", at, language, words)
	}
	require.NotEqual(t, text["en"], text["es"], at)
	require.NotRegexp(t, `[¿¡ñ]`, text["en"], at)
}

// TestFamiliesAndStaffAreAskedTheSame holds item by item that the two surveys can be laid side by
// side: the same items about the same indicators, with the same options and scores.
func TestFamiliesAndStaffAreAskedTheSame(t *testing.T) {
	family, staff := survey(t, "family-survey-1.yaml").Body, survey(t, "staff-survey-1.yaml").Body
	require.Equal(t, family.FrameworkVersion, staff.FrameworkVersion)
	require.Equal(t, family.Languages, staff.Languages)
	require.Len(t, staff.Items, len(family.Items))
	for n, f := range family.Items {
		s := staff.Items[n]
		require.Equal(t, []any{f.ID, f.Type, f.Standard, f.Indicator, f.Required, f.MaxLength}, []any{s.ID, s.Type, s.Standard, s.Indicator, s.Required, s.MaxLength})
		require.Equal(t, f.Options, s.Options, f.ID)
	}
}

func TestEachStandardHasThreeQuestionsOnOneScale(t *testing.T) {
	body := survey(t, "family-survey-1.yaml").Body
	count := map[string]int{}
	for _, item := range body.Items {
		if item.Type == instrument.Text {
			require.False(t, item.Required, "nobody has to write")
			continue
		}
		count[item.Standard]++
		require.Equal(t, instrument.Scale, item.Type)
		require.True(t, item.Required)
		require.True(t, item.MayAbstain(), "%s can be left open by who does not know", item.ID)
		low, high := item.Range()
		require.Equal(t, []int{1, 5}, []int{low, high}, item.ID)
		favorable := 0
		for _, o := range item.Options {
			if o.Favorable {
				favorable++
				require.GreaterOrEqual(t, o.Score, 4, "%s %s: the upper two are favorable", item.ID, o.ID)
			}
		}
		require.Equal(t, 2, favorable, item.ID)
	}
	require.Len(t, count, 6)
	for _, s := range standards(t).Standards {
		require.Equal(t, 3, count[s.ID], s.ID)
	}
}

func TestAFileWithAFieldNobodyKnowsIsAnError(t *testing.T) {
	var wrong struct {
		Framework string `json:"framework"`
	}
	require.ErrorContains(t, read("national-standards-2022.yaml", &wrong), "unknown field")
	require.ErrorContains(t, read("none.yaml", &wrong), "none.yaml")
}
