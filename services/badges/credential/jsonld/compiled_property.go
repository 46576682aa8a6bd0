package jsonld

import (
	"maps"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// entry is a key of an object with its definition.
type entry struct {
	key  string
	term *term
}

// link is where a value hangs: subject, property and graph. The pairs are the property's values
// so far, wherever two keys of an object mean one property and a value may not repeat across them.
type link struct {
	subject, predicate, graph rdfc.Term
	pairs                     map[pair]bool
}

type pair struct{ predicate, object rdfc.Term }

// hang adds the quad of a value, unless the value is there already.
func (b *builder) hang(at link, object rdfc.Term) bool {
	if at.pairs != nil {
		p := pair{at.predicate, object}
		if at.pairs[p] {
			return false
		}
		at.pairs[p] = true
	}
	b.add(at.subject, at.predicate, object, at.graph)
	return true
}

// entries finds the definitions of all keys of an object.
func (b *builder) entries(out []entry, object map[string]any, s *scope, typeKey, idKey string) ([]entry, map[pair]bool, bool) {
	shared := false
	for key := range object {
		if key == "@context" || (typeKey != "" && key == typeKey) || (idKey != "" && key == idKey) {
			continue
		}
		t, own := b.predicate(key, s)
		if t == nil {
			return nil, nil, false
		}
		shared = shared || !own || s.twins[key]
		out = append(out, entry{key, t})
	}
	if !shared {
		return out, nil, true
	}
	seen := make(map[rdfc.Term]bool, len(out))
	for _, e := range out {
		if seen[e.term.iri] {
			return out, map[pair]bool{}, true
		}
		seen[e.term.iri] = true
	}
	return out, nil, true
}

// predicate finds the definition of a key. A key without one may be an IRI or, under a
// vocabulary, any word: own is false then.
func (b *builder) predicate(key string, s *scope) (t *term, own bool) {
	if t := s.terms[key]; t != nil {
		if t.odd || t.alias != "" {
			return nil, true
		}
		return t, true
	}
	predicate, ok := b.word(key, s)
	if !ok {
		return nil, false
	}
	return &term{iri: predicate}, false
}

// property emits the values of one key.
func (b *builder) property(at link, e entry, value any, s *scope) bool {
	t, inside, via := e.term, s, e.term
	if t.hasLocal {
		if inside = b.descend(s, step{kind: 'p', via: t}); inside == nil {
			return false
		}
		if via = inside.terms[e.key]; via == nil || via.coerce != t.coerce || via.graph != t.graph || via.list != t.list || via.datatype != t.datatype {
			return false
		}
	}
	if t.coerce == toJSON {
		var n counter
		if t.list || t.graph || b.p.check(value, &n) != nil || countExpanded(value) != n {
			return false
		}
		literal, err := jsonLiteral(value)
		return err == nil && b.hang(at, literal)
	}
	items, isList := value.([]any)
	if !isList {
		items = []any{value}
	}
	switch {
	case t.list && t.graph:
		return false
	case t.list:
		return b.items(at, via, items, inside)
	case t.graph:
		return b.graphs(at, via, items, inside)
	}
	return b.values(at, via, items, inside)
}

func (b *builder) values(at link, via *term, items []any, s *scope) bool {
	var seen map[rdfc.Term]bool
	if len(items) > 1 {
		seen = map[rdfc.Term]bool{}
	}
	for _, item := range items {
		object, ok := b.value(item, via, s, at.graph)
		if !ok {
			return false
		}
		// A node without a label is a new one each time, and most lists hold such nodes only.
		if seen != nil && (object.Kind != rdfc.KindBlank || b.labels != nil) {
			if seen[object] {
				return false
			}
			seen[object] = true
		}
		if !b.hang(at, object) {
			return false
		}
	}
	return true
}

func (b *builder) graphs(at link, via *term, items []any, s *scope) bool {
	for _, item := range items {
		object, isObject := item.(map[string]any)
		if !isObject || isValue(object) {
			return false
		}
		name := b.blank()
		before := len(b.out)
		if _, ok := b.node(object, s, via, name); !ok || len(b.out) == before || !b.hang(at, name) {
			return false
		}
	}
	return true
}

func (b *builder) items(at link, via *term, items []any, s *scope) bool {
	next := rdfc.IRI(rdfNil)
	for i := len(items) - 1; i >= 0; i-- {
		object, ok := b.value(items[i], via, s, at.graph)
		if !ok {
			return false
		}
		cell := b.blank()
		b.add(cell, rdfc.IRI(rdfFirst), object, at.graph)
		b.add(cell, rdfc.IRI(rdfRest), next, at.graph)
		next = cell
	}
	return b.hang(at, next)
}

// value emits one value and returns the term that stands for it.
func (b *builder) value(item any, t *term, s *scope, graph rdfc.Term) (rdfc.Term, bool) {
	switch v := item.(type) {
	case string:
		switch t.coerce {
		case toID:
			return b.reference(v, s)
		case toVocab:
			return b.vocabReference(v, s)
		default:
			return rdfc.Literal(v, orDefault(t.datatype, rdfc.XSDString)), true
		}
	case bool:
		return rdfc.Literal(strconv.FormatBool(v), orDefault(t.datatype, xsdBoolean)), true
	case float64:
		return numberLiteral(v, t.datatype), true
	case map[string]any:
		if isValue(v) {
			return b.valueObject(v, s)
		}
		return b.node(v, s, t, graph)
	}
	return rdfc.Term{}, false
}

// valueObject knows a text with its language and a value with its datatype.
func (b *builder) valueObject(object map[string]any, s *scope) (rdfc.Term, bool) {
	language, hasLanguage := object["@language"]
	datatype, hasType := object["@type"]
	if len(object) > 2 || (len(object) == 2 && !hasLanguage && !hasType) {
		return rdfc.Term{}, false
	}
	checked := maps.Clone(object)
	if hasLanguage {
		tag, isTag := language.(string)
		_, isText := object["@value"].(string)
		if !isTag || !isText {
			return rdfc.Term{}, false
		}
		checked["@language"] = strings.ToLower(tag)
	}
	if hasType {
		text, isText := datatype.(string)
		if !isText || strings.HasPrefix(text, "_:") {
			return rdfc.Term{}, false
		}
		name, ok := b.word(text, s)
		if !ok {
			return rdfc.Term{}, false
		}
		checked["@type"] = name.Value
	}
	term, err := literal(checked)
	return term, err == nil
}
