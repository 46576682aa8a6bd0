package jsonld

import (
	"maps"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// Option of New.
type Option func(*Processor)

// InlineContexts lets documents define words themselves, by objects among their contexts. Whoever
// reads such a document must trust it to say what its words mean, so this is for conformance suites
// in development and for nobody else. What could hide a value or change the meaning of another
// word stays refused.
func InlineContexts() Option { return func(p *Processor) { p.inline = true } }

// inlineContext checks that an object among the contexts does nothing but give words an absolute meaning.
func (p *Processor) inlineContext(context map[string]any) error {
	for _, word := range slices.Sorted(maps.Keys(context)) {
		value := context[word]
		switch {
		case word == "@version":
			if value != 1.1 {
				return refuse(CodeContext, word, "the only version that an inline context may name is 1.1")
			}
		case word == "@protected":
			if _, isBool := value.(bool); !isBool {
				return refuse(CodeContext, word, "an inline context is protected or not: write true or false")
			}
		case strings.HasPrefix(word, "@"):
			return refuse(CodeContext, word, "an inline context may give words a meaning, and use no other keyword than @version and @protected")
		case word == "" || strings.Contains(word, ":"):
			return refuse(CodeContext, word, "an inline context may define plain words only")
		default:
			if err := p.inlineTerm(word, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// inlineTerm checks the definition of one word: an address, or an object with one.
func (p *Processor) inlineTerm(word string, value any) error {
	definition, isObject := value.(map[string]any)
	if !isObject {
		return inlineMeaning(word, value)
	}
	if err := inlineMeaning(word, definition["@id"]); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(definition)) {
		value := definition[key]
		text, _ := value.(string)
		_, isBool := value.(bool)
		switch {
		case key == "@id", key == "@protected" && isBool:
		case key == "@type" && (text == "@id" || text == "@vocab" || text == "@json" || rdfc.CheckIRI(text) == nil):
		case key == "@container" && (text == "@set" || text == "@list" || text == "@graph"):
		case key == "@context":
			if _, _, err := p.contextList(value); err != nil {
				return err
			}
		default:
			return refuse(CodeContext, word, "an inline definition has something in it that is not accepted: use @id, @type, @container, @context and @protected")
		}
	}
	return nil
}

// inlineMeaning checks what a word stands for. Keywords have one name each, so that no value
// can be smuggled past the rules under another.
func inlineMeaning(word string, value any) error {
	meaning, _ := value.(string)
	if (word == "id" || word == "type") && meaning == "@"+word {
		return nil
	}
	if rdfc.CheckIRI(meaning) != nil {
		return refuse(CodeContext, word, "an inline context must give every word an absolute address as its meaning")
	}
	return nil
}

// CheckContexts tells whether all contexts that a document names can be processed, without
// converting it. A signature over its text needs no more of JSON-LD, and yet whoever reads the
// document must know what its words mean.
func (p *Processor) CheckContexts(doc map[string]any) error {
	if err := p.nestedContexts(doc); err != nil {
		return err
	}
	if doc["@context"] == nil {
		return nil
	}
	items, inline, err := p.contextList(doc["@context"])
	if err != nil {
		return err
	}
	_, err = p.activeContext(items, inline)
	return err
}

func (p *Processor) nestedContexts(value any) error {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if err := p.nestedContexts(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range v {
			if key == "@context" {
				if _, _, err := p.contextList(item); err != nil {
					return err
				}
				continue
			}
			if err := p.nestedContexts(item); err != nil {
				return err
			}
		}
	}
	return nil
}
