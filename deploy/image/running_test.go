package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
)

const patience = 2 * time.Minute

// start runs a command line of the image in its own file system, as its user: the
// root read-only, /tmp and the data folder in memory, nothing of the machine but
// the network.
const start = `set -e
root=$1; shift
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=700,uid=65532,gid=65532 tmpfs "$root/var/lib/tandem"
cd "$root"
exec chroot --userspec=65532:65532 --groups=65532 "$root" "$@"`

// The program really runs from nothing but what the image holds.
func TestTheImageRuns(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skipf("user %d cannot make a file system of its own: run it as root", os.Geteuid())
	}
	image := buildProduct(t)
	root := unpack(t, image)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	http, ops := freeAddress(t), freeAddress(t)
	env := append(file.Config.Env, "TANDEM_HTTP_ADDR="+http, "TANDEM_OPS_ADDR="+ops)
	for _, service := range []string{"SCHOOLS", "ASSESSMENTS", "EVIDENCE", "BADGES"} {
		env = append(env, "TANDEM_"+service+"_ADDR="+freeAddress(t))
	}
	serving := inside(root, env, append(file.Config.Entrypoint, file.Config.Cmd...)...)
	var said strings.Builder
	serving.Stdout, serving.Stderr = &said, &said
	require.NoError(t, serving.Start())
	ended := make(chan error, 1)
	go func() { ended <- serving.Wait() }()
	t.Cleanup(func() { _ = serving.Process.Kill() })

	require.Eventually(t, func() bool {
		select {
		case err := <-ended:
			t.Fatalf("the program ended: %v\n%s", err, said.String())
		default:
		}
		return answers("http://" + ops + "/readyz")
	}, patience, 100*time.Millisecond)
	require.True(t, answers("http://"+ops+"/healthz"))
	require.True(t, answers("http://"+http+"/openapi.json"))

	healthy, err := inside(root, env, append(file.Config.Healthcheck.Test[1:], "--url", "http://"+ops)...).CombinedOutput()
	require.NoError(t, err, string(healthy))
	wrong, err := inside(root, env, append(file.Config.Healthcheck.Test[1:], "--url", "http://"+freeAddress(t))...).CombinedOutput()
	require.Error(t, err, "nobody listens there, and the check says: %s", wrong)

	require.NoError(t, serving.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		require.NoError(t, err, said.String())
	case <-time.After(patience):
		t.Fatal("the program did not stop")
	}
}

// What the product is made of is known, and may be passed on.
func TestTheProductNamesAllItsLicences(t *testing.T) {
	root := unpack(t, buildProduct(t))
	bill, err := os.ReadFile(filepath.Join(root, documentsPath, sbomName))
	require.NoError(t, err)
	require.Greater(t, strings.Count(string(bill), `"purl"`), 150)
	for _, word := range []string{"(devel)", "pgregory.net/rapid", "nats-server/v2/test"} {
		require.False(t, strings.Contains(string(bill), word), "%s does not belong into the product", word)
	}
	texts, err := os.ReadFile(filepath.Join(root, documentsPath, licensesName))
	require.NoError(t, err)
	for _, words := range []string{"modernc.org/sqlite", "The FreeType Project LICENSE", "services/kit/lettering/fonts"} {
		require.True(t, strings.Contains(string(texts), words), "%s is missing", words)
	}
}

var product v1.Image

// buildProduct builds the product's image for this machine, once.
func buildProduct(t *testing.T) v1.Image {
	t.Helper()
	if product != nil {
		return product
	}
	out := t.TempDir()
	program := filepath.Join(out, "tandem")
	compile := exec.Command("go", "-C", "../..", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./services/tandem")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=")
	said, err := compile.CombinedOutput()
	require.NoError(t, err, string(said))
	args := arguments(t, out)
	require.NoError(t, run(append(args[:len(args)-2], runtime.GOARCH+"="+program), io.Discard))
	require.NoError(t, os.Rename(filepath.Join(out, "tandem-image-"+runtime.GOARCH+".tar"), kept(t)))
	product, err = tarball.ImageFromPath(kept(t), nil)
	require.NoError(t, err)
	return product
}

// kept is where the product's image lies until all tests have ended.
func kept(t *testing.T) string {
	t.Helper()
	return filepath.Join(lasting, "product.tar")
}

var lasting string

func TestMain(m *testing.M) {
	var err error
	if lasting, err = os.MkdirTemp("", "image-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(lasting)
	os.Exit(code)
}

func inside(root string, env []string, command ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"-c", start, "sh", root}, command...)...)
	cmd.Env = append(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func answers(url string) bool {
	response, err := http.Get(url) //nolint:noctx // an address of this test
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// unpack writes the file system of an image into a folder, with its owners where
// this may be done.
func unpack(t *testing.T, image v1.Image) string {
	t.Helper()
	root := t.TempDir()
	packed := mutate.Extract(image)
	defer func() { _ = packed.Close() }()
	for r := tar.NewReader(packed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return root
		}
		require.NoError(t, err)
		path := filepath.Join(root, filepath.Clean("/"+header.Name))
		require.NoError(t, write(path, header, r))
	}
}

func write(path string, header *tar.Header, content io.Reader) error {
	switch header.Typeflag {
	case tar.TypeDir:
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
	case tar.TypeReg:
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s: type %q does not belong into the image", header.Name, header.Typeflag)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, header.Uid, header.Gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, header.FileInfo().Mode())
}

// build.sh, check.sh and the Dockerfile compile with the same words.
func TestEveryBuildCompilesAlike(t *testing.T) {
	flags := regexp.MustCompile(`-trimpath -buildvcs=false -ldflags "-s -w -X main\.version=\$(version|VERSION) -X main\.revision=\$(revision|REVISION)"`)
	for _, file := range []string{"build.sh", "Dockerfile"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Regexp(t, flags, string(text), file)
		require.Contains(t, string(text), "CGO_ENABLED=0", file)
	}
}
