package journey

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// Store is what this noun needs to be kept.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Emit(ctx context.Context, event any) error
	District(ctx context.Context, name string) (district.District, error)
	School(ctx context.Context, name string) (district.School, error)
	Team(ctx context.Context, name string) (team.Team, error)
	Member(ctx context.Context, name string) (team.Member, error)
	Cycle(ctx context.Context, name string) (cycle.Cycle, error)
	// MemberCounts counts the confirmed members of a team by group.
	MemberCounts(ctx context.Context, team string) (map[team.Group]int, error)

	Journey(ctx context.Context, name string) (Journey, error)
	InsertJourney(ctx context.Context, j Journey) error
	UpdateJourney(ctx context.Context, j Journey) error
	ListJourneys(ctx context.Context, team string, r record.Range) ([]Journey, error)

	PlanStore
	Projections
}

// PlanStore keeps what a journey consists of. The functions that take the name
// of a journey and no range return all, in order of creation.
type PlanStore interface {
	Goal(ctx context.Context, name string) (Goal, error)
	InsertGoal(ctx context.Context, g Goal) error
	UpdateGoal(ctx context.Context, g Goal) error
	DeleteGoal(ctx context.Context, g Goal) error
	ListGoals(ctx context.Context, journey string, r record.Range) ([]Goal, error)
	Goals(ctx context.Context, journey string) ([]Goal, error)

	Step(ctx context.Context, name string) (Step, error)
	InsertStep(ctx context.Context, s Step) error
	UpdateStep(ctx context.Context, s Step) error
	DeleteStep(ctx context.Context, s Step) error
	ListSteps(ctx context.Context, journey string, r record.Range) ([]Step, error)
	Steps(ctx context.Context, journey string) ([]Step, error)

	Reflection(ctx context.Context, name string) (Reflection, error)
	InsertReflection(ctx context.Context, r Reflection) error
	ListReflections(ctx context.Context, journey string, r record.Range) ([]Reflection, error)
	Reflections(ctx context.Context, journey string) ([]Reflection, error)

	Note(ctx context.Context, name string) (Note, error)
	InsertNote(ctx context.Context, n Note) error
	ListNotes(ctx context.Context, journey string, r record.Range) ([]Note, error)
	Notes(ctx context.Context, journey string) ([]Note, error)
	// CountNotes counts by standard the notes of all journeys below a school or team; "" are those that speak to all.
	CountNotes(ctx context.Context, below string) (map[string]int, error)
}

// Projections are what is known here of other services.
type Projections interface {
	SurveyResults(ctx context.Context, school string) ([]SurveyResult, error)
	SelfAssessments(ctx context.Context, team string) ([]SelfAssessment, error)
	Evidence(ctx context.Context, journey string) ([]Evidence, error)
	// BadgeRules returns the rules in force for a standard, and false where no
	// badge was defined for it.
	BadgeRules(ctx context.Context, standard, frameworkVersion string) (BadgeRules, bool, error)
	// Applied is the time of the newest event that the projections hold.
	Applied(ctx context.Context) (time.Time, error)
}

// SurveyResult is a released result of the family survey for a school.
type SurveyResult struct {
	Source           string
	EventTime        time.Time
	School           string
	Release          string
	Campaign         string
	Cycle            string
	Wave             int64
	FrameworkVersion string
	Sufficient       bool
}

// SelfAssessment is a settled consensus of a team.
type SelfAssessment struct {
	Source           string
	EventTime        time.Time
	Team             string
	Cycle            string
	FrameworkVersion string
}

// Evidence is an accepted artifact of a journey.
type Evidence struct {
	Source    string
	EventTime time.Time
	Journey   string
	Step      string
	Indicator string
	OccurDate string
	Groups    []team.Group
	SHA256    string
	Withdrawn bool
}

// BadgeRules are what a badge definition asks before an application.
type BadgeRules struct {
	Source           string // the badge definition version
	EventTime        time.Time
	BadgeDefinition  string
	Standard         string
	FrameworkVersion string
	Rules            []eligibility.Rule
}

// Award is what is known here of a badge that was awarded.
type Award struct {
	Source                 string
	EventTime              time.Time
	Journey                string
	Application            string
	Standard               string
	BadgeDefinitionVersion string
	Credential             string
	State                  string // awarded, revoked or lapsed
}

// Frameworks answers from the service that owns frameworks, with the rights of
// the caller.
type Frameworks interface {
	Version(ctx context.Context, name string) (Framework, error)
}

// Framework is what a journey needs to know of a framework version.
type Framework struct {
	Published bool
	Standards map[string][]string // id of the standard -> ids of its indicators
}
