package translog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxFile bounds what is read of one file: a full tile of the longest entries that Check lets in.
const maxFile = 4 << 20

// How patient a reader is with a server that asks it to come later.
const (
	maxTries = 5
	maxWait  = time.Minute
)

// ErrNoFile is returned by Files for what is not there.
var ErrNoFile = errors.New("the log has no such file")

// Files reads the files of a log by their path below its address.
type Files interface {
	Read(ctx context.Context, path string) ([]byte, error)
}

// HTTP reads a log from its server. The client is the caller's, who knows which addresses may be
// asked; it should follow no redirects.
type HTTP struct {
	Base   string // such as https://badges.example.org/log
	Client *http.Client
}

// Read implements Files. A server that asks for patience gets it, for a while.
func (h HTTP) Read(ctx context.Context, path string) ([]byte, error) {
	for try := 1; ; try++ {
		raw, wait, err := h.read(ctx, path)
		if wait <= 0 || try == maxTries {
			return raw, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(wait, maxWait)):
		}
	}
}

func (h HTTP) read(ctx context.Context, path string) (raw []byte, wait time.Duration, err error) {
	address := strings.TrimSuffix(h.Base, "/") + "/" + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("read the log: %w", err)
	}
	resp, err := h.Client.Do(req)
	if err != nil {
		return nil, 0, fmt.Errorf("read the log: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, 0, fmt.Errorf("%w: %s", ErrNoFile, path)
	default:
		if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
			seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
			wait = time.Duration(seconds) * time.Second
		}
		return nil, wait, fmt.Errorf("read the log: %s answered %s", address, resp.Status)
	}
	raw, err = bounded(resp.Body, path)
	return raw, 0, err
}

// FS reads a log from a folder: a mirror.
type FS struct{ Root fs.FS }

// Dir is the FS of a folder of this machine.
func Dir(path string) FS { return FS{Root: os.DirFS(path)} }

// Read implements Files.
func (f FS) Read(_ context.Context, path string) ([]byte, error) {
	file, err := f.Root.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoFile, path)
	} else if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	defer func() { _ = file.Close() }()
	return bounded(file, path)
}

func bounded(r io.Reader, path string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", ErrTile, path, maxFile)
	}
	return raw, nil
}

// ReadTile reads a tile, where it is missing from the full one that took its place.
func ReadTile(ctx context.Context, files Files, path string, width int) (raw []byte, err error) {
	raw, err = files.Read(ctx, path)
	if errors.Is(err, ErrNoFile) && width < Width {
		full, _, _ := strings.Cut(path, ".p/")
		return files.Read(ctx, full)
	}
	return raw, err
}
