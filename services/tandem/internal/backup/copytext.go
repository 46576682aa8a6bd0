package backup

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Rows are written as PostgreSQL's COPY does: a line each, tabs between fields, \N for
// NULL, a backslash before what would be taken for one of these.

const null = `\N`

// escapes are the bytes that COPY writes with a backslash, and the letter after it.
var escapes = map[byte]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\'}

var unescapes = func() map[byte]byte {
	out := map[byte]byte{}
	for raw, letter := range escapes {
		out[letter] = raw
	}
	return out
}()

// appendRow writes the values of a row of SQLite.
func appendRow(line []byte, columns []Column, values []any) ([]byte, error) {
	for i, c := range columns {
		if i > 0 {
			line = append(line, '\t')
		}
		var err error
		if line, err = appendValue(line, c, values[i]); err != nil {
			return nil, err
		}
	}
	return append(line, '\n'), nil
}

func appendValue(line []byte, c Column, value any) ([]byte, error) {
	if value == nil {
		return append(line, null...), nil
	}
	switch v := value.(type) {
	case string:
		if c.Type == typeText && utf8.ValidString(v) {
			return appendEscaped(line, v), nil
		}
	case []byte:
		if c.Type == typeBytes {
			return hex.AppendEncode(append(line, `\\x`...), v), nil
		}
	case int64:
		switch {
		case c.Type == typeInt:
			return strconv.AppendInt(line, v, 10), nil
		case c.Type == typeBool && (v == 0 || v == 1):
			return append(line, "ft"[v]), nil
		}
	case bool:
		if c.Type == typeBool {
			return appendValue(line, c, map[bool]int64{true: 1}[v])
		}
	}
	return nil, fmt.Errorf("column %s holds a %T that is no %s", c.Name, value, c.Type)
}

func appendEscaped(line []byte, text string) []byte {
	for i := range len(text) {
		if letter, special := escapes[text[i]]; special {
			line = append(line, '\\', letter)
			continue
		}
		line = append(line, text[i])
	}
	return line
}

// readRows calls fn with the values of each row, as SQLite takes them.
func readRows(r io.Reader, columns []Column, fn func(values []any) error) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		values, err := parseRow(line, columns)
		if err != nil {
			return err
		}
		if err := fn(values); err != nil {
			return err
		}
	}
}

// readLine reads a line of any length, without its end.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return nil, errors.New("the last row has no end")
	}
	return bytes.TrimSuffix(line, []byte{'\n'}), err
}

func parseRow(line []byte, columns []Column) ([]any, error) {
	fields := bytes.Split(line, []byte{'\t'})
	if len(fields) != len(columns) {
		return nil, fmt.Errorf("a row has %d fields instead of %d", len(fields), len(columns))
	}
	values := make([]any, len(fields))
	for i, c := range columns {
		var err error
		if values[i], err = parseValue(fields[i], c); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return values, nil
}

func parseValue(field []byte, c Column) (any, error) {
	if string(field) == null {
		return nil, nil
	}
	text, err := unescape(field)
	if err != nil {
		return nil, err
	}
	switch c.Type {
	case typeText:
		return string(text), nil
	case typeInt:
		return strconv.ParseInt(string(text), 10, 64)
	case typeBool:
		if i := bytes.IndexByte([]byte("ft"), append(text, 0)[0]); len(text) == 1 && i >= 0 {
			return int64(i), nil
		}
		return nil, errors.New("neither t nor f")
	case typeBytes:
		digits, ok := bytes.CutPrefix(text, []byte(`\x`))
		if !ok {
			return nil, errors.New(`bytes do not begin with \x`)
		}
		out := make([]byte, hex.DecodedLen(len(digits)))
		_, err := hex.Decode(out, digits)
		return out, err
	}
	return nil, fmt.Errorf("type %s cannot be kept in SQLite: restore into PostgreSQL", c.Type)
}

func unescape(field []byte) ([]byte, error) {
	out := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		if field[i] != '\\' {
			out = append(out, field[i])
			continue
		}
		i++
		if i == len(field) {
			return nil, errors.New("a backslash at the end")
		}
		raw, known := unescapes[field[i]]
		if !known {
			return nil, fmt.Errorf(`\%c is no escape`, field[i])
		}
		out = append(out, raw)
	}
	return out, nil
}
