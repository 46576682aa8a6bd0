package translog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// Height is that of tiles: a full one has 256 hashes, or entries.
	Height = 8
	// Width is how many hashes or entries a full tile has.
	Width = 1 << Height
	// CheckpointPath is where the newest checkpoint is, below the log's address.
	CheckpointPath = "checkpoint"
	// KeyPath is where the key is told. It is believed only when it fits what the reader has.
	KeyPath = "key"
	// Entries is the level of the tiles that hold entries instead of hashes.
	Entries = -1

	heightPrefix = "tile/8/" // as package tlog writes paths
	tilePrefix   = "tile/"   // as C2SP tlog-tiles does
)

// ErrTile marks a path or content that is no tile.
var ErrTile = errors.New("not a tile of the log")

// TilePath is where a tile is below the log's address: tile/LEVEL/N[.p/W], tile/entries/N[.p/W].
func TilePath(t tlog.Tile) string {
	t.H = Height
	rest := strings.TrimPrefix(t.Path(), heightPrefix)
	if entries, ok := strings.CutPrefix(rest, "data/"); ok {
		rest = "entries/" + entries
	}
	return tilePrefix + rest
}

// ParseTilePath reads the path of a tile in its only form.
func ParseTilePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, tilePrefix)
	if entries, is := strings.CutPrefix(rest, "entries/"); is {
		rest = "data/" + entries
	} else if strings.HasPrefix(rest, "data/") {
		ok = false
	}
	t, err := tlog.ParseTilePath(heightPrefix + rest)
	if !ok || err != nil || TilePath(t) != path {
		return tlog.Tile{}, fmt.Errorf("%w: path %q", ErrTile, path)
	}
	return t, nil
}

// EntriesTile is the tile with the entry of an index, in a log of this size.
func EntriesTile(index, size int64) tlog.Tile {
	n := index / Width
	return tlog.Tile{H: Height, L: Entries, N: n, W: int(min(Width, size-n*Width))}
}

// Bundle writes the entries of a tile: each after its length in two bytes.
func Bundle(leaves [][]byte) ([]byte, error) {
	var out []byte
	for _, leaf := range leaves {
		if len(leaf) > 1<<16-1 {
			return nil, fmt.Errorf("%w: entry of %d bytes", ErrTile, len(leaf))
		}
		out = binary.BigEndian.AppendUint16(out, uint16(len(leaf))) //nolint:gosec // checked above
		out = append(out, leaf...)
	}
	return out, nil
}

// Unbundle reads the first entries of a tile; what comes after them is left alone, since a fuller
// tile begins with the same.
func Unbundle(bundle []byte, width int) ([][]byte, error) {
	out := make([][]byte, 0, width)
	for range width {
		if len(bundle) < 2 {
			return nil, fmt.Errorf("%w: it ends after %d of %d entries", ErrTile, len(out), width)
		}
		n := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+n {
			return nil, fmt.Errorf("%w: it ends within entry %d", ErrTile, len(out))
		}
		out = append(out, bundle[2:2+n])
		bundle = bundle[2+n:]
	}
	return out, nil
}
