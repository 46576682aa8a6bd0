// Package logbook keeps the public log of this platform: what is issued, suspended, reinstated or
// revoked, and which keys come and go. Package translog says what such a log is and how anybody
// checks it; this package writes it.
//
// Book.Append puts an entry into the transaction of whatever it tells of, so that nothing happens
// without its entry. From there one Writer takes the entries in their order, gives each its place
// for ever, and publishes: first the rows, then the tiles in the blob store, then the signed
// checkpoint. Only what is in the rows is ever signed, and rows change by comparing a version, so
// a crash at any point is made good by starting over, and two writers cannot make two histories.
//
// Before it signs, the writer recomputes what is new from the rows and compares it with what was
// signed before, here and in the blob store. When that does not fit, somebody changed the past:
// it stops and says so, and what waits keeps waiting.
//
// Neighbours: package store implements Store; award, issuing, status and issuer append; package
// api serves the files; the gateway shows them under /log/.
package logbook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Errors for which the writer stops until somebody looks.
var (
	// ErrRewritten says that rows, or the rows and the blob store, tell different histories.
	ErrRewritten = errors.New("the entries of the log are not those that were signed")
	// ErrRolledBack says that the database is older than what was published.
	ErrRolledBack = errors.New("the database of the log is older than its published checkpoint")
	// ErrOtherKey says that the published checkpoint is of another log or key.
	ErrOtherKey = errors.New("the published checkpoint is not signed with the key of the log")
)

// Head is how far the log is.
type Head struct {
	Origin     string
	Size       int64
	Root       tlog.Hash
	Published  int64  // size of Checkpoint
	Checkpoint []byte // signed; empty before the first one
	Version    int64  // 0: there is no log yet
}

// Row is an entry with its place.
type Row struct {
	translog.Entry
	Position int64
	Leaf     []byte
}

// Waiting is an entry without a place yet.
type Waiting struct {
	Seq  int64
	Leaf []byte
}

// Store keeps the log.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Past are the entries of all that was issued and revoked before there was a log.
	Past(ctx context.Context) ([]translog.Entry, error)
	// Enter adds an entry to those that wait, in the transaction of ctx; without one it is refused.
	Enter(ctx context.Context, leaf []byte, at time.Time) error
	// Entered is heard when entries may wait.
	Entered() <-chan struct{}
	// Waiting are the oldest entries that wait, in order, and Backlog how many there are, and since when.
	Waiting(ctx context.Context, most int) ([]Waiting, error)
	Backlog(ctx context.Context) (entries int64, since time.Time, err error)
	// Head reads how far the log is.
	Head(ctx context.Context) (Head, error)
	// Advance replaces the head of the version before with the next one, adds the rows, and ends
	// the waiting of these entries: all of it, or problem.Stale when the head is another by now.
	Advance(ctx context.Context, next Head, rows []Row, done []Waiting) error
	// Leaves reads the leaves from one position up to another.
	Leaves(ctx context.Context, from, to int64) ([][]byte, error)
	// Newest lists rows before a position, the newest first.
	Newest(ctx context.Context, before int64, most int) ([]Row, error)
	// Signed finds the newest row before a position that says that a credential was signed: by its
	// address, or by its digest when it was signed while the platform had another address.
	Signed(ctx context.Context, credential, address string, before int64) (Row, error)
}

// Blobs is the blob store.
type Blobs interface {
	Write(ctx context.Context, key string, r io.Reader, max int64) (blob.Digest, error)
	Read(ctx context.Context, key string) (io.ReadCloser, error)
	Keys(ctx context.Context, prefix string) ([]string, error)
	Delete(ctx context.Context, key string) error
}

// prefix is where the files of the log are in the blob store, beside those of districts, whose
// ids never begin like this.
const prefix = "_log/"

// files reads the log from the blob store.
type files struct{ blobs Blobs }

// Read implements translog.Files.
func (f files) Read(ctx context.Context, path string) ([]byte, error) {
	r, err := f.blobs.Read(ctx, prefix+path)
	if problem.Is(err, problem.KindNotFound) {
		return nil, fmt.Errorf("%w: %s", translog.ErrNoFile, path)
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// Origin is the name of the log of a platform: its address without the scheme.
func Origin(publicURL string) (string, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("no name for the log can be made of the address %q", publicURL)
	}
	return u.Host + strings.TrimSuffix(u.Path, "/") + "/log", nil
}

// Read takes a leaf of a row apart.
func Read(leaf []byte) (translog.Entry, error) { return translog.ParseEntry(leaf) }
