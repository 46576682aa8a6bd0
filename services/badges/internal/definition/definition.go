// Package definition holds what a badge asks, as versioned data: badge definitions with their
// editions, and rubrics with theirs.
//
// An edition is drafted, changed at will, published once and never changed again; a later
// edition takes its place for new applications, while those under way keep the one by which
// they were submitted. Everything that could fail later, such as an expression that does not
// compile, is found when an edition is published.
//
// The badges and the rubric that every state begins with are files in builtin/, loaded by
// Load when the service starts. Package application asks Catalog for the edition in force,
// package review for the rubric, package decision for the decision rule.
package definition

import (
	"context"
	"time"
)

// PublishState tells whether an edition may still change.
type PublishState string

// The states of an edition.
const (
	Draft     PublishState = "DRAFT"
	Published PublishState = "PUBLISHED"
)

// Definition is a badge that schools can earn.
type Definition struct {
	Name, Title, Framework, Standard string
	CurrentEdition                   string // name of the published edition in force
	CreateTime, UpdateTime           time.Time
	Version                          int64
}

// EligibilityRule is one condition that a journey must meet.
type EligibilityRule struct {
	ID         string `json:"id" yaml:"id"`
	Title      string `json:"title" yaml:"title"`
	Expression string `json:"expression" yaml:"expression"`
	Reason     string `json:"reason" yaml:"reason"`
	Fix        string `json:"fix" yaml:"fix"`
}

// Asks is what an edition of a badge says.
type Asks struct {
	Description       string            `json:"description" yaml:"description"`
	Criteria          string            `json:"criteria" yaml:"criteria"`
	FrameworkVersion  string            `json:"framework_version" yaml:"framework_version"`
	RubricVersion     string            `json:"rubric_version" yaml:"rubric_version"`
	EligibilityRules  []EligibilityRule `json:"eligibility_rules" yaml:"eligibility_rules"`
	DecisionRule      string            `json:"decision_rule" yaml:"decision_rule"`
	ReviewersRequired int               `json:"reviewers_required" yaml:"reviewers_required"`
	ValidMonths       int               `json:"valid_months" yaml:"valid_months"`
	GraceDays         int               `json:"grace_days" yaml:"grace_days"`
	RenewalMonths     int               `json:"renewal_months" yaml:"renewal_months"`
}

// Edition is one version of a badge definition.
type Edition struct {
	Name                                string
	Asks                                Asks
	State                               PublishState
	PublishTime, CreateTime, UpdateTime time.Time
	Version                             int64
}

// Rubric is a family of editions of a scoring guide.
type Rubric struct {
	Name, Title            string
	CreateTime, UpdateTime time.Time
	Version                int64
}

// Level is one level of a criterion.
type Level struct {
	Points int    `json:"points" yaml:"points"`
	Title  string `json:"title" yaml:"title"`
	Anchor string `json:"anchor" yaml:"anchor"`
}

// Criterion is one thing that reviewers score.
type Criterion struct {
	ID       string  `json:"id" yaml:"id"`
	Title    string  `json:"title" yaml:"title"`
	Question string  `json:"question" yaml:"question"`
	Levels   []Level `json:"levels" yaml:"levels"`
}

// Guide is one version of a rubric.
type Guide struct {
	Name                                string
	Criteria                            []Criterion
	State                               PublishState
	PublishTime, CreateTime, UpdateTime time.Time
	Version                             int64
}

// Criterion returns the criterion with the id.
func (g Guide) Criterion(id string) (Criterion, bool) {
	for _, c := range g.Criteria {
		if c.ID == id {
			return c, true
		}
	}
	return Criterion{}, false
}

// CriterionIDs are the ids of the criteria in order.
func (g Guide) CriterionIDs() []string {
	out := make([]string, len(g.Criteria))
	for i, c := range g.Criteria {
		out[i] = c.ID
	}
	return out
}

// Level returns the level with the points.
func (c Criterion) Level(points int) (Level, bool) {
	for _, l := range c.Levels {
		if l.Points == points {
			return l, true
		}
	}
	return Level{}, false
}

// LevelAt is the highest level that the points reach: a median between two levels counts as
// the lower one.
func (c Criterion) LevelAt(points float64) Level {
	at := c.Levels[0]
	for _, l := range c.Levels {
		if float64(l.Points) <= points {
			at = l
		}
	}
	return at
}

// Defined says that an edition is in force.
type Defined struct {
	Edition    Edition
	Definition Definition
}

// Slice is a page of a list: the rows after a name, at most Limit; 0 is all.
type Slice struct {
	After string
	Limit int
}

// Store keeps definitions and rubrics. Inserts refuse a taken name, updates a version that
// is no longer the stored one, reads a name that does not exist: with problems.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error

	InsertDefinition(ctx context.Context, d Definition) error
	UpdateDefinition(ctx context.Context, d Definition) error
	Definition(ctx context.Context, name string) (Definition, error)
	Definitions(ctx context.Context, s Slice) ([]Definition, error)

	InsertEdition(ctx context.Context, e Edition) error
	UpdateEdition(ctx context.Context, e Edition) error
	Edition(ctx context.Context, name string) (Edition, error)
	Editions(ctx context.Context, definition string, s Slice) ([]Edition, error)

	InsertRubric(ctx context.Context, r Rubric) error
	Rubric(ctx context.Context, name string) (Rubric, error)
	Rubrics(ctx context.Context, s Slice) ([]Rubric, error)

	InsertGuide(ctx context.Context, g Guide) error
	UpdateGuide(ctx context.Context, g Guide) error
	Guide(ctx context.Context, name string) (Guide, error)
	Guides(ctx context.Context, rubric string, s Slice) ([]Guide, error)

	// Record keeps a domain event with the transaction in ctx.
	Record(ctx context.Context, at time.Time, event any) error
}
