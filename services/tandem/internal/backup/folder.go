package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	unbounded   = 1 << 60 // bytes that a part may have
	windowLimit = 64 << 20
	begunFile   = "begun"
)

// Folder is a place with backups.
type Folder struct{ store *blob.Store }

// OpenFolder opens a place: a folder by its path, file:///DIR or s3://BUCKET?... A
// folder that is not there is made.
func OpenFolder(ctx context.Context, where string) (*Folder, error) {
	place, err := parsePlace(where)
	if err != nil {
		return nil, err
	}
	store, err := blob.Open(ctx, place.String())
	if err != nil {
		return nil, err
	}
	return &Folder{store: store}, nil
}

// FindFolder opens a place that should have backups: a folder that is mistyped is not
// made, and not said to be empty.
func FindFolder(ctx context.Context, where string) (*Folder, error) {
	place, err := parsePlace(where)
	if err != nil {
		return nil, err
	}
	if dir := filepath.FromSlash(place.Path); place.Scheme == "file" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s is no folder: name the one that tandem backup wrote to", dir)
		}
	}
	return OpenFolder(ctx, where)
}

// parsePlace takes a URL, or the path of a folder, which is short for one.
func parsePlace(where string) (*url.URL, error) {
	if strings.Contains(where, "://") {
		return url.Parse(where)
	}
	dir, err := filepath.Abs(where)
	return &url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}, err
}

// Close releases the place.
func (f *Folder) Close() error { return f.store.Close() }

// writer is what parts are written to.
type writer = io.Writer

// tally counts and digests what goes through it.
type tally struct {
	sum    hash.Hash
	rows   int64
	bytes  int64
	report Report
}

func newTally(r Report) *tally { return &tally{sum: sha256.New(), report: r} }

// Write never fails.
func (t *tally) Write(p []byte) (int, error) {
	_, _ = t.sum.Write(p)
	t.bytes += int64(len(p))
	t.rows += int64(bytes.Count(p, []byte{'\n'}))
	if t.report != nil {
		t.report.Moved(len(p))
	}
	return len(p), nil
}

func (t *tally) part(path string) Part {
	return Part{Path: path, Rows: t.rows, Bytes: t.bytes, SHA256: hex.EncodeToString(t.sum.Sum(nil))}
}

// write makes a part of the lines that fill writes.
func (f *Folder) write(ctx context.Context, path string, report Report, fill func(w writer) error) (Part, error) {
	from, to := io.Pipe()
	stored := make(chan error, 1)
	go func() {
		_, err := f.store.Write(ctx, path, from, unbounded)
		_ = from.CloseWithError(errors.Join(errStopped, err)) // ends the writer where the place refused
		stored <- err
	}()
	counted := newTally(report)
	err := pack(to, counted, fill)
	_ = to.CloseWithError(err) // nil ends the file well
	if refused := <-stored; refused != nil && (err == nil || errors.Is(err, errStopped)) {
		err = refused
	}
	return counted.part(path), err
}

// errStopped is what a writer sees when the place takes no more.
var errStopped = errors.New("the backup cannot be written")

func pack(to io.Writer, counted *tally, fill func(w writer) error) error {
	z, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if err := fill(io.MultiWriter(counted, z)); err != nil {
		_ = z.Close()
		return err
	}
	return z.Close()
}

// read gives use the lines of a part, reads what it left, and fails when they are not
// those of the manifest.
func (f *Folder) read(ctx context.Context, p Part, report Report, use func(r io.Reader) error) error {
	o, err := f.open(ctx, p, report)
	if err != nil {
		return err
	}
	defer o.close()
	if err := use(o); err != nil {
		return fmt.Errorf("%s: %w", p.Path, err)
	}
	return o.rest()
}

// opened is a part being read.
type opened struct {
	io.Reader
	part    Part
	counted *tally
	close   func()
}

func (f *Folder) open(ctx context.Context, p Part, report Report) (*opened, error) {
	stored, err := f.store.Read(ctx, p.Path)
	if err != nil {
		return nil, damaged(p.Path, err)
	}
	z, err := zstd.NewReader(stored, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(windowLimit))
	if err != nil {
		_ = stored.Close()
		return nil, damaged(p.Path, err)
	}
	counted := newTally(report)
	return &opened{Reader: io.TeeReader(z, counted), part: p, counted: counted, close: func() { z.Close(); _ = stored.Close() }}, nil
}

// rest reads to the end and compares.
func (o *opened) rest() error {
	if _, err := io.Copy(io.Discard, o); err != nil {
		return damaged(o.part.Path, err)
	}
	if got := o.counted.part(o.part.Path); got != o.part {
		return damaged(o.part.Path, fmt.Errorf("it has %d rows with digest %.12s, and %d with %.12s were written", got.Rows, got.SHA256, o.part.Rows, o.part.SHA256))
	}
	return nil
}

// ErrDamaged says that a backup is not what was written.
var ErrDamaged = errors.New("the backup is damaged")

func damaged(path string, cause error) error {
	if problem.Is(cause, problem.KindNotFound) {
		return fmt.Errorf("%w: %s is missing", ErrDamaged, path)
	}
	return fmt.Errorf("%w: %s: %w", ErrDamaged, path, cause)
}

// begin says that a backup is being made, so that no other removes files it counts on.
func (f *Folder) begin(ctx context.Context, id string) error {
	_, err := f.store.Write(ctx, id+"/"+begunFile, strings.NewReader("This backup is complete once "+manifestFile+" is beside this file.\n"), unbounded)
	if err != nil {
		return fmt.Errorf("the place for backups cannot be written: %w", err)
	}
	return nil
}

// finish makes a backup of what was written.
func (f *Folder) finish(ctx context.Context, m *Manifest) error {
	text, err := m.seal()
	if err != nil {
		return err
	}
	_, err = f.store.Write(ctx, m.ID+"/"+manifestFile, bytes.NewReader(text), unbounded)
	return err
}

// Manifest reads the manifest of a backup.
func (f *Folder) Manifest(ctx context.Context, id string) (*Manifest, error) {
	if !idPattern.MatchString(id) {
		return nil, fmt.Errorf("%q is no id of a backup; `tandem backup list` shows them", id)
	}
	r, err := f.store.Read(ctx, id+"/"+manifestFile)
	if problem.Is(err, problem.KindNotFound) {
		return nil, fmt.Errorf("there is no complete backup %s here", id)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	m, err := open(text)
	if err == nil && m.ID != id {
		err = fmt.Errorf("%s is of backup %s", manifestFile, m.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("backup %s: %w", id, err)
	}
	return m, nil
}

// IDs are the backups of the place, the oldest first, and those that were not completed.
func (f *Folder) IDs(ctx context.Context) (complete, begun []string, err error) {
	seen := map[string]bool{}
	// The digits come before the letters of the other folder, so that nothing of it is listed.
	err = f.store.List(ctx, "", func(o blob.Object) error {
		id, file, found := strings.Cut(o.Key, "/")
		if !found || !idPattern.MatchString(id) {
			if o.Key > "A" {
				return errStopped
			}
			return nil
		}
		seen[id] = seen[id] || file == manifestFile
		return nil
	})
	if err != nil && !errors.Is(err, errStopped) {
		return nil, nil, err
	}
	for id, whole := range seen {
		if whole {
			complete = append(complete, id)
			continue
		}
		begun = append(begun, id)
	}
	slices.Sort(complete)
	slices.Sort(begun)
	return complete, begun, nil
}

// newest reads the newest complete backup; nil where there is none.
func (f *Folder) newest(ctx context.Context) (*Manifest, error) {
	complete, _, err := f.IDs(ctx)
	if err != nil || len(complete) == 0 {
		return nil, err
	}
	return f.Manifest(ctx, complete[len(complete)-1])
}

// Find reads the backup of that id, or the newest where it is empty.
func (f *Folder) Find(ctx context.Context, id string) (*Manifest, error) {
	if id != "" {
		return f.Manifest(ctx, id)
	}
	m, err := f.newest(ctx)
	if err == nil && m == nil {
		err = errors.New("there is no complete backup here")
	}
	return m, err
}
