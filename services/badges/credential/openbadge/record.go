package openbadge

import (
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
)

// CLR is a Comprehensive Learner Record: an award that is made of others. The badges it embeds are
// signed credentials of their own, and tied to it by associations.
type CLR struct {
	ID          string
	Name        string
	Description string // optional
	Image       Image  // optional
	Issuer      Issuer
	ValidFrom   time.Time
	ValidUntil  time.Time // zero: no end
	AwardedDate time.Time // zero: left out
	School      School
	// Achievement is what the record as a whole stands for; it is the parent of the badges'
	// achievements. Empty for a record that is only a collection.
	Achievement *Achievement
	// Achievements are further ones that associations name.
	Achievements []Achievement
	// Badges are signed credentials, from jsonld.Decode.
	Badges       []map[string]any
	Associations []Association // beside those between Achievement and the badges
	Partial      bool          // the school has more than what stands here
	Status       []Status
	RefreshURL   string
	Endorsements []map[string]any
}

// Association ties two achievements or credentials of a record together.
type Association struct {
	Type   string // of the vocabulary of CLR 2.0, such as isParentOf
	Source string
	Target string
}

// IsParentOf is the association of an achievement with those that it is made of.
const IsParentOf = "isParentOf"

// BuildCLR writes a learner record as an unsigned credential. It returns an *InvalidError that lists
// every violation when the record, or a badge in it, is incomplete. Badges must be signed.
func BuildCLR(r CLR) (map[string]any, error) {
	doc := object{
		"@context": list(contexts.CredentialsV2, contexts.CLR201, contexts.OpenBadges303, contexts.OpenBadgesExtensions),
		"type":     list("VerifiableCredential", "ClrCredential"),
		"issuer":   map[string]any(buildProfile(r.Issuer)),
	}
	doc.text("id", r.ID).text("name", r.Name).text("description", r.Description).image(r.Image)
	doc.time("validFrom", r.ValidFrom).time("validUntil", r.ValidUntil).time("awardedDate", r.AwardedDate)
	if r.Partial {
		doc["partial"] = true
	}
	doc["credentialSubject"] = map[string]any(buildRecordSubject(r))
	doc.documents("endorsement", r.Endorsements).status(r.Status).refresh(r.RefreshURL)
	doc.schema(RecordSchemaURL)
	return complete(doc, unsigned(r.Badges))
}

func buildRecordSubject(r CLR) object {
	o := object{"type": list("ClrSubject")}
	o.text("id", r.School.ID).identifiers(r.School.Identifiers)
	achievements, associations := r.Achievements, r.Associations
	if r.Achievement != nil {
		achievements = append([]Achievement{*r.Achievement}, achievements...)
		for _, badge := range r.Badges {
			for _, id := range achievementsOf(badge) {
				associations = append(associations, Association{Type: IsParentOf, Source: r.Achievement.ID, Target: id})
			}
		}
	}
	o.each("achievement", len(achievements), func(i int) object { return buildAchievement(achievements[i]) })
	o.documents("verifiableCredential", r.Badges)
	return o.each("association", len(associations), func(i int) object {
		a := associations[i]
		return object{"type": "Association"}.text("associationType", a.Type).text("sourceId", a.Source).text("targetId", a.Target)
	})
}

// achievementsOf returns the ids of the achievements of an embedded badge.
func achievementsOf(badge map[string]any) []string {
	var out []string
	for _, subject := range objectsOf(badge["credentialSubject"]) {
		out = append(out, idsOf(subject["achievement"])...)
	}
	return out
}

// unsigned notes the badges that bring no signature of their own.
func unsigned(badges []map[string]any) []Violation {
	var out []Violation
	for i, badge := range badges {
		if _, signed := badge["proof"]; !signed {
			out = append(out, Violation{
				Field: "credentialSubject." + at("verifiableCredential", i) + ".proof", Rule: "signed", Fix: "Embed a badge that its issuer has signed.",
			})
		}
	}
	return out
}
