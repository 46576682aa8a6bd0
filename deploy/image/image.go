package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Fixed places and the user of the image. The Dockerfile and the chart have the
// same.
const (
	programPath     = "/tandem"
	authoritiesPath = "/etc/ssl/certs/ca-certificates.crt"
	dataPath        = "/var/lib/tandem"
	documentsPath   = "/usr/share/doc/tandem"
	sbomName        = "sbom.cdx.json"
	licensesName    = "LICENSES"
	user            = "65532:65532"
	userID          = 65532
)

// How Docker looks after the program; Kubernetes has probes of its own.
const (
	healthInterval = 10 * time.Second
	healthTimeout  = 5 * time.Second
	healthStart    = 2 * time.Minute
)

// Meta is what an image tells about itself.
type Meta struct {
	Version  string
	Revision string
	Created  time.Time
}

// Content is what an image holds.
type Content struct {
	Program     []byte
	Authorities []byte // PEM; nil leaves them out
	SBOM        []byte // CycloneDX JSON
	Licenses    []byte
}

// Image makes the image of one architecture. Certificate authorities are a layer
// below the program's: they change more rarely.
func Image(m Meta, arch string, c Content) (v1.Image, error) {
	if len(c.Program) == 0 || len(c.SBOM) == 0 || len(c.Licenses) == 0 {
		return nil, errors.New("the program, its bill of materials or its licences are empty")
	}
	base, err := layer(m.Created, baseEntries(c.Authorities))
	if err != nil {
		return nil, err
	}
	program, err := layer(m.Created, append(documents(c), entry{path: programPath, mode: 0o755, data: c.Program}))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image,
		addendum(m, base, "folders and certificate authorities"),
		addendum(m, program, "tandem "+m.Version))
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created, file.Config = "linux", arch, v1.Time{Time: m.Created}, config(m)
	return mutate.ConfigFile(image, file)
}

func addendum(m Meta, layer v1.Layer, what string) mutate.Addendum {
	return mutate.Addendum{
		Layer:       layer,
		History:     v1.History{Created: v1.Time{Time: m.Created}, CreatedBy: "deploy/image", Comment: what},
		Annotations: map[string]string{"org.opencontainers.image.title": what},
	}
}

// config says how the program runs. Development mode is not among it: who wants
// it has to say so.
func config(m Meta) v1.Config {
	return v1.Config{
		Entrypoint: []string{programPath},
		Cmd:        []string{"serve", "all"},
		User:       user,
		WorkingDir: dataPath,
		Env:        []string{"TANDEM_DATA=" + dataPath + "/data", "TANDEM_HTTP_ADDR=:8080", "TANDEM_OPS_ADDR=:8081"},
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", programPath, "healthcheck"}, Interval: healthInterval, Timeout: healthTimeout, StartPeriod: healthStart,
		},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}, "8081/tcp": {}},
		Volumes:      map[string]struct{}{dataPath: {}},
		Labels: map[string]string{
			"org.opencontainers.image.title":       "tandem",
			"org.opencontainers.image.description": "Schools earn badges in family-school partnership, and anyone can verify them.",
			"org.opencontainers.image.source":      "https://github.com/tandem-badges/tandem",
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.version":     m.Version,
			"org.opencontainers.image.revision":    m.Revision,
			"org.opencontainers.image.created":     m.Created.Format(time.RFC3339),
		},
	}
}

// documents tell what the program is made of.
func documents(c Content) []entry {
	return []entry{
		{path: "/usr", mode: 0o755},
		{path: "/usr/share", mode: 0o755},
		{path: "/usr/share/doc", mode: 0o755},
		{path: documentsPath, mode: 0o755},
		{path: documentsPath + "/" + licensesName, mode: 0o644, data: c.Licenses},
		{path: documentsPath + "/" + sbomName, mode: 0o644, data: c.SBOM},
	}
}

// entry is a file, or a folder where data is nil.
type entry struct {
	path  string
	mode  int64
	owner int
	data  []byte
}

func baseEntries(authorities []byte) []entry {
	entries := []entry{
		{path: "/tmp", mode: 0o1777},
		{path: "/var", mode: 0o755},
		{path: "/var/lib", mode: 0o755},
		{path: dataPath, mode: 0o700, owner: userID},
	}
	if authorities == nil {
		return entries
	}
	return append(entries,
		entry{path: "/etc", mode: 0o755}, entry{path: "/etc/ssl", mode: 0o755}, entry{path: "/etc/ssl/certs", mode: 0o755},
		entry{path: authoritiesPath, mode: 0o644, data: authorities})
}

// layer packs entries in their order.
func layer(at time.Time, entries []entry) (v1.Layer, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, e := range entries {
		header := &tar.Header{
			Name: e.path[1:], Mode: e.mode, Uid: e.owner, Gid: e.owner, ModTime: at,
			Typeflag: tar.TypeReg, Size: int64(len(e.data)), Format: tar.FormatPAX,
		}
		if e.data == nil {
			header.Name, header.Typeflag = header.Name+"/", tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}
