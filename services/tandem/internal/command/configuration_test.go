package command

import (
	"os"
	"regexp"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/config"
)

// Defaults that the page tells in words, since they follow from others.
func inWords(variable string) bool {
	return variable == "TANDEM_PUBLIC_URL" || variable == "TANDEM_BLOBS"
}

func settingsOfThePage(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../../../docs/configuration.md")
	require.NoError(t, err)
	found := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `(TANDEM_[A-Z_]+)` \\|(?: `([^`]*)`)?[^|]*\\|.*\\|$")
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		require.NotContains(t, found, match[1], "stands there twice")
		found[match[1]] = match[2]
		if inWords(match[1]) {
			found[match[1]] = ""
		}
	}
	return found
}

func settingsOfTheProgram(t *testing.T) map[string]string {
	t.Helper()
	parser, err := config.New(&CLI{}, "tandem", "")
	require.NoError(t, err)
	found := map[string]string{}
	require.NoError(t, kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && len(flag.Envs) > 0 && flag.Name != "config" {
			value := flag.Default
			if value == "" && flag.IsBool() {
				value = "false"
			}
			// What one command requires may have a default elsewhere.
			if found[flag.Envs[0]] == "" {
				found[flag.Envs[0]] = value
			}
		}
		return next(nil)
	}))
	return found
}

func TestThePageOfSettingsIsThatOfTheProgram(t *testing.T) {
	program := settingsOfTheProgram(t)
	page := settingsOfThePage(t)
	require.Greater(t, len(program), 30)
	require.Equal(t, program, page)
}
