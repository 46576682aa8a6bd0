package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/config"
)

// ours are commands of the program in the runbooks: in a pod, or on the machine of whoever reads.
var ours = regexp.MustCompile("(?m)(?:-- /tandem|^\\s*tandem|`tandem) ([a-z][^\n`|]*)")

// Whoever is called at night copies commands from a page: each must be one that this program knows.
func TestTheCommandsOfRunbooksAreTheProgram(t *testing.T) {
	files, err := filepath.Glob("../../../../docs/runbooks/*.md")
	require.NoError(t, err)
	tried := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range ours.FindAllStringSubmatch(string(text), -1) {
			line := strings.TrimSpace(found[1])
			parser, err := config.New(&CLI{}, "tandem", "")
			require.NoError(t, err)
			_, err = parser.Parse(words(line))
			if onlyNamed(err) {
				err = nil
			}
			require.NoError(t, err, "%s: tandem %s", filepath.Base(file), line)
			tried++
		}
	}
	require.Greater(t, tried, 30)
}

// inPod are examinations of one part, in its own pod or container.
var inPod = regexp.MustCompile(`(?:deploy/tandem-|compose exec )([a-z$]+)(?: --)? /tandem doctor ?([a-z$]*)`)

// A pod has the settings of its own part: examined as if everything ran there, it would be found wrong.
func TestTheDoctorOfRunbooksIsToldWhichPartRunsInThePod(t *testing.T) {
	found := 0
	for _, pattern := range []string{"docs/*.md", "docs/runbooks/*.md", "deploy/compose/README.md", "charts/tandem/README.md"} {
		files, err := filepath.Glob("../../../../" + pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range inPod.FindAllStringSubmatch(string(text), -1) {
				require.Equal(t, m[1], m[2], "%s: %s", filepath.Base(file), m[0])
				found++
			}
		}
	}
	require.Greater(t, found, 10)
}

// onlyNamed tells whether a text names a command without giving all that it needs.
func onlyNamed(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "missing flags") || strings.Contains(err.Error(), `expected "<`))
}

// words splits a line as a shell would, with its single quotes.
func words(line string) []string {
	var all []string
	for _, one := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		all = append(all, strings.Trim(one, "'"))
	}
	return all
}
