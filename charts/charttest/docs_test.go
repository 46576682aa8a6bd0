package charttest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const readme = chartFolder + "/README.md"

// part is the text of the README between two marks, which is made from the chart.
func part(t *testing.T, text, name string) (before, inside, after string) {
	t.Helper()
	begin, end := "<!-- made from the chart: "+name+" -->\n", "<!-- end of "+name+" -->"
	before, rest, found := strings.Cut(text, begin)
	require.True(t, found, "no %s in the README", begin)
	inside, after, found = strings.Cut(rest, end)
	require.True(t, found, "no %s in the README", end)
	return before + begin, inside, end + after
}

func TestTheReadmeListsAllValuesAndOpenWays(t *testing.T) {
	values, err := os.ReadFile(chartFolder + "/values.yaml")
	require.NoError(t, err)
	table, err := ValuesTable(values)
	require.NoError(t, err)
	for name, want := range map[string]string{
		"values":    table,
		"open ways": EdgesTable(renderAny(t, scenario(t, "values-state.yaml"))),
	} {
		text, err := os.ReadFile(readme)
		require.NoError(t, err)
		before, got, after := part(t, string(text), name)
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(readme, []byte(before+want+after), 0o644))
			continue
		}
		require.Equal(t, want, got, "UPDATE=1 make chart writes %s anew", name)
	}
}

func TestEveryValueIsExplained(t *testing.T) {
	// Of these the name says it all.
	plain := []string{"enabled", "size", "annotations", "labels", "className", "port", "replicas", "interval", "backoffLimit"}
	_, table, _ := part(t, mustRead(t, readme), "values")
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) < 5 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		path := strings.Trim(cells[1], " `")
		last := path[strings.LastIndex(path, ".")+1:]
		top, _, nested := strings.Cut(path, ".")
		if strings.TrimSpace(cells[3]) == "" && !nested {
			require.Contains(t, append(plain, "podLabels", "tolerations", "affinity", "priorityClassName"), last, "%s has no comment", top)
		}
	}
}

// valuePath is a value as the guides name it. Files of a Secret look like one.
var valuePath = regexp.MustCompile("`([a-zA-Z]+)((?:\\.[a-zA-Z]+)+)`")

func TestValuesThatGuidesNameExist(t *testing.T) {
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(mustRead(t, chartFolder+"/values.yaml")), &document))
	found := 0
	for _, pattern := range []string{"../../docs/*.md", "../../docs/runbooks/*.md", readme} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			if filepath.Base(file) == "role-table.md" {
				continue // permissions are called like that, too
			}
			for _, m := range valuePath.FindAllStringSubmatch(mustRead(t, file), -1) {
				value, section := document.Content[0], lookup(document.Content[0], m[1])
				if section.Kind != yaml.MappingNode || slices.Contains(components, m[1]) || m[2] == ".crt" || m[2] == ".key" {
					continue // as are tests of a service
				}
				for key := range strings.SplitSeq(m[1]+m[2], ".") {
					value = lookup(value, key)
				}
				require.NotZero(t, value.Kind, "%s: values.yaml has no %s", file, m[0])
				found++
			}
		}
	}
	require.Greater(t, found, 100)
}

func mustRead(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}
