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
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	filesFolder = "files/"
	inFlight    = 8       // files that are copied at a time
	inMemory    = 4 << 20 // bytes of a file that is read once; a larger one is read again to be stored
	batch       = 256

	// The public log's files lie here. Its checkpoint names a state that all other files of the
	// log and the rows must have reached: so it is copied before them, and they before the rows.
	logFolder     = "_log/"
	logCheckpoint = logFolder + "checkpoint"

	// settled is how long a file must have been as it is to be known again by size and time: a
	// clock may give the same time to two versions.
	settled = 2 * time.Second
)

// filesBefore copies the files that are there before the databases are read: what is
// deleted while they are read is in the backup then, as the rows want it.
func (c *creation) filesBefore(ctx context.Context, last *Manifest) (Part, error) {
	pass := &filePass{creation: c, listed: c.from.Blobs.List}
	if last != nil {
		pass.trust = last.Begun.Add(-settled)
		known, err := openSeen(ctx, c.to, last.Seen)
		if err != nil {
			return Part{}, fmt.Errorf("files of the backup before: %w", err)
		}
		defer known.close()
		pass.known = known
	}
	first, err := pass.checkpoint(ctx)
	if err != nil {
		return Part{}, err
	}
	pass.given = first
	return c.to.write(ctx, c.m.ID+"/files-before"+packed, nil, func(w writer) error {
		return pass.run(ctx, func(s seen) error { return s.write(w) })
	})
}

// filesAfter copies the files that came since, and tells of all. The log stays as it was
// before: later files of it would know of rows that the backup has not.
func (c *creation) filesAfter(ctx context.Context, before Part) (err error) {
	known, err := openSeen(ctx, c.to, before)
	if err != nil {
		return err
	}
	defer known.close()
	pass := &filePass{creation: c, known: known, keepGone: true, trust: c.m.Begun.Add(-settled)}
	pass.listed = func(ctx context.Context, prefix string, fn func(blob.Object) error) error {
		return c.from.Blobs.List(ctx, prefix, func(o blob.Object) error {
			if strings.HasPrefix(o.Key, logFolder) {
				return nil
			}
			return fn(o)
		})
	}
	c.m.Seen, err = c.to.write(ctx, c.m.ID+"/files-seen"+packed, nil, func(all writer) error {
		c.m.Files, err = c.to.write(ctx, c.m.ID+"/files"+packed, nil, func(w writer) error {
			return pass.run(ctx, func(s seen) error {
				c.m.FileBytes += s.Size
				return errors.Join(s.write(all), s.file.write(w))
			})
		})
		return err
	})
	if err == nil {
		c.Report.Part(c.m.Files.line("files"))
	}
	return err
}

// filePass goes once through the files, beside what was known of them.
type filePass struct {
	*creation
	listed   func(ctx context.Context, prefix string, fn func(blob.Object) error) error
	known    *seenReader // of an earlier pass; nil: nothing
	trust    time.Time   // what is known of files older than that holds while size and time are the same
	keepGone bool        // tell of files that are not there any more
	given    *seen       // the checkpoint, copied before all others

	waiting []*fileJob
}

type fileJob struct {
	object blob.Object
	result *seen // nil: to be copied, or gone
}

// run calls emit with each file, sorted by key, once its content is in the backup.
func (p *filePass) run(ctx context.Context, emit func(seen) error) error {
	err := p.listed(ctx, "", func(o blob.Object) error {
		job := &fileJob{object: o}
		if err := p.meet(ctx, job); err != nil {
			return err
		}
		p.waiting = append(p.waiting, job)
		if len(p.waiting) < batch {
			return nil
		}
		return p.flush(ctx, emit)
	})
	if err != nil {
		return err
	}
	for p.known != nil && p.known.next != nil {
		if err := p.skip(); err != nil {
			return err
		}
		if len(p.waiting) >= batch {
			if err := p.flush(ctx, emit); err != nil {
				return err
			}
		}
	}
	return p.flush(ctx, emit)
}

// meet moves what is known up to the file, and uses it where it is the same.
func (p *filePass) meet(ctx context.Context, job *fileJob) error {
	for p.known != nil && p.known.next != nil && p.known.next.Key < job.object.Key {
		if err := p.skip(); err != nil {
			return err
		}
	}
	if p.given != nil && p.given.Key == job.object.Key {
		job.result = p.given
	}
	if p.known == nil || p.known.next == nil || p.known.next.Key != job.object.Key {
		return nil
	}
	was := p.known.next
	if job.result == nil && was.same(job.object) && was.modified.Before(p.trust) {
		kept, err := p.to.store.Exists(ctx, contentKey(was.SHA256))
		if err != nil {
			return err
		}
		if kept {
			job.result = was
		}
	}
	return p.known.advance()
}

// skip passes over a file that is not there any more.
func (p *filePass) skip() error {
	if p.keepGone {
		p.waiting = append(p.waiting, &fileJob{result: p.known.next})
	}
	return p.known.advance()
}

// flush copies what waits, some at a time, and tells of it in order.
func (p *filePass) flush(ctx context.Context, emit func(seen) error) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	for _, job := range p.waiting {
		if job.result == nil {
			group.Go(func() (err error) {
				job.result, err = p.copyFile(inner, job.object)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, job := range p.waiting {
		if job.result == nil {
			continue // gone between listing and reading
		}
		if err := emit(*job.result); err != nil {
			return err
		}
	}
	p.waiting = p.waiting[:0]
	return nil
}

// checkpoint copies the checkpoint of the log; nil where there is none.
func (p *filePass) checkpoint(ctx context.Context) (found *seen, err error) {
	err = p.listed(ctx, logCheckpoint, func(o blob.Object) error {
		if o.Key == logCheckpoint {
			found, err = p.copyFile(ctx, o)
		}
		return err
	})
	return found, err
}

// copyFile puts the content of a file into the backup, if it is not there yet. It returns
// nil for a file that is gone.
func (c *creation) copyFile(ctx context.Context, o blob.Object) (*seen, error) {
	r, err := c.from.Blobs.Read(ctx, o.Key)
	if problem.Is(err, problem.KindNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Key, err)
	}
	defer func() { _ = r.Close() }()
	sum, begin := sha256.New(), bytes.Buffer{}
	size, err := io.Copy(io.MultiWriter(sum, &begin), io.LimitReader(r, inMemory))
	if err == nil && size == inMemory {
		var more int64
		more, err = io.Copy(sum, r)
		size += more
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Key, err)
	}
	c.Report.Moved(int(size))
	out := &seen{file: file{Key: o.Key, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, modified: o.ModTime}
	kept, err := c.to.store.Exists(ctx, contentKey(out.SHA256))
	if err != nil || kept {
		return out, err
	}
	if size > int64(begin.Len()) {
		return out, c.copyLarge(ctx, out)
	}
	_, err = c.to.store.Write(ctx, contentKey(out.SHA256), &begin, unbounded)
	return out, err
}

// copyLarge reads a file for the second time.
func (c *creation) copyLarge(ctx context.Context, s *seen) error {
	r, err := c.from.Blobs.Read(ctx, s.Key)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Key, err)
	}
	defer func() { _ = r.Close() }()
	_, err = c.to.store.Write(ctx, contentKey(s.SHA256), &unchanged{Reader: r, sum: sha256.New(), was: s.file}, unbounded)
	return err
}

// unchanged fails at the end of a file that is not what it was: no content gets a name that
// is not its digest, whenever the program may be killed.
type unchanged struct {
	io.Reader
	sum hash.Hash
	was file
}

func (u *unchanged) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	_, _ = u.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(u.sum.Sum(nil)) != u.was.SHA256 {
		err = fmt.Errorf("%s changed while it was read; try again", u.was.Key)
	}
	return n, err
}

// contentKey is where a backup has the content of files.
func contentKey(sum string) string { return filesFolder + sum[:2] + "/" + sum }
