package vc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schemas are JSON schemas by their addresses, for credentials that name them.
type Schemas map[string][]byte

// The types of credentialSchema that the standard defines.
const (
	typeJSONSchema           = "JsonSchema"
	typeJSONSchemaCredential = "JsonSchemaCredential" //nolint:gosec // a name, no secret
)

// SchemaResult is what the schemas that a credential names say about it.
type SchemaResult struct {
	Violations []Violation // the credential breaks a schema
	Warnings   []Violation // a schema is not known here, so that nobody can tell
	Checked    int         // how many schemas were applied
}

// CheckSchemas holds a credential against the JSON schemas that it names. Schemas are known by their
// address and never fetched. elsewhere tells of which schemas the caller takes care himself.
func CheckSchemas(doc map[string]any, schemas Schemas, elsewhere func(id, kind string) bool) SchemaResult {
	var r SchemaResult
	c := &Checker{}
	c.Each(doc, "", "credentialSchema", func(schema map[string]any, here string) {
		id, _ := schema["id"].(string)
		types, _ := Types(schema)
		kind := strings.Join(types, " ")
		raw, isKnown := schemas[id]
		switch {
		case elsewhere != nil && elsewhere(id, kind):
		case isKnown && kind == typeJSONSchema:
			r.Checked++
			r.Violations = append(r.Violations, applySchema(doc, schema, here, id, raw)...)
		default:
			r.Warnings = append(r.Warnings, Violation{
				Field: here, Rule: "schema_unknown", Fix: "This schema is not known here and is not fetched, so the credential was not held against it.",
			})
		}
	})
	return r
}

// applySchema validates a document with one schema.
func applySchema(doc, named map[string]any, path, id string, raw []byte) []Violation {
	c := &Checker{}
	for key, read := range map[string]func(string) (hash, []byte, bool){"digestSRI": readSRI, "digestMultibase": readMultibase} {
		text, has := named[key].(string)
		if !has {
			continue
		}
		if h, sum, ok := read(text); !ok || !bytes.Equal(h.sum(raw), sum) {
			c.Add(Join(path, key), "digest_mismatch", "The schema that is known at this address is not the one that the issuer meant.")
		}
	}
	err := validate(doc, id, raw)
	var invalid *jsonschema.ValidationError
	switch {
	case errors.As(err, &invalid):
		for _, cause := range leaves(invalid) {
			c.Add(pointer(cause.InstanceLocation), "schema", fmt.Sprintf("The schema %s refuses this: %v.", id, cause.ErrorKind))
		}
	case err != nil:
		c.Add(Join(path, "id"), "schema_broken", "The schema that is known at this address is not a JSON schema.")
	}
	return c.Found
}

func validate(doc map[string]any, id string, raw []byte) error {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(id, parsed); err != nil {
		return err
	}
	schema, err := compiler.Compile(id)
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// noLoader keeps a schema from fetching another one.
type noLoader struct{}

// Load implements jsonschema.URLLoader.
func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema %s is not known here and is not fetched", url)
}

// leaves returns the innermost causes, which name the fields at fault.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var out []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		out = append(out, leaves(cause)...)
	}
	return out
}

// pointer writes where in the document a schema found fault.
func pointer(location []string) string {
	path := ""
	for _, part := range location {
		if part != "" && strings.Trim(part, "0123456789") == "" {
			path += "[" + part + "]"
			continue
		}
		path = Join(path, part)
	}
	return path
}
