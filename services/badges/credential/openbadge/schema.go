package openbadge

import (
	"regexp"
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

const (
	// SchemaURL is where 1EdTech publishes the JSON schema of a badge.
	SchemaURL = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
	// EndorsementSchemaURL is that of an endorsement.
	EndorsementSchemaURL = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_endorsementcredential_schema.json"
	// RecordSchemaURL is that of a learner record.
	RecordSchemaURL = "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json"
	schemaType      = "1EdTechJsonSchemaValidator2019"
)

// schemaAddress finds the kind of document in the address of a published schema, in the forms with
// and without JSON-LD and with the number of a version.
var schemaAddress = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/(?:ob/v3p0|clr/v2p0)/schema/json(?:-ld)?/(?:ob_v3p0|clr_v2p0)(?:_\d)*_(achievement|endorsement|clr)credential_schema\.json$`)

// CheckSchema holds a document against the published JSON schema of its kind: a document breaks none
// of these rules exactly when the schema accepts it. The schema's own file is not part of the program.
func CheckSchema(doc map[string]any) []Violation {
	w := &walker{exact: true}
	w.object(doc, kindOf(doc))
	return w.Found
}

// SchemaResult is what the schemas that a credential names say about it.
type SchemaResult struct {
	// Violations break a schema in a way that changes what the credential means.
	Violations []Violation
	// Warnings are schemas that are not known here, and single values where a schema wants a list or
	// the other way round: verifiers read both alike.
	Warnings []Violation
	// Checked counts the schemas that were applied.
	Checked int
}

// CheckSchemas holds a credential against the schemas that it names. Those of Open Badges and CLR
// are known; others are when the caller brings them. Nothing is fetched.
func CheckSchemas(doc map[string]any, schemas vc.Schemas) SchemaResult {
	var r SchemaResult
	others := vc.CheckSchemas(doc, schemas, func(id, kind string) bool { return kind == schemaType && schemaKind(id) != "" })
	r.Violations, r.Warnings, r.Checked = others.Violations, others.Warnings, others.Checked
	for _, named := range objectsOf(doc["credentialSchema"]) {
		id, _ := named["id"].(string)
		kind := schemaKind(id)
		if kind == "" || !vc.HasType(named, schemaType) {
			continue
		}
		r.Checked++
		w := &walker{exact: true}
		w.object(doc, kind)
		for _, v := range w.Found {
			if slices.Contains([]string{ruleList, ruleSingle}, v.Rule) {
				r.Warnings = append(r.Warnings, v)
			} else {
				r.Violations = append(r.Violations, v)
			}
		}
	}
	return r
}

// schemaKind returns the class of the published schema at an address, empty if there is none.
func schemaKind(id string) string {
	m := schemaAddress.FindStringSubmatch(id)
	if m == nil {
		return ""
	}
	return map[string]string{
		"achievement": "AchievementCredential", "endorsement": "EndorsementCredential", "clr": "ClrCredential",
	}[m[1]]
}
