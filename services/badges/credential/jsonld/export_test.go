package jsonld

import "github.com/tandem-badges/tandem/services/badges/credential/rdfc"

// General and Compiled open the two ways of ToRDF to the tests that compare them.
func (p *Processor) General(doc map[string]any) (rdfc.Dataset, error) { return p.general(doc) }

func (p *Processor) Compiled(doc map[string]any) (rdfc.Dataset, bool) {
	b := &builder{}
	ok := b.document(p, doc)
	return b.out, ok
}

// Scopes counts the scopes that are remembered.
func (p *Processor) Scopes() int { return p.compiler.size }
