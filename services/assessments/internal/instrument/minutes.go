package instrument

import (
	"math"
	"strings"
	"unicode"
)

// How long people take. Reading aloud in one's head on a small screen is about 180
// words a minute; the seconds are for finding the answer and giving it.
const (
	wordsPerSecond   = 3.0
	secondsToChoose  = 4.0
	secondsToMark    = 2.0 // a further option of several, or a place in an order
	secondsToEnter   = 8.0 // a number or a date
	secondsForALine  = 20.0
	secondsForAStory = 45.0
)

// Minutes is how long the questionnaire takes, about, in a language, if everything is
// asked: the words to read, and for each question the time to answer it.
func (b Body) Minutes(asked string) int {
	speak := b.Language(asked)
	seconds := 0.0
	for _, s := range b.Sections {
		seconds += float64(words(b.in(s.Title, speak))+words(b.in(s.Text, speak))) / wordsPerSecond
	}
	for _, it := range b.Items {
		seconds += b.seconds(it, speak)
	}
	return max(1, int(math.Ceil(seconds/60)))
}

func (b Body) seconds(it Item, speak string) float64 {
	read := words(b.in(it.Text, speak)) + words(b.in(it.Hint, speak))
	for _, r := range it.Rows {
		read += words(b.in(r.Text, speak))
	}
	// Options that repeat from question to question are read once: a scale costs no words.
	if !it.Type.Scored() {
		for _, o := range it.Options {
			read += words(b.in(o.Text, speak))
		}
	}
	return float64(read)/wordsPerSecond + it.effort()
}

func (i Item) effort() float64 {
	switch i.Type {
	case Matrix:
		return secondsToChoose * float64(len(i.Rows))
	case MultipleChoice, Ranking:
		return secondsToChoose + secondsToMark*float64(len(i.Options))
	case Number, Date:
		return secondsToEnter
	case Text:
		return secondsForALine
	case LongText:
		return secondsForAStory
	}
	return secondsToChoose
}

// words counts what stands between blanks and has a letter or digit in it.
func words(text string) int {
	n := 0
	for _, f := range strings.Fields(text) {
		if strings.IndexFunc(f, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			n++
		}
	}
	return n
}
