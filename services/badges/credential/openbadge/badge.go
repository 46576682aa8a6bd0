package openbadge

import "time"

// Badge is what a school's badge says. Times are written in UTC with whole seconds.
type Badge struct {
	ID          string // absolute IRI of the credential
	Name        string
	Description string // optional
	Image       Image  // optional
	Issuer      Issuer
	ValidFrom   time.Time
	ValidUntil  time.Time // zero: the badge does not expire
	AwardedDate time.Time // zero: left out
	School      School
	Achievement Achievement
	Results     []Result
	Evidence    []Evidence
	Award       Award
	// Endorsements are signed endorsements of the badge, see BuildEndorsement.
	Endorsements []map[string]any
	Status       []Status
	RefreshURL   string // where a newer version is to be had, optional
	Terms        []Terms
}

// Award says more about how the school earned the badge; every part is optional.
type Award struct {
	Narrative string
	Role      string
	Term      string
	Source    *Profile // who vouches for it beside the issuer
	License   string
	Credits   float64
	Started   time.Time
	Ended     time.Time
}

// Terms are the conditions of use of a badge.
type Terms struct {
	ID   string // optional
	Type string
}

// Status is one place where a verifier looks up whether a badge still stands. A revocation list of
// 1EdTech has no more than its ID.
type Status struct {
	ID      string
	Type    string // BitstringStatusListEntry or 1EdTechRevocationList
	Purpose string
	List    string // address of the status list credential
	Index   int
}

// Profile is an organization: an issuer, the maker of an achievement, a parent organization. It
// needs an ID.
type Profile struct {
	ID               string
	Name             string
	URL              string
	Email            string
	Phone            string
	Description      string
	Image            Image
	Official         string
	Address          *Address
	ParentOrg        *Profile
	OtherIdentifiers []Identifier
	Endorsements     []map[string]any
}

// Issuer is the profile of who awards the badge: its ID is the DID whose key signs.
type Issuer = Profile

// Address is where an organization is.
type Address struct {
	Country, CountryCode, Region, Locality, Street, PostOfficeBox, PostalCode string
	Geo                                                                       *Geo
}

// Geo is a place on the map.
type Geo struct{ Latitude, Longitude float64 }

// School is the recipient; it needs an ID or at least one identifier.
type School struct {
	ID          string // absolute IRI of the school, optional
	Name        string // optional
	Image       Image  // optional
	Identifiers []Identifier
}

// Identifier is an identifier of a school or of another thing.
type Identifier struct {
	Type  string // a value of the Open Badges vocabulary or an extension such as ext:ncesSchoolId
	Value string
	// Hashed writes a digest instead of the value of a school's identifier, under the salt.
	Hashed bool
	Salt   string
}

// Achievement is the badge definition that was earned.
type Achievement struct {
	ID                string
	Type              string // achievementType, default Badge
	Name              string
	Description       string
	CriteriaID        string // address of the criteria, optional when CriteriaNarrative is set
	CriteriaNarrative string
	Image             Image // optional
	Tags              []string
	Version           string // optional
	InLanguage        string // optional, such as en or es-MX
	HumanCode         string // optional
	FieldOfStudy      string // optional
	Specialization    string // optional
	Credits           float64
	Creator           *Profile
	Alignments        []Alignment
	ResultDescription []ResultDescription
	Related           []Related
	OtherIdentifiers  []Identifier
	Endorsements      []map[string]any
}

// Related is another achievement that has to do with this one, in another language for instance.
type Related struct {
	ID         string
	InLanguage string // optional
	Version    string // optional
}

// Image is a picture at an address, with the text that stands for it.
type Image struct {
	ID      string
	Caption string
}

// Alignment ties the achievement to a standard of a framework.
type Alignment struct {
	TargetName        string
	TargetURL         string
	TargetCode        string // optional
	TargetFramework   string // optional
	TargetDescription string // optional
	TargetType        string // optional, a value of the vocabulary or an extension
}

// ResultDescription is one criterion of the rubric with its levels, or another kind of result.
type ResultDescription struct {
	ID            string
	Name          string
	Type          string // resultType, default RubricCriterionLevel
	RequiredLevel string // id of a level, optional
	Levels        []RubricLevel
	RequiredValue string   // optional
	AllowedValues []string // optional
	ValueMin      string   // optional
	ValueMax      string   // optional
	Alignments    []Alignment
}

// RubricLevel is one level of a criterion.
type RubricLevel struct {
	ID          string
	Name        string
	Level       string // optional, e.g. "3"
	Points      string // optional
	Description string // optional
	Alignments  []Alignment
}

// Result is the level that the school reached in one criterion.
type Result struct {
	ResultDescription string // id of the ResultDescription
	AchievedLevel     string // id of the RubricLevel
	Value             string // optional
	Status            string // optional, e.g. Completed
	Alignments        []Alignment
}

// Evidence is one item of the portfolio that the school made public.
type Evidence struct {
	ID          string // address, optional
	Name        string
	Description string // optional
	Narrative   string // optional
	Genre       string // optional
	Audience    string // optional
	MediaType   string // optional
	SHA256      string // digest of the file in hex, optional; becomes digestSRI
}
