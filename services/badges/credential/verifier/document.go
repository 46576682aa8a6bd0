package verifier

import "slices"

// The types that decide how a document is checked.
const (
	typePresentation          = "VerifiablePresentation"
	typeEnvelopedPresentation = "EnvelopedVerifiablePresentation"
	typeEnvelopedCredential   = "EnvelopedVerifiableCredential"
	typeRecord                = "ClrCredential"
)

// describe repeats in the report what the document says about itself.
func (c *check) describe() {
	r := c.report
	r.Types = texts(c.doc["type"])
	r.ID, _ = c.doc["id"].(string)
	r.Name = plain(c.doc["name"], c.opts.Language)
	r.IssuerID, r.IssuerName = issuerOf(c.doc, c.opts.Language)
	r.ValidFrom, _ = c.doc["validFrom"].(string)
	r.ValidUntil, _ = c.doc["validUntil"].(string)
	if subject, ok := c.doc["credentialSubject"].(map[string]any); ok {
		r.School = plain(subject["name"], c.opts.Language)
		r.SchoolID, _ = subject["id"].(string)
		if achievement, ok := subject["achievement"].(map[string]any); ok && r.Name == "" {
			r.Name = plain(achievement["name"], c.opts.Language)
		}
	}
}

// issuerOf returns the issuer's id and the name it gives itself.
func issuerOf(doc map[string]any, l Language) (id, name string) {
	switch v := doc["issuer"].(type) {
	case string:
		return v, ""
	case map[string]any:
		id, _ = v["id"].(string)
		return id, plain(v["name"], l)
	}
	return "", ""
}

// plain reads a text that may come with its language, or once for each of several; the one in the
// wanted language is taken, else the first.
func plain(value any, l Language) string {
	var best string
	for _, item := range listOf(value) {
		text, isText := item.(string)
		if object, ok := item.(map[string]any); ok {
			text, isText = object["@value"].(string)
			if lang, _ := object["@language"].(string); isText && len(lang) >= 2 && lang[:2] == string(l) {
				return text
			}
		}
		if isText && best == "" {
			best = text
		}
	}
	return best
}

// listOf takes one value as a list of one.
func listOf(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

func objectsOf(value any) []map[string]any {
	var out []map[string]any
	for _, item := range listOf(value) {
		if object, ok := item.(map[string]any); ok {
			out = append(out, object)
		}
	}
	return out
}

func texts(value any) []string {
	var out []string
	for _, item := range listOf(value) {
		if text, ok := item.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

func hasType(object map[string]any, want string) bool {
	return slices.Contains(texts(object["type"]), want)
}

func idOf(value any) string {
	if object, ok := value.(map[string]any); ok {
		value = object["id"]
	}
	id, _ := value.(string)
	return id
}
