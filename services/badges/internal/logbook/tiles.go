package logbook

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

// tiles writes what makes a published log of one size one of another size: bundles of entries
// and tiles of hashes. What is there already, as it should be, is left alone.
func (w *Writer) tiles(ctx context.Context, t *tree, from, to int64) error {
	for first := from / translog.Width * translog.Width; first < to; first += translog.Width {
		leaves, err := w.book.store.Leaves(ctx, first, min(first+translog.Width, to))
		if err != nil {
			return err
		}
		if err := same(t, first, leaves); err != nil {
			return err
		}
		bundle, err := translog.Bundle(leaves)
		if err != nil {
			return err
		}
		if err := w.put(ctx, translog.TilePath(translog.EntriesTile(first, to)), bundle); err != nil {
			return err
		}
	}
	for _, tile := range tlog.NewTiles(translog.Height, from, to) {
		data, err := tlog.ReadTileData(tile, t)
		if err != nil {
			return translog.Unfit(err)
		}
		if err := w.put(ctx, translog.TilePath(tile), data); err != nil {
			return err
		}
	}
	return nil
}

// same holds leaves to the hashes of the tree.
func same(t *tree, first int64, leaves [][]byte) error {
	indexes := make([]int64, len(leaves))
	for i := range leaves {
		indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	hashes, err := t.ReadHashes(indexes)
	if err != nil {
		return translog.Unfit(err)
	}
	for i, leaf := range leaves {
		if tlog.RecordHash(leaf) != hashes[i] {
			return fmt.Errorf("%w: entry %d was changed", ErrRewritten, first+int64(i))
		}
	}
	return nil
}

// put writes a file that is not there with this very content.
func (w *Writer) put(ctx context.Context, path string, content []byte) error {
	there, err := files{w.book.blobs}.Read(ctx, path)
	if err == nil && bytes.Equal(there, content) {
		return nil
	}
	return w.write(ctx, path, content)
}

// tidy removes the partial tiles of those that are full since. Readers take the full one then, so
// nothing is lost, also when this fails.
func (w *Writer) tidy(ctx context.Context, from, to int64) {
	for level := translog.Entries; ; level++ {
		shift := translog.Height * max(level, 0)
		before, now := from>>shift/translog.Width, to>>shift/translog.Width
		if level > 0 && to>>shift == 0 {
			return
		}
		for n := before; n < now; n++ {
			full := prefix + translog.TilePath(tlog.Tile{H: translog.Height, L: level, N: n, W: translog.Width})
			parts, err := w.book.blobs.Keys(ctx, full+".p/")
			for _, part := range parts {
				err = w.book.blobs.Delete(ctx, part)
			}
			if err != nil {
				w.log.WarnContext(ctx, "partial tiles of the public log stay though nobody needs them", "error", err)
				return
			}
		}
	}
}
