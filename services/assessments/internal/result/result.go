// Package result is the domain of what families said at a school: publishing a closed
// campaign in rounds, the short table of each school, and ranking a school's needs.
//
//	closed campaign -> package rollup (counts, tree, release engine, pages) -> release
//	                -> the page of each school, to two decimals -> Result
//
// What may be shown is decided by the release engine for all tables of the wave
// together, districts' and the state's: see package rollup. Answers come from package
// response, self-assessments for the ranking from package selfassessment.
package result

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Count is a number of people or answers, or the reason why it is hidden.
type Count = rollup.Count

// Measure is a computed number, or the reason why it is hidden.
type Measure = rollup.Measure

// Table is all that is published about one school.
type Table struct {
	Responses  Count            `json:"responses"`
	UnitProven bool             `json:"unit_proven"`
	Standards  []StandardResult `json:"standards"`
	Items      []ItemResult     `json:"items"`
}

// StandardResult is what families said on one standard.
type StandardResult struct {
	Standard       string  `json:"standard"`
	FavorableShare Measure `json:"favorable_share"`
	MeanScore      Measure `json:"mean_score"`
	Answers        Count   `json:"answers"`
	Low            int     `json:"low"`  // the lowest score that its items have
	High           int     `json:"high"` // and the highest
}

// ItemResult is what families said on one item.
type ItemResult struct {
	Item           string        `json:"item"`
	Standard       string        `json:"standard"`
	Answers        Count         `json:"answers"`
	FavorableShare Measure       `json:"favorable_share"`
	MeanScore      Measure       `json:"mean_score"`
	Options        []OptionCount `json:"options"`
}

// OptionCount counts the answers of one option.
type OptionCount struct {
	Option string `json:"option"`
	Count  Count  `json:"count"`
}

// Result is the published table of one school in one campaign.
type Result struct {
	District         string
	School           string
	ID               string
	Release          string
	Campaign         string
	Cycle            string
	Wave             int
	FrameworkVersion string
	Minimum          int // smallest count that was shown
	Table            Table
	Digest           string // of the canonical form
	CreateTime       time.Time
}

// Name is the resource name.
func (r Result) Name() string {
	return campaign.SchoolName(r.District, r.School) + "/results/" + r.ID
}

// Sufficient tells whether enough families answered for numbers to be shown.
func (r Result) Sufficient() bool { return r.Table.Responses.Shown }

// Release records what was published.
type Release struct {
	District   string
	ID         string
	Campaign   string
	Round      int
	Schools    int
	Minimum    int
	Epsilon    release.Epsilon // privacy loss of a noisy release; 0: exact, with suppression
	Digest     string
	CreateTime time.Time
}

// Name is the resource name.
func (r Release) Name() string { return ReleaseName(r.District, r.ID) }

// ReleaseName is the resource name of a release.
func ReleaseName(district, id string) string {
	return fmt.Sprintf("districts/%s/releases/%s", district, id)
}

// Position is where a page of results ended.
type Position struct {
	CreateTime time.Time
	ID         string
}

// Store keeps results.
type Store interface {
	rollup.Shelf
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Campaign(ctx context.Context, district, id string) (campaign.Campaign, error)
	SaveCampaign(ctx context.Context, c campaign.Campaign) error
	// AddRelease keeps a release with its results, all readable from then on.
	AddRelease(ctx context.Context, r Release, results []Result) error
	// Released records the event of a result.
	Released(ctx context.Context, r Result) error

	GetRelease(ctx context.Context, district, id string) (Release, error)
	Releases(ctx context.Context, district string, v campaign.Viewer, after string, limit int) ([]Release, error)
	// Result and Results find what is released only; the newest first.
	Result(ctx context.Context, district, school, id string) (Result, error)
	Results(ctx context.Context, district, school string, after Position, limit int) ([]Result, error)
	SavePlan(ctx context.Context, district, operation string, p rollup.Plan) error
	Plan(ctx context.Context, district, operation string) (rollup.Plan, error)
	// NewestSufficient is the newest released result with numbers; "not found" without.
	NewestSufficient(ctx context.Context, district, school string) (Result, error)
}
