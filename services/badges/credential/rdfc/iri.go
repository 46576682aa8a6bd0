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
	if !utf8.ValidString(s) {
		return ErrInvalidIRI
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		authority, path, _ := strings.Cut(after, "/")
		if !validAuthority(authority) {
			return ErrInvalidIRI
		}
		rest = path
	}
	if !validChars(rest, false) || !validChars(query, true) || !validChars(fragment, false) {
		return ErrInvalidIRI
	}
	return nil
}

// validAuthority checks the user, host and port of an IRI. Square brackets enclose an IP literal.
func validAuthority(s string) bool {
	user, host, found := strings.Cut(s, "@")
	if !found {
		user, host = "", s
	}
	if literal, isLiteral := strings.CutPrefix(host, "["); isLiteral {
		address, after, closed := strings.Cut(literal, "]")
		if !closed || strings.Trim(address, "0123456789abcdefABCDEFv:.") != "" {
			return false
		}
		host = after
		if host != "" && host[0] != ':' {
			return false
		}
	}
	name, port, _ := strings.Cut(host, ":")
	return strings.Trim(port, "0123456789") == "" && !strings.Contains(name, "@") && validChars(user, false) && validChars(name, false)
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

// validChars tells whether all characters may stand in a part of an IRI other than its authority.
func validChars(s string, query bool) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, width := utf8.DecodeRuneInString(s[i:])
			if !beyondASCII(r, query) {
				return false
			}
			i += width
			continue
		}
		if !plain[c] && (c != '%' || i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return false
		}
		i++
	}
	return true
}

// plain marks the ASCII characters that may stand anywhere in an IRI.
var plain = func() (table [utf8.RuneSelf]bool) {
	for c := range table {
		table[c] = allowedInIRI(rune(c)) && c != '%' && c != '[' && c != ']' && c != '#'
	}
	return table
}()

// beyondASCII is ucschar of RFC 3987 and, in a query, iprivate.
func beyondASCII(r rune, query bool) bool {
	switch {
	case r < 0xa0 || (r >= 0xfdd0 && r <= 0xfdef) || r&0xfffe == 0xfffe || (r >= 0xfff0 && r <= 0xffff) || (r >= 0xe0000 && r < 0xe1000):
		return false
	case (r >= 0xe000 && r <= 0xf8ff) || r >= 0xf0000:
		return query
	}
	return true
}

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
