package pages

import (
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a template or the code says in a language is there in Spanish, and nothing is translated that
// nobody says.
func TestEveryTextIsThereInSpanish(t *testing.T) {
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
		collect(text, `\{\{t \$?\.Lang ("(?:[^"\\]|\\.)*")\}\}`)
	}
	for words := range said {
		require.Contains(t, inSpanish(), words)
	}
	require.Greater(t, len(said), 20)
	var code []byte
	sources, err := fs.Glob(os.DirFS("."), "*.go")
	require.NoError(t, err)
	for _, name := range sources {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		code = append(code, text...)
	}
	collect(code, `("(?:[^"\\\n]|\\.)*")`)
	for words := range inSpanish() {
		require.True(t, said[words], "nobody says %q", words)
	}
}

func TestHeadlinesAreThereInSpanish(t *testing.T) {
	for _, outcome := range []string{"In order", "Not in order", "Worth knowing", "Not checked", "Verified", "With a remark", "Not valid"} {
		require.NotEqual(t, outcome, translate(spanish, outcome))
		require.Equal(t, outcome, translate(english, outcome))
	}
	require.Equal(t, "unknown words", translate(spanish, "unknown words"))
	require.Equal(t, english, other(spanish))
}
