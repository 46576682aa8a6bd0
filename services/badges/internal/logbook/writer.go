package logbook

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	batch     = 1024                   // entries of one checkpoint at most
	pollEvery = 500 * time.Millisecond // for entries of other processes
	gather    = 200 * time.Millisecond // between two checkpoints, so that a wave of entries makes few
	haltPause = time.Minute            // between two looks at a log that stopped
	maxFile   = 64 << 20
)

// Writer gives entries their places and publishes the log. Run it in one replica at a time; when
// two run after all, one of them finds its version taken and begins again.
type Writer struct {
	book    *Book
	signer  Signer
	log     *slog.Logger
	metrics *metrics
	checked bool // what is in the blob store was compared with the rows
}

// NewWriter returns the writer of a book. The signer is the one the book was opened with.
func NewWriter(book *Book, signer Signer, log *slog.Logger) (*Writer, error) {
	m, err := newMetrics(book.store)
	if err != nil {
		return nil, err
	}
	return &Writer{book: book, signer: signer, log: log, metrics: m}, nil
}

// Run writes until ctx ends. What fails is tried again; a log whose past was changed stands still,
// loudly, until somebody repairs it.
func (w *Writer) Run(ctx context.Context) error {
	w.checked = false
	for ctx.Err() == nil {
		n, err := w.Round(ctx)
		pause, entered := pollEvery, w.book.store.Entered()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case halts(err):
			w.log.ErrorContext(ctx, "the public log stands still: its past was changed; see docs/transparency.md", "error", err)
			w.metrics.halted.Store(1)
			pause, entered = haltPause, nil
		case stale(err): // another writer was faster
		case err != nil:
			w.log.WarnContext(ctx, "entries wait for the public log, trying again", "error", err)
		default:
			w.metrics.halted.Store(0)
			if n > 0 {
				pause, entered = gather, nil
			}
		}
		select {
		case <-ctx.Done():
		case <-entered:
		case <-time.After(pause):
		}
	}
	return ctx.Err()
}

// halts tells errors that trying again does not cure.
func halts(err error) bool {
	return errors.Is(err, ErrRewritten) || errors.Is(err, ErrRolledBack) || errors.Is(err, ErrOtherKey)
}

// Round publishes what is not published, takes one batch of what waits, publishes it too, and
// returns how many entries that were.
func (w *Writer) Round(ctx context.Context) (int, error) {
	head, err := w.book.store.Head(ctx)
	if err != nil {
		return 0, err
	}
	if !w.checked || head.Published < head.Size || len(head.Checkpoint) == 0 {
		seen := head
		if head, err = w.publish(ctx, head); err != nil {
			return 0, w.unlessOvertaken(ctx, seen, err)
		}
		w.checked = true
	}
	waiting, err := w.book.store.Waiting(ctx, batch)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	if head, err = w.take(ctx, head, waiting); err != nil {
		w.checked = w.checked && !unreadable(err) // makes the tiles anew the next time
		return 0, err
	}
	_, err = w.publish(ctx, head)
	return len(waiting), w.unlessOvertaken(ctx, head, err)
}

// unlessOvertaken is the error of work on a head. Where another writer went on meanwhile, the
// blob store is ahead of that head for a good reason: the work is only to be begun again.
func (w *Writer) unlessOvertaken(ctx context.Context, seen Head, err error) error {
	if !halts(err) {
		return err
	}
	now, again := w.book.store.Head(ctx)
	if again != nil {
		return again
	}
	if now.Version != seen.Version {
		return problem.Stale("log")
	}
	return err
}

// take gives waiting entries their places. The tiles of all earlier ones are published.
func (w *Writer) take(ctx context.Context, head Head, waiting []Waiting) (Head, error) {
	t := newTree(w.hashes(ctx, head.checkpoint()), head.Size)
	rows := make([]Row, len(waiting))
	for i, one := range waiting {
		e, err := translog.ParseEntry(one.Leaf)
		if err != nil {
			return head, fmt.Errorf("%w: an entry that waits was changed: %w", ErrRewritten, err)
		}
		rows[i] = Row{Entry: e, Position: t.size, Leaf: one.Leaf}
		if err := t.add(one.Leaf); err != nil {
			return head, err
		}
	}
	root, err := t.root()
	if err != nil {
		return head, err
	}
	next := head
	next.Size, next.Root, next.Version = t.size, root, head.Version+1
	return next, w.book.store.Advance(ctx, next, rows, waiting)
}

// publish brings the blob store to the size of the head, and then tells the checkpoint. It begins
// at what the blob store has; when that cannot be read it is made anew from the rows.
func (w *Writer) publish(ctx context.Context, head Head) (Head, error) {
	base, err := w.base(ctx)
	if err != nil {
		return head, err
	}
	if base.Size > head.Size {
		return head, fmt.Errorf("%w: %d entries are published and %d kept", ErrRolledBack, base.Size, head.Size)
	}
	if w.checked {
		err = w.fill(ctx, base, head)
	}
	if !w.checked || unreadable(err) {
		err = w.refill(ctx, base, head, err)
	}
	if err != nil {
		return head, err
	}
	signed, err := translog.Sign(ctx, head.checkpoint(), w.signer, w.book.key)
	if err != nil {
		return head, err
	}
	if err := w.write(ctx, translog.CheckpointPath, signed); err != nil {
		return head, err
	}
	next := head
	next.Published, next.Checkpoint, next.Version = head.Size, signed, head.Version+1
	if err := w.book.store.Advance(ctx, next, nil, nil); err != nil {
		return head, err
	}
	w.tidy(ctx, base.Size, head.Size)
	return next, nil
}

// base is the checkpoint that the blob store has.
func (w *Writer) base(ctx context.Context) (translog.Checkpoint, error) {
	signed, err := files{w.book.blobs}.Read(ctx, translog.CheckpointPath)
	if errors.Is(err, translog.ErrNoFile) {
		root, err := tlog.TreeHash(0, nil)
		return translog.Checkpoint{Origin: w.book.key.Origin(), Root: root}, err
	} else if err != nil {
		return translog.Checkpoint{}, err
	}
	c, err := w.book.key.Open(signed)
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrOtherKey, err)
	}
	return c, nil
}

// fill writes the tiles that came since the base, whose own it checks on the way.
func (w *Writer) fill(ctx context.Context, base translog.Checkpoint, head Head) error {
	t := newTree(w.hashes(ctx, base), base.Size)
	if err := w.grow(ctx, t, head); err != nil {
		return err
	}
	return w.tiles(ctx, t, base.Size, head.Size)
}

// refill computes the whole log from its rows, compares it with all that was signed, and writes
// every tile that is not there as it should be.
func (w *Writer) refill(ctx context.Context, base translog.Checkpoint, head Head, cause error) error {
	if cause != nil {
		w.log.WarnContext(ctx, "tiles of the public log are missing or damaged; they are made anew from the entries", "error", cause)
	}
	t := newTree(nil, 0)
	known, err := w.signed(head, base)
	if err != nil {
		return err
	}
	for _, known := range known {
		if err := w.grow(ctx, t, known); err != nil {
			return err
		}
	}
	return w.tiles(ctx, t, 0, head.Size)
}

// signed are the states that the rows must hash to, in their order: what the blob store shows,
// what the database showed, and what the head says.
func (w *Writer) signed(head Head, base translog.Checkpoint) ([]Head, error) {
	known := []Head{{Size: base.Size, Root: base.Root}, head}
	if len(head.Checkpoint) == 0 {
		return known, nil
	}
	shown, err := w.book.key.Open(head.Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOtherKey, err)
	}
	known = append(known, Head{Size: shown.Size, Root: shown.Root})
	slices.SortStableFunc(known, func(a, b Head) int { return cmp.Compare(a.Size, b.Size) })
	return known, nil
}

// grow adds the rows up to a head, and holds them to its root.
func (w *Writer) grow(ctx context.Context, t *tree, to Head) error {
	for t.size < to.Size {
		leaves, err := w.book.store.Leaves(ctx, t.size, min(to.Size, t.size+batch))
		if err != nil {
			return err
		}
		if len(leaves) == 0 {
			return fmt.Errorf("%w: entry %d is missing", ErrRewritten, t.size)
		}
		for _, leaf := range leaves {
			if err := t.add(leaf); err != nil {
				return err
			}
		}
	}
	root, err := t.root()
	if err != nil {
		return err
	}
	if root != to.Root {
		return fmt.Errorf("%w: the first %d entries hash to another root", ErrRewritten, to.Size)
	}
	return nil
}

func (w *Writer) hashes(ctx context.Context, at translog.Checkpoint) tlog.HashReader {
	return translog.Hashes(ctx, files{w.book.blobs}, at)
}

func (w *Writer) write(ctx context.Context, path string, content []byte) error {
	_, err := w.book.blobs.Write(ctx, prefix+path, bytes.NewReader(content), maxFile)
	return err
}

func (h Head) checkpoint() translog.Checkpoint {
	return translog.Checkpoint{Origin: h.Origin, Size: h.Size, Root: h.Root}
}

// unreadable tells that tiles are missing, or not what was signed.
func unreadable(err error) bool {
	return errors.Is(err, translog.ErrNoFile) || errors.Is(err, translog.ErrDamaged)
}

// stale tells that another writer was faster.
func stale(err error) bool { return problem.Is(err, problem.KindAborted) }
