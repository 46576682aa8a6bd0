package vc

import (
	"slices"
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
	scopes, complete := scopesOf(doc)
	types, _ := Types(doc)
	if !complete || (!slices.Contains(types, TypeCredential) && !slices.Contains(types, TypePresentation)) {
		return // its contexts or types are wrong, which says more
	}
	var unknown []string
	for key := range doc {
		if !strings.HasPrefix(key, "@") && !strings.Contains(key, ":") && !defined(scopes, types, key) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	for _, key := range unknown {
		c.Add(Join(path, key), "undefined", "Use only words that one of the contexts defines.")
	}
	for _, name := range types {
		if !strings.Contains(name, ":") && !defined(scopes, nil, name) {
			c.Add(Join(path, "type"), "undefined", "Use only types that one of the contexts defines.")
		}
	}
}

// scopesOf returns the contexts of a document. It answers false when they do not tell which words are
// defined: one is unknown here, or gives every word a meaning.
func scopesOf(doc map[string]any) ([]map[string]any, bool) {
	items, _ := doc["@context"].([]any)
	if len(items) == 0 || len(items) > maxContexts || items[0] != contexts.CredentialsV2 {
		return nil, false
	}
	out := make([]map[string]any, 0, len(items))
	for _, item := range items {
		context, isInline := item.(map[string]any)
		if !isInline {
			url, _ := item.(string)
			set := known()
			if set == nil {
				return nil, false
			}
			document, isKnown := set.Document(url)
			if !isKnown {
				return nil, false
			}
			context, _ = document["@context"].(map[string]any)
		}
		if _, all := context["@vocab"]; all {
			return nil, false
		}
		out = append(out, context)
	}
	return out, true
}

// defined tells whether a context defines a word, for everything or for objects of one of the types.
func defined(scopes []map[string]any, types []string, word string) bool {
	for _, context := range scopes {
		if _, ok := context[word]; ok {
			return true
		}
		for _, name := range types {
			definition, _ := context[name].(map[string]any)
			scoped, _ := definition["@context"].(map[string]any)
			if _, ok := scoped[word]; ok {
				return true
			}
		}
	}
	return false
}
