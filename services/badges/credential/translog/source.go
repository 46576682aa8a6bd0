package translog

import (
	"context"
	"errors"
	"fmt"
)

// Source answers questions from a log that its owner may have changed since somebody saved a
// checkpoint of it: the verifying side of Log.Check, with all that can go wrong on the way to it.
type Source struct {
	Files Files
	// Saved is the signed checkpoint of an earlier day.
	Saved []byte
	// Key is the log's key. Without it the key that the log itself tells is taken, when Saved is
	// signed with that: nobody can make another key which fits a signature that was there before.
	Key Key
}

// Check answers a question. The log was asked for, so one that cannot be read is a refusal too.
func (s *Source) Check(ctx context.Context, q Question) (Finding, error) {
	f, err := s.check(ctx, q)
	if err == nil || ctx.Err() != nil {
		return f, ctx.Err()
	}
	f, known := Fault(err)
	if !known {
		f.Reason = "The log could not be read: " + err.Error() + "."
	}
	return f, nil
}

func (s *Source) check(ctx context.Context, q Question) (Finding, error) {
	key, saved, err := s.trust(ctx)
	if err != nil {
		return Finding{}, err
	}
	log, err := Open(ctx, s.Files, key)
	if err != nil {
		return Finding{}, err
	}
	return log.Check(ctx, q, &saved)
}

// trust finds the key, and what was saved with it.
func (s *Source) trust(ctx context.Context) (Key, Checkpoint, error) {
	key := s.Key
	if key.IsZero() {
		var err error
		if key, err = ReadKey(ctx, s.Files); err != nil {
			return key, Checkpoint{}, err
		}
	}
	saved, err := key.Open(s.Saved)
	if err != nil {
		return key, saved, fmt.Errorf("saved checkpoint: %w", err)
	}
	return key, saved, nil
}

// ReadKey reads the key that a log tells of itself. It proves nothing alone.
func ReadKey(ctx context.Context, files Files) (Key, error) {
	text, err := files.Read(ctx, KeyPath)
	if err != nil {
		return Key{}, err
	}
	key, err := ParseKey(string(text))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return key, nil
}

// SavedOrigin reads the name of the log off a signed checkpoint before its signature can be
// checked: it says where to look.
func SavedOrigin(signed []byte) (string, error) {
	c, err := ParseCheckpoint(string(signed))
	if err != nil {
		return "", errors.Join(ErrCheckpoint, err)
	}
	return c.Origin, nil
}
