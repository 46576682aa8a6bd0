package openbadge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

const (
	// SchemaURL is where 1EdTech publishes the JSON schema that an issued badge names.
	SchemaURL  = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
	schemaType = "1EdTechJsonSchemaValidator2019"
)

// Violation is one broken rule of a credential's structure.
type Violation = vc.Violation

// InvalidError lists every broken rule of a credential.
type InvalidError struct{ Violations []Violation }

// Error implements error.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		parts[i] = v.Field + ": " + v.Fix
	}
	return "the credential is not a complete Open Badge: " + strings.Join(parts, " ")
}

// checker collects violations while it walks a document.
type checker struct{ found []Violation }

// check applies the rules of Open Badges 3.0; issuing adds our own: a name for badge and issuer.
func check(doc map[string]any, issuing bool) []Violation {
	c := &checker{}
	c.contexts(doc["@context"])
	c.iri(doc, "", "id", true)
	c.types(doc, "", "VerifiableCredential")
	if !hasType(doc, "OpenBadgeCredential") && !hasType(doc, "AchievementCredential") {
		c.add("type", "type", "List OpenBadgeCredential among the types.")
	}
	c.issuer(doc, issuing)
	if issuing {
		c.text(doc, "", "name")
	}
	c.dates(doc)
	if subject, ok := c.object(doc, "", "credentialSubject"); ok {
		c.subject(subject)
	}
	for i, e := range c.objects(doc, "", "evidence") {
		c.types(e, at("evidence", i), "Evidence")
		c.iri(e, at("evidence", i), "id", false)
	}
	return c.found
}

func (c *checker) add(field, rule, fix string) {
	c.found = append(c.found, Violation{Field: field, Rule: rule, Fix: fix})
}

func (c *checker) contexts(value any) {
	items, _ := value.([]any)
	if len(items) < 2 || items[0] != contexts.CredentialsV2 || items[1] != contexts.OpenBadges303 {
		c.add("@context", "context", "Name "+contexts.CredentialsV2+" first and "+contexts.OpenBadges303+" second.")
	}
}

func (c *checker) issuer(doc map[string]any, issuing bool) {
	if text, isText := doc["issuer"].(string); isText && !issuing {
		if rdfc.CheckIRI(text) != nil {
			c.add("issuer", "iri", "Give the issuer's absolute address or DID.")
		}
		return
	}
	issuer, ok := c.object(doc, "", "issuer")
	if !ok {
		return
	}
	c.iri(issuer, "issuer", "id", true)
	c.types(issuer, "issuer", "Profile")
	if issuing {
		c.text(issuer, "issuer", "name")
	}
}

func (c *checker) dates(doc map[string]any) {
	from := c.time(doc, "validFrom", true)
	until := c.time(doc, "validUntil", false)
	c.time(doc, "awardedDate", false)
	if !until.IsZero() && !until.After(from) {
		c.add("validUntil", "after_valid_from", "Let the badge end after it begins.")
	}
}

func (c *checker) time(doc map[string]any, key string, required bool) time.Time {
	value, has := doc[key]
	if !has && !required {
		return time.Time{}
	}
	text, _ := value.(string)
	t, err := datetime.Parse(text)
	if err != nil {
		c.add(key, "date_time", "Write a date and time with a zone such as 2026-05-01T09:00:00Z.")
	}
	return t
}

func (c *checker) object(parent map[string]any, path, key string) (map[string]any, bool) {
	child, ok := parent[key].(map[string]any)
	if !ok {
		c.add(join(path, key), "object", "Give one object here.")
	}
	return child, ok
}

// objects returns the objects of an optional list; a single object counts as a list of one.
func (c *checker) objects(parent map[string]any, path, key string) []map[string]any {
	value, has := parent[key]
	if !has {
		return nil
	}
	items, isList := value.([]any)
	if !isList {
		items = []any{value}
	}
	out := make([]map[string]any, 0, len(items))
	for i, item := range items {
		child, ok := item.(map[string]any)
		if !ok {
			c.add(join(path, at(key, i)), "object", "Give an object here.")
			child = nil
		}
		out = append(out, child)
	}
	return out
}

func (c *checker) text(parent map[string]any, path, key string) {
	switch v := parent[key].(type) {
	case string:
		if strings.TrimSpace(v) != "" {
			return
		}
	case map[string]any, []any: // a text with its language, or one for each language
		return
	}
	c.add(join(path, key), "required", "Give a text here.")
}

func (c *checker) iri(parent map[string]any, path, key string, required bool) {
	value, has := parent[key]
	if !has && !required {
		return
	}
	text, _ := value.(string)
	if rdfc.CheckIRI(text) != nil {
		c.add(join(path, key), "iri", "Give an absolute address such as https://example.org/badges/1.")
	}
}

func (c *checker) types(parent map[string]any, path, want string) {
	if !hasType(parent, want) {
		c.add(join(path, "type"), "type", fmt.Sprintf("List %s among the types.", want))
	}
}

func hasType(object map[string]any, want string) bool {
	if items, isList := object["type"].([]any); isList {
		return slices.Contains(items, any(want))
	}
	return object["type"] == want
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func at(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

// Check returns every rule of Open Badges 3.0 that a document breaks.
func Check(doc map[string]any) []Violation { return check(doc, false) }
