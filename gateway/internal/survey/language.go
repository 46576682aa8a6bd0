package survey

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
)

// The languages in which these pages speak themselves. Questionnaires may be in any.
const (
	english = "en"
	spanish = "es"
	arabic  = "ar"
)

var spoken = language.NewMatcher([]language.Tag{language.English, language.Spanish, language.Arabic})

// chrome is the language of the page around a text in a language: that, where we speak it.
func chrome(lang string) string {
	tag, err := language.Parse(lang)
	if err != nil {
		return english
	}
	_, index, confidence := spoken.Match(tag)
	if confidence < language.High {
		return english
	}
	return []string{english, spanish, arabic}[index]
}

// preferred is the best of the languages for whoever asks: what the address says, else what the
// browser does, else the first.
func preferred(r *http.Request, languages []string) string {
	asked := r.URL.Query().Get("lang")
	tags := make([]language.Tag, len(languages))
	for i, one := range languages {
		if one == asked {
			return one
		}
		tags[i] = language.Make(one)
	}
	if len(tags) == 0 {
		return ""
	}
	if _, index, confidence := language.NewMatcher(tags).Match(acceptable(r)...); confidence >= language.High {
		return languages[index]
	}
	return languages[0]
}

// acceptable are the languages that a browser asks for.
func acceptable(r *http.Request) []language.Tag {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return nil
	}
	return tags
}

// ownLanguage is the language of a page that belongs to no questionnaire.
func ownLanguage(r *http.Request) string {
	return preferred(r, []string{english, spanish, arabic})
}

// translate says a text of a page in a language. Texts are written in English, and the other languages
// have an entry for each (a test holds them to that).
func translate(lang, text string) string {
	if said, ok := catalogs()[lang][text]; ok {
		return said
	}
	return text
}

// sayf is translate for a text with verbs in it.
func sayf(lang, text string, values ...any) string {
	return fmt.Sprintf(translate(lang, text), values...)
}

// catalogs are what these pages say in other languages, by the English text. A file that cannot be read
// would leave the pages in English; a test reads them.
var catalogs = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range []string{spanish, arabic} {
		said := map[string]string{}
		text, err := files.ReadFile("files/" + lang + ".json")
		if err == nil && json.Unmarshal(text, &said) == nil {
			all[lang] = said
		}
	}
	return all
})

// own is what a language calls itself.
func own(lang string) string {
	names := map[string]string{
		"en": "English", "es": "Español", "ar": "العربية", "vi": "Tiếng Việt", "zh": "中文", "zh-Hans": "简体中文", "zh-Hant": "繁體中文",
		"ru": "Русский", "fr": "Français", "so": "Soomaali", "am": "አማርኛ", "ko": "한국어", "tl": "Tagalog", "fa": "فارسی", "ur": "اردو",
		"pt": "Português", "uk": "Українська", "my": "မြန်မာ", "ne": "नेपाली", "sw": "Kiswahili", "de": "Deutsch", "ht": "Kreyòl ayisyen",
		"hmn": "Hmoob", "ja": "日本語", "pl": "Polski", "he": "עברית", "hi": "हिन्दी", "km": "ខ្មែរ", "lo": "ລາວ", "ps": "پښتو", "rw": "Ikinyarwanda",
	}
	if name, ok := names[lang]; ok {
		return name
	}
	if base, _, _ := strings.Cut(lang, "-"); names[base] != "" {
		return names[base] + " (" + lang + ")"
	}
	return lang
}

// moment writes a time in a language. Which clock a reader lives by is known to their browser only: the
// script says it by that one.
func moment(lang string, at time.Time) string {
	comma := ", "
	if lang == arabic {
		comma = "، "
	}
	return dayIn(lang, at.UTC()) + comma + at.UTC().Format("15:04") + " UTC"
}

// calendar writes a day of the API in a language.
func calendar(lang, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return dayIn(lang, at)
}

func dayIn(lang string, at time.Time) string {
	if lang == english {
		return at.Format("2 January 2006")
	}
	between := " "
	if lang == spanish {
		between = " de "
	}
	return strconv.Itoa(at.Day()) + between + months(lang)[at.Month()-1] + between + strconv.Itoa(at.Year())
}

func months(lang string) []string {
	if lang == spanish {
		return []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
	}
	return []string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"}
}
