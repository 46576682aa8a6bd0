package keystore

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// SecretFile is the name of the file with an owner's secret.
const SecretFile = "secret"

const lockFile = ".lock"

// locked runs change while no other process changes the owner's keys.
func (f *File) locked(owner string, change func() error) error {
	dir := filepath.Join(f.dir, owner)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	return change()
}

// create makes a key. The public half is there first: whoever signs with the
// private one is understood by all who share the folder.
func (f *File) create(owner string, from time.Time) (Key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, err
	}
	secretText, err := privateText(private)
	if err != nil {
		return Key{}, err
	}
	openText, err := publicText(public)
	if err != nil {
		return Key{}, err
	}
	from = from.UTC().Truncate(time.Millisecond)
	key := Key{ID: idOf(from, public), From: from, Public: public}
	path := filepath.Join(f.dir, owner, key.ID)
	if err := write(path+publicExt, openText); err != nil {
		return Key{}, err
	}
	return key, write(path+privateExt, secretText)
}

// write makes a file appear whole or not at all, and stay after a power cut.
func write(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// sweep removes the files of keys that are accepted no more. The caller holds the
// lock.
func (f *File) sweep(owner string) error {
	if err := f.look(); err != nil {
		return err
	}
	good := map[string]bool{}
	for _, one := range f.good(owner) {
		good[one.ID] = true
	}
	for _, one := range f.picture.Load().owners[owner] {
		if !good[one.ID] {
			if err := one.remove(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Secret returns the owner's secret and makes it on first use.
func (f *File) Secret(owner string) ([]byte, error) {
	if err := checkOwner(owner); err != nil {
		return nil, err
	}
	path := filepath.Join(f.dir, owner, SecretFile)
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err = f.locked(owner, func() error {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		return write(path, NewSecret())
	})
	if err != nil {
		return nil, fmt.Errorf("make the secret of %s: %w", owner, err)
	}
	return readSecret(path)
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := guard(path, info); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path) //nolint:gosec // a file of the folder that the operator names
	if err != nil {
		return nil, err
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != secretSize {
		return nil, fmt.Errorf("%s does not hold %d bytes in hexadecimal digits", path, secretSize)
	}
	return secret, nil
}
