package blob

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// Object is a file as a listing shows it.
type Object struct {
	Key     string
	Size    int64
	ModTime time.Time
}

// Files of a folder that are no objects: those on their way, and those that another
// tool put beside one.
const (
	arriving = ".tmp"
	beside   = ".attrs"
	escaped  = "__0x" // how the library writes what a file name cannot hold; no key here needs it
)

// List calls fn with each file whose key begins with the prefix, in the order of the
// keys' bytes, and ends with the first error. It keeps no more than the names of a folder
// in memory.
func (s *Store) List(ctx context.Context, prefix string, fn func(Object) error) error {
	if s.dir != "" {
		return s.walk(ctx, "", prefix, fn)
	}
	list := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return away(err)
		}
		if err := fn(Object{Key: object.Key, Size: object.Size, ModTime: object.ModTime}); err != nil {
			return err
		}
	}
}

// walk lists one folder of a folder store. The library's own listing goes by the names of
// folders, where "a" comes before "a-b" though "a-b/" comes before "a/", and loses files
// between two of its pages by that.
func (s *Store) walk(ctx context.Context, folder, prefix string, fn func(Object) error) error {
	entries, err := os.ReadDir(filepath.Join(s.dir, filepath.FromSlash(folder)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed meanwhile
	}
	if err != nil {
		return away(err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sorted(a), sorted(b)) })
	for _, entry := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		key := folder + sorted(entry)
		if err := s.visit(ctx, entry, key, prefix, fn); err != nil {
			return err
		}
	}
	return nil
}

// sorted is the name of an entry as it stands in keys.
func sorted(entry fs.DirEntry) string {
	if entry.IsDir() {
		return entry.Name() + "/"
	}
	return entry.Name()
}

func (s *Store) visit(ctx context.Context, entry fs.DirEntry, key, prefix string, fn func(Object) error) error {
	switch {
	case entry.IsDir() && (strings.HasPrefix(key, prefix) || strings.HasPrefix(prefix, key)):
		return s.walk(ctx, key, prefix, fn)
	case entry.IsDir() || !strings.HasPrefix(key, prefix) || strings.HasSuffix(key, arriving) || strings.HasSuffix(key, beside):
		return nil
	case strings.Contains(key, escaped):
		return errors.New("blob folder: " + key + " is a name that this program does not write; move it out of the folder")
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return away(err)
	}
	return fn(Object{Key: key, Size: info.Size(), ModTime: info.ModTime().UTC()})
}
