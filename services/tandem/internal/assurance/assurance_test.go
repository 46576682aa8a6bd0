package assurance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/assurance"
)

const root = "../../../.."

func requirements(t *testing.T) []assurance.Requirement {
	t.Helper()
	file, err := os.Open(filepath.Join(root, "docs", "asvs.csv"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	all, err := assurance.Read(file)
	require.NoError(t, err)
	return all
}

// The standard has 70 requirements of level 1 and 183 of level 2.
func TestEveryRequirementOfTheLevelsIsListedOnce(t *testing.T) {
	seen, levels := map[string]bool{}, map[string]int{}
	for _, r := range requirements(t) {
		require.Regexp(t, `^V\d{1,2}\.\d{1,2}\.\d{1,2}$`, r.ID)
		require.False(t, seen[r.ID], "%s is listed twice", r.ID)
		require.NotEmpty(t, r.Summary, r.ID)
		seen[r.ID] = true
		levels[r.Level]++
	}
	require.Equal(t, map[string]int{"1": 70, "2": 183}, levels)
}

func TestEveryRequirementHasATestThatExistsOrAReason(t *testing.T) {
	for _, r := range requirements(t) {
		t.Run(r.ID, func(t *testing.T) {
			switch r.Status {
			case assurance.Tested:
				require.NotEmpty(t, r.Tests, "name a test")
			case assurance.Documented, assurance.NotApplicable, assurance.Open:
				require.NotEmpty(t, r.Note, "give the reason")
			default:
				t.Fatalf("unknown status %q", r.Status)
			}
			for _, name := range r.Tests {
				require.True(t, exists(t, name), "there is no test %s", name)
			}
			for _, file := range documents.FindAllString(r.Note, -1) {
				require.FileExists(t, filepath.Join(root, file))
			}
		})
	}
}

// What the guides promise with a test's name is held to that name.
func TestEveryTestThatTheGuidesNameExists(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	named := map[string]int{}
	for _, file := range append(files, filepath.Join(root, "SECURITY.md")) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range assurance.Mentions(string(text)) {
			require.True(t, exists(t, name), "%s: there is no test %s", filepath.Base(file), name)
			named[filepath.Base(file)]++
		}
	}
	require.Greater(t, named["security.md"], 30, "or the form of names has changed and nothing is held")
}

func TestMentionsAreNamesInBackQuotes(t *testing.T) {
	text := "`a/b2.TestX` `TestY` a.TestZ `a.TestX`\n`a/b2.TestX` `a.FuzzQ` `kit/keystore` `a.Test x`"
	require.Equal(t, []string{"a/b2.TestX", "a.TestX", "a.FuzzQ"}, assurance.Mentions(text))
}

var documents = regexp.MustCompile(`\b(docs/[a-z-]+\.(md|csv)|services/[a-z/]+README\.md|SECURITY\.md)`)

// exists tells whether a test, fuzz target or benchmark of that name is in the
// folder.
func exists(t *testing.T, name string) bool {
	t.Helper()
	folder, function, ok := strings.Cut(name, ".")
	require.True(t, ok, "%s: want folder.TestName", name)
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nfunc "+function+"(") {
			return true
		}
	}
	return false
}
