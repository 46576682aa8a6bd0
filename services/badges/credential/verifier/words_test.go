package verifier

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryReasonIsInTheTableInBothLanguages reads the codes out of the packages below: a new one
// without words would be shown to people as it is.
func TestEveryReasonIsInTheTableInBothLanguages(t *testing.T) {
	found := 0
	for _, file := range []string{
		"../jsonld/errors.go", "../dataintegrity/errors.go", "../vc/errors.go", "../status/errors.go", "../translog/check.go", "../bake/bake.go",
	} {
		for _, code := range codes(t, file) {
			found++
			require.True(t, known(code), "%s of %s has no words", code, file)
		}
	}
	require.Greater(t, found, 70)
	verbs := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	for key, p := range sentences() {
		require.NotEmpty(t, p.en, key)
		require.NotEqual(t, p.en, p.es, key)
		if key != "schema_wrong" { // whose rules have words of their own in English only
			require.Equal(t, verbs.FindAllString(p.en, -1), verbs.FindAllString(p.es, -1), key)
		}
		require.True(t, strings.HasSuffix(p.en, ".") || strings.HasSuffix(p.en, "%s") || strings.HasSuffix(p.en, "%[2]s"), "%s is no sentence", key)
	}
	for _, step := range Steps() {
		require.NotEqual(t, step, title(English, step))
		require.NotEqual(t, title(English, step), title(Spanish, step))
	}
}

// codes are the values of the constants of a file whose names begin with Code.
func codes(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			out = append(out, text)
		}
		return true
	})
	require.NotEmpty(t, out, file)
	return out
}
