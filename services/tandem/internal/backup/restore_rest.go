package backup

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// files puts contents back that are not there as they were. Other files are left alone, as no
// row will name them, but for the checkpoint of a log that had none yet: it would be ahead of
// the rows. The list is computed anew from what is read where it was written.
func (r *restoration) files(ctx context.Context) error {
	counted := newTally(nil)
	var waiting []file
	signed := false
	err := r.from.eachFile(ctx, r.m.Files, func(one file) (err error) {
		signed = signed || one.Key == logCheckpoint
		if waiting = append(waiting, one); len(waiting) == batch {
			err = r.someFiles(ctx, waiting, counted)
			waiting = waiting[:0]
		}
		return err
	})
	if err == nil {
		err = r.someFiles(ctx, waiting, counted)
	}
	if err == nil && !signed {
		err = r.to.Blobs.Delete(ctx, logCheckpoint)
	}
	r.add(counted.part("").line("files"))
	return err
}

// someFiles puts contents back side by side, and lists them in their order.
func (r *restoration) someFiles(ctx context.Context, files []file, list io.Writer) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	is := make([]file, len(files))
	for i, one := range files {
		group.Go(func() (err error) {
			is[i], err = r.file(inner, one)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, one := range is {
		if one != files[i] {
			r.done.Differs = append(r.done.Differs, fmt.Sprintf("file %s was %s and is %s", one.Key, files[i], one))
		}
		if err := one.write(list); err != nil {
			return err
		}
	}
	return nil
}

// file puts one content back and reads it again.
func (r *restoration) file(ctx context.Context, one file) (file, error) {
	is, err := r.read(ctx, one.Key)
	if err != nil || is == one {
		return is, err
	}
	content, err := r.from.store.Read(ctx, contentKey(one.SHA256))
	if err != nil {
		return is, damaged(contentKey(one.SHA256), err)
	}
	defer func() { _ = content.Close() }()
	if _, err := r.to.Blobs.Write(ctx, one.Key, content, unbounded); err != nil {
		return is, fmt.Errorf("%s: %w", one.Key, err)
	}
	return r.read(ctx, one.Key)
}

// read tells how a file is where it belongs; it is empty where there is none.
func (r *restoration) read(ctx context.Context, key string) (file, error) {
	content, err := r.to.Blobs.Read(ctx, key)
	if problem.Is(err, problem.KindNotFound) {
		return file{Key: key}, nil
	}
	if err != nil {
		return file{}, err
	}
	defer func() { _ = content.Close() }()
	size, sum, err := digest(content)
	r.Report.Moved(int(size))
	return file{Key: key, Size: size, SHA256: sum}, err
}

// streamsFree refuses streams that hold events, unless they may be wiped.
func (r *restoration) streamsFree(ctx context.Context) error {
	if r.to.Bus == nil {
		return errors.New("the streams cannot be restored while a process runs on the data folder: stop it first")
	}
	for _, service := range r.to.Publishers {
		state, err := r.to.Bus.StreamState(ctx, service)
		if err != nil {
			return err
		}
		if state.Messages > 0 && r.Wipe == "" {
			return fmt.Errorf("the stream of %s is not empty (%d events): restore with an empty bus, or with --wipe", service, state.Messages)
		}
	}
	return nil
}

// streams makes the streams and settings as they were.
func (r *restoration) streams(ctx context.Context) error {
	for _, service := range r.to.Publishers {
		if err := r.to.Bus.DropStream(ctx, service); err != nil {
			return err
		}
	}
	if err := r.to.Bus.DropSettings(ctx); err != nil {
		return err
	}
	if r.m.StreamsLeftOut {
		return r.replay(ctx)
	}
	for _, s := range r.m.Streams {
		if err := r.stream(ctx, s); err != nil {
			return fmt.Errorf("stream of %s: %w", s.Service, err)
		}
	}
	return r.settings(ctx)
}

func (r *restoration) stream(ctx context.Context, s Stream) error {
	to, err := r.to.Bus.Rebuild(ctx, s.Service, s.First)
	if err != nil {
		return err
	}
	if err := r.from.read(ctx, s.Part, r.Report, func(lines io.Reader) error {
		return eachLine(lines, func(m message) error {
			return to.Add(ctx, bus.Stored{Sequence: m.Sequence, Subject: m.Subject, Header: m.Header, Data: m.Data})
		})
	}); err != nil {
		return err
	}
	if err := to.Close(ctx, s.Last); err != nil {
		return err
	}
	counted := newTally(r.Report)
	err = r.to.Bus.ReadStream(ctx, s.Service, s.Last, func(m bus.Stored) error { return writeMessage(counted, m) })
	s.Part = counted.part(s.Path)
	r.add(s.Line())
	return err
}

func (r *restoration) add(line Line) {
	r.done.Lines = append(r.done.Lines, line)
	r.Report.Part(line)
}

func (r *restoration) settings(ctx context.Context) error {
	if r.m.Settings == nil {
		return nil
	}
	if err := r.from.read(ctx, *r.m.Settings, r.Report, func(lines io.Reader) error {
		return eachLine(lines, func(s setting) error { return r.to.Bus.StoreSetting(ctx, s.Key, s.Value) })
	}); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	counted := newTally(r.Report)
	if err := writeSettings(ctx, r.to.Bus, counted); err != nil {
		return err
	}
	r.add(counted.part("").line("settings"))
	return nil
}
