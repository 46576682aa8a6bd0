package jsonld

import (
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
//
// It is a parser of its own, since the standard library lets all of that pass and needs several
// passes to be asked; the tests hold it equal to the library on everything that both accept.
func Decode(raw []byte) (map[string]any, error) {
	if len(raw) > MaxBytes {
		return nil, refuse(CodeTooLarge, "", "the document is larger than 1 MB")
	}
	if !utf8.Valid(raw) {
		return nil, refuse(CodeInvalidJSON, "", "the text is not valid Unicode: it has broken UTF-8")
	}
	d := decoder{in: string(raw)}
	d.blanks()
	value, err := d.value()
	if err != nil {
		return nil, err
	}
	if d.blanks(); d.pos != len(d.in) {
		return nil, errJSON()
	}
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, refuse(CodeInvalidJSON, "", "the document must be a JSON object")
	}
	return object, nil
}

func errJSON() error { return refuse(CodeInvalidJSON, "", "the text is not one valid JSON value") }

// decoder walks the text once. Its strings are parts of the text and cost no copy.
type decoder struct {
	in    string
	pos   int
	depth int
}

// peek returns the next byte, 0 at the end; a zero byte is not valid JSON anywhere.
func (d *decoder) peek() byte {
	if d.pos < len(d.in) {
		return d.in[d.pos]
	}
	return 0
}

func (d *decoder) blanks() {
	for d.pos < len(d.in) {
		switch d.in[d.pos] {
		case ' ', '\n', '\t', '\r':
			d.pos++
		default:
			return
		}
	}
}

// skip takes one expected byte and the blanks after it.
func (d *decoder) skip(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.pos++
	d.blanks()
	return true
}

func (d *decoder) enter() error {
	if d.depth++; d.depth > MaxDepth {
		return refuse(CodeTooDeep, "", "objects and arrays are nested more than 64 deep")
	}
	d.pos++
	d.blanks()
	return nil
}

func (d *decoder) value() (any, error) {
	switch c := d.peek(); c {
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		return d.text()
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	default:
		return d.number()
	}
}

func (d *decoder) word(want string) error {
	if len(d.in)-d.pos < len(want) || d.in[d.pos:d.pos+len(want)] != want {
		return errJSON()
	}
	d.pos += len(want)
	return nil
}

func (d *decoder) object() (map[string]any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	out := make(map[string]any)
	for d.peek() != '}' {
		if len(out) > 0 && !d.skip(',') || d.peek() != '"' {
			return nil, errJSON()
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if d.blanks(); !d.skip(':') {
			return nil, errJSON()
		}
		value, err := d.value()
		if err != nil {
			return nil, err
		}
		count := len(out)
		if out[key] = value; len(out) == count {
			return nil, refuse(CodeDuplicateKey, key, "an object has the same key twice")
		}
		d.blanks()
	}
	d.pos++
	d.depth--
	return out, nil
}

func (d *decoder) array() ([]any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	out := []any{}
	for d.peek() != ']' {
		if len(out) > 0 && !d.skip(',') {
			return nil, errJSON()
		}
		value, err := d.value()
		if err != nil {
			return nil, err
		}
		out = append(out, value)
		d.blanks()
	}
	d.pos++
	d.depth--
	return out, nil
}

// number reads what the grammar of JSON calls a number.
func (d *decoder) number() (float64, error) {
	from := d.pos
	if d.peek() == '-' {
		d.pos++
	}
	first := d.peek()
	whole := d.digits()
	if whole == 0 || (whole > 1 && first == '0') {
		return 0, errJSON()
	}
	if d.peek() == '.' {
		if d.pos++; d.digits() == 0 {
			return 0, errJSON()
		}
	}
	if c := d.peek(); c == 'e' || c == 'E' {
		if d.pos++; d.peek() == '+' || d.peek() == '-' {
			d.pos++
		}
		if d.digits() == 0 {
			return 0, errJSON()
		}
	}
	return exactNumber(d.in[from:d.pos])
}

func (d *decoder) digits() int {
	from := d.pos
	for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
		d.pos++
	}
	return d.pos - from
}
