// Package blob keeps files: a folder, memory, or an S3 bucket.
//
// Write streams a file in, computes its SHA-256 on the way, refuses it past a
// size, and returns only when the file is durable and whole: a reader never sees
// half a file. A folder's file is synced before it gets its name, and the
// folders above it after.
//
// Neighbours: the evidence service stores artifacts here and the digest in its
// database; everything about who may read a file is decided there.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/memblob" // registers mem://
	_ "gocloud.dev/blob/s3blob"  // registers s3://
	"gocloud.dev/gcerrors"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// dirMode keeps other users of the machine out.
const dirMode = 0o700

// Digest is what a written file is known by.
type Digest struct {
	SHA256 string // lower-case hexadecimal
	Size   int64
}

// Store is a place for files. It is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
	dir    string // of a folder store, else empty
}

// Open opens the store named by the URL: file:///DIR (created when missing),
// mem://, or s3://BUCKET?region=... with the query options of gocloud.dev.
func Open(ctx context.Context, rawURL string) (*Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("blob URL: want file:///DIR, mem:// or s3://BUCKET")
	}
	if u.Scheme == fileblob.Scheme {
		return openDir(u)
	}
	bucket, err := blob.OpenBucket(ctx, rawURL)
	if err != nil {
		return nil, fmt.Errorf("open blob store %s: %w", u.Redacted(), err)
	}
	return &Store{bucket: bucket}, nil
}

func openDir(u *url.URL) (*Store, error) {
	dir := filepath.FromSlash(u.Path)
	if u.Host == "." {
		dir = filepath.Join(".", dir)
	}
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir: true, DirFileMode: dirMode,
		NoTempDir: true, // the same file system, so that the rename is atomic
		Metadata:  fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	return &Store{bucket: bucket, dir: dir}, nil
}

// Write stores what r yields under the key, replacing an older file at once or
// not at all, and returns its digest when it is durable. More than max bytes are
// refused with problem.Invalid naming the field "content".
func (s *Store) Write(ctx context.Context, key string, r io.Reader, max int64) (Digest, error) {
	ctx, abort := context.WithCancel(ctx)
	defer abort()
	var file *os.File
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: "application/octet-stream", // what it is was decided before, and is served from the database
		BeforeWrite: func(as func(any) bool) error { as(&file); return nil },
	})
	if err != nil {
		return Digest{}, away(err)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, hash), io.LimitReader(r, max+1))
	switch {
	case err == nil && n > max:
		err = tooLarge(max)
	case err == nil && file != nil:
		err = file.Sync()
	}
	if err != nil {
		abort() // Close of a cancelled writer drops what was written
		_ = w.Close()
		return Digest{}, err
	}
	if err := w.Close(); err != nil {
		return Digest{}, away(err)
	}
	if err := s.syncFolders(key); err != nil {
		return Digest{}, fmt.Errorf("make %s durable: %w", key, err)
	}
	return Digest{SHA256: hex.EncodeToString(hash.Sum(nil)), Size: n}, nil
}

// Read opens a file; its absence is problem.NotFound(key).
func (s *Store) Read(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, found(err, key)
	}
	return r, nil
}

// ReadRange opens at most length bytes of a file from offset on; there is nothing
// to read past its end. Its absence is problem.NotFound(key).
func (s *Store) ReadRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := s.bucket.NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		return nil, found(err, key)
	}
	return r, nil
}

// Exists tells whether there is a file.
func (s *Store) Exists(ctx context.Context, key string) (bool, error) {
	ok, err := s.bucket.Exists(ctx, key)
	return ok, away(err)
}

// Delete removes a file. That it is gone already is no error.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := s.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return away(err)
}

// Ping proves that the store answers.
func (s *Store) Ping(ctx context.Context) error {
	ok, err := s.bucket.IsAccessible(ctx)
	if err != nil {
		return away(err)
	}
	if !ok {
		return problem.Unavailable("blob store")
	}
	return nil
}

// Close releases the store.
func (s *Store) Close() error { return s.bucket.Close() }

// syncFolders makes the names durable: of the file, and of the folders that
// were created for it.
func (s *Store) syncFolders(key string) error {
	if s.dir == "" {
		return nil
	}
	root := filepath.Clean(s.dir)
	for dir := filepath.Dir(filepath.Join(root, filepath.FromSlash(key))); ; dir = filepath.Dir(dir) {
		if err := syncFolder(dir); err != nil {
			return err
		}
		if dir == root || len(dir) <= len(root) {
			return nil
		}
	}
}

func syncFolder(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // a folder of the store
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

func tooLarge(max int64) error {
	return problem.Invalid(problem.Violation{
		Field: "content", Rule: "size_max", Fix: fmt.Sprintf("Send at most %d bytes.", max),
	})
}

func found(err error, key string) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return problem.WithCause(problem.NotFound(key), err)
	}
	return away(err)
}

func away(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return problem.WithCause(problem.Unavailable("blob store"), err)
}
