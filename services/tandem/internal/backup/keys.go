package backup

import (
	"archive/tar"
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
	// largestKey is more than any file of keys has.
	largestKey = 1 << 20
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

// OpenKeys puts the files of SealKeys into a folder in which there are none yet.
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
	if some, err := os.ReadDir(folder); err == nil && len(some) > 0 {
		return 0, fmt.Errorf("--keys: there are keys in %s already; move them away first", folder)
	}
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, err
	}
	defer func() { _ = root.Close() }()
	for archive := tar.NewReader(opened); ; files++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err == nil {
			err = writeKey(root, header.Name, archive)
		}
		if err != nil {
			return files, fmt.Errorf("--keys %s: %w", from, err)
		}
	}
}

func writeKey(root *os.Root, name string, from io.Reader) error {
	if dir := filepath.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, folderMode); err != nil {
			return err
		}
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, keyMode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.LimitReader(from, largestKey))
	return errors.Join(err, out.Sync(), out.Close())
}
