package pages

import (
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// The languages of public pages. The pages for staff are in English.
const (
	english = "en"
	spanish = "es"
)

var languages = language.NewMatcher([]language.Tag{language.English, language.Spanish})

// languageOf is the language asked for in the address, else the best of those that the browser asks for.
func languageOf(r *http.Request) string {
	switch asked := r.URL.Query().Get("lang"); asked {
	case english, spanish:
		return asked
	}
	_, index := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	if index == 1 {
		return spanish
	}
	return english
}

// translate says a text of a page in a language. Texts are written in English, and Spanish has an entry
// for each (a test holds it to that).
func translate(lang, text string) string {
	if lang != spanish {
		return text
	}
	if said, ok := inSpanish()[text]; ok {
		return said
	}
	return text
}

// other is the language that a page offers beside its own.
func other(lang string) string {
	if lang == spanish {
		return english
	}
	return spanish
}

// dayIn writes a date in a language.
func dayIn(lang string, at time.Time) string {
	if lang != spanish {
		return at.UTC().Format("2 January 2006")
	}
	months := []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
	return strings.Join([]string{at.UTC().Format("2"), "de", months[at.UTC().Month()-1], "de", at.UTC().Format("2006")}, " ")
}
