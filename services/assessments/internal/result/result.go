// Package result is the domain of what families said: counting the answers of a
// closed campaign, disclosing only what no small group can be found in, releasing
// it, and ranking a school's needs.
//
//	answers -> Tally (exact, never leaves) -> Disclose (the table) -> release
//
// Until tables pass a release engine the rules of disclosure are strict: they are
// in disclose.go, beside the reasons in words that stand where a number is
// hidden. There are no district totals, so no school can be found by subtraction.
// Answers come from package response, self-assessments for the ranking from
// package selfassessment.
package result

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

// MinimumCell is the smallest count of people or answers that is shown.
const MinimumCell = 10

// Count is a number of people or answers, or the reason why it is hidden.
type Count struct {
	Shown  bool   `json:"shown"`
	Value  int    `json:"value"`
	Reason string `json:"reason"`
}

// Measure is a computed number, or the reason why it is hidden.
type Measure struct {
	Shown  bool    `json:"shown"`
	Value  float64 `json:"value"`
	Reason string  `json:"reason"`
}

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
	Schools    int
	Minimum    int
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
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Campaign(ctx context.Context, district, id string) (campaign.Campaign, error)
	SaveCampaign(ctx context.Context, c campaign.Campaign) error
	// Counted are the schools whose result the campaign has already.
	Counted(ctx context.Context, district, campaign string) ([]string, error)
	// Answers calls each with the options chosen in every answer of a school.
	Answers(ctx context.Context, district, campaign, school string, each func(options map[string]string)) error
	// HasPaper tells whether answers of the school came on paper.
	HasPaper(ctx context.Context, district, campaign, school string) (bool, error)
	// AddResult keeps a result that is not released yet; one per campaign and school.
	AddResult(ctx context.Context, r Result) error
	// Release makes the results of a campaign readable, and returns them by school.
	Release(ctx context.Context, r Release) ([]Result, error)
	// Unreleased are the results of a campaign by school, before the release.
	Unreleased(ctx context.Context, district, campaign string) ([]Result, error)
	// Released records the event of a result.
	Released(ctx context.Context, r Result) error

	GetRelease(ctx context.Context, district, id string) (Release, error)
	Releases(ctx context.Context, district string, v campaign.Viewer, after string, limit int) ([]Release, error)
	// Result and Results find what is released only; the newest first.
	Result(ctx context.Context, district, school, id string) (Result, error)
	Results(ctx context.Context, district, school string, after Position, limit int) ([]Result, error)
	// NewestSufficient is the newest released result with numbers; "not found" without.
	NewestSufficient(ctx context.Context, district, school string) (Result, error)
}
