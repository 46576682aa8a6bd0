package vc

import (
	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// The types that decide what a document is.
const (
	TypeCredential            = "VerifiableCredential" //nolint:gosec // a name, no secret
	TypePresentation          = "VerifiablePresentation"
	TypeEnvelopedCredential   = "EnvelopedVerifiableCredential"
	TypeEnvelopedPresentation = "EnvelopedVerifiablePresentation"
)

// Check returns every rule of the Verifiable Credentials Data Model 2.0 that a credential, a
// presentation or an envelope breaks. The document must come from jsonld.Decode. Signatures, the
// time of day and what a status list says are no part of it.
func Check(doc map[string]any) []Violation {
	c := &Checker{}
	switch {
	case HasType(doc, TypeEnvelopedCredential):
		c.envelope(doc, "", TypeEnvelopedCredential)
	case HasType(doc, TypeEnvelopedPresentation):
		c.envelope(doc, "", TypeEnvelopedPresentation)
	case HasType(doc, TypePresentation):
		c.presentation(doc)
	default:
		c.credential(doc, "")
	}
	return c.Found
}

// StatusProperty is what credentialStatus means, written out: JSON-LD takes both for the same property. A
// credential says under it what its published schema, which has room for one status, leaves no place for.
const StatusProperty = "https://www.w3.org/2018/credentials#credentialStatus"

func (c *Checker) credential(doc map[string]any, path string) {
	c.contexts(doc, path)
	c.IRI(doc, path, "id", false)
	c.Type(doc, path, TypeCredential)
	c.named(doc, path)
	c.issuer(doc, path)
	c.dates(doc, path)
	c.subjects(doc, path)
	for _, key := range []string{
		"credentialStatus", StatusProperty, "termsOfUse", "evidence", "refreshService", "renderMethod", "confidenceMethod", "proof",
	} {
		c.Each(doc, path, key, c.typed)
	}
	c.Each(doc, path, "credentialSchema", func(schema map[string]any, here string) {
		c.IRI(schema, here, "id", true)
		c.Type(schema, here, "")
	})
	c.resources(doc, path)
	c.terms(doc, path)
}

// typed checks an object that must say what it is and may have an id.
func (c *Checker) typed(object map[string]any, path string) {
	c.Type(object, path, "")
	c.IRI(object, path, "id", false)
}

// maxContexts is how many contexts a document may name; each of its words is looked up in all of them.
const maxContexts = 16

// contexts checks that the document names the base context first. Inline contexts have the right
// shape here; whether a context is known is the question of package jsonld.
func (c *Checker) contexts(doc map[string]any, path string) {
	field := Join(path, "@context")
	items, _ := doc["@context"].([]any)
	if len(items) == 0 || items[0] != contexts.CredentialsV2 {
		c.Add(field, "context", "Give a list of contexts that starts with "+contexts.CredentialsV2+".")
		return
	}
	if len(items) > maxContexts {
		c.Add(field, "context", "Name no more than 16 contexts.")
		return
	}
	seen := map[string]bool{}
	for i, item := range items {
		if _, isObject := item.(map[string]any); isObject {
			continue
		}
		text, _ := item.(string)
		if rdfc.CheckIRI(text) != nil || seen[text] {
			c.Add(Join(path, At("@context", i)), "context", "Name each context once, by its address.")
		}
		seen[text] = true
	}
}

func (c *Checker) issuer(doc map[string]any, path string) {
	issuer, isObject := doc["issuer"].(map[string]any)
	if !isObject {
		c.IRI(doc, path, "issuer", true)
		return
	}
	here := Join(path, "issuer")
	c.IRI(issuer, here, "id", true)
	c.named(issuer, here)
}

func (c *Checker) dates(doc map[string]any, path string) {
	from, until := c.Time(doc, path, "validFrom"), c.Time(doc, path, "validUntil")
	if !from.IsZero() && !until.IsZero() && until.Before(from) {
		c.Add(Join(path, "validUntil"), "after_valid_from", "Let the validity end no earlier than it begins.")
	}
}

func (c *Checker) subjects(doc map[string]any, path string) {
	field := Join(path, "credentialSubject")
	items, isList := doc["credentialSubject"].([]any)
	if _, has := doc["credentialSubject"]; !has || (isList && len(items) == 0) {
		c.Add(field, "required", "Say at least one thing about at least one subject.")
		return
	}
	c.Each(doc, path, "credentialSubject", func(subject map[string]any, here string) {
		if len(subject) == 0 {
			c.Add(here, "required", "Say at least one thing about the subject.")
		}
		c.IRI(subject, here, "id", false)
	})
}

// presentation checks who presents what. Each credential in it must be a credential by itself.
func (c *Checker) presentation(doc map[string]any) {
	c.contexts(doc, "")
	c.IRI(doc, "", "id", false)
	c.Type(doc, "", TypePresentation)
	if holder, isObject := doc["holder"].(map[string]any); isObject {
		c.IRI(holder, "holder", "id", true)
	} else {
		c.IRI(doc, "", "holder", false)
	}
	c.Each(doc, "", "verifiableCredential", func(credential map[string]any, here string) {
		if HasType(credential, TypeEnvelopedCredential) {
			c.envelope(credential, here, TypeEnvelopedCredential)
			return
		}
		c.credential(credential, here)
	})
	c.Each(doc, "", "termsOfUse", c.typed)
	c.Each(doc, "", "proof", c.typed)
	c.terms(doc, "")
}

// envelope checks an object that stands for a token. What is in the token is for Open to tell.
func (c *Checker) envelope(doc map[string]any, path, want string) {
	if doc["@context"] != contexts.CredentialsV2 {
		c.contexts(doc, path)
	}
	if types, _ := Types(doc); len(types) != 1 || types[0] != want {
		c.Add(Join(path, "type"), "type", "Let the type be "+want+" and nothing else.")
	}
	if _, err := tokenOf(doc); err != nil {
		c.Add(Join(path, "id"), "data_url", "Give a data: address of a signed token, such as data:application/vc+jwt,eyJ….")
	}
}
