package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// usersOfBlobs are the services that keep files.
var usersOfBlobs = []string{app.Assessments, app.Evidence, app.Badges}

// lookAtBlobs writes, reads and removes a small object, as the services do.
func (e *examination) lookAtBlobs(ctx context.Context, n *notes) {
	if !slices.ContainsFunc(e.targets, func(name string) bool { return slices.Contains(usersOfBlobs, name) }) {
		n.ok("store", "nothing that runs here keeps files")
		return
	}
	u, err := url.Parse(e.Settings.Blobs)
	if err == nil && u.Scheme == "file" {
		if _, err := os.Stat(filepath.FromSlash(u.Path)); err != nil {
			n.warn("store", "Nothing, if this is a new installation: the first start makes it. Else name the right folder with --blobs.", "%v", err)
			return
		}
		if !e.alone() {
			n.warn("store", "Let all processes reach one folder (a volume for many), or name a bucket with --blobs.", "a folder, while services run in several processes")
		}
	}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	began := time.Now()
	if err := probeBlobs(ctx, e.Settings.Blobs); err != nil {
		n.fail("store", "Is TANDEM_BLOBS right, does the bucket or folder exist, and may this user write, read and delete in it?", "%v", errors.Join(err, errors.Unwrap(err)))
		return
	}
	n.ok("store", "%s: an object was written, read and removed in %s", place(e.Settings.Blobs), time.Since(began).Round(time.Millisecond))
}

func probeBlobs(ctx context.Context, address string) error {
	store, err := blob.Open(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	key, text := "doctor/"+ids.New(), "written by tandem doctor; can be removed"
	if _, err := store.Write(ctx, key, strings.NewReader(text), int64(len(text))); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return errors.Join(readBack(ctx, store, key, text), store.Delete(ctx, key))
}

func readBack(ctx context.Context, store *blob.Store, key, want string) error {
	r, err := store.Read(ctx, key)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer func() { _ = r.Close() }()
	got, err := io.ReadAll(r)
	if err == nil && string(got) != want {
		err = errors.New("read: another text than was written")
	}
	return err
}
