package logbook

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

// tree is a log that grows: hashes of what was there before come from the tiles, those of what
// was added are in memory.
type tree struct {
	before tlog.HashReader // nil for a tree that began empty
	size   int64
	added  map[int64]tlog.Hash // by their place in the stored order
}

func newTree(before tlog.HashReader, size int64) *tree {
	return &tree{before: before, size: size, added: map[int64]tlog.Hash{}}
}

// add puts a leaf at the end.
func (t *tree) add(leaf []byte) error {
	hashes, err := tlog.StoredHashes(t.size, leaf, t)
	if err != nil {
		return translog.Unfit(err)
	}
	first := tlog.StoredHashIndex(0, t.size)
	for i, h := range hashes {
		t.added[first+int64(i)] = h
	}
	t.size++
	return nil
}

// root is the root hash.
func (t *tree) root() (tlog.Hash, error) {
	root, err := tlog.TreeHash(t.size, t)
	if err != nil {
		return root, translog.Unfit(err)
	}
	return root, nil
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var older []int64
	for _, index := range indexes {
		if _, ok := t.added[index]; !ok {
			older = append(older, index)
		}
	}
	var found []tlog.Hash
	if len(older) > 0 {
		var err error
		if found, err = t.before.ReadHashes(older); err != nil {
			return nil, err
		}
	}
	for i, index := range indexes {
		h, ok := t.added[index]
		if !ok {
			h, found = found[0], found[1:]
		}
		out[i] = h
	}
	return out, nil
}
