package jsonld

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// The limits of an input document.
const (
	MaxBytes = 1 << 20
	MaxDepth = 64
)

// Decode parses a JSON object as strictly as a signature needs: no duplicate keys, no lone
// surrogates (which Go would turn into one replacement character), no number that binary
// floating point would round, at most MaxBytes and MaxDepth. Numbers become float64.
func Decode(raw []byte) (map[string]any, error) {
	if len(raw) > MaxBytes {
		return nil, refuse(CodeTooLarge, "", "the document is larger than 1 MB")
	}
	if !utf8.Valid(raw) || loneSurrogate(raw) {
		return nil, refuse(CodeInvalidJSON, "", "the text is not valid Unicode: it has broken UTF-8 or half a surrogate pair")
	}
	if err := checkDepth(raw); err != nil {
		return nil, err
	}
	if !json.Valid(raw) {
		return nil, refuse(CodeInvalidJSON, "", "the text is not one JSON value")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	value, err := decodeValue(dec)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, refuse(CodeInvalidJSON, "", "the document must be a JSON object")
	}
	return object, nil
}

func decodeValue(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, refuse(CodeInvalidJSON, "", "the text is not valid JSON")
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return decodeObject(dec)
		}
		return decodeArray(dec)
	case json.Number:
		return exactNumber(v.String())
	default:
		return v, nil
	}
}

func decodeObject(dec *json.Decoder) (any, error) {
	out := map[string]any{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, refuse(CodeInvalidJSON, "", "the text is not valid JSON")
		}
		key, _ := token.(string)
		if _, dup := out[key]; dup {
			return nil, refuse(CodeDuplicateKey, key, "an object has the same key twice")
		}
		if out[key], err = decodeValue(dec); err != nil {
			return nil, err
		}
	}
	return out, closing(dec)
}

func decodeArray(dec *json.Decoder) (any, error) {
	out := []any{}
	for dec.More() {
		value, err := decodeValue(dec)
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, closing(dec)
}

func closing(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return refuse(CodeInvalidJSON, "", "the text is not valid JSON")
	}
	return nil
}

// checkDepth counts open brackets outside strings before any recursion happens.
func checkDepth(raw []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return refuse(CodeTooDeep, "", "objects and arrays are nested more than 64 deep")
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// loneSurrogate finds an escaped surrogate that is not one of a high-low pair.
func loneSurrogate(raw []byte) bool {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(raw[i:])
		switch {
		case !ok:
			i++ // a two-character escape
		case unit>>10 == 0xdc00>>10:
			return true
		case unit>>10 == 0xd800>>10:
			if low, ok := escapedUnit(raw[i+6:]); !ok || low>>10 != 0xdc00>>10 {
				return true
			}
			i += 11
		default:
			i += 5
		}
	}
	return false
}

// escapedUnit reads \uXXXX at the start of raw.
func escapedUnit(raw []byte) (uint64, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return v, err == nil
}
