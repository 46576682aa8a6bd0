// Package artifact is the domain of single pieces of evidence: a photo, a sign-in
// sheet, minutes; each tied to a journey, the step and indicator it speaks to, a day
// and the groups that took part.
//
//	awaiting content -> accepted -> withdrawn
//	        \______________________/
//
// A person first describes the piece (Create), then sends its content once (Upload).
// The content lies in the blob store under its district and SHA-256, so that equal
// bytes are kept once inside a district and never shared between districts. Withdrawn
// evidence is not served any more; its bytes go when nothing frozen lists them
// (Sweeper).
//
// Neighbours: internal/peers answers Plans from the schools service, internal/store
// keeps rows and events, package portfolio looks at the accepted pieces of a journey
// as a whole.
package artifact

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// State is where an artifact stands.
type State int

// States of an artifact.
const (
	AwaitingContent State = iota + 1
	Accepted
	Withdrawn
)

// Ref names an artifact.
type Ref struct {
	District string
	School   string
	ID       string
}

// Name is the resource name.
func (r Ref) Name() string { return r.SchoolName() + "/artifacts/" + r.ID }

// SchoolName is the resource name of the school it belongs to.
func (r Ref) SchoolName() string {
	return fmt.Sprintf("districts/%s/schools/%s", r.District, r.School)
}

// Description is what a person says about a piece of evidence.
type Description struct {
	Journey   string // resource name
	Step      string // resource name
	Indicator string
	OccurDate string // YYYY-MM-DD
	Groups    []int  // stakeholder groups, by their numbers in the API
	Caption   string
	FileName  string
	// PublicSummary is what it shows, written for the public; with one it is listed in the badge.
	PublicSummary string
}

// equal compares all that a person says.
func (d Description) equal(other Description) bool {
	return d.Journey == other.Journey && d.Step == other.Step && d.Indicator == other.Indicator && d.OccurDate == other.OccurDate &&
		d.Caption == other.Caption && d.FileName == other.FileName && d.PublicSummary == other.PublicSummary && slices.Equal(d.Groups, other.Groups)
}

// Artifact is a piece of evidence.
type Artifact struct {
	Ref
	Description
	State      State
	MediaType  string
	Size       int64
	SHA256     string // lower-case hexadecimal
	Uploader   string // person, by resource name
	AcceptTime time.Time
	CreateTime time.Time
	UpdateTime time.Time
	Version    int64
}

// Key is where the content lies in the blob store.
func (a Artifact) Key() string { return Content{District: a.District, SHA256: a.SHA256}.Key() }

// mustStand refuses to touch withdrawn evidence.
func (a Artifact) mustStand() error {
	if a.State != Withdrawn {
		return nil
	}
	return stateWrong(a, "not_withdrawn", "It was withdrawn. Describe a new artifact instead.")
}

// DownloadName is the file name to suggest: the person's, or one made of id and type.
func (a Artifact) DownloadName() string {
	if a.FileName != "" {
		return a.FileName
	}
	return a.ID + extension(a.MediaType)
}

func stateWrong(a Artifact, rule, fix string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{Field: a.Name(), Rule: rule, Fix: fix})
}

// AcceptedEvent says that the content of a piece of evidence is stored.
type AcceptedEvent struct{ Artifact Artifact }

// ChangedEvent says that the description of accepted evidence changed.
type ChangedEvent struct{ Artifact Artifact }

// WithdrawnEvent says that accepted evidence was withdrawn.
type WithdrawnEvent struct{ Artifact Artifact }

// Store keeps artifacts and knows which contents there are.
type Store interface {
	ContentStore
	// AddArtifact fails with "already exists" when the id is taken.
	AddArtifact(ctx context.Context, a Artifact) error
	Artifact(ctx context.Context, r Ref) (Artifact, error)
	// Artifacts come in the order of their ids.
	Artifacts(ctx context.Context, school Ref, c *Condition, after string, limit int) ([]Artifact, error)
	// CountArtifacts counts those of a journey that are not withdrawn.
	CountArtifacts(ctx context.Context, district, journey string) (int, error)
	// SaveArtifact replaces the row of version a.Version-1, or fails as stale.
	SaveArtifact(ctx context.Context, a Artifact) error
	// TouchPortfolio gives the portfolio of a journey a new version.
	TouchPortfolio(ctx context.Context, district, journey string) error
	// Emit records one of the events of this package.
	Emit(ctx context.Context, event any) error
}

// Plans is what the schools service knows about the work that evidence shows.
type Plans interface {
	HasSchool(ctx context.Context, school string) (bool, error)
	// Phase is where a journey stands, e.g. UNDERWAY; empty when there is no such journey.
	Phase(ctx context.Context, journey string) (string, error)
	HasStep(ctx context.Context, step string) (bool, error)
	// Indicators are those of the journey's goals.
	Indicators(ctx context.Context, journey string) ([]string, error)
}

// Op joins conditions or compares.
type Op string

// The operators of conditions.
const (
	And      Op = "AND"
	Or       Op = "OR"
	Not      Op = "NOT"
	Equal    Op = "="
	NotEqual Op = "<>"
)

// Fields that conditions compare.
const (
	FieldJourney   = "journey"
	FieldStep      = "step"
	FieldIndicator = "indicator"
	FieldState     = "state"
)

// Condition chooses artifacts: And, Or and Not have Args, comparisons a Field and its
// Value, a text or a State.
type Condition struct {
	Op    Op
	Args  []*Condition
	Field string
	Value any
}
