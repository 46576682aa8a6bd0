package reading_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/reading"
)

// TestEnglishAgreesWithAnotherProgram compares with values that testdata/english.mjs wrote: words
// agree nineteen times of twenty and never differ by more than one, and the grades of longer texts
// lie within half a grade on the average and never a whole one apart.
func TestEnglishAgreesWithAnotherProgram(t *testing.T) {
	raw, err := os.ReadFile("testdata/english.json")
	require.NoError(t, err)
	var other struct {
		Words map[string]int
		Texts []struct {
			Text  string
			Grade float64
		}
	}
	require.NoError(t, json.Unmarshal(raw, &other))
	require.Greater(t, len(other.Words), 400)
	differ := 0
	for word, n := range other.Words {
		ours := reading.English(word)
		if ours != n {
			differ++
		}
		require.InDelta(t, n, ours, 1, word)
	}
	require.Less(t, float64(differ), 0.05*float64(len(other.Words)))
	sum := 0.0
	for _, o := range other.Texts {
		level, ok := reading.Of("en", o.Text)
		require.True(t, ok)
		require.InDelta(t, o.Grade, level.Grade, 1, o.Text)
		sum += math.Abs(o.Grade - level.Grade)
	}
	require.Less(t, sum/float64(len(other.Texts)), 0.5)
}

func TestSpanishSyllables(t *testing.T) {
	for word, want := range map[string]int{
		"a": 1, "y": 1, "muy": 1, "hoy": 1, "bien": 1, "país": 2, "tía": 2, "ciudad": 2, "aire": 2, "leer": 2, "idea": 3, "familia": 3, "escuela": 3, "quién": 1, "qué": 1,
		"guerra": 2, "guía": 2, "pingüino": 3, "averigüe": 4, "ahora": 3, "ahí": 2, "vehículo": 4, "huevo": 2, "hija": 2, "niños": 2, "cuáles": 2, "frecuencia": 3,
		"comunicación": 5, "reunión": 2, "oír": 2, "cuídate": 3, "aprendizaje": 5, "año": 2, "construir": 2, "traiga": 2, "estudiáis": 3, "maestro": 3, "ESCUELA": 3,
	} {
		require.Equal(t, want, reading.Spanish(word), word)
	}
}

// TestTheFormulas holds texts counted by hand.
func TestTheFormulas(t *testing.T) {
	en, ok := reading.Of("en-US", "The cat sat on the mat. It was happy.") // 9 words, 2 sentences, 10 syllables
	require.True(t, ok)
	require.InDelta(t, 0.39*9/2+11.8*10/9-15.59, en.Grade, 1e-9)
	require.Equal(t, []any{"Flesch-Kincaid", true, 0.0}, []any{en.Formula, en.Plain, en.Score})
	es, ok := reading.Of("es", "La escuela es grande. Mi hija lee.") // 7 words, 2 sentences, 12 syllables
	require.True(t, ok)
	require.InDelta(t, 206.84-60*12.0/7-1.02*7/2, es.Score, 1e-9)
	require.Equal(t, []any{"Fernández Huerta", true, 4.0}, []any{es.Formula, es.Plain, es.Grade})
	hard, ok := reading.Of("es", "Las responsabilidades institucionales caracterizan la administración organizacional.")
	require.True(t, ok)
	require.False(t, hard.Plain)
	require.Greater(t, hard.Grade, reading.Plain)
}

func TestWhatHasNoLevel(t *testing.T) {
	for _, c := range [][2]string{{"ar", "مرحبا بكم"}, {"fr", "Bonjour."}, {"en", ""}, {"en", "123 – 45!"}, {"", "Hello."}} {
		_, ok := reading.Of(c[0], c[1])
		require.False(t, ok, c)
	}
}

func TestWhatIsASentenceAndAWord(t *testing.T) {
	for text, want := range map[string][2]int{
		"One two three":             {1, 3},
		"One. Two! Three?":          {3, 3},
		"Well... what now?!":        {2, 3},
		"after-school and/or night": {1, 5},
		"It costs 3.50 today.":      {1, 3},
		"“Yes,” she said":           {1, 3},
	} {
		c, ok := reading.Count("en", text)
		require.True(t, ok)
		require.Equal(t, want, [2]int{c.Sentences, c.Words}, text)
	}
	both, _ := reading.Count("en", "One two", "", "three")
	require.Equal(t, []int{2, 3}, []int{both.Sentences, both.Words}, "each text ends a sentence")
}
