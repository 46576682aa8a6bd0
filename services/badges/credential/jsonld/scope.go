package jsonld

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/piprate/json-gold/ld"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// coercion says what a term makes of a plain text.
type coercion uint8

const (
	toLiteral coercion = iota // a literal, with the term's datatype if it has one
	toID                      // the address of a node
	toVocab                   // a term or the address of a node
	toJSON                    // any JSON value, kept as canonical JSON
)

// term is the definition of a word, reduced to what the compiled path needs.
type term struct {
	iri      rdfc.Term
	alias    string // "@id" or "@type" when the word stands for a keyword
	coerce   coercion
	datatype string
	list     bool
	graph    bool
	prefix   bool
	local    any  // the context that holds inside the term, nil for none
	hasLocal bool // tells a null context from none
	odd      bool // uses a feature that the compiled path leaves to the general one
}

// scope is an active context: the meaning of every word at one place of a document. It is
// immutable but for the memory of the scopes below it.
type scope struct {
	terms    map[string]*term
	vocab    string // the vocabulary for all other words, empty when they are undefined
	previous *scope // what holds again inside the next object, after a type's own context
	twins    map[string]bool
	source   *ld.Context
	below    atomic.Pointer[map[step]*scope]
}

// step is a way from one scope to another.
type step struct {
	kind byte   // c for contexts by address, t for types, p for a property
	name string // the addresses or types
	via  *term  // the property
}

// maxScopes bounds the memory of compiled scopes: only an attacker needs more, and then all
// are forgotten and compiled again.
const maxScopes = 1024

// compiler makes and remembers scopes. It is safe for concurrent use.
type compiler struct {
	options *ld.JsonLdOptions
	mu      sync.Mutex
	root    atomic.Pointer[scope]
	size    int
	terms   map[*ld.TermDefinition]*term
}

func newCompiler(options *ld.JsonLdOptions) (*compiler, error) {
	c := &compiler{options: options}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c, c.reset()
}

// reset forgets all scopes and starts with the one in which no word is defined.
func (c *compiler) reset() error {
	source, err := ld.NewContext(nil, c.options).Parse(map[string]any{"@vocab": undefined})
	if err != nil {
		return expansionError(err)
	}
	c.size, c.terms = 0, map[*ld.TermDefinition]*term{}
	c.root.Store(c.compile(source))
	return nil
}

// descend returns the scope one step below, and whether it had to be built; nil when the step
// leads to what is not compiled.
func (c *compiler) descend(from *scope, by step) (to *scope, built bool) {
	if known := from.below.Load(); known != nil {
		if to, found := (*known)[by]; found {
			return to, false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	to = c.build(from, by)
	if c.size++; c.size > maxScopes {
		if c.reset() != nil {
			return nil, true
		}
		return to, true
	}
	below := map[step]*scope{}
	if known := from.below.Load(); known != nil {
		below = maps.Clone(*known)
	}
	below[by] = to
	from.below.Store(&below)
	return to, true
}

// build lets the library process the contexts of a step, by the rules for where they stand.
func (c *compiler) build(from *scope, by step) *scope {
	switch by.kind {
	case 'c':
		var urls []any
		for _, url := range strings.Fields(by.name) {
			urls = append(urls, url)
		}
		return c.parse(from.source, urls, from.previous)
	case 't':
		source := from.source
		for _, name := range strings.Fields(by.name) {
			next, err := source.Parse(from.terms[name].local)
			if err != nil {
				return nil
			}
			source = next
		}
		to := c.compile(source)
		if to != nil {
			to.previous = from
		}
		return to
	default:
		if list, isList := by.via.local.([]any); isList && len(list) > 0 && list[0] == nil {
			return c.parse(ld.NewContext(nil, c.options), list[1:], nil) // a null context undoes all before it
		}
		return c.override(from, by.via.local)
	}
}

// override processes a property's own context, which alone may redefine protected terms. The
// library does so only inside its expansion, so the protection is taken off for its parser and
// put back on every term that stays as it was.
func (c *compiler) override(from *scope, local any) *scope {
	if to := c.parse(from.source, local, from.previous); to != nil {
		return to
	}
	open := ld.CopyContext(from.source)
	clear(open.Protected)
	for name, definition := range open.TermDefinitions {
		if definition == nil {
			return nil
		}
		unprotected := *definition
		unprotected.Protected = false
		open.TermDefinitions[name] = &unprotected
	}
	parsed, err := open.Parse(local)
	if err != nil {
		return nil
	}
	for name, definition := range parsed.TermDefinitions {
		if definition == open.TermDefinitions[name] {
			parsed.TermDefinitions[name] = from.source.TermDefinitions[name]
			parsed.Protected[name] = from.source.Protected[name]
		}
	}
	to := c.compile(parsed)
	if to != nil {
		to.previous = from.previous
	}
	return to
}

// parse is nil where the library refuses: the general path then says why.
func (c *compiler) parse(source *ld.Context, local any, previous *scope) *scope {
	parsed, err := source.Parse(local)
	if err != nil {
		return nil
	}
	to := c.compile(parsed)
	if to != nil {
		to.previous = previous
	}
	return to
}

// compile reduces the library's context. Defaults for language, direction or base are left to the general path.
func (c *compiler) compile(source *ld.Context) *scope {
	v := source.Values
	if v.HasLanguage || v.Direction != "" || v.Base != "" {
		return nil
	}
	s := &scope{source: source, terms: make(map[string]*term, len(source.TermDefinitions)), twins: map[string]bool{}}
	if v.Vocab != nil && *v.Vocab != undefined {
		s.vocab = *v.Vocab
	}
	byIRI := make(map[string]string, len(source.TermDefinitions))
	for name, definition := range source.TermDefinitions {
		t := c.reduce(name, definition)
		s.terms[name] = t
		if t.alias != "" {
			continue
		}
		if other, taken := byIRI[t.iri.Value]; taken {
			s.twins[other], s.twins[name] = true, true
		}
		byIRI[t.iri.Value] = name
	}
	return s
}

// reduce compiles one definition, once for all scopes that share it.
func (c *compiler) reduce(name string, d *ld.TermDefinition) *term {
	if d == nil {
		return &term{odd: true}
	}
	if known, found := c.terms[d]; found {
		return known
	}
	t := &term{prefix: d.Prefix != nil && *d.Prefix, local: d.Context, hasLocal: d.HasContext}
	t.odd = d.Reverse || d.Nest != "" || d.Index != "" || d.HasLanguage || d.HasDirection || (d.HasContext && d.Context == nil)
	switch d.Type {
	case "":
	case "@id":
		t.coerce = toID
	case "@vocab":
		t.coerce = toVocab
	case "@json":
		t.coerce = toJSON
	default:
		datatype, err := iri(d.Type)
		t.datatype, t.odd = datatype.Value, t.odd || err != nil
	}
	for _, container := range d.Container {
		t.list = t.list || container == "@list"
		t.graph = t.graph || container == "@graph"
		t.odd = t.odd || (container != "@list" && container != "@graph" && container != "@set")
	}
	if strings.HasPrefix(d.ID, "@") {
		t.alias = d.ID
		t.odd = t.odd || d.ID != "@"+name // only id and type are compiled
	} else {
		predicate, err := iri(d.ID)
		t.iri, t.odd = predicate, t.odd || err != nil
	}
	c.terms[d] = t
	return t
}
