package translog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// Errors of a log that is not what it says, or not what it said earlier.
var (
	// ErrRewritten says that what an earlier checkpoint covers is not in the log any more.
	ErrRewritten = errors.New("the log was rewritten")
	// ErrDamaged says that files of the log do not hash to its checkpoint.
	ErrDamaged = errors.New("files of the log do not fit its checkpoint")
)

// Log is a log at its newest checkpoint. All that it returns was checked against that.
type Log struct {
	files Files
	head  Checkpoint
	raw   []byte
	tiles sync.Map // path -> tile that was checked, of those that are needed again and again
}

// Open reads the newest checkpoint, which the key must have signed.
func Open(ctx context.Context, files Files, key Key) (*Log, error) {
	raw, err := files.Read(ctx, CheckpointPath)
	if err != nil {
		return nil, err
	}
	return At(files, raw, key)
}

// At is Open for a checkpoint at hand.
func At(files Files, signed []byte, key Key) (*Log, error) {
	head, err := key.Open(signed)
	if err != nil {
		return nil, err
	}
	return &Log{files: files, head: head, raw: signed}, nil
}

// Head is the checkpoint, and Signed its signed form.
func (l *Log) Head() Checkpoint { return l.head }

// Signed is the signed checkpoint.
func (l *Log) Signed() []byte { return l.raw }

// Consistent proves that the log begins with everything that the earlier checkpoint covers.
func (l *Log) Consistent(ctx context.Context, earlier Checkpoint) error {
	switch {
	case earlier.Origin != l.head.Origin:
		return fmt.Errorf("%w: the earlier checkpoint is of the log %s, this one of %s", ErrCheckpoint, earlier.Origin, l.head.Origin)
	case earlier.Size > l.head.Size:
		return fmt.Errorf("%w: it had %d entries and has %d", ErrRewritten, earlier.Size, l.head.Size)
	}
	root, err := tlog.TreeHash(earlier.Size, l.hashes(ctx))
	if err != nil {
		return Unfit(err)
	}
	if root != earlier.Root {
		return fmt.Errorf("%w: its first %d entries are not those of the earlier checkpoint", ErrRewritten, earlier.Size)
	}
	return nil
}

// Entries calls fn with the leaves from one index up to another, in order.
func (l *Log) Entries(ctx context.Context, from, to int64, fn func(index int64, leaf []byte) error) error {
	if from < 0 || to > l.head.Size {
		return fmt.Errorf("%w: entries %d to %d of %d", ErrTile, from, to, l.head.Size)
	}
	for from < to {
		leaves, err := l.bundle(ctx, EntriesTile(from, l.head.Size))
		if err != nil {
			return err
		}
		first := from / Width * Width
		for from < to && from-first < int64(len(leaves)) {
			if err := fn(from, leaves[from-first]); err != nil {
				return err
			}
			from++
		}
	}
	return nil
}

// bundle reads the entries of one tile and checks them.
func (l *Log) bundle(ctx context.Context, t tlog.Tile) ([][]byte, error) {
	raw, err := ReadTile(ctx, l.files, TilePath(t), t.W)
	if err != nil {
		return nil, err
	}
	leaves, err := Unbundle(raw, t.W)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return leaves, l.fits(ctx, t, leaves)
}

// fits checks the entries of one tile. A full one has a hash of its own further up in the tree, so
// that reading a whole log takes few tiles of hashes.
func (l *Log) fits(ctx context.Context, t tlog.Tile, leaves [][]byte) error {
	own := make([]tlog.Hash, len(leaves))
	indexes := make([]int64, len(leaves))
	for i, leaf := range leaves {
		own[i], indexes[i] = tlog.RecordHash(leaf), tlog.StoredHashIndex(0, t.N*Width+int64(i))
	}
	if len(own) == Width {
		for len(own) > 1 {
			for i := range len(own) / 2 {
				own[i] = tlog.NodeHash(own[2*i], own[2*i+1])
			}
			own = own[:len(own)/2]
		}
		indexes = []int64{tlog.StoredHashIndex(Height, t.N)}
	}
	hashes, err := l.hashes(ctx).ReadHashes(indexes)
	if err != nil {
		return Unfit(err)
	}
	if !slices.Equal(own, hashes) {
		return fmt.Errorf("%w: an entry from %d on was changed", ErrDamaged, t.N*Width)
	}
	return nil
}

// Prove makes the proof that the entry of an index is in the log.
func (l *Log) Prove(ctx context.Context, index int64) (Proof, error) {
	p := Proof{Index: index, Checkpoint: l.raw}
	err := l.Entries(ctx, index, min(index+1, l.head.Size), func(_ int64, leaf []byte) error {
		p.Leaf = leaf
		return nil
	})
	if err != nil {
		return Proof{}, err
	}
	if p.Leaf == nil {
		return Proof{}, fmt.Errorf("%w: entry %d of %d", ErrTile, index, l.head.Size)
	}
	if p.Hashes, err = tlog.ProveRecord(l.head.Size, index, l.hashes(ctx)); err != nil {
		return Proof{}, Unfit(err)
	}
	return p, nil
}

// readError is a file that could not be read, which says nothing of the log.
type readError struct{ error }

// Unwrap gives the cause.
func (e readError) Unwrap() error { return e.error }

// Unfit tells an error of reading from hashes that do not fit the checkpoint.
func Unfit(err error) error {
	if read, ok := errors.AsType[readError](err); ok {
		return read.error
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// hashes reads hashes of the tree; each tile is checked against the checkpoint first.
func (l *Log) hashes(ctx context.Context) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: l.head.Size, Hash: l.head.Root}, &tileReader{ctx: ctx, files: l.files, keep: &l.tiles})
}

// Hashes reads hashes of the tree of a checkpoint, and none that do not fit it.
func Hashes(ctx context.Context, files Files, head Checkpoint) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: head.Size, Hash: head.Root}, &tileReader{ctx: ctx, files: files})
}

// tileReader is Files as package tlog wants them, for one piece of work.
type tileReader struct {
	ctx   context.Context //nolint:containedctx // ReadTiles of the interface has none, and this lives for one call
	files Files
	keep  *sync.Map // nil: nothing is kept
}

// Height implements tlog.TileReader.
func (*tileReader) Height() int { return Height }

// SaveTiles implements tlog.TileReader. What is kept is little: tiles high in the tree, and those
// at its end.
func (r *tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, t := range tiles {
		if r.keep != nil && (t.L > 0 || t.W < Width) {
			r.keep.Store(TilePath(t), data[i])
		}
	}
}

// ReadTiles implements tlog.TileReader.
func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		if r.keep != nil {
			if known, ok := r.keep.Load(TilePath(t)); ok {
				out[i], _ = known.([]byte)
				continue
			}
		}
		raw, err := ReadTile(r.ctx, r.files, TilePath(t), t.W)
		if err != nil {
			return nil, readError{err}
		}
		if len(raw) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("%w: %s is too short", ErrTile, TilePath(t))
		}
		out[i] = raw[:t.W*tlog.HashSize]
	}
	return out, nil
}
