package jsonld

import (
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// node emits an object that stands at a place with the given scope, as value of the given term.
func (b *builder) node(object map[string]any, at *scope, via *term, graph rdfc.Term) (rdfc.Term, bool) {
	outer := b.enter(object, at, via)
	if outer == nil {
		return rdfc.Term{}, false
	}
	types, typeKey, ok := typesOf(object, outer)
	if !ok {
		return rdfc.Term{}, false
	}
	inner := b.typed(outer, types)
	if inner == nil {
		return rdfc.Term{}, false
	}
	subject, idKey, ok := b.subjectOf(object, inner)
	if !ok || !b.typeQuads(subject, types, outer, graph) {
		return subject, false
	}
	var few [24]entry
	entries, pairs, ok := b.entries(few[:0], object, inner, typeKey, idKey)
	if !ok {
		return subject, false
	}
	for _, e := range entries {
		if !b.property(link{subject, e.term.iri, graph, pairs}, e, object[e.key], inner) {
			return subject, false
		}
	}
	return subject, true
}

// enter finds the scope of an object: a type's context ends at the next object, unless that is a
// bare reference; then come the property's own context and the object's own.
func (b *builder) enter(object map[string]any, at *scope, via *term) *scope {
	local, has := object["@context"]
	if at.previous != nil && !isReference(object, at) {
		at = at.previous
		if via != nil && via.hasLocal {
			if at = b.descend(at, step{kind: 'p', via: via}); at == nil {
				return nil
			}
		}
	}
	if !has {
		return at
	}
	urls, inline, err := b.p.contextList(local)
	if err != nil || inline {
		return nil
	}
	if len(urls) == 0 {
		return at
	}
	return b.descend(at, step{kind: 'c', name: joined(urls)})
}

func isReference(object map[string]any, at *scope) bool {
	if len(object) != 1 {
		return false
	}
	_, short := object["id"]
	_, long := object["@id"]
	return long || (short && at.terms["id"] != nil && at.terms["id"].alias == "@id")
}

// keyword finds the value of @id or @type under the keyword or its alias, but not under both.
func keyword(object map[string]any, s *scope, name string) (value any, key string, ok bool) {
	if value, has := object[name]; has {
		_, both := object[name[1:]]
		return value, name, !both
	}
	alias := name[1:]
	value, has := object[alias]
	if t := s.terms[alias]; !has || t == nil || t.alias != name || t.odd {
		return nil, "", true // an alias without its meaning is met again as an undefined word
	}
	return value, alias, true
}

func typesOf(object map[string]any, s *scope) (types []string, key string, ok bool) {
	value, key, ok := keyword(object, s, "@type")
	switch v := value.(type) {
	case nil:
		return nil, key, ok && key == ""
	case string:
		return []string{v}, key, ok
	case []any:
		if len(v) > maxTypes {
			return nil, key, false
		}
		types = make([]string, len(v))
		for i, item := range v {
			text, isText := item.(string)
			if !isText || slices.Contains(types[:i], text) {
				return nil, key, false
			}
			types[i] = text
		}
		return types, key, ok
	}
	return nil, key, false
}

// maxTypes bounds the comparison of each type with all others; more of them take the general path.
const maxTypes = 64

// typed adds the contexts of the types, in the order of their names.
func (b *builder) typed(s *scope, types []string) *scope {
	name := ""
	var several []string
	for _, text := range types {
		if t := s.terms[text]; t != nil && t.hasLocal {
			if strings.ContainsAny(text, " \t\r\n") {
				return nil
			}
			name, several = text, append(several, text)
		}
	}
	if len(several) == 0 {
		return s
	}
	if len(several) > 1 {
		slices.Sort(several)
		name = strings.Join(several, " ")
	}
	return b.descend(s, step{kind: 't', name: name})
}

func (b *builder) subjectOf(object map[string]any, s *scope) (subject rdfc.Term, key string, ok bool) {
	value, key, ok := keyword(object, s, "@id")
	if !ok {
		return subject, key, false
	}
	if key == "" {
		return b.blank(), key, true
	}
	text, isText := value.(string)
	if !isText {
		return subject, key, false
	}
	subject, ok = b.reference(text, s)
	return subject, key, ok
}

func (b *builder) typeQuads(subject rdfc.Term, types []string, s *scope, graph rdfc.Term) bool {
	from := len(b.out)
	for _, text := range types {
		object, ok := b.word(text, s)
		if !ok {
			return false
		}
		for _, q := range b.out[from:] {
			if q.Object == object {
				return false
			}
		}
		b.add(subject, rdfc.IRI(rdfType), object, graph)
	}
	return true
}
