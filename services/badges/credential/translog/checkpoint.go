package translog

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxCheckpoint is more than any checkpoint with the signatures of many witnesses has.
const maxCheckpoint = 64 << 10

// Errors of checkpoints.
var (
	ErrCheckpoint = errors.New("not a checkpoint")
	ErrSignature  = errors.New("checkpoint without a signature of the log's key")
)

// Checkpoint is what the log was at some time. Origin is the log's name, which never changes.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// Text is what is signed.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// ParseCheckpoint reads what was signed. Lines after the third are other people's extensions.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(text) > maxCheckpoint || len(lines) < 4 || lines[0] == "" || !strings.HasSuffix(text, "\n") {
		return Checkpoint{}, ErrCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("%w: size %q", ErrCheckpoint, lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: root hash: %w", ErrCheckpoint, err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// Key is the public key of a log, with the log's name. Its text, NAME+HASH+KEY, is the verifier
// key of signed notes, which other tools for such logs read too.
type Key struct {
	text     string
	verifier note.Verifier
}

// NewKey joins the name of a log with its public key.
func NewKey(origin string, public ed25519.PublicKey) (Key, error) {
	text, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return Key{}, fmt.Errorf("key of the log: %w", err)
	}
	return ParseKey(text)
}

// ParseKey reads the text of a key.
func ParseKey(text string) (Key, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return Key{}, fmt.Errorf("key of the log, expected NAME+HASH+KEY: %w", err)
	}
	return Key{text: strings.TrimSpace(text), verifier: verifier}, nil
}

// String is the text of the key.
func (k Key) String() string { return k.text }

// IsZero tells whether there is no key.
func (k Key) IsZero() bool { return k.verifier == nil }

// Origin is the name of the log.
func (k Key) Origin() string { return k.verifier.Name() }

// Open reads a checkpoint that the key has signed. Signatures of others, such as witnesses, are
// left to those who know them.
func (k Key) Open(signed []byte) (Checkpoint, error) {
	if len(signed) > maxCheckpoint {
		return Checkpoint{}, ErrCheckpoint
	}
	opened, err := note.Open(signed, note.VerifierList(k.verifier))
	if err != nil {
		var unverified *note.UnverifiedNoteError
		var invalid *note.InvalidSignatureError
		if errors.As(err, &unverified) || errors.As(err, &invalid) {
			return Checkpoint{}, ErrSignature
		}
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := ParseCheckpoint(opened.Text)
	if err == nil && c.Origin != k.Origin() {
		return Checkpoint{}, fmt.Errorf("%w: of the log %s, not of %s", ErrCheckpoint, c.Origin, k.Origin())
	}
	return c, err
}

// Signer signs for the log; the issuers' signers are of this kind.
type Signer interface {
	Sign(ctx context.Context, data []byte) ([]byte, error)
}

// Sign makes the signed checkpoint. The key is the public half of what the signer signs with.
func Sign(ctx context.Context, c Checkpoint, signer Signer, key Key) ([]byte, error) {
	if c.Origin != key.Origin() {
		return nil, fmt.Errorf("%w: of the log %s, and the key is of %s", ErrCheckpoint, c.Origin, key.Origin())
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, noteSigner{ctx: ctx, signer: signer, Verifier: key.verifier})
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	if _, err := key.Open(signed); err != nil {
		return nil, fmt.Errorf("the signer signs with another key than the log's: %w", err)
	}
	return signed, nil
}

// noteSigner is a Signer as package note wants it, for one call.
type noteSigner struct {
	ctx    context.Context //nolint:containedctx // Sign of the interface has none, and this lives for one call
	signer Signer
	note.Verifier
}

// Sign signs a note's text.
func (s noteSigner) Sign(text []byte) ([]byte, error) { return s.signer.Sign(s.ctx, text) }
