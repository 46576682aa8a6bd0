package keystore

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	privateType = "PRIVATE KEY"
	publicType  = "PUBLIC KEY"
	privateExt  = ".key"
	publicExt   = ".pub"

	// oldFile held the one key of versions before there were owners. It counts as
	// the oldest key of the gateway, until rotation ends it.
	oldFile  = "identity.key"
	oldOwner = "gateway"
)

// entry is a key with its files.
type entry struct {
	Key
	private ed25519.PrivateKey // nil: not here
	files   []string           // the private one first
}

// remove deletes the private file first: nobody signs with a key that is not
// accepted any more.
func (e entry) remove() error {
	for _, file := range e.files {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// parsed is what a file held when it was read.
type parsed struct {
	size    int64
	changed time.Time
	private ed25519.PrivateKey
	public  ed25519.PublicKey
}

// scan reads the whole folder; files that did not change are not read again.
func (f *File) scan() (map[string][]entry, error) {
	owners := map[string][]entry{}
	folders, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keys: %w", err)
	}
	seen := map[string]parsed{}
	for _, folder := range folders {
		if checkOwner(folder.Name()) != nil {
			continue
		}
		keys, err := f.scanOwner(folder.Name(), seen)
		if err != nil {
			return nil, err
		}
		if len(keys) > 0 {
			owners[folder.Name()] = keys
		}
	}
	old, err := f.read(filepath.Join(f.dir, oldFile), seen)
	switch {
	case err == nil:
		from := time.Unix(0, 0).UTC()
		owners[oldOwner] = append(owners[oldOwner], entry{
			Key: Key{ID: idOf(from, old.public), From: from, Public: old.public}, private: old.private,
			files: []string{filepath.Join(f.dir, oldFile)},
		})
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	f.parsed = seen
	return owners, nil
}

// scanOwner joins the two files of each key. One alone is enough: a public one
// to verify with, a private one for everything.
func (f *File) scanOwner(owner string, seen map[string]parsed) ([]entry, error) {
	dir := filepath.Join(f.dir, owner)
	files, err := os.ReadDir(dir)
	if err != nil {
		if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
			return nil, nil
		}
		return nil, fmt.Errorf("keys of %s: %w", owner, err)
	}
	byID := map[string]*entry{}
	var ids []string
	for _, file := range files { // sorted: .key comes before .pub
		ext := filepath.Ext(file.Name())
		id := strings.TrimSuffix(file.Name(), ext)
		if ext != privateExt && ext != publicExt || strings.HasPrefix(id, ".") {
			continue
		}
		path := filepath.Join(dir, file.Name())
		found, err := f.read(path, seen)
		if errors.Is(err, fs.ErrNotExist) || ext == privateExt && errors.Is(err, fs.ErrPermission) {
			continue // retired meanwhile, or not for this process
		}
		if err != nil {
			return nil, err
		}
		from, err := fromOf(id)
		if err != nil || idOf(from, found.public) != id {
			return nil, fmt.Errorf("%s does not hold the key of its name", path)
		}
		if byID[id] == nil {
			ids = append(ids, id)
			byID[id] = &entry{Key: Key{ID: id, From: from, Public: found.public}}
		}
		one := byID[id]
		one.files = append(one.files, path)
		if found.private != nil {
			one.private = found.private
		}
	}
	keys := make([]entry, 0, len(ids))
	for _, id := range ids {
		keys = append(keys, *byID[id])
	}
	return keys, nil
}

// read returns the key in a file.
func (f *File) read(path string, seen map[string]parsed) (parsed, error) {
	info, err := os.Stat(path)
	if err != nil {
		return parsed{}, err
	}
	if err := guard(path, info); err != nil {
		return parsed{}, err
	}
	if known, ok := f.parsed[path]; ok && known.size == info.Size() && known.changed.Equal(info.ModTime()) {
		seen[path] = known
		return known, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // a file of the folder that the operator names
	if err != nil {
		return parsed{}, err
	}
	found := parsed{size: info.Size(), changed: info.ModTime()}
	if strings.HasSuffix(path, publicExt) {
		found.public, err = parsePublic(text)
	} else {
		found.private, err = parsePrivate(text)
		if err == nil {
			found.public, _ = found.private.Public().(ed25519.PublicKey)
		}
	}
	if err != nil {
		return parsed{}, fmt.Errorf("key %s: %w", path, err)
	}
	seen[path] = found
	return found, nil
}

// guard refuses a private key that everybody reads, and any that everybody may
// replace.
func guard(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o002 != 0 || !strings.HasSuffix(path, publicExt) && info.Mode().Perm()&0o007 != 0 {
		return fmt.Errorf("key %s is open to everybody: give it mode 0600", path)
	}
	return nil
}

func parsePrivate(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != privateType {
		return nil, errors.New("not a PEM " + privateType)
	}
	found, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := found.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a %T, where an Ed25519 key is needed", found)
	}
	return key, nil
}

func parsePublic(text []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != publicType {
		return nil, errors.New("not a PEM " + publicType)
	}
	found, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := found.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("a %T, where an Ed25519 key is needed", found)
	}
	return key, nil
}
