// Package application takes a presented journey to judgement.
//
// An application is drafted for a journey and submitted by the principal. Submitting asks the
// other services for everything the application rests on (journey and plan, the numbers of the
// family survey, the evidence manifest), freezes it as a snapshot and hashes it: reviewers judge
// what was handed in, not what somebody changes later. A resubmission makes a new snapshot and a
// new round. The questions to other services come before the transaction.
//
// Package review gives the application to reviewers, package decision ends it; both move it with
// Move, whose table in state.go is the whole state machine. Package peers implements Sources.
package application

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/filter"
)

// Application asks for a badge on the ground of a journey.
type Application struct {
	Name, Journey, BadgeDefinition string
	Edition, RubricVersion         string // in force at the submission
	State                          State
	Round                          int // submissions so far
	Snapshot, SnapshotDigest       string
	Attestation, Submitter         string
	SubmitTime                     time.Time
	Requirements                   []string
	Decision, Award                string
	WithdrawReason                 string
	CreateTime, UpdateTime         time.Time
	Version                        int64
}

// Snapshot is what was frozen at a submission.
type Snapshot struct {
	Name      string
	Content   []byte // RFC 8785 form
	Digest    string // SHA-256 over Content, hex
	Manifest  string
	ManDigest string // digest of the evidence manifest, hex
	Submitter string
	// SchoolTitle and DistrictTitle are the names at that time, for the credential.
	SchoolTitle, DistrictTitle string
	// About is what else the credential says of the school and the standard.
	About      About
	Evidence   []Evidence
	CreateTime time.Time
}

// About is what the other services knew, at the submission, of the school and of the standard that
// the badge is for: a credential is made of what was true then.
type About struct {
	StateIdentifier string   `json:"state_identifier,omitempty"` // of the school, from the state's registry
	Standard        Standard `json:"standard"`
}

// Standard is a standard of a framework version with the goals and indicators it has there.
type Standard struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Goals       []Goal `json:"goals,omitempty"`
}

// Goal is a goal of a standard with the indicators that show that it is reached.
type Goal struct {
	ID         string      `json:"id"`
	Title      string      `json:"title"`
	Indicators []Indicator `json:"indicators,omitempty"`
}

// Indicator is an observable sign of a goal.
type Indicator struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// Evidence is one artifact of the frozen manifest.
type Evidence struct {
	Artifact  string `json:"artifact"`
	SHA256    string `json:"sha256"`
	MediaType string `json:"media_type"`
	SizeBytes int64  `json:"size_bytes"`
	Caption   string `json:"caption"`
	// PublicSummary is what it shows, written for the public; empty: the school did not make it public.
	PublicSummary string `json:"public_summary,omitempty"`
}

// Journey is what an application needs to know of a journey.
type Journey struct {
	Name, Phase, Standard, FrameworkVersion string
}

// The phases in which a journey may be submitted.
const (
	PhasePresented = "PRESENTED"
	PhaseApplied   = "APPLIED"
)

// Outcome is an eligibility rule evaluated for the journey.
type Outcome struct {
	Rule, Title, Reason, Fix string
	Met                      bool
}

// Picture is a whole journey at one moment, as the schools service sees it.
type Picture struct {
	Journey                    Journey
	Eligible                   bool
	Outcomes                   []Outcome
	SurveyResults              []string
	SchoolTitle, DistrictTitle string
	Content                    any // JSON value to freeze
}

// Manifest is the frozen evidence of a journey.
type Manifest struct {
	Name, Digest string
	Entries      []Evidence
	Content      any // JSON value to freeze
}

// Sources are the services that know what an application rests on, asked with the rights of
// the person in the context.
type Sources interface {
	// School is "not found" when there is no such school.
	School(ctx context.Context, name string) error
	Journey(ctx context.Context, name string) (Journey, error)
	Picture(ctx context.Context, journey string) (Picture, error)
	Freeze(ctx context.Context, journey string) (Manifest, error)
	// About is what a credential says of a school and of a standard of a framework version.
	About(ctx context.Context, school, frameworkVersion, standard string) (About, error)
	// Result is the JSON value of a survey result.
	Result(ctx context.Context, name string) (any, error)
}

// Assignment is how a person is related to an application as a reviewer.
type Assignment int

// The relations.
const (
	NotAssigned Assignment = iota
	Undeclared             // assigned, has not said whether there is a conflict of interest
	Cleared                // declared that there is none
	Recused
)

// Slice is a page of a list: rows after a key, at most Limit.
type Slice struct {
	After []string // id and name of the last row
	Limit int
}

// Store keeps applications and snapshots.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	InsertApplication(ctx context.Context, a Application) error
	UpdateApplication(ctx context.Context, a Application) error
	Application(ctx context.Context, name string) (Application, error)
	Applications(ctx context.Context, s caller.Scope, f *filter.Expr, page Slice) ([]Application, error)
	// OpenApplication is the name of the open application of a journey, or "".
	OpenApplication(ctx context.Context, journey string) (string, error)
	InsertSnapshot(ctx context.Context, s Snapshot) error
	Snapshot(ctx context.Context, name string) (Snapshot, error)
	// Assignment tells how the person is related to the application.
	Assignment(ctx context.Context, application, person string) (Assignment, error)
	Record(ctx context.Context, at time.Time, event any) error
}

// Submitted says that an application was handed in.
type Submitted struct{ Application Application }

// Withdrawn says that an application was taken back.
type Withdrawn struct{ Application Application }
