package rdfc

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// The reasons why a text is no absolute IRI.
var (
	ErrRelativeIRI = errors.New("the IRI is relative: it must start with a scheme such as https")
	ErrInvalidIRI  = errors.New("the IRI has a character or a percent escape that RFC 3987 does not allow")
)

// CheckIRI tells whether s is an absolute IRI by RFC 3987.
func CheckIRI(s string) error {
	rest, err := afterScheme(s)
	if err != nil {
		return err
	}
	if !utf8.ValidString(s) || strings.Count(rest, "#") > 1 {
		return ErrInvalidIRI
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexAny(after, "/?#")
		if end < 0 {
			end = len(after)
		}
		if err := checkChars(after[:end], true); err != nil {
			return err
		}
		rest = after[end:]
	}
	return checkChars(rest, false)
}

func afterScheme(s string) (string, error) {
	i := strings.IndexByte(s, ':')
	if i <= 0 || !isAlpha(s[0]) {
		return "", ErrRelativeIRI
	}
	for j := 1; j < i; j++ {
		if c := s[j]; !isAlpha(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return "", ErrRelativeIRI
		}
	}
	return s[i+1:], nil
}

// checkChars refuses what no part of an IRI may hold; square brackets belong to an IP literal in the authority only.
func checkChars(s string, authority bool) error {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf && plain[c] {
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(s[i:])
		switch {
		case !allowedInIRI(r):
			return ErrInvalidIRI
		case (r == '[' || r == ']') && !authority:
			return ErrInvalidIRI
		case r == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			return ErrInvalidIRI
		}
		i += width
	}
	return nil
}

// plain marks the characters that may stand anywhere in an IRI.
var plain = func() (table [utf8.RuneSelf]bool) {
	for c := range table {
		table[c] = allowedInIRI(rune(c)) && c != '%' && c != '[' && c != ']'
	}
	return table
}()

// allowedInIRI is the character set of the N-Quads IRIREF token, less control and noncharacters.
func allowedInIRI(r rune) bool {
	if r <= 0x20 || (r >= 0x7f && r < 0xa0) || r&0xfffe == 0xfffe || (r >= 0xfdd0 && r <= 0xfdef) {
		return false
	}
	return !strings.ContainsRune("<>\"{}|^`\\", r)
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'f') }
