package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push brings the layout of a build to a registry: the index of all platforms
// under the tag, and the bills of materials of its images. It signs in as docker
// login and podman login left it.
func push(args []string, w io.Writer) error {
	flags := flag.NewFlagSet("image push", flag.ContinueOnError)
	from := flags.String("from", "bin/image", "layout of a build")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("give one REFERENCE, e.g. registry.example.org/tandem/tandem:v1")
	}
	to, err := name.NewTag(flags.Arg(0), name.StrictValidation)
	if err != nil {
		return fmt.Errorf("%w; want HOST/NAME:TAG, e.g. registry.example.org/tandem/tandem:v1", err)
	}
	built, err := layout.ImageIndexFromPath(*from)
	if err != nil {
		return fmt.Errorf("%w: build it with make image", err)
	}
	return pushAll(built, to, w)
}

func pushAll(built v1.ImageIndex, to name.Tag, w io.Writer) error {
	manifest, err := built.IndexManifest()
	if err != nil {
		return err
	}
	auth := remote.WithAuthFromKeychain(authn.DefaultKeychain)
	for _, entry := range manifest.Manifests {
		at := to.Context().Digest(entry.Digest.String())
		if entry.MediaType.IsImage() {
			bill, err := built.Image(entry.Digest)
			if err != nil {
				return err
			}
			if err := remote.Write(at, bill, auth); err != nil {
				return fmt.Errorf("push the bill of materials: %w", err)
			}
			continue
		}
		index, err := built.ImageIndex(entry.Digest)
		if err != nil {
			return err
		}
		if err := remote.WriteIndex(to, index, auth); err != nil {
			return fmt.Errorf("push: %w", err)
		}
		_, _ = fmt.Fprintf(w, "%s\n", at)
	}
	return nil
}
