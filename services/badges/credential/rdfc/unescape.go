package rdfc

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errEscape = errors.New("an escape sequence is not well formed")

// ValidLanguage tells whether tag has the shape of a BCP 47 language tag.
func ValidLanguage(tag string) bool {
	for i, part := range strings.Split(tag, "-") {
		if part == "" || len(part) > 8 {
			return false
		}
		for j := range len(part) {
			if !isAlpha(part[j]) && (i == 0 || !isDigit(part[j])) {
				return false
			}
		}
	}
	return true
}

// unescape resolves \uXXXX and \UXXXXXXXX and, in literals, the one-letter escapes.
func unescape(s string, literal bool) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return "", errEscape
		}
		r, width, err := escapeAt(s[i:], literal)
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		i += width - 1
	}
	return b.String(), nil
}

// escapeAt reads the escape after a backslash and returns the rune and how many bytes it took.
func escapeAt(s string, literal bool) (rune, int, error) {
	switch s[0] {
	case 'u':
		return hexRune(s, 4)
	case 'U':
		return hexRune(s, 8)
	}
	if literal {
		if i := strings.IndexByte(`tbnrf"'\`, s[0]); i >= 0 {
			return rune("\t\b\n\r\f\"'\\"[i]), 1, nil
		}
	}
	return 0, 0, errEscape
}

func hexRune(s string, digits int) (rune, int, error) {
	if len(s) < 1+digits {
		return 0, 0, errEscape
	}
	v, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, 0, errEscape
	}
	return rune(v), 1 + digits, nil
}
