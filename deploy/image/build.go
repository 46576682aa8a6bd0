package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// refName is the annotation with the tag of an image in a layout.
const refName = "org.opencontainers.image.ref.name"

// built is one platform's image and the bill of materials that refers to it.
type built struct {
	image v1.Image
	bill  v1.Image
	at    v1.Descriptor
}

// build writes all images and says what came out.
func (o order) build(authorities []byte, w io.Writer) error {
	tag, err := name.NewTag("tandem:" + tagOf(o.Version))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil { //nolint:gosec // build output
		return err
	}
	if authorities != nil {
		_, _ = fmt.Fprintf(w, "sha256:%x  %s, the certificate authorities\n", sha256.Sum256(authorities), o.authorities)
	}
	var all []built
	for _, arch := range o.architectures() {
		one, err := o.platform(arch, authorities, tag, w)
		if err != nil {
			return fmt.Errorf("image for %s: %w", arch, err)
		}
		all = append(all, one)
	}
	return o.writeLayout(all, w)
}

// platform makes one image, with its tar and its bill of materials beside it.
func (o order) platform(arch string, authorities []byte, tag name.Tag, w io.Writer) (built, error) {
	content, err := o.content(arch)
	if err != nil {
		return built{}, err
	}
	content.Authorities = authorities
	image, err := Image(o.Meta, arch, content)
	if err != nil {
		return built{}, err
	}
	file := filepath.Join(o.out, "tandem-image-"+arch+".tar")
	if err := tarball.WriteToFile(file, tag, image); err != nil {
		return built{}, fmt.Errorf("write %s: %w", file, err)
	}
	if err := report(w, file, image); err != nil {
		return built{}, err
	}
	if err := writePublic(filepath.Join(o.out, "tandem-sbom-"+arch+".cdx.json"), content.SBOM); err != nil {
		return built{}, err
	}
	at, err := descriptor(image)
	if err != nil {
		return built{}, err
	}
	at.Platform = &v1.Platform{OS: "linux", Architecture: arch}
	bill, err := Bill(content.SBOM, at)
	return built{image: image, bill: bill, at: at}, err
}

// writeLayout replaces the layout of an earlier build. It holds the index of all
// platforms under its tag, and the bills of materials, which refer to the images.
func (o order) writeLayout(all []built, w io.Writer) error {
	folder := filepath.Join(o.out, "image")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, one := range all {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: one.image, Descriptor: v1.Descriptor{Platform: one.at.Platform}})
	}
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return fmt.Errorf("write %s: %w", folder, err)
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{refName: tagOf(o.Version)})); err != nil {
		return fmt.Errorf("write %s: %w", folder, err)
	}
	for _, one := range all {
		if err := path.AppendImage(one.bill); err != nil {
			return fmt.Errorf("write %s: %w", folder, err)
		}
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
