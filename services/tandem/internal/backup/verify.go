package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
)

// Verify reads everything of a backup again and holds it to the manifest. It goes on after
// what is damaged, so that its error names all of it, up to a number.
func Verify(ctx context.Context, f *Folder, m *Manifest, report Report) error {
	var broken []error
	for _, p := range m.parts() {
		if err := f.read(ctx, p, report, func(io.Reader) error { return nil }); err != nil {
			if !errors.Is(err, ErrDamaged) {
				return err
			}
			broken = append(broken, err)
		}
	}
	if len(broken) == 0 { // the list of files can be relied on
		lost, err := f.verifyFiles(ctx, m, report)
		if err != nil {
			return err
		}
		broken = lost
	}
	return errors.Join(broken...)
}

// mostTold is how many damaged files an error names.
const mostTold = 20

// verifyFiles reads the contents of all files, some at a time.
func (f *Folder) verifyFiles(ctx context.Context, m *Manifest, report Report) (broken []error, err error) {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	found := make(chan error)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for err := range found {
			if len(broken) < mostTold {
				broken = append(broken, err)
			}
		}
	}()
	listed := f.eachFile(inner, m.Files, func(one file) error {
		group.Go(func() error {
			err := f.verifyFile(inner, one, report)
			if errors.Is(err, ErrDamaged) {
				found <- err
				return nil
			}
			return err
		})
		return nil
	})
	err = errors.Join(listed, group.Wait())
	close(found)
	<-done
	return broken, err
}

func (f *Folder) verifyFile(ctx context.Context, one file, report Report) error {
	r, err := f.store.Read(ctx, contentKey(one.SHA256))
	if err != nil {
		return damaged(contentKey(one.SHA256)+" of "+one.Key, err)
	}
	defer func() { _ = r.Close() }()
	size, sum, err := digest(r)
	if err != nil {
		return damaged(contentKey(one.SHA256), err)
	}
	report.Moved(int(size))
	if size != one.Size || sum != one.SHA256 {
		return damaged(contentKey(one.SHA256), fmt.Errorf("it has %d bytes with digest %.12s", size, sum))
	}
	return nil
}

func digest(r io.Reader) (size int64, sum string, err error) {
	h := sha256.New()
	size, err = io.Copy(h, r)
	return size, hex.EncodeToString(h.Sum(nil)), err
}
