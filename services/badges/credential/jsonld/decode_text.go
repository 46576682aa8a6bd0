package jsonld

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string. Without escapes, as almost always, it is a part of the input.
func (d *decoder) text() (string, error) {
	from := d.pos + 1
	for i := from; i < len(d.in); i++ {
		switch c := d.in[i]; {
		case c == '"':
			d.pos = i + 1
			return d.in[from:i], nil
		case c == '\\':
			return d.escaped(from, i)
		case c < ' ':
			return "", errJSON()
		}
	}
	return "", errJSON()
}

// escaped reads on from the first escape of a string that starts at from.
func (d *decoder) escaped(from, at int) (string, error) {
	var b strings.Builder
	b.WriteString(d.in[from:at])
	for d.pos = at; d.pos < len(d.in); {
		switch c := d.in[d.pos]; {
		case c == '"':
			d.pos++
			return b.String(), nil
		case c == '\\':
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		case c < ' ':
			return "", errJSON()
		default:
			b.WriteByte(c)
			d.pos++
		}
	}
	return "", errJSON()
}

// escape reads one escape sequence, or two that are a pair of surrogates.
func (d *decoder) escape() (rune, error) {
	if d.pos+1 >= len(d.in) {
		return 0, errJSON()
	}
	if d.in[d.pos+1] != 'u' {
		i := strings.IndexByte(`"\/bfnrt`, d.in[d.pos+1])
		if i < 0 {
			return 0, errJSON()
		}
		d.pos += 2
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	high, ok := d.unit()
	if !ok {
		return 0, errJSON()
	}
	if !utf16.IsSurrogate(high) {
		return high, nil
	}
	low, ok := d.unit()
	if r := utf16.DecodeRune(high, low); ok && r != utf8.RuneError {
		return r, nil
	}
	return 0, refuse(CodeInvalidJSON, "", "the text is not valid Unicode: it has half a surrogate pair")
}

// unit reads \uXXXX.
func (d *decoder) unit() (rune, bool) {
	rest := d.in[d.pos:]
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return 0, false
	}
	for i := 2; i < 6; i++ { // ParseUint alone would also take signs and underscores
		if c := rest[i] | 0x20; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(rest[2:6], 16, 16)
	d.pos += 6
	return rune(v), err == nil
}
