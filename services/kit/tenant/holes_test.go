package tenant_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/everything.txt anew")

// A use of Everything has its reason on the same line: the longest text there.
var (
	holeCall = regexp.MustCompile(`tenant\.Everything\(.*`)
	text     = regexp.MustCompile(`"[^"]*"`)
)

func reason(call string) (longest string) {
	for _, t := range text.FindAllString(call, -1) {
		if t = strings.Trim(t, `"`); len(t) > len(longest) {
			longest = t
		}
	}
	return longest
}

// Each use of Everything is a hole in the wall between districts. They are listed
// with their reasons, so that a new one is looked at before it is there: look at
// it, then run go test ./services/kit/tenant -update.
func TestEveryHoleInTheWallIsListed(t *testing.T) {
	const list = "testdata/everything.txt"
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	holes := strings.Join(holesIn(t, root, "services", "gateway"), "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(list, []byte(holes), 0o600))
	}
	listed, err := os.ReadFile(list)
	require.NoError(t, err)
	require.Equal(t, string(listed), holes)
}

func holesIn(t *testing.T, root string, folders ...string) (found []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !product(path) {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			for _, call := range holeCall.FindAllString(string(raw), -1) {
				require.NotEmpty(t, reason(call), "%s: give the reason as a text, on the same line", rel)
				found = append(found, filepath.ToSlash(rel)+": "+reason(call))
			}
			return err
		})
		require.NoError(t, err)
	}
	sort.Strings(found)
	return found
}

// product tells whether a file is part of the programs and not of their tests.
func product(path string) bool {
	return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") &&
		!strings.Contains(path, "storetest") && !strings.Contains(path, "kittest")
}
