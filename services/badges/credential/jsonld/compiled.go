package jsonld

import (
	"sync"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// builder converts a document to quads in one walk, by the compiled contexts. It answers false,
// without a reason, as soon as it meets anything that it was not written for or that must be
// refused: the general path then decides, and finds the words for a refusal.
type builder struct {
	emitter
	p     *Processor
	built int   // scopes that had to be compiled for this document
	why   error // the first refusal of an IRI, which most refusals of documents are
}

// maxBuilt is how many scopes one document may make the compiler build: real ones share a few
// dozen, a hostile one could ask for another mix of types in each object.
const maxBuilt = 256

func (b *builder) descend(from *scope, by step) *scope {
	if b.built >= maxBuilt {
		return nil
	}
	to, built := b.p.compiler.descend(from, by)
	if built {
		b.built++
	}
	return to
}

// iri is the function of that name, and remembers a refusal.
func (b *builder) iri(text string) (rdfc.Term, bool) {
	name, err := iri(text)
	if err != nil && b.why == nil {
		b.why = err
	}
	return name, err == nil
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

func (b *builder) document(p *Processor, doc map[string]any) bool {
	b.p = p
	if p.compiler == nil || doc["@context"] == nil {
		return false
	}
	_, ok := b.node(doc, p.compiler.root.Load(), nil, rdfc.Term{})
	return ok && len(b.out) > 0
}

// maxObjects is how large a document may be that the compiled path does not take. The general
// path needs up to a millisecond for an object, which a hostile document must not multiply.
const maxObjects = 1000

// otherwise lets the general path decide, or refuses what would keep it busy too long.
func (b *builder) otherwise(doc map[string]any) (rdfc.Dataset, error) {
	switch {
	case countObjects(doc) <= maxObjects:
		return b.p.general(doc)
	case b.why != nil:
		return nil, b.why
	}
	return nil, refuse(CodeTooLarge, "", "a document of more than 1000 objects has something in it that is refused, or that is read in small documents only")
}

func countObjects(value any) (count int) {
	switch v := value.(type) {
	case map[string]any:
		count = 1
		for _, item := range v {
			count += countObjects(item)
		}
	case []any:
		for _, item := range v {
			count += countObjects(item)
		}
	}
	return count
}
