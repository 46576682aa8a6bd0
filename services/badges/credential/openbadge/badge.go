package openbadge

import "time"

// Badge is what a school's badge says. Times are written in UTC with whole seconds.
type Badge struct {
	ID          string // absolute IRI of the credential
	Name        string
	Description string // optional
	Issuer      Issuer
	ValidFrom   time.Time
	ValidUntil  time.Time // zero: the badge does not expire
	AwardedDate time.Time // zero: left out
	School      School
	Achievement Achievement
	Results     []Result
	Evidence    []Evidence
}

// Issuer is the profile of who awards the badge.
type Issuer struct {
	ID   string // the DID whose key signs
	Name string
	URL  string // optional
}

// School is the recipient; it needs an ID or at least one identifier.
type School struct {
	ID          string // absolute IRI of the school, optional
	Name        string // optional
	Identifiers []Identifier
}

// Identifier is a public identifier of a school.
type Identifier struct {
	Type  string // a value of the Open Badges vocabulary or an extension such as ext:ncesSchoolId
	Value string
}

// Achievement is the badge definition that was earned.
type Achievement struct {
	ID                string
	Name              string
	Description       string
	CriteriaID        string // address of the criteria, optional when CriteriaNarrative is set
	CriteriaNarrative string
	Image             Image // optional
	Tags              []string
	Version           string // optional
	Alignments        []Alignment
	ResultDescription []ResultDescription
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
}

// ResultDescription is one criterion of the rubric with its levels.
type ResultDescription struct {
	ID            string
	Name          string
	RequiredLevel string // id of a level, optional
	Levels        []RubricLevel
}

// RubricLevel is one level of a criterion.
type RubricLevel struct {
	ID          string
	Name        string
	Level       string // optional, e.g. "3"
	Points      string // optional
	Description string // optional
}

// Result is the level that the school reached in one criterion.
type Result struct {
	ResultDescription string // id of the ResultDescription
	AchievedLevel     string // id of the RubricLevel
	Value             string // optional
}

// Evidence is one item of the portfolio that the school made public.
type Evidence struct {
	ID          string // address, optional
	Name        string
	Description string // optional
	Narrative   string // optional
	Genre       string // optional
	MediaType   string // optional
	SHA256      string // digest of the file in hex, optional; becomes digestSRI
}

// Status is a place where whoever checks the badge finds out whether it still stands. One of the type
// 1EdTechRevocationList has an ID only.
type Status struct {
	ID, Type, Purpose, List string
	Index                   int
}
