// Package wording is what mails and letters share: which language somebody is
// written to in, how a day is said in it, and which way it runs.
//
// Texts of surveys are package instrument's. There are built-in texts in English,
// Spanish and Arabic; who reads another language gets the nearest of them.
package wording

import (
	"fmt"
	"time"

	"golang.org/x/text/language"
)

// The languages of built-in texts; the first is for who reads none of them.
const (
	English = "en"
	Spanish = "es"
	Arabic  = "ar"
)

// Nearest is the built-in language for a BCP 47 tag.
func Nearest(tag string) string { return Match(tag, []string{English, Spanish, Arabic}) }

// Match is the one of the languages that who reads tag understands best; the first
// where none fits.
func Match(tag string, have []string) string {
	wanted, err := language.Parse(tag)
	if err != nil || len(have) == 0 {
		return first(have)
	}
	tags := make([]language.Tag, len(have))
	for i, h := range have {
		tags[i] = language.Make(h)
	}
	_, at, confidence := language.NewMatcher(tags).Match(wanted)
	if confidence < language.Low {
		return have[0]
	}
	return have[at]
}

func first(have []string) string {
	if len(have) == 0 {
		return English
	}
	return have[0]
}

// Direction is "rtl" for a language that is written from the right.
func Direction(tag string) string {
	script, _ := language.Make(tag).Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	default:
		return "ltr"
	}
}

// Moment says a moment of a time zone in a built-in language; empty for none.
func Moment(t time.Time, zone, lang string) string {
	location, err := time.LoadLocation(zone)
	if t.IsZero() || err != nil {
		return ""
	}
	t = t.In(location)
	switch lang {
	case Spanish:
		return fmt.Sprintf("%s, %d de %s de %d, a las %s", spanishDays()[t.Weekday()], t.Day(), spanishMonths()[t.Month()-1], t.Year(), t.Format("15:04"))
	case Arabic:
		return fmt.Sprintf("%s %d %s %d، الساعة %s", arabicDays()[t.Weekday()], t.Day(), arabicMonths()[t.Month()-1], t.Year(), t.Format("15:04"))
	default:
		return t.Format("Monday, January 2, 2006, at 3:04 PM")
	}
}

func spanishDays() []string {
	return []string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
}

func spanishMonths() []string {
	return []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
}

func arabicDays() []string {
	return []string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"}
}

func arabicMonths() []string {
	return []string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"}
}
