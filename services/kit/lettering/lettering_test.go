package lettering_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/lettering"
)

func TestNamesOfManyScriptsAreDrawn(t *testing.T) {
	for name, text := range map[string]string{
		"Latin": "Escuela Niños Unidos", "with marks": "Trường Tiểu học Nguyễn Huệ", "Greek": "Σχολείο", "Cyrillic": "Школа № 5 «Дружба»",
		"Ukrainian": "Ґрунтівська школа імені Її", "Arabic": "مدرسة الأمل الابتدائية", "Hebrew": "בית ספר", "Chinese": "希望小学",
		"Traditional": "希望國民小學", "Japanese": "のぞみ小学校", "mixed": "Hope 希望 مدرسة School",
	} {
		t.Run(name, func(t *testing.T) {
			for _, isBold := range []bool{false, true} {
				lines, ok := lettering.Set(text, lettering.Style{Size: 20, Bold: isBold})
				require.True(t, ok)
				require.Len(t, lines, 1)
				require.Equal(t, text, lines[0].Text)
				require.NotEmpty(t, lines[0].Outline)
				require.Greater(t, lines[0].Width, 20.0)
			}
		})
	}
}

func TestWhatCannotBeDrawnRightlyIsNotDrawn(t *testing.T) {
	for name, text := range map[string]string{
		"Devanagari": "आशा विद्यालय", "Thai": "โรงเรียน", "Korean": "희망초등학교", "Khmer": "សាលា", "Lao": "ໂຮງຮຽນ", "an emoji": "School 🏫", "a private letter": "A\ue000",
		"a control": "A\x01", "too long": strings.Repeat("a", 3000), "an ideograph of no font here": "\U0003106C",
	} {
		t.Run(name, func(t *testing.T) {
			require.False(t, lettering.Drawable(text))
		})
	}
	require.True(t, lettering.Drawable(" \n "), "nothing is drawn rightly by drawing nothing")
}

// Arabic letters have another form at each place in a word, and a word is shorter than its letters apart.
func TestArabicLettersAreJoined(t *testing.T) {
	style := lettering.Style{Size: 100}
	width := func(text string) float64 {
		lines, ok := lettering.Set(text, style)
		require.True(t, ok)
		return lines[0].Width
	}
	apart := 0.0
	for _, r := range "مدرسة" {
		apart += width(string(r))
	}
	require.Less(t, width("مدرسة"), apart*0.9)
	path := func(text string) string {
		lines, ok := lettering.Set(text, style)
		require.True(t, ok)
		return lines[0].Path(0, 0)
	}
	require.True(t, strings.HasSuffix(path("بم"), path("ب")) == false, "a letter at the begin of a word is not one alone")
}

// In a line that runs from the right, what comes first stands rightmost.
func TestLinesFromTheRightAreInOrder(t *testing.T) {
	first, ok := lettering.Set("א", lettering.Style{Size: 100})
	require.True(t, ok)
	both, ok := lettering.Set("א ב", lettering.Style{Size: 100})
	require.True(t, ok)
	offset := both[0].Width - first[0].Width
	require.True(t, strings.HasSuffix(both[0].Path(0, 0), first[0].Path(offset, 0)))
	mixed, ok := lettering.Set("א 12", lettering.Style{Size: 100})
	require.True(t, ok)
	number, _ := lettering.Set("12", lettering.Style{Size: 100})
	require.True(t, strings.HasPrefix(mixed[0].Path(0, 0), number[0].Path(0, 0)), "numbers keep their order, left of the letter")
}

func TestLongTextIsWrapped(t *testing.T) {
	for _, text := range []string{"Speaking Up for Every Child in the County", "希望希望希望希望希望希望希望小学", "Donaudampfschifffahrtsgesellschaft"} {
		lines, ok := lettering.Set(text, lettering.Style{Size: 20, Width: 100})
		require.True(t, ok)
		require.Greater(t, len(lines), 1)
		var all []string
		for _, line := range lines {
			require.LessOrEqual(t, line.Width, 101.0)
			all = append(all, line.Text)
		}
		require.Equal(t, strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(strings.Join(all, ""), " ", ""))
	}
}

func TestAnyTextIsDrawnOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		lines, ok := lettering.Set(text, lettering.Style{Size: 12, Width: 80})
		if !ok {
			require.Empty(t, lines)
		}
		if lettering.Plain(text) {
			require.True(t, ok)
		}
	})
}
