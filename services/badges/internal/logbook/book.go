package logbook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Book is the log for those who write into it and those who ask for its files.
type Book struct {
	store Store
	blobs Blobs
	key   translog.Key
	base  string           // what comes before the name of a credential in its id
	now   func() time.Time // system time
}

// Signer signs checkpoints. Its verification method is a did:key.
type Signer interface {
	VerificationMethod() string
	Sign(ctx context.Context, data []byte) ([]byte, error)
}

// Open returns the log of a platform at publicURL. A log keeps the name it began with, wherever
// the platform moves. now is system time: outsiders compare it with their own clocks.
func Open(ctx context.Context, store Store, blobs Blobs, signer Signer, publicURL string, now func() time.Time) (*Book, error) {
	if blobs == nil {
		return nil, errors.New("the log needs a blob store")
	}
	_, public, err := keys.ParseVerificationMethod(signer.VerificationMethod())
	if err != nil {
		return nil, fmt.Errorf("key of the log: %w", err)
	}
	b := &Book{store: store, blobs: blobs, base: publicURL + "/v1/", now: now}
	head, err := b.begin(ctx, publicURL)
	if err != nil {
		return nil, fmt.Errorf("the public log: %w", err)
	}
	b.key, err = translog.NewKey(head.Origin, public)
	return b, err
}

// begin makes the head of a log that is none yet, and enters what was issued before there was one.
// Of processes that begin together one does it.
func (b *Book) begin(ctx context.Context, publicURL string) (head Head, err error) {
	if head, err = b.store.Head(ctx); err != nil || head.Version > 0 {
		return head, err
	}
	if head.Origin, err = Origin(publicURL); err != nil {
		return head, err
	}
	if head.Root, err = tlog.TreeHash(0, nil); err != nil {
		return head, err
	}
	head.Version = 1
	err = b.store.Tx(ctx, func(ctx context.Context) error {
		if err := b.store.Advance(ctx, head, nil, nil); err != nil {
			return err
		}
		past, err := b.store.Past(ctx)
		if err != nil {
			return err
		}
		for _, e := range past {
			if err := b.Append(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if stale(err) {
		return b.store.Head(ctx)
	}
	return head, err
}

// Append enters what happened, in the transaction of ctx. The time is that of the entering, so
// that nobody can choose it; only of a compromised key it is the one given, since when the key's
// signatures count no more.
func (b *Book) Append(ctx context.Context, e translog.Entry) error {
	now := b.now()
	if e.Kind != translog.KeyCompromised || e.Time.IsZero() {
		e.Time = now
	}
	leaf, err := e.Marshal()
	if err != nil {
		return err
	}
	return b.store.Enter(ctx, leaf, now)
}

// Key is the public key of the log in its text form.
func (b *Book) Key() string { return b.key.String() }

// Checkpoint is the newest signed checkpoint.
func (b *Book) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := b.published(ctx)
	return head.Checkpoint, err
}

func (b *Book) published(ctx context.Context) (Head, error) {
	head, err := b.store.Head(ctx)
	if err == nil && len(head.Checkpoint) == 0 {
		err = problem.NotFound("log/checkpoint")
	}
	return head, err
}

// Tile reads a tile by its path below the log's address.
func (b *Book) Tile(ctx context.Context, path string) ([]byte, error) {
	if _, err := translog.ParseTilePath(path); err != nil {
		return nil, problem.NotFound("log/" + path)
	}
	raw, err := files{b.blobs}.Read(ctx, path)
	if errors.Is(err, translog.ErrNoFile) {
		return nil, problem.NotFound("log/" + path)
	}
	return raw, err
}

// Proof makes the proof that a credential, given by its name, is in the log.
func (b *Book) Proof(ctx context.Context, credential string) ([]byte, error) {
	head, err := b.published(ctx)
	if err != nil {
		return nil, err
	}
	row, err := b.store.Signed(ctx, credential, b.base+credential, head.Published)
	if problem.Is(err, problem.KindNotFound) {
		return nil, problem.NotFound(credential)
	} else if err != nil {
		return nil, err
	}
	log, err := translog.At(files{b.blobs}, head.Checkpoint, b.key)
	if err != nil {
		return nil, err
	}
	proof, err := log.Prove(ctx, row.Position)
	if err != nil {
		return nil, err
	}
	return proof.Marshal(), nil
}

// Newest lists published entries below a position, the newest first; 0 begins at the newest.
func (b *Book) Newest(ctx context.Context, before int64, most int) ([]Row, error) {
	head, err := b.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	if before <= 0 || before > head.Published {
		before = head.Published
	}
	return b.store.Newest(ctx, before, most)
}
