package vc

import (
	"strings"
	"sync"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
)

// known returns the embedded contexts, those for development included: that a context may be used
// at all is decided where the document is read.
var known = sync.OnceValue(func() *contexts.Set {
	set, err := contexts.Development()
	if err != nil {
		return nil // the pinned files are wrong; whoever opens the set says so
	}
	return set
})

// terms notes the words at the top of a document that none of its contexts defines. A signature over
// statements does not cover them, and in a signed text nobody knows what they mean.
func (c *Checker) terms(doc map[string]any, path string) {
	defined, complete := termsOf(doc)
	if !complete {
		return
	}
	for key := range doc {
		if !strings.HasPrefix(key, "@") && !strings.Contains(key, ":") && !defined[key] {
			c.Add(Join(path, key), "undefined", "Use only words that one of the contexts defines.")
		}
	}
	types, _ := Types(doc)
	for _, name := range types {
		if !strings.Contains(name, ":") && !defined[name] {
			c.Add(Join(path, "type"), "undefined", "Use only types that one of the contexts defines.")
		}
	}
}

// termsOf returns the words that a document's contexts define at its top. It answers false when that
// cannot be told: a context is unknown here, or gives every word a meaning.
func termsOf(doc map[string]any) (map[string]bool, bool) {
	types, _ := Types(doc)
	items, _ := doc["@context"].([]any)
	out := map[string]bool{}
	for _, item := range items {
		url, _ := item.(string)
		set := known()
		if set == nil {
			return nil, false
		}
		document, isKnown := set.Document(url)
		if !isKnown {
			return nil, false
		}
		context, _ := document["@context"].(map[string]any)
		if _, all := context["@vocab"]; all {
			return nil, false
		}
		addTerms(out, context)
		for _, name := range types {
			definition, _ := context[name].(map[string]any)
			scoped, _ := definition["@context"].(map[string]any)
			addTerms(out, scoped)
		}
	}
	return out, true
}

func addTerms(out map[string]bool, context map[string]any) {
	for key := range context {
		out[key] = true
	}
}
