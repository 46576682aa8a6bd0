package assurance_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/assurance"
)

// pages are all pages of the repository.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && path != root
		if entry.IsDir() && (hidden || slices.Contains([]string{"bin", "var", "node_modules", "testdata"}, entry.Name())) {
			return filepath.SkipDir
		}
		if !entry.IsDir() && filepath.Ext(path) == ".md" {
			found = append(found, path)
		}
		return nil
	}))
	return found
}

// A page that leads to another leads to one that is there, and to a heading that it has.
func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	checked := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, to := range assurance.Links(string(text)) {
			path, anchor, _ := strings.Cut(to, "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
			}
			name := strings.TrimPrefix(page, root+"/")
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s leads to %s, which is not there", name, to)
				continue
			}
			checked++
			if anchor == "" || filepath.Ext(target) != ".md" {
				continue
			}
			other, err := os.ReadFile(target)
			require.NoError(t, err)
			if !assurance.Anchors(string(other))[anchor] {
				t.Errorf("%s leads to %s, and there is no such heading", name, to)
			}
		}
	}
	require.Greater(t, checked, 200, "or the form of links has changed and nothing is held")
}

func TestLinksAreThoseThatLeadIntoTheRepository(t *testing.T) {
	text := "[a](a.md) [b](../b.md#two-words) [c](#three) [d](https://example.org/x) `[e](e.md)` ![f](f.svg)\n```\n[g](g.md)\n```\n[h](mailto:h@example.org)"
	require.Equal(t, []string{"a.md", "../b.md#two-words", "#three", "f.svg"}, assurance.Links(text))
	require.Equal(t, map[string]bool{"two-words": true, "what-make-run-shows": true, "issuers-key-22": true},
		assurance.Anchors("# Two words\n```\n# not this\n```\n### What `make run` shows\n## Issuer's key, 2.2\n"))
}
