package vc

import (
	"maps"
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// named checks the texts that may be given in languages.
func (c *Checker) named(object map[string]any, path string) {
	c.Text(object, path, "name")
	c.Text(object, path, "description")
}

// Text checks an optional text for people: a text, one in a language, or a list of these.
func (c *Checker) Text(parent map[string]any, path, key string) {
	value, has := parent[key]
	if !has {
		return
	}
	items, isList := value.([]any)
	if !isList {
		items = []any{value}
	}
	if len(items) == 0 {
		c.Add(Join(path, key), "text", "Give a text here.")
	}
	for i, item := range items {
		field := Join(path, key)
		if isList {
			field = Join(path, At(key, i))
		}
		if _, isText := item.(string); !isText {
			c.inLanguage(item, field)
		}
	}
}

// inLanguage checks a language value object, which has nothing but a text, its language and the
// direction in which it is written.
func (c *Checker) inLanguage(value any, field string) {
	object, isObject := value.(map[string]any)
	if _, hasText := object["@value"].(string); !isObject || !hasText {
		c.Add(field, "text", "Give a text, or an object with @value and @language.")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		text, isText := object[key].(string)
		switch {
		case key == "@value":
		case key == "@language" && isText && rdfc.ValidLanguage(text):
		case key == "@direction" && (text == "ltr" || text == "rtl"):
		default:
			c.Add(Join(field, key), "language", "Say nothing about a text but @language, such as en or es-MX, and @direction, ltr or rtl.")
		}
	}
}
