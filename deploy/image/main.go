// Command image puts the program into container images without a daemon: a
// static binary, what it is made of, certificate authorities, two empty folders
// and nothing else.
//
//	image --version V ... ARCH=PATH...    images of all platforms (main.go, build.go, image.go)
//	image --documents DIR ... ARCH=PATH   only what a program is made of, for the Dockerfile
//	image push --from DIR REFERENCE       to a registry (push.go)
//
// It writes an OCI layout with all platforms and a tar for each, which docker
// load and podman load take. Owners, modes, times and order are fixed, so that
// the same inputs give the same digests. build.sh compiles the binaries and calls
// it; check.sh builds twice and compares; bom/ reads what is in a binary.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/image/bom"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// order is what to build.
type order struct {
	Meta
	authorities string
	out         string
	documents   string
	inputs      bom.Inputs
	binaries    map[string]string // path by architecture
}

func run(args []string, w io.Writer) error {
	if len(args) > 0 && args[0] == "push" {
		return push(args[1:], w)
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.documents != "" {
		return o.document()
	}
	authorities, err := os.ReadFile(o.authorities)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "image: no certificate authorities at %s: the program can only reach servers over plain connections\n", o.authorities)
	} else if err != nil {
		return err
	}
	return o.build(authorities, w)
}

func parse(args []string) (order, error) {
	var o order
	var created int64
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&o.Version, "version", "", "version of the program")
	flags.StringVar(&o.Revision, "revision", "", "commit it was built from")
	flags.Int64Var(&created, "created", 0, "time of the image in seconds since 1970")
	flags.StringVar(&o.authorities, "authorities", "", "PEM file with certificate authorities")
	flags.StringVar(&o.inputs.Source, "source", ".", "root of the repository")
	flags.StringVar(&o.inputs.Modules, "modules", "", "Go's module cache: go env GOMODCACHE")
	flags.StringVar(&o.inputs.Go, "goroot", "", "Go that built the program: go env GOROOT")
	flags.StringVar(&o.documents, "documents", "", "write only what the program is made of, into this folder")
	flags.StringVar(&o.out, "out", "bin", "folder for the images")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.Created, o.binaries = time.Unix(created, 0).UTC(), map[string]string{}
	o.inputs.Version, o.inputs.Revision, o.inputs.Created = o.Version, o.Revision, o.Created
	for _, arg := range flags.Args() {
		arch, path, ok := strings.Cut(arg, "=")
		if !ok || arch == "" || path == "" {
			return o, fmt.Errorf("%q: want ARCH=PATH of a binary, e.g. amd64=bin/linux-amd64/tandem", arg)
		}
		o.binaries[arch] = path
	}
	if o.Version == "" || len(o.binaries) == 0 {
		return o, errors.New("give --version and at least one ARCH=PATH")
	}
	if o.documents != "" && len(o.binaries) != 1 {
		return o, errors.New("--documents tells of one program: give one ARCH=PATH")
	}
	return o, nil
}

// content reads a program and finds out what it is made of.
func (o order) content(arch string) (Content, error) {
	program, err := os.ReadFile(o.binaries[arch])
	if err != nil {
		return Content{}, err
	}
	bill, err := bom.Of(program, o.inputs)
	if err != nil {
		return Content{}, fmt.Errorf("%s: %w", o.binaries[arch], err)
	}
	return Content{Program: program, SBOM: bill.SBOM, Licenses: bill.Licenses}, nil
}

// document writes what the only program is made of.
func (o order) document() error {
	content, err := o.content(o.architectures()[0])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.documents, 0o755); err != nil { //nolint:gosec // a folder for everybody's eyes
		return err
	}
	return errors.Join(
		writePublic(filepath.Join(o.documents, sbomName), content.SBOM),
		writePublic(filepath.Join(o.documents, licensesName), content.Licenses))
}

func (o order) architectures() []string {
	var names []string
	for arch := range o.binaries {
		names = append(names, arch)
	}
	slices.Sort(names)
	return names
}

// writePublic writes a file that everybody may read, whatever the umask says.
func writePublic(path string, data []byte) error {
	if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // it goes into images
		return err
	}
	return os.Chmod(path, 0o644) //nolint:gosec // as above
}
