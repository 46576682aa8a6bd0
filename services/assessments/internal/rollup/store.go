package rollup

import (
	"context"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

// Cells is what the release engine decided about one release: what is true, what was
// told, and by which rule.
type Cells struct {
	District  string // or the state's
	Release   string
	Wave      Wave
	WaveKey   string // Wave.String(), as it is kept
	Rule      release.Rule
	Truth     []release.Table
	Published []release.Published
	Epsilon   release.Epsilon // what noise in place of suppression cost; 0: exact
}

// Line is a page in short, a line of a dashboard.
type Line struct {
	Table        string             `json:"table"`
	Level        Level              `json:"level"`
	Place        string             `json:"place"`
	Title        string             `json:"title"`
	Responses    Count              `json:"responses"`
	ResponseRate Measure            `json:"response_rate"`
	Standards    []StandardEstimate `json:"standards"`
	Children     int                `json:"children"`
}

// Line is the page in short.
func (p Page) Line() Line {
	return Line{
		Table: p.Table, Level: p.Level, Place: p.Place, Title: p.Title, Responses: p.Responses, ResponseRate: p.ResponseRate,
		Standards: p.Standards, Children: p.Children,
	}
}

// Select chooses lines: those right below a table, those of a level, or all.
type Select struct {
	Under string
	Level Level
	After string
	Limit int
}

// Source reads what is counted.
type Source interface {
	// Answers calls each with every answer of a campaign; what it is given is gone
	// after the call.
	Answers(ctx context.Context, district, campaign string, each func(Answer) error) error
	// Answered is how many answers each school has.
	Answered(ctx context.Context, district, campaign string) (map[string]int64, error)
	// Units are the people that a campaign asked by name or by code, by school.
	Units(ctx context.Context, c campaign.Campaign) (map[string]Units, error)
	// Paper are the schools with answers that came on paper.
	Paper(ctx context.Context, district, campaign string) (map[string]bool, error)
	// Snapshot is the newest of a campaign; of round 0 when there is none.
	Snapshot(ctx context.Context, district, campaign string) (Snapshot, error)
}

// Shelf keeps what was published.
type Shelf interface {
	Ledger
	SaveSnapshot(ctx context.Context, s Snapshot) error
	// History is everything released about the people of a wave, in all districts and
	// for the state, the oldest first.
	History(ctx context.Context, w Wave) ([]release.Release, int, error)
	HistorySize(ctx context.Context, w Wave) (int, error)
	// Told is all that was published about a wave, and in how many releases.
	Told(ctx context.Context, waveKey string) ([]release.Published, int, error)
	// Cells are those of a release as its readers may know them: without what is true.
	Cells(ctx context.Context, district, id string) (Cells, error)
	SaveCells(ctx context.Context, c Cells) error
	SavePages(ctx context.Context, district, id string, pages []Page) error
	Page(ctx context.Context, district, id, table string) (Page, error)
	// Pages are all of a release, in no order.
	Pages(ctx context.Context, district, id string) ([]Page, error)
	// Lines come in the order of the ids of their tables.
	Lines(ctx context.Context, district, id string, s Select) ([]Line, error)
	// Before is the newest release of the instrument in a wave before this one, of the
	// district or of the state; empty when there is none.
	Before(ctx context.Context, district string, w Wave) (string, error)
	// Latest is the newest release of exactly this wave; empty when there is none.
	Latest(ctx context.Context, district string, w Wave) (string, error)
}

// Store keeps roll-ups.
type Store interface {
	Source
	Shelf
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// WaveCampaigns are the closed and published campaigns of a wave, in all districts.
	WaveCampaigns(ctx context.Context, w Wave) ([]campaign.Campaign, error)
	AddRelease(ctx context.Context, r Release, w Wave) error
	Release(ctx context.Context, id string) (Release, error)
	// Releases come the newest first.
	Releases(ctx context.Context, after Position, limit int) ([]Release, error)
	// LatestRound is the newest statewide release of a wave; of round 0 when there is none.
	LatestRound(ctx context.Context, w Wave) (Release, error)
	SavePlan(ctx context.Context, district, operation string, p Plan) error
	Plan(ctx context.Context, district, operation string) (Plan, error)
}
