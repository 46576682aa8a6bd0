package suite

import (
	"archive/tar"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStepsAreChosenByName(t *testing.T) {
	all, err := choose(nil, false)
	require.NoError(t, err)
	require.Len(t, all, len(steps)-1, "all but the planted faults")
	some, err := choose([]string{"scale", "install"}, true)
	require.NoError(t, err)
	require.Equal(t, []string{"install", "scale", "faults"}, []string{some[0].name, some[1].name, some[2].name})
	_, err = choose([]string{"upgrdae"}, false)
	require.ErrorContains(t, err, "upgrade", "the error names what there is")
}

func TestALeaseWithTwoHoldersIsFound(t *testing.T) {
	require.NoError(t, oneHolder(map[string][]string{"a": {"x"}, "b": {"y"}}, true))
	require.NoError(t, oneHolder(map[string][]string{"a": {}}, false), "it passes from one to another")
	require.ErrorContains(t, oneHolder(map[string][]string{"a": {}}, true), "a is held by 0")
	require.ErrorContains(t, oneHolder(map[string][]string{"a": {"x", "y"}}, false), "held by 2 pods: x, y")
	require.Error(t, oneHolder(nil, true))
}

func TestDigestsAreCompared(t *testing.T) {
	kept := "schools.schools 3 aa\nschools.teams 1 bb"
	lines, err := equalDigests(kept, "log line\nschools.schools 3 aa\nschools.teams 1 bb\n")
	require.NoError(t, err)
	require.Len(t, lines, 2)
	_, err = equalDigests(kept, "schools.schools 3 aa\nschools.teams 1 cc")
	require.ErrorContains(t, err, "schools.teams 1 bb")
	_, err = equalDigests("", "")
	require.Error(t, err)
}

func TestWhatStaysIsSaid(t *testing.T) {
	for name, known := range map[string]bool{
		"secret/tandem-keys-schools": true, "configmap/tandem-keys-schools": true, "secret/tandem-nats": true, "serviceaccount/default": true,
		"networkpolicy.networking.k8s.io/e2e-reaches-nats": true, "configmap/tandem-nats": true,
		"networkpolicy.networking.k8s.io/tandem-default-deny": false, "serviceaccount/tandem-migrate": false, "job.batch/tandem-migrate": false,
		"secret/sh.helm.release.v1.tandem.v1": false, "deployment.apps/tandem-gateway": false,
	} {
		require.Equal(t, known, byHand(name), name)
	}
}

// A fault that the chart has no place for would be found by nothing.
func TestFaultsHaveTheirPlaceInTheChart(t *testing.T) {
	for _, f := range planted {
		chart := t.TempDir()
		require.NoError(t, os.CopyFS(chart, os.DirFS(filepath.Join("..", "..", "..", "charts", "tandem"))))
		require.NoError(t, change(chart, f), f.name)
		require.NoError(t, change(chart, fault{name: f.name, good: f.evil, evil: f.good}), "it was planted")
	}
	require.ErrorContains(t, change(t.TempDir(), planted[0]), "no such file")
}

func TestImagesAreWrittenAndRenamed(t *testing.T) {
	folder := t.TempDir()
	program, image, renamed := filepath.Join(folder, "p"), filepath.Join(folder, "a.tar"), filepath.Join(folder, "b.tar")
	require.NoError(t, os.WriteFile(program, []byte("\x7fELF"), 0o600))
	require.NoError(t, scratchImage(image, "localhost/p:one", program, "/p"))
	require.Equal(t, []string{"localhost/p:one"}, tags(t, image))
	require.NoError(t, retag(image, renamed, "localhost/q:two"))
	require.Equal(t, []string{"localhost/q:two"}, tags(t, renamed))
}

func tags(t *testing.T, image string) []string {
	t.Helper()
	file, err := os.Open(image)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for r := tar.NewReader(file); ; {
		header, err := r.Next()
		require.NoError(t, err)
		if header.Name == "manifest.json" {
			raw, err := io.ReadAll(r)
			require.NoError(t, err)
			var manifest []struct{ RepoTags []string }
			require.NoError(t, json.Unmarshal(raw, &manifest))
			return manifest[0].RepoTags
		}
	}
}

func TestASecondLineStandsBelowTheFirst(t *testing.T) {
	var out strings.Builder
	r := &Suite{Settings: Settings{Out: &out}}
	require.NoError(t, r.play(t.Context(), "name", "what", func(context.Context) (string, error) { return "one\ntwo", nil }))
	lines := strings.Split(out.String(), "\n")
	require.Equal(t, strings.Index(lines[0], "one"), strings.Index(lines[1], "two"))
}
