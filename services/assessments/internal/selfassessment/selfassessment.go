// Package selfassessment is the domain of a team looking at itself: members rate
// first, each alone, then the team talks and settles one level for every standard
// of a framework version.
//
//	rating -> settled
//
// Levels are cumulative: one presupposes the lower ones, so a standard reaches
// only what all of its rated indicators reach (levels.go). How ratings spread
// (summary.go) prepares the talk; beside what families and staff said
// (compare.go) a settled level shows where a team sees itself otherwise than
// others do.
//
// Each member rates once. Who gave a rating is known only to a digest that keeps
// the second one out; ratings are hidden from those who have not rated yet, so
// that nobody is swayed. What a settled self-assessment says goes into package
// result's ranking of needs and, as an event, to the team's journey.
package selfassessment

import (
	"context"
	"fmt"
	"time"
)

// MinimumRatings is how many members must have rated before a consensus.
const MinimumRatings = 2

// State is where a self-assessment stands.
type State int

// States of a self-assessment.
const (
	Rating State = iota + 1
	Settled
)

// Level is a rubric level given to a standard.
type Level struct {
	Standard   string           `json:"standard"`
	Level      int              `json:"level"`
	Note       string           `json:"note,omitempty"`
	Artifacts  []string         `json:"artifacts,omitempty"`  // resource names of evidence that speaks for it
	Indicators []IndicatorLevel `json:"indicators,omitempty"` // how it was found; see levels.go
}

// IndicatorLevel is a rubric level given to an indicator.
type IndicatorLevel struct {
	Indicator string `json:"indicator"`
	Level     int    `json:"level"`
}

// Team is where a self-assessment belongs.
type Team struct {
	District string
	School   string
	ID       string
}

// Name is the resource name.
func (t Team) Name() string {
	return fmt.Sprintf("districts/%s/schools/%s/teams/%s", t.District, t.School, t.ID)
}

// Assessment is one round of a team rating itself.
type Assessment struct {
	Team             Team
	ID               string
	Cycle            string // resource name
	FrameworkVersion string // resource name
	State            State
	Consensus        []Level
	Notes            string
	Ratings          int
	SettleTime       time.Time
	CreateTime       time.Time
	UpdateTime       time.Time
	Version          int64
}

// Name is the resource name.
func (a Assessment) Name() string { return a.Team.Name() + "/selfAssessments/" + a.ID }

// Opinion is what one member thinks.
type Opinion struct {
	ID     string
	Levels []Level
	Group  int // stakeholder group, by its number in the API
	Day    time.Time
	Rater  string // digest of who gave it: keeps a second one out, is never shown
}

// Store keeps self-assessments.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	AddAssessment(ctx context.Context, a Assessment) error
	Assessment(ctx context.Context, t Team, id string) (Assessment, error)
	// Assessments come in the order of their ids.
	Assessments(ctx context.Context, t Team, after string, limit int) ([]Assessment, error)
	// Rating is the unsettled one of a team and cycle; "not found" without.
	Rating(ctx context.Context, t Team, cycle string) (Assessment, error)
	// SaveAssessment replaces the row of version a.Version-1, or fails as stale.
	SaveAssessment(ctx context.Context, a Assessment) error
	// Settled records the event.
	Settled(ctx context.Context, a Assessment) error
	// AddOpinion fails with "already exists" when the id is taken.
	AddOpinion(ctx context.Context, a Assessment, o Opinion) error
	HasRated(ctx context.Context, a Assessment, rater string) (bool, error)
	// Opinions come in the order of their ids, which tells nothing.
	Opinions(ctx context.Context, a Assessment, after string, limit int) ([]Opinion, error)
}

// Directory is what the schools service knows.
type Directory interface {
	// HasTeam tells whether the team exists, as the caller sees it.
	HasTeam(ctx context.Context, name string) (bool, error)
	HasCycle(ctx context.Context, name string) (bool, error)
}
