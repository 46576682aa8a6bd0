package rdfc

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrSyntax is wrapped by every parse error, which also names the line.
var ErrSyntax = errors.New("not N-Quads")

// Parse reads an N-Quads document (https://www.w3.org/TR/n-quads/).
func Parse(text string) (Dataset, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%w: the text is not UTF-8", ErrSyntax)
	}
	var out Dataset
	for n, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		p := parser{in: line}
		q, empty, err := p.line()
		if err != nil {
			return nil, fmt.Errorf("%w: statement line %d, column %d: %w", ErrSyntax, n+1, p.pos+1, err)
		}
		if !empty {
			out = append(out, q)
		}
	}
	return out, nil
}

type parser struct {
	in  string
	pos int
}

func (p *parser) line() (q Quad, empty bool, err error) {
	if p.atEnd() {
		return q, true, nil
	}
	if q.Subject, err = p.node(); err != nil {
		return q, false, fmt.Errorf("subject: %w", err)
	}
	if q.Predicate, err = p.iri(); err != nil {
		return q, false, fmt.Errorf("predicate: %w", err)
	}
	if q.Object, err = p.object(); err != nil {
		return q, false, fmt.Errorf("object: %w", err)
	}
	if c := p.peek(); c == '<' || c == '_' {
		if q.Graph, err = p.node(); err != nil {
			return q, false, fmt.Errorf("graph: %w", err)
		}
	}
	if p.peek() != '.' {
		return q, false, errors.New("the statement must end with a full stop")
	}
	p.pos++
	if !p.atEnd() {
		return q, false, errors.New("text after the full stop")
	}
	return q, false, nil
}

// atEnd skips blanks and tells whether only a comment or nothing is left.
func (p *parser) atEnd() bool {
	c := p.peek()
	return c == 0 || c == '#'
}

// peek skips blanks and returns the next byte, 0 at the end of the line.
func (p *parser) peek() byte {
	for p.pos < len(p.in) && (p.in[p.pos] == ' ' || p.in[p.pos] == '\t') {
		p.pos++
	}
	if p.pos == len(p.in) {
		return 0
	}
	return p.in[p.pos]
}

func (p *parser) node() (Term, error) {
	if p.peek() == '_' {
		return p.blank()
	}
	return p.iri()
}

func (p *parser) object() (Term, error) {
	if p.peek() == '"' {
		return p.literal()
	}
	return p.node()
}

func (p *parser) iri() (Term, error) {
	if p.peek() != '<' {
		return Term{}, errors.New("expected an IRI in angle brackets")
	}
	end := strings.IndexByte(p.in[p.pos:], '>')
	if end < 0 {
		return Term{}, errors.New("the IRI is not closed")
	}
	raw := p.in[p.pos+1 : p.pos+end]
	value, err := unescape(raw, false)
	if err != nil {
		return Term{}, err
	}
	if _, err := afterScheme(value); err != nil {
		return Term{}, err
	}
	for _, r := range value {
		if !allowedInIRI(r) {
			return Term{}, ErrInvalidIRI
		}
	}
	p.pos += end + 1
	return IRI(value), nil
}

func (p *parser) blank() (Term, error) {
	rest, ok := strings.CutPrefix(p.in[p.pos:], "_:")
	if !ok {
		return Term{}, errors.New("expected a blank node label")
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !labelRune(r) })
	if end < 0 {
		end = len(rest)
	}
	label := strings.TrimRight(rest[:end], ".")
	if label == "" || label[0] == '-' || label[0] == '.' || strings.HasPrefix(label, "\u00b7") {
		return Term{}, errors.New("the blank node label is empty or starts with a wrong character")
	}
	p.pos += 2 + len(label)
	return Blank(label), nil
}

// labelRune accepts PN_CHARS, the colon and the full stop of the N-Quads grammar.
func labelRune(r rune) bool {
	switch {
	case r < 0x80:
		c := byte(r) //nolint:gosec // below 0x80
		return isAlpha(c) || isDigit(c) || c == '_' || c == ':' || c == '-' || c == '.'
	case r == 0xb7 || (r >= 0x203f && r <= 0x2040):
		return true
	default:
		return r >= 0xc0 && r != 0xd7 && r != 0xf7 && r != 0x37e &&
			(r < 0x2000 || r == 0x200c || r == 0x200d || (r >= 0x2070 && r <= 0x218f) ||
				(r >= 0x2c00 && r <= 0x2fef) || (r >= 0x3001 && r <= 0xd7ff) || (r >= 0xf900 && r <= 0xeffff))
	}
}

func (p *parser) literal() (Term, error) {
	end := closingQuote(p.in, p.pos+1)
	if end < 0 {
		return Term{}, errors.New("the literal is not closed")
	}
	value, err := unescape(p.in[p.pos+1:end], true)
	if err != nil {
		return Term{}, err
	}
	p.pos = end + 1
	switch {
	case strings.HasPrefix(p.in[p.pos:], "^^"):
		p.pos += 2
		datatype, err := p.iri()
		return Literal(value, datatype.Value), err
	case strings.HasPrefix(p.in[p.pos:], "@"):
		tag := languageTag(p.in[p.pos+1:])
		if !ValidLanguage(tag) {
			return Term{}, errors.New("the language tag is not well formed")
		}
		p.pos += 1 + len(tag)
		return LangLiteral(value, tag), nil
	}
	return Literal(value, XSDString), nil
}

func closingQuote(s string, from int) int {
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func languageTag(s string) string {
	end := 0
	for end < len(s) && (isAlpha(s[end]) || isDigit(s[end]) || s[end] == '-') {
		end++
	}
	return s[:end]
}
