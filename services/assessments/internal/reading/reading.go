// Package reading says how hard a text is to read: by the formula of Flesch and
// Kincaid for English, which gives a grade of school, and by that of Fernández Huerta
// for Spanish, which gives a score from 0 (hard) to 100 (easy).
//
//	grade = 0.39 words/sentences + 11.8 syllables/words - 15.59
//	score = 206.84 - 60 syllables/words - 1.02 words/sentences
//
// Both are made for running text; of a questionnaire they tell which items to look at
// again, not more. Syllables are counted by rule, which for English is right for some
// nine words in ten and wrong by one otherwise. Other languages have no formula here.
//
// Package instrument asks for the level of all its texts and of each item.
package reading

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain is the highest grade that most families read with ease.
const Plain = 8.0

// plainScore is the lowest score of Fernández Huerta that stands for grades up to 8.
const plainScore = 60.0

// Level is how hard a text is.
type Level struct {
	Formula string
	Grade   float64 // of school; for Spanish the upper grade of the band of the score
	Score   float64 // of Fernández Huerta; 0 for English
	Plain   bool    // grade 8 or lower
}

// Counts are what the formulas work with.
type Counts struct {
	Sentences, Words, Syllables int
}

// Of is the level of texts in a language, and false where there is no formula or
// nothing to read. Each text ends a sentence.
func Of(language string, texts ...string) (Level, bool) {
	c, ok := Count(language, texts...)
	if !ok || c.Words == 0 {
		return Level{}, false
	}
	length, weight := float64(c.Words)/float64(c.Sentences), float64(c.Syllables)/float64(c.Words)
	if base(language) == "es" {
		score := 206.84 - 60*weight - 1.02*length
		return Level{Formula: "Fernández Huerta", Grade: gradeOf(score), Score: score, Plain: score >= plainScore}, true
	}
	grade := 0.39*length + 11.8*weight - 15.59
	return Level{Formula: "Flesch-Kincaid", Grade: grade, Plain: grade <= Plain}, true
}

// Count counts sentences, words and syllables; false for a language without rules.
func Count(language string, texts ...string) (Counts, bool) {
	var syllables func(string) int
	switch base(language) {
	case "en":
		syllables = English
	case "es":
		syllables = Spanish
	default:
		return Counts{}, false
	}
	var c Counts
	for _, t := range texts {
		words := wordsOf(t)
		if len(words) == 0 {
			continue
		}
		c.Sentences += sentences(t)
		c.Words += len(words)
		for _, w := range words {
			c.Syllables += syllables(w)
		}
	}
	return c, true
}

// gradeOf is the school grade that Fernández Huerta's bands stand for, each by its
// upper end.
func gradeOf(score float64) float64 {
	for _, band := range []struct{ from, grade float64 }{{90, 4}, {80, 5}, {70, 6}, {60, 8}, {50, 11}, {30, 14}} {
		if score >= band.from {
			return band.grade
		}
	}
	return 17
}

// wordsOf are the words: what stands between blanks and dashes and has a letter.
// Numbers are read too, but nobody knows in how many syllables.
func wordsOf(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '-' || r == '–' || r == '—' || r == '/' })
	var out []string
	for _, f := range fields {
		w := strings.TrimFunc(f, func(r rune) bool { return !unicode.IsLetter(r) })
		if w != "" {
			out = append(out, strings.ToLower(w))
		}
	}
	return out
}

// sentences counts ends of sentences that more words follow, and the end of the text.
func sentences(text string) int {
	n, open := 0, false
	for i, r := range text {
		switch {
		case unicode.IsLetter(r):
			open = true
		case strings.ContainsRune(".!?;:…", r) && open && !startsWithDigit(text[i+utf8.RuneLen(r):]):
			n, open = n+1, false
		}
	}
	if open {
		n++
	}
	return max(n, 1)
}

// startsWithDigit tells whether a point belongs to a number: 3.50.
func startsWithDigit(rest string) bool { return rest != "" && rest[0] >= '0' && rest[0] <= '9' }

func base(language string) string {
	b, _, _ := strings.Cut(language, "-")
	return strings.ToLower(b)
}
