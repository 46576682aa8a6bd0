package survey

import (
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// texts are all that the pages, the script and the code say: what a template translates, and in the code
// every literal that begins like a sentence. Names of languages are their own.
func texts(t *testing.T) map[string]bool {
	t.Helper()
	said := map[string]bool{}
	collect := func(text []byte, pattern string) {
		for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(text, -1) {
			words, err := strconv.Unquote(string(m[1]))
			require.NoError(t, err)
			said[words] = true
		}
	}
	names, err := fs.Glob(files, "files/*.html")
	require.NoError(t, err)
	for _, name := range names {
		text, err := files.ReadFile(name)
		require.NoError(t, err)
		collect(text, `\{\{t \$?[.\w]*[lL]ang ("(?:[^"\\]|\\.)*")\}\}`)
		require.Equal(t, strings.Count(string(text), "{{t "), len(regexp.MustCompile(`\{\{t \$?[.\w]*[lL]ang (".*?"|\.\w+)\}\}`).FindAll(text, -1)), "%s says something that this test does not see", name)
	}
	sources, err := fs.Glob(os.DirFS("."), "*.go")
	require.NoError(t, err)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") || name == "language.go" {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		collect(text, `("[A-Z][a-z]*(?:[ .:…][^"\\\n]*)")`)
		collect(text, `(?:translate\([^"\n]*|Heading: |title: |: +)("[A-Z][^"\\\n]*")`)
	}
	delete(said, "This page could not be made.") // when nothing else can be said
	return said
}

func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	said := texts(t)
	require.Greater(t, len(said), 100)
	for _, lang := range []string{spanish, arabic} {
		catalog := catalogs()[lang]
		require.NotEmpty(t, catalog, lang)
		for words := range said {
			require.NotEmpty(t, catalog[words], "%s: %q", lang, words)
		}
		for words, translated := range catalog {
			require.True(t, said[words], "%s: nobody says %q", lang, words)
			for _, verb := range []string{"%d", "%s"} {
				require.Equal(t, strings.Count(words, verb), strings.Count(translated, verb), "%s: %q", lang, words)
			}
		}
	}
}

func TestLanguagesOfThePage(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "en", "es": "es", "ar": "ar", "es-MX": "es", "ar-EG": "ar", "en-GB": "en", "vi": "en", "": "en", "not a tag": "en",
	} {
		require.Equal(t, want, chrome(lang), lang)
	}
	for lang, want := range map[string]string{"ar": "rtl", "he": "rtl", "fa": "rtl", "ur-PK": "rtl", "en": "ltr", "es": "ltr", "ar-Latn": "ltr", "?": "ltr"} {
		require.Equal(t, want, direction(lang), lang)
	}
	at := time.Date(2027, 3, 5, 23, 4, 0, 0, time.UTC)
	require.Equal(t, "5 March 2027, 23:04 UTC", moment("en", at))
	require.Equal(t, "5 de marzo de 2027, 23:04 UTC", moment("es", at))
	require.Equal(t, "5 مارس 2027، 23:04 UTC", moment("ar", at))
	require.Equal(t, "Español (es-MX)", own("es-MX"))
	require.Equal(t, "xx", own("xx"))
}
