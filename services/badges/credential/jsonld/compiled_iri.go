package jsonld

import (
	"net/url"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// reference makes the term of an id: an IRI, possibly with a prefix, or a blank node.
func (b *builder) reference(text string, s *scope) (rdfc.Term, bool) {
	if text == "" || text[0] == '@' {
		return rdfc.Term{}, false
	}
	if strings.HasPrefix(text, "_:") {
		if b.labels == nil {
			b.labels = map[string]string{}
		}
		node, err := b.resource(text)
		return node, err == nil
	}
	full, _, ok := withPrefix(text, s)
	if !ok {
		return rdfc.Term{}, false
	}
	return b.iri(full)
}

// vocabReference makes the term of a value that may be a word, an IRI or a blank node.
func (b *builder) vocabReference(text string, s *scope) (rdfc.Term, bool) {
	if strings.HasPrefix(text, "_:") {
		return b.reference(text, s)
	}
	return b.word(text, s)
}

// word makes the IRI of a key, a type or a datatype.
func (b *builder) word(text string, s *scope) (rdfc.Term, bool) {
	if t := s.terms[text]; t != nil {
		return t.iri, !t.odd && t.alias == ""
	}
	if text == "" || text[0] == '@' || strings.HasPrefix(text, "_:") {
		return rdfc.Term{}, false
	}
	full, expanded, ok := withPrefix(text, s)
	if !ok {
		return rdfc.Term{}, false
	}
	if !expanded && !absolute(text) {
		full = orDefault(s.vocab, undefined) + text
	}
	return b.iri(full)
}

// withPrefix writes a compact IRI out. Without a known prefix the text stays as it is.
func withPrefix(text string, s *scope) (full string, expanded, ok bool) {
	prefix, rest, found := strings.Cut(text, ":")
	if !found || prefix == "" || strings.HasPrefix(rest, "//") {
		return text, false, true
	}
	t := s.terms[prefix]
	switch {
	case t == nil:
		return text, false, true
	case t.odd:
		return text, false, false
	case t.prefix:
		return t.iri.Value + rest, true, true
	}
	return text, false, true
}

// absolute tells whether the general path takes a text for an IRI and not for a word.
func absolute(text string) bool {
	colon := strings.IndexByte(text, ':')
	if colon <= 0 {
		return false
	}
	if strings.HasPrefix(text[colon+1:], "//") {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && u.IsAbs()
}
