package keys

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

const (
	pemType  = "PRIVATE KEY"
	fileMode = 0o600
	dirMode  = 0o700
)

// FileStore keeps each issuer's key as a PKCS #8 file in one folder, readable by its owner only.
type FileStore struct {
	dir   string
	names *regexp.Regexp
}

// NewFileStore opens the folder and makes it when it is missing.
func NewFileStore(dir string) (*FileStore, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("key folder: %w", err)
	}
	return &FileStore{dir: dir, names: regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)}, nil
}

// Signer implements Store. Processes that start together agree on one key: the file appears
// under its name whole or not at all, and who comes second reads what the first one wrote.
func (s *FileStore) Signer(_ context.Context, issuer string) (Signer, error) {
	if !s.names.MatchString(issuer) {
		return nil, fmt.Errorf("issuer key name %q: use lower-case letters, digits and inner hyphens, at most 63", issuer)
	}
	path := filepath.Join(s.dir, issuer+".pem")
	local, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return local, err
	}
	if err := s.create(path); err != nil {
		return nil, fmt.Errorf("create issuer key: %w", err)
	}
	return load(path)
}

// Existing returns the key of an issuer and since when it lies there. It makes none: without a key
// it answers nil.
func (s *FileStore) Existing(issuer string) (*Local, time.Time, error) {
	path := filepath.Join(s.dir, issuer+".pem")
	key, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	return key, info.ModTime(), nil
}

// load returns an untyped nil with every error, so that callers can hand the pair on as a Signer.
func load(path string) (Signer, error) {
	key, err := read(path)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func read(path string) (*Local, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if loose := info.Mode().Perm() &^ fileMode; loose != 0 {
		return nil, fmt.Errorf("issuer key %s may be read by others (mode %o): set it to 600", path, info.Mode().Perm())
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the key file that the operator names
	if err != nil {
		return nil, fmt.Errorf("read issuer key: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("issuer key %s is not a PEM private key", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("issuer key %s: %w", path, err)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("issuer key %s is not an Ed25519 key", path)
	}
	return &Local{private: private}, nil
}

// create writes a new key beside its place and links it there; losing that race is no error.
func (s *FileStore) create(path string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(s.dir, ".new-*") // CreateTemp uses mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	err = errors.Join(pem.Encode(temp, &pem.Block{Type: pemType, Bytes: der}), temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(s.dir)
}

// syncDir makes the new name durable, so that a badge is never signed by a key that a crash forgets.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the folder of that file
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

var _ Store = (*FileStore)(nil)
