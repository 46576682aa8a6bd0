package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"
)

func meta() Meta {
	return Meta{Version: "v1.2.3", Revision: "0123abcd", Created: time.Unix(1_700_000_000, 0).UTC()}
}

func content() Content {
	return Content{Program: []byte("\x7fELF program"), Authorities: []byte("-----BEGIN CERTIFICATE-----\n")}
}

func build(t *testing.T, arch string, c Content) v1.Image {
	t.Helper()
	image, err := Image(meta(), arch, c)
	require.NoError(t, err)
	require.NoError(t, validate.Image(image))
	return image
}

func digest(t *testing.T, image v1.Image) string {
	t.Helper()
	d, err := image.Digest()
	require.NoError(t, err)
	return d.String()
}

// files are the headers of the flattened file system, by path.
func files(t *testing.T, image v1.Image) map[string]*tar.Header {
	t.Helper()
	packed := mutate.Extract(image)
	defer func() { _ = packed.Close() }()
	found := map[string]*tar.Header{}
	for r := tar.NewReader(packed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		found["/"+strings.TrimSuffix(header.Name, "/")] = header
	}
}

func TestTheSameInputsGiveTheSameDigest(t *testing.T) {
	first := digest(t, build(t, "amd64", content()))
	require.Equal(t, first, digest(t, build(t, "amd64", content())))

	other := content()
	other.Program = []byte("\x7fELF another program")
	require.NotEqual(t, first, digest(t, build(t, "amd64", other)))
	require.NotEqual(t, first, digest(t, build(t, "arm64", content())))
	require.NotEqual(t, first, digest(t, build(t, "amd64", Content{Program: content().Program})))
}

func TestTheImageHoldsTheProgramAndLittleElse(t *testing.T) {
	image := build(t, "arm64", content())
	found := files(t, image)
	modes := map[string]int64{}
	for path, header := range found {
		modes[path] = header.Mode
		require.True(t, header.ModTime.Equal(meta().Created), path)
	}
	require.Equal(t, map[string]int64{
		"/tandem": 0o755, "/tmp": 0o1777, "/var": 0o755, "/var/lib": 0o755, "/var/lib/tandem": 0o700,
		"/etc": 0o755, "/etc/ssl": 0o755, "/etc/ssl/certs": 0o755, "/etc/ssl/certs/ca-certificates.crt": 0o644,
	}, modes)
	require.Equal(t, 65532, found["/var/lib/tandem"].Uid)
	require.Equal(t, 0, found["/tandem"].Uid, "the program cannot change itself")
	require.NotContains(t, files(t, build(t, "arm64", Content{Program: []byte("x")})), "/etc")
}

func TestTheImageRunsTheProgramAsNobody(t *testing.T) {
	file, err := build(t, "arm64", content()).ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "linux/arm64", file.OS+"/"+file.Architecture)
	require.True(t, file.Created.Equal(meta().Created))
	require.Equal(t, "65532:65532", file.Config.User)
	require.Equal(t, []string{"/tandem", "serve", "all"}, append(file.Config.Entrypoint, file.Config.Cmd...))
	require.Equal(t, "v1.2.3", file.Config.Labels["org.opencontainers.image.version"])
	require.Equal(t, "0123abcd", file.Config.Labels["org.opencontainers.image.revision"])
	require.NotContains(t, strings.Join(file.Config.Env, " "), "TANDEM_DEV")
}

// A second description of the same image must not drift away.
func TestTheDockerfileSaysTheSame(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	_, final, ok := strings.Cut(string(text), "FROM scratch\n")
	require.True(t, ok)
	c := config(meta())
	for _, line := range []string{
		"USER " + c.User, "WORKDIR " + c.WorkingDir, "EXPOSE 8080 8081", `VOLUME ["` + dataPath + `"]`,
		`ENTRYPOINT ["/tandem"]`, `CMD ["serve", "all"]`, "ENV " + strings.Join(c.Env, " "),
	} {
		require.Contains(t, final, line+"\n")
	}
	var copied []string
	for _, match := range regexp.MustCompile(`(?m)^COPY .* (\S+)$`).FindAllStringSubmatch(final, -1) {
		copied = append(copied, match[1])
	}
	require.ElementsMatch(t, []string{authoritiesPath, "/", "/var/lib/", programPath}, copied)
	require.Contains(t, string(text), "--chown="+c.User+" /out/data/ /var/lib/\n")
	require.NotContains(t, final, "TANDEM_DEV")
}

func TestACommandWritesLayoutAndTars(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	out := filepath.Join(t.TempDir(), "new")
	require.NoError(t, os.WriteFile(program, content().Program, 0o755))
	args := []string{
		"--version", "v1+dirty", "--created", "1700000000", "--authorities", filepath.Join(out, "none"), "--out", out,
		"arm64=" + program, "amd64=" + program,
	}
	var said strings.Builder
	require.NoError(t, run(args, &said))
	require.Equal(t, 3, strings.Count(said.String(), "sha256:"))
	left := filepath.Join(out, "image", "left-over")
	require.NoError(t, os.WriteFile(left, nil, 0o644))
	require.NoError(t, run(args, io.Discard))
	require.NoFileExists(t, left, "an earlier build is replaced")

	index, err := layout.ImageIndexFromPath(filepath.Join(out, "image"))
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 2)
	require.Equal(t, "linux/amd64", manifest.Manifests[0].Platform.String())
	require.Equal(t, "linux/arm64", manifest.Manifests[1].Platform.String())

	image, err := tarball.ImageFromPath(filepath.Join(out, "tandem-image-arm64.tar"), nil)
	require.NoError(t, err)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "arm64", file.Architecture)
	tags, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(filepath.Join(out, "tandem-image-arm64.tar")) })
	require.NoError(t, err)
	require.Equal(t, []string{"tandem:v1-dirty"}, tags[0].RepoTags)
}

func TestWrongArgumentsAreExplained(t *testing.T) {
	for want, args := range map[string][]string{
		"--version":       {"amd64=x"},
		"ARCH=PATH":       {"--version", "v1", "x"},
		"no such file":    {"--version", "v1", "--authorities", "/none", "--out", t.TempDir(), "amd64=/none"},
		"invalid value":   {"--version", "v1", "--created", "today"},
		"at least one AR": {"--version", "v1"},
	} {
		require.ErrorContains(t, run(args, io.Discard), want)
	}
	_, err := Image(meta(), "amd64", Content{})
	require.ErrorContains(t, err, "empty")
}
