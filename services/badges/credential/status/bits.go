package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

const (
	// MinEntries is the shortest list: so many others hide whom somebody asks about.
	MinEntries = 131_072
	// MaxEntries is the longest list that is read. A few compressed bytes could else fill the memory.
	MaxEntries = 1 << 25

	multibase = "u" // base64url without padding
	maxText   = 1 << 20
	perByte   = 8
)

// Bits are the entries of a list, one bit each. The first one is the most significant bit of the first byte.
type Bits struct{ raw []byte }

// NewBits returns a list of n entries, none of them set; n is a multiple of 8 and at least MinEntries.
func NewBits(n int) (Bits, error) {
	if n < MinEntries || n > MaxEntries || n%perByte != 0 {
		return Bits{}, refuse(CodeShort, fmt.Sprintf("a list has %d to %d entries, a multiple of 8", MinEntries, MaxEntries))
	}
	return Bits{raw: make([]byte, n/perByte)}, nil
}

// Len is the number of entries.
func (b Bits) Len() int { return len(b.raw) * perByte }

// Get tells whether an entry is set.
func (b Bits) Get(i int) (bool, error) {
	if i < 0 || i >= b.Len() {
		return false, refuse(CodeRange, fmt.Sprintf("the list has %d entries and none with the index %d", b.Len(), i))
	}
	return b.raw[i/perByte]&mask(i) != 0, nil
}

// Set sets an entry.
func (b Bits) Set(i int) error {
	if _, err := b.Get(i); err != nil {
		return err
	}
	b.raw[i/perByte] |= mask(i)
	return nil
}

func mask(i int) byte { return 0x80 >> (i % perByte) }

// Encode compresses the entries and writes them as a list credential has them.
func (b Bits) Encode() (string, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write(b.raw); err != nil {
		return "", fmt.Errorf("compress status list: %w", err)
	}
	if err := zip.Close(); err != nil {
		return "", fmt.Errorf("compress status list: %w", err)
	}
	return multibase + base64.RawURLEncoding.EncodeToString(out.Bytes()), nil
}

// Decode reads the entries of a list credential.
func Decode(text string) (Bits, error) {
	packed, err := unwrap(text)
	if err != nil {
		return Bits{}, err
	}
	in := bytes.NewReader(packed)
	zip, err := gzip.NewReader(in)
	if err != nil {
		return Bits{}, refuseFor(CodeEncoding, "the list is not compressed with GZIP", err)
	}
	zip.Multistream(false)
	raw, err := io.ReadAll(io.LimitReader(zip, MaxEntries/perByte+1))
	switch {
	case err != nil:
		return Bits{}, refuseFor(CodeEncoding, "the compressed list is damaged", err)
	case len(raw) > MaxEntries/perByte:
		return Bits{}, refuse(CodeEncoding, fmt.Sprintf("the list has more than %d entries", MaxEntries))
	case in.Len() > 0:
		return Bits{}, refuse(CodeEncoding, "something follows the compressed list")
	case len(raw)*perByte < MinEntries:
		return Bits{}, refuse(CodeShort, fmt.Sprintf("the list has %d entries; it needs at least %d", len(raw)*perByte, MinEntries))
	}
	return Bits{raw: raw}, nil
}

// unwrap reads the multibase text. Go's decoder would skip line ends, and one list would have many texts.
func unwrap(text string) ([]byte, error) {
	body, ok := strings.CutPrefix(text, multibase)
	if !ok {
		return nil, refuse(CodeEncoding, `the list is not base64url with the prefix "u"`)
	}
	if len(body) > maxText || strings.ContainsAny(body, "\r\n") {
		return nil, refuse(CodeEncoding, "the text of the list is too long or has line ends")
	}
	packed, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return nil, refuseFor(CodeEncoding, "the list is not base64url without padding", err)
	}
	return packed, nil
}

// Bytes are the entries, eight to a byte; the caller must not change them.
func (b Bits) Bytes() []byte { return b.raw }
