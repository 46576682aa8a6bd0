package main

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// billType is what registries and scanners know a CycloneDX bill by.
const billType types.MediaType = "application/vnd.cyclonedx+json"

// Bill makes of a bill of materials an artifact that refers to its image, so that
// a registry can be asked for it: the referrers of the OCI distribution.
func Bill(sbom []byte, image v1.Descriptor) (v1.Image, error) {
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), billType)
	artifact, err := mutate.Append(artifact, mutate.Addendum{
		Layer:       static.NewLayer(sbom, billType),
		Annotations: map[string]string{"org.opencontainers.image.title": sbomName},
	})
	if err != nil {
		return nil, fmt.Errorf("bill of materials: %w", err)
	}
	subject := v1.Descriptor{MediaType: image.MediaType, Size: image.Size, Digest: image.Digest}
	referring, ok := mutate.Subject(artifact, subject).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("bill of materials: cannot refer to %s", image.Digest)
	}
	return referring, nil
}

func descriptor(image v1.Image) (v1.Descriptor, error) {
	at, err := partial.Descriptor(image)
	if err != nil {
		return v1.Descriptor{}, err
	}
	return *at, nil
}
