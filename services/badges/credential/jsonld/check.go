package jsonld

import "strings"

// counter adds up the values of a document that must reappear in its expansion.
type counter int

// check walks the input before the expansion and refuses everything that an expansion may
// swallow, redefine or move: nulls, contexts other than by known address, and all keywords
// but the few that a credential needs.
func (p *Processor) check(node any, n *counter) error {
	switch v := node.(type) {
	case nil:
		return refuse(CodeDroppedValue, "null", "a null says nothing and would be dropped: leave the field out")
	case []any:
		for _, item := range v {
			if _, nested := item.([]any); nested {
				return refuse(CodeDroppedValue, "[[", "an array directly inside an array would lose its order")
			}
			if err := p.check(item, n); err != nil {
				return err
			}
		}
	case map[string]any:
		return p.checkObject(v, n)
	default:
		*n++
	}
	return nil
}

func (p *Processor) checkObject(object map[string]any, n *counter) error {
	for _, pair := range [][2]string{{"id", "@id"}, {"type", "@type"}} {
		_, alias := object[pair[0]]
		if _, keyword := object[pair[1]]; alias && keyword {
			return refuse(CodeKeyword, pair[1], "an object has both a keyword and its alias")
		}
	}
	value, isValue := object["@value"]
	for key, item := range object {
		if key == "@context" {
			if _, _, err := p.contextList(item); err != nil {
				return err
			}
			continue
		}
		if key == "" { // the library takes an empty property for the top of the document
			return refuse(CodeUndefinedTerm, key, "an empty key has no meaning, so it would not be signed")
		}
		if key == "@direction" && isValue {
			return refuse(CodeDirection, key, "the direction of a text has no place in RDF, so it would not be signed: leave it to the language, or sign with eddsa-jcs-2022")
		}
		if strings.HasPrefix(key, "@") && !allowedKeyword(key, isValue) {
			return refuse(CodeKeyword, key, "this JSON-LD keyword is not accepted in a credential")
		}
		if isValue {
			continue
		}
		if err := p.check(item, n); err != nil {
			return err
		}
	}
	if isValue {
		return p.check(value, n)
	}
	return nil
}

// allowedKeyword leaves out among others @index, which RDF cannot carry.
func allowedKeyword(key string, inValue bool) bool {
	switch key {
	case "@id":
		return !inValue
	case "@type":
		return true
	case "@value", "@language":
		return inValue
	}
	return false
}

// contextList accepts known addresses, each once, and objects only where the processor was told to
// (inline: there is one).
func (p *Processor) contextList(node any) (contexts []any, inline bool, err error) {
	items, isList := node.([]any)
	if !isList {
		items = []any{node}
	}
	seen := map[string]bool{}
	for _, item := range items {
		if object, isObject := item.(map[string]any); isObject && p.inline {
			if err := p.inlineContext(object); err != nil {
				return nil, false, err
			}
			inline = true
			continue
		}
		url, isText := item.(string)
		if !isText {
			return nil, false, refuse(CodeUnknownContext, "@context", "a context must be named by its address: inline and null contexts are refused")
		}
		if _, known := p.set.Document(url); !known {
			return nil, false, refuse(CodeUnknownContext, url, "this context is not known and is never fetched")
		}
		if seen[url] {
			return nil, false, refuse(CodeUnknownContext, url, "the same context is named twice")
		}
		seen[url] = true
	}
	return items, inline, nil
}

// joined writes a list of addresses from contextList as one text.
func joined(urls []any) string {
	out := make([]string, len(urls))
	for i, url := range urls {
		out[i], _ = url.(string)
	}
	return strings.Join(out, " ")
}

// countExpanded counts the values of an expansion in the same way as check counts the input.
func countExpanded(node any) counter {
	var n counter
	switch v := node.(type) {
	case []any:
		for _, item := range v {
			n += countExpanded(item)
		}
	case map[string]any:
		if value, ok := v["@value"]; ok {
			return countExpanded(value)
		}
		for _, item := range v {
			n += countExpanded(item)
		}
	default:
		return 1
	}
	return n
}
