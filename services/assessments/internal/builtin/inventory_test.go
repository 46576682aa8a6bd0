package builtin

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheInventoryHasSixStrategiesAndFortyEightActivities(t *testing.T) {
	i, err := FacilitationInventory()
	require.NoError(t, err)
	want := []int{7, 10, 8, 7, 10, 6}
	require.Len(t, i.Strategies, len(want))
	ids, said, total := map[string]bool{}, map[string]string{}, 0
	for n, s := range i.Strategies {
		require.Equal(t, string(rune('a'+n)), s.ID)
		require.Len(t, s.Activities, want[n], s.ID)
		for m, a := range s.Activities {
			total++
			require.Equal(t, s.ID+number(m+1), a.ID)
			require.False(t, ids[a.ID], a.ID)
			ids[a.ID] = true
			require.Len(t, a.Titles, 2, a.ID)
			for _, language := range []string{"en", "es"} {
				require.Regexp(t, `^[A-ZÁÉÍÓÚÑ{].*\.$`, a.Titles[language], a.ID)
				require.Empty(t, said[a.Titles[language]], "%s says the same", a.ID)
				said[a.Titles[language]] = a.ID
			}
			require.NotEqual(t, a.Titles["en"], a.Titles["es"])
		}
		require.NotEmpty(t, s.Titles["en"])
		require.NotEmpty(t, s.Titles["es"])
	}
	require.Equal(t, 48, total)
}

func number(n int) string {
	if n == 10 {
		return "10"
	}
	return string(rune('0' + n))
}

// TestWordsOfAStateReplaceThePlaceholders: none is left over, every one of the file is used and
// has a word in each language, both languages of a title have the same, and a state's own word wins.
func TestWordsOfAStateReplaceThePlaceholders(t *testing.T) {
	raw, err := FacilitationInventory()
	require.NoError(t, err)
	braces := regexp.MustCompile(`\{[a-z_]*\}`)
	used := map[string]bool{}
	for _, s := range raw.Strategies {
		for _, a := range s.Activities {
			en, es := braces.FindAllString(a.Titles["en"], -1), braces.FindAllString(a.Titles["es"], -1)
			require.ElementsMatch(t, en, es, a.ID)
			for _, p := range en {
				used[p[1:len(p)-1]] = true
			}
		}
	}
	require.Len(t, used, len(raw.Terms))
	for placeholder, words := range raw.Terms {
		require.True(t, used[placeholder], placeholder)
		require.NotEmpty(t, words["en"])
		require.NotEmpty(t, words["es"])
	}
	said := raw.In(map[string]map[string]string{"plan": {"en": "Unified Plan"}})
	for _, s := range said.Strategies {
		for _, a := range s.Activities {
			require.NotRegexp(t, `[{}]`, a.Titles["en"]+a.Titles["es"], a.ID)
		}
	}
	a4 := said.Strategies[0].Activities[3]
	require.Contains(t, a4.Titles["en"], "into the Unified Plan.")
	require.Contains(t, a4.Titles["es"], "en el plan de mejora escolar.", "a language without a word of its own keeps the built-in one")
	require.Contains(t, raw.Strategies[0].Activities[3].Titles["en"], "{plan}", "the built-in one is not changed")
}
