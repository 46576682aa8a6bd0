package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const (
	keyMode    = 0o600
	folderMode = 0o700
	// largestKey is more than any file of keys has, and mostKeys more than there are files.
	largestKey = 1 << 20
	mostKeys   = 10_000
	// hardest bounds the work that opening a file of keys may ask for: twice what writing one takes.
	hardest = 19
)

// SealKeys writes the files of a folder of keys into a file that only the passphrase opens.
// It goes elsewhere than the backups: whoever had both could sign in the name of
// everybody. Any program for the age format opens it.
func SealKeys(ctx context.Context, folder, to, passphrase string) (files int, err error) {
	who, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return 0, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, keyMode) //nolint:gosec // the file that the operator names
	if err != nil {
		return 0, fmt.Errorf("--keys: %w", err)
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			_ = os.Remove(to)
		}
	}()
	text := armor.NewWriter(out)
	sealed, err := age.Encrypt(text, who)
	if err != nil {
		return 0, err
	}
	archive := tar.NewWriter(sealed)
	files, err = addKeys(ctx, archive, folder)
	if err == nil && files == 0 {
		err = fmt.Errorf("--keys: there are no keys in %s", folder)
	}
	if err != nil {
		return 0, err
	}
	if err := errors.Join(archive.Close(), sealed.Close(), text.Close()); err != nil {
		return 0, err
	}
	return files, out.Sync()
}

// addKeys follows links, as a Kubernetes secret is mounted through them, and leaves out what
// begins with a dot, where the mount keeps its versions.
func addKeys(ctx context.Context, to *tar.Writer, folder string) (files int, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, fmt.Errorf("--keys: %w", err)
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || ctx.Err() != nil:
			return errors.Join(err, ctx.Err())
		case path != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		content, err := readKey(root, path)
		if err != nil || content == nil {
			return err
		}
		files++
		err = to.WriteHeader(&tar.Header{Name: path, Mode: keyMode, Size: int64(len(content)), Format: tar.FormatPAX})
		if err == nil {
			_, err = to.Write(content)
		}
		return err
	})
	return files, err
}

// readKey reads a file; nil for a folder.
func readKey(root *os.Root, path string) ([]byte, error) {
	info, err := root.Stat(path)
	if err != nil || info.IsDir() {
		return nil, err
	}
	if info.Size() > largestKey {
		return nil, fmt.Errorf("--keys: %s is too large to be a key", path)
	}
	return root.ReadFile(path)
}

// OpenKeys puts the files of SealKeys into a folder in which there are no others. Those that
// are there as they were stay, so that what broke off can be repeated.
func OpenKeys(from, folder, passphrase string) (files int, err error) {
	who, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return 0, err
	}
	who.SetMaxWorkFactor(hardest)
	in, err := os.Open(from) //nolint:gosec // the file that the operator names
	if err != nil {
		return 0, fmt.Errorf("--keys: %w", err)
	}
	defer func() { _ = in.Close() }()
	opened, err := age.Decrypt(armor.NewReader(in), who)
	if err != nil {
		return 0, fmt.Errorf("--keys %s: it is no file of keys, or the passphrase is another: %w", from, err)
	}
	kept, err := readArchive(opened)
	if err != nil {
		return 0, fmt.Errorf("--keys %s: %w", from, err)
	}
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return 0, fmt.Errorf("--keys: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, fmt.Errorf("--keys: %w", err)
	}
	defer func() { _ = root.Close() }()
	if err := noOthers(root, kept); err != nil {
		return 0, err
	}
	for name, content := range kept {
		if err := writeKey(root, name, content); err != nil {
			return 0, fmt.Errorf("--keys: %w", err)
		}
	}
	return len(kept), nil
}

// readArchive reads all files to the end, so that nothing is written of what is not whole.
func readArchive(r io.Reader) (map[string][]byte, error) {
	kept := map[string][]byte{}
	for archive := tar.NewReader(r); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, r)
			return kept, err
		}
		if err != nil {
			return nil, err
		}
		if header.Size > largestKey || len(kept) == mostKeys {
			return nil, fmt.Errorf("%s is too large to be a key, or there are more than %d files", header.Name, mostKeys)
		}
		if kept[header.Name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}

// arriving ends the name of a key that is being written. One may be left of a program that was killed.
const arriving = ".tmp"

// noOthers refuses a folder with keys that are not those of the file.
func noOthers(root *os.Root, kept map[string][]byte) error {
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if _, begun := kept[strings.TrimSuffix(path, arriving)]; begun && strings.HasSuffix(path, arriving) {
			return nil
		}
		there, err := root.ReadFile(path)
		if content, known := kept[path]; err == nil && (!known || !bytes.Equal(there, content)) {
			err = fmt.Errorf("--keys: %s has %s already, which is another; move the folder away first", root.Name(), path)
		}
		return err
	})
}

// writeKey gives a file its name when it is whole.
func writeKey(root *os.Root, name string, content []byte) error {
	if err := root.MkdirAll(filepath.Dir(name), folderMode); err != nil {
		return err
	}
	out, err := root.OpenFile(name+arriving, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, keyMode)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, root.Remove(name+arriving))
	}
	return root.Rename(name+arriving, name)
}
