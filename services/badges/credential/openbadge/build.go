package openbadge

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// Build writes the badge as an unsigned credential. It returns an *InvalidError that lists
// every violation when the badge is incomplete.
func Build(b Badge) (map[string]any, error) {
	var digests []Violation
	doc := object{
		"@context":          list(contexts.CredentialsV2, contexts.OpenBadges303, contexts.OpenBadgesExtensions),
		"type":              list("VerifiableCredential", "OpenBadgeCredential"),
		"issuer":            map[string]any(buildProfile(b.Issuer)),
		"credentialSubject": buildSubject(b),
	}
	doc.text("id", b.ID).text("name", b.Name).text("description", b.Description).image(b.Image)
	doc.time("validFrom", b.ValidFrom).time("validUntil", b.ValidUntil).time("awardedDate", b.AwardedDate)
	doc.each("evidence", len(b.Evidence), func(i int) object { return buildEvidence(i, b.Evidence[i], &digests) })
	doc.documents("endorsement", b.Endorsements)
	doc.each("termsOfUse", len(b.Terms), func(i int) object {
		return object{}.text("id", b.Terms[i].ID).text("type", b.Terms[i].Type)
	})
	doc.status(b.Status).refresh(b.RefreshURL)
	doc.schema(SchemaURL)
	return complete(doc, digests)
}

// complete checks a document that was built.
func complete(doc object, found []Violation) (map[string]any, error) {
	if found = append(found, check(doc, true)...); len(found) > 0 {
		return nil, &InvalidError{Violations: found}
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

func (o object) number(key string, value float64) object {
	if value != 0 {
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

func (o object) texts(key string, values []string) object {
	return o.items(key, len(values), func(i int) any { return values[i] })
}

func (o object) documents(key string, values []map[string]any) object {
	return o.items(key, len(values), func(i int) any { return values[i] })
}

func (o object) each(key string, n int, build func(int) object) object {
	return o.items(key, n, func(i int) any { return map[string]any(build(i)) })
}

func (o object) items(key string, n int, item func(int) any) object {
	items := make([]any, n)
	for i := range items {
		items[i] = item(i)
	}
	if n > 0 {
		o[key] = items
	}
	return o
}

func (o object) image(i Image) object {
	if i.ID != "" {
		o["image"] = map[string]any(object{"type": "Image"}.text("id", i.ID).text("caption", i.Caption))
	}
	return o
}

func (o object) profile(key string, p *Profile) object {
	if p != nil {
		o[key] = map[string]any(buildProfile(*p))
	}
	return o
}

// status writes the first entry under credentialStatus, where the published schema has room for one and
// every verifier looks, and the others under the name that this word stands for. Both are the same
// property to JSON-LD, and to the signature.
func (o object) status(entries []Status) object {
	if len(entries) == 0 {
		return o
	}
	o["credentialStatus"] = map[string]any(buildStatus(entries[0]))
	return o.each(vc.StatusProperty, len(entries)-1, func(i int) object { return buildStatus(entries[i+1]) })
}

func buildStatus(s Status) object {
	out := object{}.text("id", s.ID).text("type", s.Type)
	if s.List != "" {
		out.text("statusPurpose", s.Purpose).text("statusListCredential", s.List)
		out["statusListIndex"] = strconv.Itoa(s.Index)
	}
	return out
}

// refresh names the service that gives a newer version of the credential.
func (o object) refresh(url string) object {
	if url != "" {
		o["refreshService"] = map[string]any{"id": url, "type": "1EdTechCredentialRefresh"}
	}
	return o
}

// schema names the published schema.
func (o object) schema(url string) {
	o["credentialSchema"] = list(map[string]any{"id": url, "type": schemaType})
}

func list(items ...any) []any { return items }

// buildEvidence carries the file's digest as digestSRI, a term of the credentials context.
func buildEvidence(i int, e Evidence, violations *[]Violation) object {
	o := object{"type": list("Evidence")}
	o.text("id", e.ID).text("name", e.Name).text("description", e.Description).text("narrative", e.Narrative).
		text("genre", e.Genre).text("audience", e.Audience).text("mediaType", e.MediaType)
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
