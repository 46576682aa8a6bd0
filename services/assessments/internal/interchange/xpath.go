package interchange

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/assessments/internal/expression"
)

// The expressions of XLSForm are XPath with ${name} for answers. Read is the part that
// package expression can say: comparisons, and, or, not(), selected(),
// count-selected(), string-length(), date(). Anything else is refused, so that a
// condition is never taken over by halves.

// untranslatable tells what of an XPath expression has no counterpart.
type untranslatable struct{ what string }

func (u untranslatable) Error() string { return u.what }

// scanner cuts an XPath expression into tokens.
type scanner struct {
	rest   string
	tokens []token
}

// token is a word of XPath. kind: $ for ${name}, " for a string, 0 for a number, a for
// a name, and the operator itself.
type token struct{ kind, text string }

func scan(text string) ([]token, error) {
	s := scanner{rest: text}
	for {
		s.rest = strings.TrimLeftFunc(s.rest, unicode.IsSpace)
		if s.rest == "" {
			return s.tokens, nil
		}
		if err := s.next(); err != nil {
			return nil, err
		}
	}
}

func (s *scanner) take(kind string, n int) {
	s.tokens = append(s.tokens, token{kind, s.rest[:n]})
	s.rest = s.rest[n:]
}

func (s *scanner) next() error {
	r, _ := utf8.DecodeRuneInString(s.rest)
	switch {
	case strings.HasPrefix(s.rest, "${"):
		end := strings.IndexByte(s.rest, '}')
		if end < 0 {
			return untranslatable{"a ${ without }"}
		}
		s.tokens = append(s.tokens, token{"$", strings.TrimSpace(s.rest[2:end])})
		s.rest = s.rest[end+1:]
	case r == '\'' || r == '"' || r == '‘' || r == '’' || r == '“' || r == '”':
		return s.quoted(r)
	case strings.HasPrefix(s.rest, "<="), strings.HasPrefix(s.rest, ">="), strings.HasPrefix(s.rest, "!="):
		s.take(s.rest[:2], 2)
	case strings.ContainsRune("=<>(),", r):
		s.take(s.rest[:1], 1)
	case unicode.IsDigit(r), r == '-' && len(s.rest) > 1 && s.rest[1] >= '0' && s.rest[1] <= '9':
		n := 1 + strings.IndexFunc(s.rest[1:]+" ", func(r rune) bool { return !unicode.IsDigit(r) && r != '.' })
		s.take("0", n)
	case r == '.' && !strings.HasPrefix(s.rest, ".."):
		s.take(".", 1)
	case unicode.IsLetter(r):
		n := strings.IndexFunc(s.rest+" ", func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' })
		s.take("a", n)
	default:
		return untranslatable{strconv.Quote(string(r))}
	}
	return nil
}

// quoted reads a string. Word processors make curly quotes of straight ones, and tools
// forgive it.
func (s *scanner) quoted(open rune) error {
	closing := string(open)
	switch open {
	case '‘', '’':
		closing = "’"
	case '“', '”':
		closing = "”"
	}
	body := s.rest[utf8.RuneLen(open):]
	end := strings.Index(body, closing)
	if end < 0 {
		return untranslatable{"a string without an end"}
	}
	s.tokens = append(s.tokens, token{`"`, body[:end]})
	s.rest = body[end+len(closing):]
	return nil
}

// names finds what ${name} stands for.
type names func(name string) (id string, q expression.Question, ok bool)

// parser reads tokens into a tree. value is what "." stands for; nil for nothing.
type parser struct {
	tokens []token
	names  names
	value  *expression.Question
	depth  int
}

// fromXPath translates an expression of XLSForm.
func fromXPath(text string, find names, value *expression.Question) (expression.Node, error) {
	tokens, err := scan(text)
	if err != nil {
		return expression.Node{}, err
	}
	p := parser{tokens: tokens, names: find, value: value}
	n, err := p.chain(expression.Or)
	if err == nil && len(p.tokens) > 0 {
		err = untranslatable{strconv.Quote(p.tokens[0].text)}
	}
	return n, err
}

func (p *parser) peek(kind, text string) bool {
	return len(p.tokens) > 0 && p.tokens[0].kind == kind && (text == "" || p.tokens[0].text == text)
}

func (p *parser) pop() token {
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) expect(kind string) error {
	if !p.peek(kind, "") {
		return untranslatable{"a missing " + kind}
	}
	p.pop()
	return nil
}

// chain reads parts joined by or, or by and.
func (p *parser) chain(op expression.Op) (expression.Node, error) {
	word, part := "or", func() (expression.Node, error) { return p.chain(expression.And) }
	if op == expression.And {
		word, part = "and", p.condition
	}
	n, err := part()
	if err != nil {
		return n, err
	}
	parts := []expression.Node{n}
	for p.peek("a", word) {
		p.pop()
		if n, err = part(); err != nil {
			return n, err
		}
		parts = append(parts, n)
	}
	return joined(op, parts), nil
}

// joined makes one node of parts; alternatives to one answer become a list.
func joined(op expression.Op, parts []expression.Node) expression.Node {
	var flat []expression.Node
	for _, p := range parts {
		if p.Op == op {
			flat = append(flat, p.Args...)
		} else {
			flat = append(flat, p)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	if op == expression.Or {
		if in, ok := list(flat); ok {
			return in
		}
	}
	return expression.Node{Op: op, Args: flat}
}

func list(parts []expression.Node) (expression.Node, bool) {
	values := expression.Node{Op: expression.List}
	for _, p := range parts {
		if p.Op != expression.Equal || p.Args[0].String() != parts[0].Args[0].String() ||
			(p.Args[1].Op != expression.String && p.Args[1].Op != expression.Numeral) || p.Args[1].Op == expression.String && p.Args[1].Text == "" {
			return expression.Node{}, false
		}
		values.Args = append(values.Args, p.Args[1])
	}
	return expression.Node{Op: expression.In, Args: []expression.Node{parts[0].Args[0], values}}, true
}
