package openbadge

import (
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
)

// Endorsement is what somebody says in favor of a badge, an achievement or an issuer.
type Endorsement struct {
	ID          string
	Name        string
	Description string // optional
	Issuer      Issuer // who endorses
	SubjectID   string // the id of what is endorsed
	Comment     string // optional
	ValidFrom   time.Time
	ValidUntil  time.Time // zero: no end
	AwardedDate time.Time // zero: left out
	Status      []Status
}

// BuildEndorsement writes an endorsement as an unsigned credential. Signed, it can be embedded in
// what it endorses.
func BuildEndorsement(e Endorsement) (map[string]any, error) {
	doc := object{
		"@context": list(contexts.CredentialsV2, contexts.OpenBadges303, contexts.OpenBadgesExtensions),
		"type":     list("VerifiableCredential", "EndorsementCredential"),
		"issuer":   map[string]any(buildProfile(e.Issuer)),
		"credentialSubject": map[string]any(object{"type": list("EndorsementSubject")}.
			text("id", e.SubjectID).text("endorsementComment", e.Comment)),
	}
	doc.text("id", e.ID).text("name", e.Name).text("description", e.Description).status(e.Status)
	doc.time("validFrom", e.ValidFrom).time("validUntil", e.ValidUntil).time("awardedDate", e.AwardedDate)
	doc.schema(EndorsementSchemaURL)
	return complete(doc, nil)
}

// Embedded is a credential inside another one.
type Embedded struct {
	Path     string
	Document map[string]any
	// Endorses is the id of what an endorsement stands on, empty for other credentials. An
	// endorsement whose subject is something else was put there by mistake or to deceive.
	Endorses string
}

// Endorsements returns the endorsements embedded in a document: of the badge itself, of its
// achievement and of the issuer. Each has a proof of its own.
func Endorsements(doc map[string]any) []Embedded {
	var out []Embedded
	add := func(owner map[string]any, path string) {
		id, _ := owner["id"].(string)
		for i, e := range objectsOf(owner["endorsement"]) {
			out = append(out, Embedded{Path: path + at("endorsement", i), Document: e, Endorses: id})
		}
	}
	add(doc, "")
	if issuer, isObject := doc["issuer"].(map[string]any); isObject {
		add(issuer, "issuer.")
	}
	for _, subject := range objectsOf(doc["credentialSubject"]) {
		for i, achievement := range objectsOf(subject["achievement"]) {
			path := "credentialSubject.achievement"
			if _, isList := subject["achievement"].([]any); isList {
				path = "credentialSubject." + at("achievement", i)
			}
			add(achievement, path+".")
			if creator, isObject := achievement["creator"].(map[string]any); isObject {
				add(creator, path+".creator.")
			}
		}
	}
	return out
}

// Credentials returns the credentials that a learner record embeds.
func Credentials(doc map[string]any) []Embedded {
	var out []Embedded
	for _, subject := range objectsOf(doc["credentialSubject"]) {
		for i, c := range objectsOf(subject["verifiableCredential"]) {
			out = append(out, Embedded{Path: "credentialSubject." + at("verifiableCredential", i), Document: c})
		}
	}
	return out
}
