package jsonld

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// Encode writes a document, or a part of one, as canonical JSON (RFC 8785): the same values
// always give the same bytes, so it is both what eddsa-jcs-2022 signs and what is handed out.
// Text that is not valid Unicode is an error and not repaired in silence.
func Encode(value any) ([]byte, error) {
	return appendJSON(make([]byte, 0, 4096), value)
}

func appendJSON(dst []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendText(dst, v)
	case float64:
		return appendNumber(dst, v)
	case []any:
		return appendArray(dst, v)
	case map[string]any:
		return appendObject(dst, v)
	}
	return appendOther(dst, value)
}

// appendOther writes a value that Decode never gives, such as an int of a document made by hand.
func appendOther(dst []byte, value any) ([]byte, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, refuse(CodeInvalidJSON, err.Error(), "a value cannot be written as JSON")
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return nil, refuse(CodeInvalidJSON, err.Error(), "a value cannot be written as canonical JSON")
	}
	return append(dst, canonical...), nil
}

func appendArray(dst []byte, items []any) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSON(dst, item); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendObject(dst []byte, object map[string]any) (_ []byte, err error) {
	var few [16]string
	keys := few[:0]
	for key := range object {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareKeys)
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendText(dst, key); err != nil {
			return nil, err
		}
		if dst, err = appendJSON(append(dst, ':'), object[key]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// compareKeys orders by UTF-16 code units, which differs from the order of bytes only where a
// key has characters outside the basic plane.
func compareKeys(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == b[i] {
			continue
		}
		if a[i] < utf8.RuneSelf && b[i] < utf8.RuneSelf {
			break
		}
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	}
	return strings.Compare(a, b)
}

func appendNumber(dst []byte, v float64) ([]byte, error) {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(dst, int64(v), 10), nil
	}
	text, err := jcs.NumberToJSON(v)
	if err != nil {
		return nil, refuse(CodeInvalidJSON, "", "a number is not finite")
	}
	return append(dst, text...), nil
}

func appendText(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, refuse(CodeInvalidJSON, "", "a text is not valid Unicode")
	}
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		dst = appendEscape(dst, c)
	}
	return append(append(dst, s[start:]...), '"'), nil
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	if i := strings.IndexByte("\"\\\b\f\n\r\t", c); i >= 0 {
		return append(dst, '\\', `"\bfnrt`[i])
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
