package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"
)

func meta() Meta {
	return Meta{Version: "v1.2.3", Revision: "0123abcd", Created: time.Unix(1_700_000_000, 0).UTC()}
}

func content() Content {
	return Content{
		Program: []byte("\x7fELF program"), Authorities: []byte("-----BEGIN CERTIFICATE-----\n"),
		SBOM: []byte("{}"), Licenses: []byte("Be good.\n"),
	}
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
	bare := content()
	bare.Authorities = nil
	require.NotEqual(t, first, digest(t, build(t, "amd64", bare)))
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
		"/usr": 0o755, "/usr/share": 0o755, "/usr/share/doc": 0o755, "/usr/share/doc/tandem": 0o755,
		"/usr/share/doc/tandem/LICENSES": 0o644, "/usr/share/doc/tandem/sbom.cdx.json": 0o644,
	}, modes)
	require.Equal(t, 65532, found["/var/lib/tandem"].Uid)
	require.Equal(t, 0, found["/tandem"].Uid, "the program cannot change itself")
	bare := content()
	bare.Authorities = nil
	require.NotContains(t, files(t, build(t, "arm64", bare)), "/etc")
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
	require.Equal(t, []string{"CMD", "/tandem", "healthcheck"}, file.Config.Healthcheck.Test, "there is no shell to ask with")
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
		fmt.Sprintf("HEALTHCHECK --interval=%s --timeout=%s --start-period=%s CMD [%q, %q]",
			c.Healthcheck.Interval, c.Healthcheck.Timeout, c.Healthcheck.StartPeriod, c.Healthcheck.Test[1], c.Healthcheck.Test[2]),
	} {
		require.Contains(t, final, line+"\n")
	}
	for label, value := range c.Labels {
		switch label {
		case "org.opencontainers.image.created":
			continue // BuildKit has it from SOURCE_DATE_EPOCH
		case "org.opencontainers.image.version":
			value = "$VERSION"
		case "org.opencontainers.image.revision":
			value = "$REVISION"
		}
		require.Contains(t, final, fmt.Sprintf("LABEL %s=%q\n", label, value))
	}
	var copied []string
	for _, match := range regexp.MustCompile(`(?m)^COPY .* (\S+)$`).FindAllStringSubmatch(final, -1) {
		copied = append(copied, match[1])
	}
	require.ElementsMatch(t, []string{authoritiesPath, "/", "/var/lib/", documentsPath + "/", programPath}, copied)
	require.Contains(t, string(text), "--chown="+c.User+" /out/data/ /var/lib/\n")
	require.NotContains(t, final, "TANDEM_DEV")
}

func TestWrongArgumentsAreExplained(t *testing.T) {
	for want, args := range map[string][]string{
		"--version":       {"amd64=x"},
		"ARCH=PATH":       {"--version", "v1", "x"},
		"no such file":    {"--version", "v1", "--authorities", "/none", "--out", t.TempDir(), "amd64=/none"},
		"invalid value":   {"--version", "v1", "--created", "today"},
		"at least one AR": {"--version", "v1"},
		"of one program":  {"--version", "v1", "--documents", "x", "amd64=x", "arm64=x"},
		"HOST/NAME:TAG":   {"push", "tandem"},
		"one REFERENCE":   {"push"},
		"make image":      {"push", "--from", "/none", "registry.example.org/tandem/tandem:v1"},
	} {
		require.ErrorContains(t, run(args, io.Discard), want)
	}
	for _, take := range []func(*Content){
		func(c *Content) { c.Program = nil }, func(c *Content) { c.SBOM = nil }, func(c *Content) { c.Licenses = nil },
	} {
		lacking := content()
		take(&lacking)
		_, err := Image(meta(), "amd64", lacking)
		require.ErrorContains(t, err, "empty")
	}
}
