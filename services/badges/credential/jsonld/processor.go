package jsonld

import (
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/piprate/json-gold/ld"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// undefined is the vocabulary under which the expansion puts every word that no context defines.
const undefined = "urn:tandem:undefined-term:"

// Processor turns documents into datasets. It is safe for concurrent use.
type Processor struct {
	set      *contexts.Set
	options  *ld.JsonLdOptions
	active   sync.Map // parsed contexts by their joined addresses; bounded, as addresses are known and unique
	compiler *compiler
	inline   bool // documents may define words themselves
}

// New makes a processor that knows exactly the contexts of the set.
func New(set *contexts.Set, extras ...Option) *Processor {
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader = loaderOf(set)
	p := &Processor{set: set, options: options}
	for _, extra := range extras {
		extra(p)
	}
	p.compiler, _ = newCompiler(options) // without one, the general path does all the work
	return p
}

// ToRDF gives the dataset of a document decoded by Decode. Every value of the document is in
// the dataset, or the answer is an *Error.
func (p *Processor) ToRDF(doc map[string]any) (rdfc.Dataset, error) {
	b := &builder{}
	if b.document(p, doc) {
		return b.out, nil
	}
	return b.otherwise(doc)
}

// Canonicalize converts a document and canonicalizes its dataset, as a signature needs it. It is
// ToRDF and rdfc.Canonicalize in one, and cheaper, as the quads need not outlive the call.
func (p *Processor) Canonicalize(doc map[string]any, opts rdfc.Options) (rdfc.Result, error) {
	b, _ := builders.Get().(*builder)
	defer b.release()
	if b.document(p, doc) {
		return rdfc.Canonicalize(b.out, opts)
	}
	dataset, err := b.otherwise(doc)
	if err != nil {
		return rdfc.Result{}, err
	}
	return rdfc.Canonicalize(dataset, opts)
}

// general converts a document by the library's expansion.
func (p *Processor) general(doc map[string]any) (rdfc.Dataset, error) {
	var before counter
	if err := p.checkObject(doc, &before); err != nil {
		return nil, err
	}
	if doc["@context"] == nil {
		return nil, refuse(CodeUnknownContext, "@context", "the document names no context")
	}
	expanded, err := p.expand(doc)
	if err != nil {
		return nil, err
	}
	e := emitter{labels: map[string]string{}}
	if err := e.document(expanded); err != nil {
		return nil, err
	}
	if countExpanded(expanded) != before {
		return nil, refuse(CodeDroppedValue, "", "a value of the document would be dropped")
	}
	return e.out, nil
}

// Known tells whether a document may name the context with this address.
func (p *Processor) Known(url string) bool {
	_, ok := p.set.Document(url)
	return ok
}

// expand runs the library's expansion. A panic of the library on hostile input is an error here.
func (p *Processor) expand(doc map[string]any) (out any, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, refuse(CodeExpansion, fmt.Sprint(r), "the document could not be expanded")
		}
	}()
	items, inline, err := p.contextList(doc["@context"])
	if err != nil {
		return nil, err
	}
	active, err := p.activeContext(items, inline)
	if err != nil {
		return nil, err
	}
	rest := make(map[string]any, len(doc))
	for key, value := range doc {
		if key != "@context" {
			rest[key] = value
		}
	}
	out, err = ld.NewJsonLdApi().Expand(active, "", rest, p.options, false, nil)
	if err != nil {
		return nil, expansionError(err)
	}
	return out, nil
}

// activeContext parses a list of contexts, and only once where all are known by their addresses:
// parsing is a large part of the whole work.
func (p *Processor) activeContext(items []any, inline bool) (*ld.Context, error) {
	var key string
	if !inline {
		key = joined(items)
		if cached, ok := p.active.Load(key); ok {
			if active, ok := cached.(*ld.Context); ok {
				return active, nil
			}
		}
	}
	local := append([]any{map[string]any{"@vocab": undefined}}, items...)
	active, err := ld.NewContext(nil, p.options).Parse(local)
	if err != nil {
		return nil, expansionError(err)
	}
	if !inline {
		p.active.Store(key, active)
	}
	return active, nil
}

func expansionError(err error) error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	var library *ld.JsonLdError
	if errors.As(err, &library) && library.Code == ld.ProtectedTermRedefinition {
		return refuse(CodeProtected, err.Error(), "a context gives a protected word another meaning")
	}
	return refuse(CodeExpansion, err.Error(), "the document is not valid JSON-LD")
}

// staticLoader serves the embedded contexts and nothing else.
type staticLoader map[string]map[string]any

// loaderOf prepares the contexts of the set: one that a term resets to null, as
// verifiableCredential in credentials/v2 does, is made to keep catching undefined words.
func loaderOf(set *contexts.Set) staticLoader {
	loader := staticLoader{}
	for _, url := range set.Addresses() {
		document, _ := set.Document(url)
		loader[url], _ = catching(document).(map[string]any)
	}
	return loader
}

// LoadDocument implements the library's loader.
func (l staticLoader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	document, known := l[url]
	if !known {
		return nil, refuse(CodeUnknownContext, url, "this context is not known and is never fetched")
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: document}, nil
}

// catching copies a context document and follows every reset to null with the catching
// vocabulary. The library asks the reset context how the values of the term are kept, though
// the definition around it says so, and would lose the graph of an embedded credential:
// therefore the reset context repeats the container, under a name that stays undefined.
func catching(node any) any {
	switch v := node.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = catching(value)
			definition, isObject := value.(map[string]any)
			if local, has := definition["@context"]; isObject && has && local == nil {
				out[key] = reset(key, definition)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = catching(item)
		}
		return out
	default:
		return v
	}
}

// reset rewrites the definition of a term whose values start from an empty context.
func reset(term string, definition map[string]any) map[string]any {
	kept := maps.Clone(definition)
	delete(kept, "@context")
	kept["@id"] = undefined + term
	out := maps.Clone(definition)
	out["@context"] = []any{nil, map[string]any{"@vocab": undefined, term: kept}}
	return out
}
