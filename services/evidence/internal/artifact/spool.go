package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// spool holds an upload until it is whole and judged: its address is its digest,
// which is known at the end only, and nothing unjudged reaches the blob store.
type spool struct {
	file   *os.File
	size   int64
	sha256 string
}

// receive reads a content of at most limit bytes. The file has no name, so that it
// is gone with the process, however that ends.
func receive(dir string, content io.Reader, limit int64) (*spool, error) {
	file, err := os.CreateTemp(dir, "upload-*")
	if err != nil {
		return nil, fmt.Errorf("keep upload: %w", err)
	}
	s := &spool{file: file}
	if err := os.Remove(file.Name()); err != nil {
		s.close()
		return nil, fmt.Errorf("keep upload: %w", err)
	}
	digest := sha256.New()
	s.size, err = io.Copy(io.MultiWriter(file, digest), io.LimitReader(content, limit+1))
	switch {
	case err != nil:
	case s.size > limit:
		err = tooLarge(limit)
	case s.size == 0:
		err = problem.Invalid(problem.Violation{Field: "content", Rule: "not_empty", Fix: "Send a content of at least one byte."})
	}
	if err != nil {
		s.close()
		return nil, err
	}
	s.sha256 = hex.EncodeToString(digest.Sum(nil))
	return s, nil
}

func tooLarge(limit int64) error {
	return &problem.Error{Kind: problem.KindInvalid, Reason: problem.ReasonLimitExceeded, Name: "content_bytes", Violations: []problem.Violation{{
		Field: "content", Rule: "max_bytes", Fix: fmt.Sprintf("Send at most %d bytes.", limit),
	}}}
}

func (s *spool) reader() (io.Reader, error) {
	_, err := s.file.Seek(0, io.SeekStart)
	return s.file, err
}

func (s *spool) close() { _ = s.file.Close() }

// verifiedReader ends with an error instead of an end when the bytes are not those
// that were accepted, so that nobody takes a damaged file for the evidence.
type verifiedReader struct {
	io.ReadCloser
	hash hash.Hash
	want string
}

func verified(content io.ReadCloser, sha string) io.ReadCloser {
	return &verifiedReader{ReadCloser: content, hash: sha256.New(), want: sha}
}

// Read passes bytes on and compares their digest at the end.
func (v *verifiedReader) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	_, _ = v.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(v.hash.Sum(nil)) != v.want {
		return n, fmt.Errorf("content %s is damaged in the blob store", v.want)
	}
	return n, err
}
