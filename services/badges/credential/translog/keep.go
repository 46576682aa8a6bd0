package translog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	keptDir  = "checkpoints" // of a watcher's folder
	fileMode = 0o644         // what is kept is public
	dirMode  = 0o755
)

// Keeper keeps what it saw of a log in a folder: the key, checkpoints, and the files of a mirror.
type Keeper struct{ root *os.Root }

// NewKeeper opens the folder and makes it when it is missing.
func NewKeeper(dir string) (*Keeper, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("folder of the log: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the log: %w", err)
	}
	return &Keeper{root: root}, nil
}

// Close lets go of the folder.
func (k *Keeper) Close() error { return k.root.Close() }

// Open opens a log with the key that is kept. The first time it is the key that was given, or else
// the one that the log tells; another one later is refused.
func (k *Keeper) Open(ctx context.Context, files Files, given Key) (*Log, Key, error) {
	key := given
	text, err := k.root.ReadFile(KeyPath)
	switch {
	case err == nil:
		if key, err = ParseKey(string(text)); err == nil && !given.IsZero() && given.String() != key.String() {
			err = fmt.Errorf("%w: the folder is of a log with another key", ErrSignature)
		}
	case errors.Is(err, fs.ErrNotExist) && given.IsZero():
		key, err = ReadKey(ctx, files)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return nil, key, err
	}
	log, err := Open(ctx, files, key)
	if err != nil {
		return nil, key, err
	}
	return log, key, k.write(KeyPath, []byte(key.String()+"\n"))
}

// write replaces a file at once.
func (k *Keeper) write(name string, content []byte) error {
	if err := k.root.MkdirAll(path.Dir(name), dirMode); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if err := k.root.WriteFile(name+".new", content, fileMode); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if err := k.root.Rename(name+".new", name); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

// Mirror copies a log, all that was checked and nothing else, so that badges can be checked
// without a network. What is there already is not read again; the checkpoint comes last.
func (k *Keeper) Mirror(ctx context.Context, log *Log, key Key) error {
	from := int64(0)
	if signed, err := k.root.ReadFile(CheckpointPath); err == nil {
		earlier, err := key.Open(signed)
		if err != nil {
			return fmt.Errorf("checkpoint of the mirror: %w", err)
		}
		if err := log.Consistent(ctx, earlier); err != nil {
			return err
		}
		from = earlier.Size
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("checkpoint of the mirror: %w", err)
	}
	size := log.head.Size
	for first := from / Width * Width; first < size; first += Width {
		t := EntriesTile(first, size)
		leaves, err := log.bundle(ctx, t)
		if err != nil {
			return err
		}
		bundle, err := Bundle(leaves)
		if err != nil {
			return err
		}
		if err := k.write(TilePath(t), bundle); err != nil {
			return err
		}
	}
	for _, t := range tlog.NewTiles(Height, from, size) {
		data, err := tlog.ReadTileData(t, log.hashes(ctx))
		if err != nil {
			return Unfit(err)
		}
		if err := k.write(TilePath(t), data); err != nil {
			return err
		}
	}
	return k.write(CheckpointPath, log.raw)
}

// Watched is what a look at a log gave.
type Watched struct {
	Head Checkpoint
	Kept int   // checkpoints of earlier days, with all of which the log is consistent
	From int64 // the first entry that was not looked at before
}

// Watch compares a log with every checkpoint that is kept, looks at each entry since the newest of
// them, and keeps the checkpoint. One that contradicts another is kept too: the two together prove
// to anybody that the log has two histories.
func (k *Keeper) Watch(ctx context.Context, log *Log, key Key, fn func(index int64, e Entry) error) (Watched, error) {
	w := Watched{Head: log.head}
	kept, err := k.kept(key)
	if err != nil {
		return w, err
	}
	for _, earlier := range kept {
		if err := log.Consistent(ctx, earlier); err != nil {
			if errors.Is(err, ErrRewritten) {
				err = errors.Join(err, k.write(keptName(log.head), log.raw))
			}
			return w, err
		}
		w.From = max(w.From, earlier.Size)
	}
	w.Kept = len(kept)
	err = log.Entries(ctx, w.From, log.head.Size, func(index int64, leaf []byte) error {
		e, err := ParseEntry(leaf)
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		return fn(index, e)
	})
	if err != nil {
		return w, err
	}
	return w, k.write(keptName(log.head), log.raw)
}

func keptName(c Checkpoint) string {
	return fmt.Sprintf("%s/%020d-%x", keptDir, c.Size, c.Root[:8])
}

// kept reads all checkpoints that are kept, the smallest first.
func (k *Keeper) kept(key Key) (out []Checkpoint, err error) {
	names, err := fs.ReadDir(k.root.FS(), keptDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("kept checkpoints: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name.Name(), ".new") {
			continue // cut off while it was written
		}
		signed, err := k.root.ReadFile(keptDir + "/" + name.Name())
		if err != nil {
			return nil, fmt.Errorf("kept checkpoint: %w", err)
		}
		c, err := key.Open(signed)
		if err != nil {
			return nil, fmt.Errorf("kept checkpoint %s: %w", name.Name(), err)
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	return out, nil
}
