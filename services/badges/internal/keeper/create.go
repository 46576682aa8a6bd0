package keeper

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"gocloud.dev/secrets/localsecrets"
)

const dirMode = 0o700

const heading = `# Encrypts the private keys of issuers in the database of the badges service.
# Back it up apart from the database: without it nobody can sign for these issuers any more.
`

// New makes a key file's text with a new key.
func New() ([]byte, error) {
	key, err := localsecrets.NewRandomKey()
	if err != nil {
		return nil, err
	}
	return []byte(heading + base64.StdEncoding.EncodeToString(key[:]) + "\n"), nil
}

// OfFolder returns the text of the folder's own key file, which is made when it is missing.
func OfFolder(folder string) ([]byte, error) {
	path := filepath.Join(folder, OwnFile)
	if err := create(path); err != nil {
		return nil, err
	}
	if _, err := read(path); err != nil { // refuses what the service would refuse
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // a file of the folder that the operator names
}

// create makes a key file when there is none. Processes that start together agree on one key: the
// file appears under its name whole or not at all, and who comes second uses what is there.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	text, err := New()
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".new-*") // CreateTemp uses mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(text)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name durable, so that nothing is encrypted with a key that a crash forgets.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the folder of that file
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
