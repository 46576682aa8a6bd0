package vc

import (
	"slices"
	"strconv"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// Checker collects violations while rules walk through a document. Its methods take the object, the
// object's path in the document and the key that a rule is about.
type Checker struct{ Found []Violation }

// maxFound is how many violations are noted: whoever mends these can ask again, and a hostile
// document must not make a longer answer than it is itself.
const maxFound = 200

// Add notes a violation.
func (c *Checker) Add(field, rule, fix string) {
	if len(c.Found) == maxFound {
		return
	}
	c.Found = append(c.Found, Violation{Field: field, Rule: rule, Fix: fix})
}

// Join writes the path of a key in the object at path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// At writes the name of a list's item.
func At(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

// Object returns the one object under a key and notes when there is none.
func (c *Checker) Object(parent map[string]any, path, key string) (map[string]any, bool) {
	child, ok := parent[key].(map[string]any)
	if !ok {
		c.Add(Join(path, key), "object", "Give one object here.")
	}
	return child, ok
}

// Each calls visit for every object under an optional key; one object counts as a list of one.
func (c *Checker) Each(parent map[string]any, path, key string, visit func(item map[string]any, path string)) {
	value, has := parent[key]
	if !has {
		return
	}
	items, isList := value.([]any)
	if !isList {
		if item, ok := c.Object(parent, path, key); ok {
			visit(item, Join(path, key))
		}
		return
	}
	for i, item := range items {
		here := Join(path, At(key, i))
		object, ok := item.(map[string]any)
		if !ok {
			c.Add(here, "object", "Give an object here.")
			continue
		}
		visit(object, here)
	}
}

// IRI notes a value that is no absolute address; an absent one is right unless required.
func (c *Checker) IRI(parent map[string]any, path, key string, required bool) {
	value, has := parent[key]
	if !has && !required {
		return
	}
	if text, isText := value.(string); !isText || rdfc.CheckIRI(text) != nil {
		c.Add(Join(path, key), "iri", "Give one absolute address such as https://example.org/badges/1.")
	}
}

// Time reads an optional time and notes one that is none.
func (c *Checker) Time(parent map[string]any, path, key string) time.Time {
	value, has := parent[key]
	if !has {
		return time.Time{}
	}
	text, _ := value.(string)
	t, err := datetime.Parse(text)
	if err != nil {
		c.Add(Join(path, key), "date_time", "Write a date and time with a zone such as 2026-05-01T09:00:00Z.")
	}
	return t
}

// Type notes an object without a type, or whose types do not have the wanted one.
func (c *Checker) Type(object map[string]any, path, want string) {
	field := Join(path, "type")
	types, ok := Types(object)
	switch {
	case !ok || len(types) == 0:
		c.Add(field, "type", "Give the type, as a text or a list of different texts.")
	case want != "" && !slices.Contains(types, want):
		c.Add(field, "type", "List "+want+" among the types.")
	}
}

// maxTypes bounds the types of one object, which are compared with each other.
const maxTypes = 64

// Types returns the types of an object. It answers false when they are not texts, each given once.
func Types(object map[string]any) ([]string, bool) {
	if text, isText := object["type"].(string); isText {
		return []string{text}, text != ""
	}
	items, isList := object["type"].([]any)
	if len(items) > maxTypes {
		return nil, false
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		text, isText := item.(string)
		if !isText || text == "" || slices.Contains(out, text) {
			return nil, false
		}
		out = append(out, text)
	}
	return out, isList
}

// HasType tells whether a type is among those of an object.
func HasType(object map[string]any, want string) bool {
	if items, isList := object["type"].([]any); isList {
		return slices.Contains(items, any(want))
	}
	return object["type"] == want
}
