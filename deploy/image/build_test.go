package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
)

// arguments build images of a small program.
func arguments(t *testing.T, out string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hello")
	said, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./testdata/hello").CombinedOutput()
	require.NoError(t, err, string(said))
	return []string{
		"--version", "v1+dirty", "--created", "1700000000", "--authorities", filepath.Join(out, "none"), "--out", out,
		"--source", "../..", "--modules", goEnv(t, "GOMODCACHE"), "--goroot", goEnv(t, "GOROOT"),
		"arm64=" + program, "amd64=" + program,
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func TestABuildWritesLayoutTarsAndBills(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new")
	args := arguments(t, out)
	var said strings.Builder
	require.NoError(t, run(args, &said))
	require.Equal(t, 3, strings.Count(said.String(), "sha256:"))
	left := filepath.Join(out, "image", "left-over")
	require.NoError(t, os.WriteFile(left, nil, 0o644))
	require.NoError(t, run(args, io.Discard))
	require.NoFileExists(t, left, "an earlier build is replaced")

	layoutOfTheBuild(t, out)
	image, err := tarball.ImageFromPath(filepath.Join(out, "tandem-image-arm64.tar"), nil)
	require.NoError(t, err)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "arm64", file.Architecture)
	tags, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(filepath.Join(out, "tandem-image-arm64.tar")) })
	require.NoError(t, err)
	require.Equal(t, []string{"tandem:v1-dirty"}, tags[0].RepoTags)

	var bill struct{ BOMFormat string }
	written, err := os.ReadFile(filepath.Join(out, "tandem-sbom-arm64.cdx.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(written, &bill))
	require.Equal(t, "CycloneDX", bill.BOMFormat)
}

// layoutOfTheBuild looks for one tagged index of both platforms, and a bill for
// each image. Tools that copy a layout by its tag find exactly one.
func layoutOfTheBuild(t *testing.T, out string) v1.ImageIndex {
	t.Helper()
	written, err := layout.ImageIndexFromPath(filepath.Join(out, "image"))
	require.NoError(t, err)
	top, err := written.IndexManifest()
	require.NoError(t, err)
	require.Len(t, top.Manifests, 3)
	require.Equal(t, "v1-dirty", top.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	platforms, err := written.ImageIndex(top.Manifests[0].Digest)
	require.NoError(t, err)
	manifest, err := platforms.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 2)
	require.Equal(t, "linux/amd64", manifest.Manifests[0].Platform.String())
	require.Equal(t, "linux/arm64", manifest.Manifests[1].Platform.String())
	for i, image := range manifest.Manifests {
		bill, err := written.Image(top.Manifests[1+i].Digest)
		require.NoError(t, err)
		about, err := bill.Manifest()
		require.NoError(t, err)
		require.Equal(t, image.Digest, about.Subject.Digest)
		require.Equal(t, billType, about.Config.MediaType, "which says what kind of artifact it is")
	}
	return written
}

func TestOnlyTheDocumentsAreWrittenForADockerfile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "documents")
	args := arguments(t, "unused")
	require.NoError(t, run(append([]string{"--documents", out}, args[:len(args)-1]...), io.Discard))
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	for _, name := range []string{licensesName, sbomName} {
		info, err := os.Stat(filepath.Join(out, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o644), info.Mode())
	}
	require.NoDirExists(t, "unused")
}

func TestARegistryGetsAllPlatformsAndIsAskedForTheBill(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	defer server.Close()
	out := t.TempDir()
	require.NoError(t, run(arguments(t, out), io.Discard))
	reference := strings.TrimPrefix(server.URL, "http://") + "/tandem/tandem:v1"
	var said strings.Builder
	require.NoError(t, run([]string{"push", "--from", filepath.Join(out, "image"), reference}, &said))

	tag, err := name.NewTag(reference)
	require.NoError(t, err)
	index, err := remote.Index(tag)
	require.NoError(t, err)
	digest, err := index.Digest()
	require.NoError(t, err)
	require.Equal(t, tag.Context().Digest(digest.String()).String()+"\n", said.String(), "the line that goes into the values of a chart")
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 2)
	for _, image := range manifest.Manifests {
		referrers, err := remote.Referrers(tag.Context().Digest(image.Digest.String()))
		require.NoError(t, err)
		bills, err := referrers.IndexManifest()
		require.NoError(t, err)
		require.Len(t, bills.Manifests, 1)
	}
}
