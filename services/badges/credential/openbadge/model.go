package openbadge

import "regexp"

// kind is what the value of a field must be.
type kind int

const (
	isText     kind = iota
	isSpoken        // a text for people, which may say its language
	isAddress       // an absolute IRI
	isTime          // a date and time with a zone
	isDate          // a calendar day
	isNumber        // a JSON number
	isTruth         // true or false
	isOneOf         // a word of a list, or an extension where the list allows it
	isLike          // a text with a pattern
	isObject        // an object of a class
	isProfile       // a Profile, or just its id
	isTyped         // an object of a standard for which a type is enough
	isDocument      // any object: a credential that is checked by itself
)

// field is a rule about one field of a class.
type field struct {
	name     string
	kind     kind
	class    string         // for isObject
	words    []string       // for isOneOf
	closed   bool           // for isOneOf: no extension
	like     *regexp.Regexp // for isLike
	required bool
	many     bool // a list in the published schema; elsewhere one value may stand alone
	needsID  bool // for isTyped: the published schema wants an id
}

// class is the shape of a kind of object in the data model of Open Badges 3.0 and CLR 2.0.
type class struct {
	// types that must all be among the object's types; of alternatives, one of a list.
	types [][]string
	// oneType: the type is a text in the published schema, not a list.
	oneType bool
	closed  bool // other fields are refused
	fields  []field
}

var (
	extension = regexp.MustCompile(`(ext:)[a-z|A-Z|0-9|.|_]+`)
	language  = regexp.MustCompile(`^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	compact   = regexp.MustCompile(`^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+$`)
)

func (f field) must() field { f.required = true; return f }
func (f field) list() field { f.many = true; return f }

func text(name string) field    { return field{name: name, kind: isText} }
func spoken(name string) field  { return field{name: name, kind: isSpoken} }
func address(name string) field { return field{name: name, kind: isAddress} }
func moment(name string) field  { return field{name: name, kind: isTime} }
func number(name string) field  { return field{name: name, kind: isNumber} }

func like(name string, pattern *regexp.Regexp) field {
	return field{name: name, kind: isLike, like: pattern}
}

func of(name, class string) field { return field{name: name, kind: isObject, class: class} }

func typed(name string, needsID bool) field {
	return field{name: name, kind: isTyped, needsID: needsID}
}

func oneOf(name string, words ...string) field { return field{name: name, kind: isOneOf, words: words} }

// classes is the data model, class by class, in our own words.
var classes = map[string]class{
	"AchievementCredential": {types: [][]string{{"VerifiableCredential"}, {"AchievementCredential", "OpenBadgeCredential"}}, fields: credentialFields(
		address("id").must(), spoken("name"), of("credentialSubject", "AchievementSubject").must(), of("image", "Image"),
		of("evidence", "Evidence").list(), of("endorsement", "EndorsementCredential").list(), like("endorsementJwt", compact).list(),
	)},
	"EndorsementCredential": {types: [][]string{{"VerifiableCredential"}, {"EndorsementCredential"}}, fields: credentialFields(
		address("id").must(), spoken("name").must(), of("credentialSubject", "EndorsementSubject").must(),
	)},
	"ClrCredential": {types: [][]string{{"VerifiableCredential"}, {"ClrCredential"}}, fields: credentialFields(
		address("id").must(), spoken("name").must(), of("credentialSubject", "ClrSubject").must(), of("image", "Image"),
		of("evidence", "Evidence").list(), of("endorsement", "EndorsementCredential").list(), like("endorsementJwt", compact).list(),
		field{name: "partial", kind: isTruth},
	)},
	"AchievementSubject": {types: [][]string{{"AchievementSubject"}}, fields: []field{
		address("id"), moment("activityEndDate"), moment("activityStartDate"), number("creditsEarned"),
		of("achievement", "Achievement").must(), of("identifier", "IdentityObject").list(), of("image", "Image"),
		text("licenseNumber"), spoken("narrative"), of("result", "Result").list(), text("role"), of("source", "Profile"), text("term"),
	}},
	"EndorsementSubject": {types: [][]string{{"EndorsementSubject"}}, fields: []field{address("id").must(), spoken("endorsementComment")}},
	"ClrSubject": {types: [][]string{{"ClrSubject"}}, fields: []field{
		address("id"), of("identifier", "IdentityObject").list(), of("achievement", "Achievement").list(),
		field{name: "verifiableCredential", kind: isDocument}.must().list(), of("association", "Association").list(),
	}},
	"Association": {types: [][]string{{"Association"}}, oneType: true, fields: []field{
		{name: "associationType", kind: isOneOf, words: associationTypes(), closed: true, required: true},
		address("sourceId").must(), address("targetId").must(),
	}},
	"IdentityObject": {types: [][]string{{"IdentityObject"}}, oneType: true, closed: true, fields: []field{
		field{name: "hashed", kind: isTruth}.must(), text("identityHash").must(), oneOf("identityType", identifierTypes()...).must(), text("salt"),
	}},
	"IdentifierEntry": {types: [][]string{{"IdentifierEntry"}}, oneType: true, closed: true, fields: []field{
		text("identifier").must(), oneOf("identifierType", identifierTypes()...).must(),
	}},
	"Evidence": {types: [][]string{{"Evidence"}}, fields: []field{
		address("id"), spoken("narrative"), spoken("name"), spoken("description"), text("genre"), text("audience"),
	}},
	"Achievement": {types: [][]string{{"Achievement"}}, fields: []field{
		address("id").must(), of("alignment", "Alignment").list(), oneOf("achievementType", achievementTypes()...), of("creator", "Profile"),
		number("creditsAvailable"), of("criteria", "Criteria").must(), spoken("description").must(),
		of("endorsement", "EndorsementCredential").list(), like("endorsementJwt", compact).list(), text("fieldOfStudy"),
		text("humanCode"), of("image", "Image"), like("inLanguage", language), spoken("name").must(),
		of("otherIdentifier", "IdentifierEntry").list(), of("related", "Related").list(),
		of("resultDescription", "ResultDescription").list(), text("specialization"), text("tag").list(), text("version"),
	}},
	"Criteria": {fields: []field{address("id"), spoken("narrative")}},
	"Alignment": {types: [][]string{{"Alignment"}}, fields: []field{
		text("targetCode"), spoken("targetDescription"), spoken("targetName").must(), text("targetFramework"),
		oneOf("targetType", "ceasn:Competency", "ceterms:Credential", "CFItem", "CFRubric", "CFRubricCriterion", "CFRubricCriterionLevel", "CTDL"),
		address("targetUrl").must(),
	}},
	"Image":   {types: [][]string{{"Image"}}, oneType: true, closed: true, fields: []field{address("id").must(), spoken("caption")}},
	"Related": {types: [][]string{{"Related"}}, fields: []field{address("id").must(), like("inLanguage", language), text("version")}},
	"Result": {types: [][]string{{"Result"}}, fields: []field{
		address("achievedLevel"), of("alignment", "Alignment").list(), address("resultDescription"), text("value"),
		{name: "status", kind: isOneOf, closed: true, words: []string{"Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"}},
	}},
	"ResultDescription": {types: [][]string{{"ResultDescription"}}, fields: []field{
		address("id").must(), of("alignment", "Alignment").list(), text("allowedValue").list(), spoken("name").must(), address("requiredLevel"),
		text("requiredValue"), oneOf("resultType", resultTypes()...).must(), of("rubricCriterionLevel", "RubricCriterionLevel").list(),
		text("valueMax"), text("valueMin"),
	}},
	"RubricCriterionLevel": {types: [][]string{{"RubricCriterionLevel"}}, fields: []field{
		address("id").must(), of("alignment", "Alignment").list(), spoken("description"), text("level"), spoken("name").must(), text("points"),
	}},
	"Profile": {types: [][]string{{"Profile"}}, fields: []field{
		address("id").must(), spoken("name"), address("url"), text("phone"), spoken("description"),
		of("endorsement", "EndorsementCredential").list(), like("endorsementJwt", compact).list(), of("image", "Image"), text("email"),
		of("address", "Address"), of("otherIdentifier", "IdentifierEntry").list(), text("official"), of("parentOrg", "Profile"),
		text("familyName"), text("givenName"), text("additionalName"), text("patronymicName"), text("honorificPrefix"),
		text("honorificSuffix"), text("familyNamePrefix"),
		{name: "dateOfBirth", kind: isDate},
	}},
	"Address": {types: [][]string{{"Address"}}, fields: []field{
		text("addressCountry"), text("addressCountryCode"), text("addressRegion"), text("addressLocality"), text("streetAddress"),
		text("postOfficeBoxNumber"), text("postalCode"), of("geo", "GeoCoordinates"),
	}},
	"GeoCoordinates": {types: [][]string{{"GeoCoordinates"}}, oneType: true, fields: []field{number("latitude").must(), number("longitude").must()}},
}

// credentialFields are what every credential of the family has, and what one kind has beside it.
func credentialFields(own ...field) []field {
	return append(own,
		spoken("description"), moment("awardedDate"), field{name: "issuer", kind: isProfile}.must(), moment("validFrom").must(),
		moment("validUntil"), field{name: "proof", kind: isTyped}.list(), typed("credentialSchema", true).list(),
		typed("credentialStatus", true), typed("refreshService", true), typed("termsOfUse", false).list(),
	)
}
