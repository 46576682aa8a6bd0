package backup

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/kit/blob"
)

// abandoned is the age of a begun backup after which nobody works on it any more.
const abandoned = 48 * time.Hour

// Prune removes what is older than the newest complete backups, backups that were begun and
// left, and contents of files that no backup names. The one just made is among those that
// stay, also where a clock that was ahead made others look newer. The manifest goes first:
// what is half removed is no backup. Contents stay while another backup is being made: it may
// count on one that nobody names yet.
func (f *Folder) Prune(ctx context.Context, made *Manifest, keep int, now time.Time, log *slog.Logger) error {
	complete, begun, err := f.IDs(ctx)
	if err != nil {
		return err
	}
	busy := false
	for _, id := range begun {
		at, err := timeOf(id)
		if err != nil || now.Sub(at) < abandoned {
			busy = true
			continue
		}
		if err := f.remove(ctx, id, log); err != nil {
			return err
		}
	}
	others := slices.DeleteFunc(complete, func(id string) bool { return id == made.ID })
	old := max(0, len(others)-(keep-1))
	for _, id := range others[:old] {
		if err := f.remove(ctx, id, log); err != nil {
			return err
		}
	}
	if busy {
		log.InfoContext(ctx, "another backup is being made: contents that no backup needs are left for the next time")
		return nil
	}
	return f.sweep(ctx, append(others[old:], made.ID), log)
}

func (f *Folder) remove(ctx context.Context, id string, log *slog.Logger) error {
	if err := f.store.Delete(ctx, id+"/"+manifestFile); err != nil {
		return err
	}
	keys, err := f.store.Keys(ctx, id+"/")
	for _, key := range keys {
		err = errors.Join(err, f.store.Delete(ctx, key))
	}
	if err == nil {
		log.InfoContext(ctx, "backup removed", "id", id)
	}
	return err
}

// sweep removes contents that none of the backups names. It holds 16 bytes for each that is
// named.
func (f *Folder) sweep(ctx context.Context, ids []string, log *slog.Logger) error {
	named := map[[16]byte]struct{}{}
	for _, id := range ids {
		m, err := f.Manifest(ctx, id)
		if err != nil {
			return err
		}
		if err := f.eachFile(ctx, m.Files, func(one file) error {
			named[short(one.SHA256)] = struct{}{}
			return nil
		}); err != nil {
			return err
		}
	}
	var loose []string
	if err := f.store.List(ctx, filesFolder, func(o blob.Object) error {
		if _, known := named[short(o.Key[len(o.Key)-min(len(o.Key), 64):])]; !known {
			loose = append(loose, o.Key)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, key := range loose {
		if err := f.store.Delete(ctx, key); err != nil {
			return err
		}
	}
	if len(loose) > 0 {
		log.InfoContext(ctx, "contents removed that no backup names", "files", len(loose))
	}
	return nil
}

// short is the first half of the digits of a digest, which tells contents apart as surely.
func short(sum string) (out [16]byte) {
	copy(out[:], sum)
	return out
}
