package verifier

import (
	"fmt"
	"strings"
	"time"
)

// Language of the words of a report.
type Language string

// The languages that reports are written in.
const (
	English Language = "en"
	Spanish Language = "es"
)

// phrase is one sentence in each language; both take the same arguments in the same places.
type phrase struct{ en, es string }

func (p phrase) in(l Language) string {
	if l == Spanish {
		return p.es
	}
	return p.en
}

// say returns the words of a key, with its arguments in their places.
func say(l Language, key string, args ...any) string {
	p, known := sentences()[key]
	if !known {
		return fmt.Sprintf(unknownReason().in(l), key)
	}
	if len(args) == 0 {
		return p.in(l)
	}
	return fmt.Sprintf(p.in(l), args...)
}

// sayAbout is say for reasons that may or may not name what they are about.
func sayAbout(l Language, key, subject string) string {
	if p, ok := sentences()[key]; ok && strings.Contains(p.en, "%q") {
		return say(l, key, subject)
	}
	return say(l, key)
}

// known tells whether there are words for a code.
func known(code string) bool {
	_, has := sentences()[code]
	return has
}

func unknownReason() phrase {
	return phrase{"The check ended with the error %q.", "La comprobación terminó con el error %q."}
}

func title(l Language, step string) string {
	if p, ok := titles()[step]; ok {
		return p.in(l)
	}
	return step
}

// day writes a date in the words of a language.
func day(l Language, t time.Time) string {
	t = t.UTC()
	if l != Spanish {
		return t.Format("2 January 2006")
	}
	months := [...]string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio",
		"julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	}
	return fmt.Sprintf("%d de %s de %d", t.Day(), months[t.Month()-1], t.Year())
}

// moment is day with the time of day, for what changes within a day.
func moment(l Language, t time.Time) string {
	return day(l, t) + t.UTC().Format(", 15:04 UTC")
}
