package suite

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"time"
)

// retag copies the tar of an image under another name.
func retag(from, to, name string) error {
	in, err := os.Open(from) //nolint:gosec // our own file
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to) //nolint:gosec // our own file
	if err != nil {
		return err
	}
	w := tar.NewWriter(out)
	for r := tar.NewReader(in); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(err, out.Close())
		}
		var content io.Reader = r
		if header.Name == "manifest.json" {
			manifest, err := rename(r, name)
			if err != nil {
				return errors.Join(err, out.Close())
			}
			header.Size, content = int64(len(manifest)), bytes.NewReader(manifest)
		}
		if err := w.WriteHeader(header); err != nil {
			return errors.Join(err, out.Close())
		}
		if _, err := io.Copy(w, content); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	return errors.Join(w.Close(), out.Close())
}

func rename(manifest io.Reader, name string) ([]byte, error) {
	var images []map[string]any
	if err := json.NewDecoder(manifest).Decode(&images); err != nil {
		return nil, err
	}
	for _, image := range images {
		image["RepoTags"] = []string{name}
	}
	return json.Marshal(images)
}

// scratchImage is an image with one static program and a folder for temporary files.
func scratchImage(to, name, program, at string) error {
	content, err := os.ReadFile(program) //nolint:gosec // what we have just built
	if err != nil {
		return err
	}
	layer, err := archive(
		file{tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}, nil},
		file{tar.Header{Name: path.Clean(at)[1:], Typeflag: tar.TypeReg, Mode: 0o755}, content},
	)
	if err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{"Entrypoint": []string{at}, "User": "65532:65532"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]any{map[string]any{"Config": digest(config) + ".json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return err
	}
	image, err := archive(plainFile(digest(config)+".json", config), plainFile("layer.tar", layer), plainFile("manifest.json", manifest))
	if err != nil {
		return err
	}
	return os.WriteFile(to, image, 0o600)
}

type file struct {
	tar.Header
	content []byte
}

func plainFile(name string, content []byte) file {
	return file{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, content}
}

func archive(files ...file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		f.Size, f.ModTime = int64(len(f.content)), time.Unix(0, 0)
		if err := w.WriteHeader(&f.Header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
