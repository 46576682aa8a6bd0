package vc_test

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

const schemaID = "https://example.org/schemas/school.json"

const school = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["name"],
	"properties":{"validFrom":{"format":"date-time"},"credentialSubject":{"properties":{"name":{"maxLength":10}}}}}`

func TestACredentialIsHeldAgainstTheSchemasThatAreKnown(t *testing.T) {
	sum := sha256.Sum256([]byte(school))
	digest := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	schemas := vc.Schemas{
		schemaID: []byte(school), "urn:broken": []byte(`{"type":5}`), "urn:no-json": []byte(`{`),
		"urn:remote": []byte(`{"$ref":"https://example.org/elsewhere.json"}`),
	}
	for name, c := range map[string]struct {
		schema  any
		fields  []string // of the violations
		warning bool
		checked int
	}{
		"known and broken twice":        {object{"id": schemaID, "type": "JsonSchema"}, []string{"", "credentialSubject.name"}, false, 1},
		"with its digest":               {object{"id": schemaID, "type": "JsonSchema", "digestSRI": digest}, []string{"", "credentialSubject.name"}, false, 1},
		"with another digest":           {object{"id": schemaID, "type": "JsonSchema", "digestSRI": "sha256-" + base64.StdEncoding.EncodeToString(sum[1:])}, []string{"credentialSchema.digestSRI", "", "credentialSubject.name"}, false, 1},
		"unknown address":               {object{"id": "https://example.org/other.json", "type": "JsonSchema"}, nil, true, 0},
		"unknown type":                  {[]any{object{"id": schemaID, "type": "OtherSchema"}}, nil, true, 0},
		"credential with a schema":      {object{"id": schemaID, "type": "JsonSchemaCredential"}, nil, true, 0},
		"not a schema":                  {object{"id": "urn:broken", "type": "JsonSchema"}, []string{"credentialSchema.id"}, false, 1},
		"not even JSON":                 {object{"id": "urn:no-json", "type": "JsonSchema"}, []string{"credentialSchema.id"}, false, 1},
		"a schema that leads elsewhere": {object{"id": "urn:remote", "type": "JsonSchema"}, []string{"credentialSchema.id"}, false, 1},
		"none":                          {nil, nil, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			doc := credential("did:example:issuer")
			if c.schema != nil {
				doc["credentialSchema"] = c.schema
			}
			got := vc.CheckSchemas(doc, schemas, nil)
			var fields []string
			for _, v := range got.Violations {
				fields = append(fields, v.Field)
			}
			require.ElementsMatch(t, c.fields, fields, got.Violations)
			require.Equal(t, c.warning, len(got.Warnings) == 1)
			require.Equal(t, c.checked, got.Checked)
		})
	}
	doc := credential("did:example:issuer")
	doc["name"], doc["credentialSchema"] = "x", []any{object{"id": schemaID, "type": "JsonSchema"}}
	doc["credentialSubject"] = []any{object{"name": "Aspen"}}
	require.Empty(t, vc.CheckSchemas(doc, schemas, nil).Violations)
	require.Zero(t, vc.CheckSchemas(doc, schemas, func(id, kind string) bool { return id == schemaID && kind == "JsonSchema" }).Checked)
}
