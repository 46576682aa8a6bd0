package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/proto/policy"
)

func TestTheRoleTableOfTheDocumentationIsUpToDate(t *testing.T) {
	files, err := tables("../..")
	require.NoError(t, err)
	for name, want := range files {
		have, err := os.ReadFile("../../../docs/" + name)
		require.NoError(t, err)
		require.Equal(t, want, string(have), "run make generate: docs/%s is older than the policies", name)
	}
}

func TestTheRoleTableShowsWhoReadsWithoutPeople(t *testing.T) {
	files, err := tables("../..")
	require.NoError(t, err)
	line := func(start string) string {
		for line := range strings.Lines(files["role-table.md"]) {
			if strings.HasPrefix(line, start) {
				return line
			}
		}
		return ""
	}
	require.Regexp(t, `● \| ○ \| ● \| ● \| ● \| ● \| ● \|  \|  \| ○ \|\n$`, line("| **Read journeys.**"))
	require.Contains(t, line("| **Read surveys.**"), "○↑")
	require.Contains(t, line("| `people.read`"), "needs approval")
	require.Contains(t, files["role-table.csv"], "journeys.get,outside evaluator,without people,where granted and below,research-reads-schools-journeys-results-and-awards")
	require.Contains(t, files["role-table.md"], "`credentials.verify`")
	require.Contains(t, files["role-table.md"], "`subjects.resolve (gateway)`")
}

// A row of the table stands for all actions of its group.
func TestEveryActionOfAGroupIsTheSamePeoples(t *testing.T) {
	set, err := policy.Load()
	require.NoError(t, err)
	first := map[string]string{}
	for _, a := range set.Actions() {
		if first[a.Group] == "" {
			first[a.Group] = a.Name
		}
		for _, role := range people() {
			require.Equal(t, sign(set, role, first[a.Group]), sign(set, role, a.Name), "%s and %s by a %s", first[a.Group], a.Name, policy.RoleName(role))
		}
	}
}
