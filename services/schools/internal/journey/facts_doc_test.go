package journey

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever writes rules reads the page, not this package.
func TestThePageForThoseWhoWriteRulesListsEveryFact(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/eligibility-rules.md")
	require.NoError(t, err)
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `journey\\.([a-z_]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, row[1])
	}
	facts := slices.Collect(maps.Keys((&sources{}).facts()))
	require.ElementsMatch(t, facts, listed)
}
