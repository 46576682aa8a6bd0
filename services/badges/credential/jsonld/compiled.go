package jsonld

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// builder converts a document to quads in one walk, by the compiled contexts. It answers false,
// without a reason, as soon as it meets anything that it was not written for or that must be
// refused: the general path then decides, and finds the words for a refusal.
type builder struct {
	emitter
	p *Processor
}

// builders keeps the memory of walks for later ones.
var builders = sync.Pool{New: func() any { return &builder{} }}

// maxKept is the largest dataset whose memory is kept.
const maxKept = 2048

func (b *builder) release() {
	if cap(b.out) > maxKept {
		return
	}
	clear(b.out)
	*b = builder{emitter: emitter{out: b.out[:0]}}
	builders.Put(b)
}

// compiled gives the dataset of a document, if the compiled path knows all of it.
func (p *Processor) compiled(doc map[string]any) (rdfc.Dataset, bool) {
	b := builder{}
	ok := b.document(p, doc)
	return b.out, ok
}

func (b *builder) document(p *Processor, doc map[string]any) bool {
	if p.compiler == nil || doc["@context"] == nil {
		return false
	}
	b.p = p
	_, ok := b.node(doc, p.compiler.root.Load(), nil, rdfc.Term{})
	return ok && len(b.out) > 0
}

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

// enter finds the scope of an object: a type's context ends at the next object, unless that is a
// bare reference; then come the property's own context and the object's own.
func (b *builder) enter(object map[string]any, at *scope, via *term) *scope {
	local, has := object["@context"]
	if at.previous != nil && !isReference(object, at) {
		at = at.previous
		if via != nil && via.hasLocal {
			if at = b.p.compiler.descend(at, step{kind: 'p', via: via}); at == nil {
				return nil
			}
		}
	}
	if !has {
		return at
	}
	urls, err := b.p.contextList(local)
	if err != nil {
		return nil
	}
	if len(urls) == 0 {
		return at
	}
	return b.p.compiler.descend(at, step{kind: 'c', name: strings.Join(urls, " ")})
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
		types = make([]string, len(v))
		for i, item := range v {
			text, isText := item.(string)
			if !isText || slices.Contains(types[:i], text) {
				return nil, key, false
			}
			types[i] = text
		}
		return types, key, ok && len(v) < maxTypes
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
	return b.p.compiler.descend(s, step{kind: 't', name: name})
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
		if inside = b.p.compiler.descend(s, step{kind: 'p', via: t}); inside == nil {
			return false
		}
		if via = inside.terms[e.key]; via == nil || via.coerce != t.coerce || via.graph != t.graph || via.list != t.list || via.datatype != t.datatype {
			return false
		}
	}
	if t.coerce == toJSON {
		var n counter
		if t.list || t.graph || b.p.check(value, &n) != nil {
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
