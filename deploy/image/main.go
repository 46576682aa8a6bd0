// Command image puts the program into container images without a daemon: a
// static binary, certificate authorities, two empty folders and nothing else.
//
// It writes an OCI layout with all platforms and a tar for each, which docker
// load and podman load take. Owners, modes, times and order are fixed, so that
// the same inputs give the same digests. build.sh compiles the binaries and calls
// it; image.go makes one image.
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

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
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
	binaries    map[string]string // path by architecture
}

func run(args []string, w io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
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
	flags.StringVar(&o.out, "out", "bin", "folder for the images")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.Created, o.binaries = time.Unix(created, 0).UTC(), map[string]string{}
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
	return o, nil
}

// build writes all images and says what came out.
func (o order) build(authorities []byte, w io.Writer) error {
	tag, err := name.NewTag("tandem:" + tagOf(o.Version))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var architectures []string
	for arch := range o.binaries {
		architectures = append(architectures, arch)
	}
	slices.Sort(architectures)
	for _, arch := range architectures {
		image, err := o.image(arch, authorities)
		if err != nil {
			return err
		}
		file := filepath.Join(o.out, "tandem-image-"+arch+".tar")
		if err := tarball.WriteToFile(file, tag, image); err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
		if err := report(w, file, image); err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return o.writeLayout(index, w)
}

func (o order) image(arch string, authorities []byte) (v1.Image, error) {
	binary, err := os.ReadFile(o.binaries[arch])
	if err != nil {
		return nil, err
	}
	image, err := Image(o.Meta, arch, Content{Program: binary, Authorities: authorities})
	if err != nil {
		return nil, fmt.Errorf("image for %s: %w", arch, err)
	}
	return image, nil
}

// writeLayout replaces the layout of an earlier build.
func (o order) writeLayout(index v1.ImageIndex, w io.Writer) error {
	folder := filepath.Join(o.out, "image")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if _, err := layout.Write(folder, index); err != nil {
		return fmt.Errorf("write %s: %w", folder, err)
	}
	return report(w, folder, index)
}

// report prints the digest of an image or an index of images.
func report(w io.Writer, file string, of interface{ Digest() (v1.Hash, error) }) error {
	digest, err := of.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s  %s\n", digest, file)
	return err
}

// tagOf makes a tag of a version: git describe may give characters no tag has.
func tagOf(version string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '-'
	}, version)
}
