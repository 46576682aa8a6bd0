package openbadge

import (
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
)

const (
	// SchemaURL is where 1EdTech publishes the JSON schema that every issued badge names.
	SchemaURL  = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
	schemaType = "1EdTechJsonSchemaValidator2019"
)

// Build writes the badge as an unsigned credential. It returns an *InvalidError that lists
// every violation when the badge is incomplete.
func Build(b Badge) (map[string]any, error) {
	var digests []Violation
	doc := object{
		"@context":          list(contexts.CredentialsV2, contexts.OpenBadges303, contexts.OpenBadgesExtensions),
		"type":              list("VerifiableCredential", "OpenBadgeCredential"),
		"issuer":            buildIssuer(b.Issuer),
		"credentialSubject": buildSubject(b),
		"credentialSchema":  list(map[string]any{"id": SchemaURL, "type": schemaType}),
	}
	doc.text("id", b.ID).text("name", b.Name).text("description", b.Description)
	doc.time("validFrom", b.ValidFrom).time("validUntil", b.ValidUntil).time("awardedDate", b.AwardedDate)
	doc.each("evidence", len(b.Evidence), func(i int) object { return buildEvidence(i, b.Evidence[i], &digests) })
	violations := append(digests, check(doc, true)...)
	if len(violations) > 0 {
		return nil, &InvalidError{Violations: violations}
	}
	return doc, nil
}

// object is a JSON object under construction; empty values are left out, since JSON-LD drops them.
type object map[string]any

func (o object) text(key, value string) object {
	if value != "" {
		o[key] = value
	}
	return o
}

func (o object) time(key string, at time.Time) object {
	if !at.IsZero() {
		o[key] = datetime.Format(at)
	}
	return o
}

func (o object) each(key string, n int, build func(int) object) object {
	items := make([]any, n)
	for i := range items {
		items[i] = map[string]any(build(i))
	}
	if n > 0 {
		o[key] = items
	}
	return o
}

func list(items ...any) []any { return items }

func buildIssuer(i Issuer) map[string]any {
	o := object{"type": list("Profile")}
	return o.text("id", i.ID).text("name", i.Name).text("url", i.URL)
}

func buildSubject(b Badge) map[string]any {
	o := object{"type": list("AchievementSubject"), "achievement": buildAchievement(b.Achievement)}
	o.text("id", b.School.ID).text("name", b.School.Name)
	o.each("identifier", len(b.School.Identifiers), func(i int) object {
		id := b.School.Identifiers[i]
		return object{"type": "IdentityObject", "hashed": false}.text("identityHash", id.Value).text("identityType", id.Type)
	})
	o.each("result", len(b.Results), func(i int) object {
		r := b.Results[i]
		return object{"type": list("Result")}.text("resultDescription", r.ResultDescription).
			text("achievedLevel", r.AchievedLevel).text("value", r.Value)
	})
	return o
}

func buildAchievement(a Achievement) map[string]any {
	o := object{
		"type": list("Achievement"), "achievementType": "Badge",
		"criteria": map[string]any(object{}.text("id", a.CriteriaID).text("narrative", a.CriteriaNarrative)),
	}
	o.text("id", a.ID).text("name", a.Name).text("description", a.Description).text("version", a.Version)
	if a.Image.ID != "" {
		o["image"] = map[string]any(object{"type": "Image"}.text("id", a.Image.ID).text("caption", a.Image.Caption))
	}
	if len(a.Tags) > 0 {
		tags := make([]any, len(a.Tags))
		for i, tag := range a.Tags {
			tags[i] = tag
		}
		o["tag"] = tags
	}
	o.each("alignment", len(a.Alignments), func(i int) object { return buildAlignment(a.Alignments[i]) })
	o.each("resultDescription", len(a.ResultDescription), func(i int) object {
		return buildResultDescription(a.ResultDescription[i])
	})
	return o
}

func buildAlignment(a Alignment) object {
	return object{"type": list("Alignment")}.text("targetName", a.TargetName).text("targetUrl", a.TargetURL).
		text("targetCode", a.TargetCode).text("targetFramework", a.TargetFramework).
		text("targetDescription", a.TargetDescription)
}

func buildResultDescription(d ResultDescription) object {
	o := object{"type": list("ResultDescription"), "resultType": "RubricCriterionLevel"}
	o.text("id", d.ID).text("name", d.Name).text("requiredLevel", d.RequiredLevel)
	return o.each("rubricCriterionLevel", len(d.Levels), func(i int) object {
		l := d.Levels[i]
		return object{"type": list("RubricCriterionLevel")}.text("id", l.ID).text("name", l.Name).
			text("level", l.Level).text("points", l.Points).text("description", l.Description)
	})
}

// buildEvidence carries the file's digest as digestSRI, a term of the credentials context.
func buildEvidence(i int, e Evidence, violations *[]Violation) object {
	o := object{"type": list("Evidence")}
	o.text("id", e.ID).text("name", e.Name).text("description", e.Description).text("narrative", e.Narrative).
		text("genre", e.Genre).text("mediaType", e.MediaType)
	if e.SHA256 == "" {
		return o
	}
	digest, err := hex.DecodeString(e.SHA256)
	if err != nil || len(digest) != 32 {
		*violations = append(*violations, Violation{
			Field: at("evidence", i) + ".digestSRI", Rule: "sha256", Fix: "Give the SHA-256 of the file as 64 hexadecimal digits.",
		})
	}
	return o.text("digestSRI", "sha256-"+base64.StdEncoding.EncodeToString(digest))
}
