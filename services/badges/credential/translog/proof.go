package translog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that one entry is in the log of a checkpoint. Its text is that of C2SP tlog-proof,
// with the entry as the extra data, so that one file says it all.
type Proof struct {
	Index      int64
	Leaf       []byte // the entry
	Hashes     []tlog.Hash
	Checkpoint []byte // signed
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	// maxHashes is the height of the highest tree.
	maxHashes = 63
)

// ErrProof marks what is no proof, or proves something else.
var ErrProof = errors.New("not a proof of the log")

// Marshal writes the text of the proof.
func (p Proof) Marshal() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofHeader, base64.StdEncoding.EncodeToString(p.Leaf), p.Index)
	for _, h := range p.Hashes {
		fmt.Fprintln(&b, h)
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return []byte(b.String())
}

// ParseProof reads the text of a proof. That it proves anything is for Verify to say.
func ParseProof(text []byte) (Proof, error) {
	head, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(text) > 2*maxCheckpoint || len(lines) < 3 || lines[0] != proofHeader {
		return Proof{}, ErrProof
	}
	extra, hasExtra := strings.CutPrefix(lines[1], "extra ")
	index, hasIndex := strings.CutPrefix(lines[2], "index ")
	leaf, err := base64.StdEncoding.Strict().DecodeString(extra)
	if err != nil || !hasExtra || !hasIndex {
		return Proof{}, fmt.Errorf("%w: no entry or no index", ErrProof)
	}
	p := Proof{Leaf: leaf, Checkpoint: []byte(checkpoint)}
	if p.Index, err = strconv.ParseInt(index, 10, 64); err != nil || strconv.FormatInt(p.Index, 10) != index || p.Index < 0 {
		return Proof{}, fmt.Errorf("%w: index %q", ErrProof, index)
	}
	if len(lines)-3 > maxHashes {
		return Proof{}, fmt.Errorf("%w: %d hashes", ErrProof, len(lines)-3)
	}
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return Proof{}, fmt.Errorf("%w: %w", ErrProof, err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Verify checks the proof with the log's key, and returns the entry and the checkpoint it is in.
func (p Proof) Verify(key Key) (Entry, Checkpoint, error) {
	head, err := key.Open(p.Checkpoint)
	if err != nil {
		return Entry{}, Checkpoint{}, err
	}
	if p.Index < 0 || p.Index >= head.Size {
		return Entry{}, head, fmt.Errorf("%w: entry %d of %d", ErrProof, p.Index, head.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, head.Size, head.Root, p.Index, tlog.RecordHash(p.Leaf)); err != nil {
		return Entry{}, head, fmt.Errorf("%w: %w", ErrProof, err)
	}
	e, err := ParseEntry(p.Leaf)
	return e, head, err
}
