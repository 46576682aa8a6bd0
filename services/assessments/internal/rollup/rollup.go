// Package rollup is the domain of what was said beyond one answer: tables of
// schools, feeder systems, districts, regions and the state.
//
//	answers -> Counter (exact, confidential) -> Snapshot of a campaign's round
//	snapshots -> Tree -> release engine -> Published cells -> Page of each place
//
// Everything on a page is computed from cells that the release engine let through
// (package disclosure/release) and from what is no secret: how many were asked, the
// questionnaire, pages released before. A count that is hidden changes nothing that
// is printed. The one exception is the reliability of scales, which needs whole
// answers: two decimals, for districts and above, from 100 answers on.
//
// Package result publishes a district's campaign and keeps the short table of each
// school; Service here publishes the whole state and reads pages.
package rollup

import (
	"time"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

// Level is a level of the tree, as the API numbers them.
type Level int

// Levels, from below.
const (
	School Level = iota + 1
	Feeder
	District
	Region
	State
)

// String is the word that ids of tables begin with.
func (l Level) String() string {
	return [...]string{"", "school", "feeder", "district", "region", "state"}[l]
}

// Count is a number of people or answers, or the reason why it is hidden.
type Count struct {
	Shown  bool   `json:"shown"`
	Value  int    `json:"value"`
	Reason string `json:"reason"`
}

// Measure is a computed number, or the reason why it is hidden. A shown one with a
// reason is approximate, and the reason says why.
type Measure struct {
	Shown  bool    `json:"shown"`
	Value  float64 `json:"value"`
	Reason string  `json:"reason"`
}

// Estimate is a number with how sure it is.
type Estimate struct {
	Value   Measure `json:"value"`
	SE      Measure `json:"standard_error"`
	Low     Measure `json:"low"`
	High    Measure `json:"high"`
	AtMost  bool    `json:"at_most,omitempty"`
	AtLeast bool    `json:"at_least,omitempty"`
}

// Page is what was said at one place: a table of results.
type Page struct {
	Table        string             `json:"table"` // id
	Level        Level              `json:"level"`
	Place        string             `json:"place"` // resource name; empty for the state
	Title        string             `json:"title"`
	Parent       string             `json:"parent"` // id of the table above
	Children     int                `json:"children"`
	Responses    Count              `json:"responses"`
	ResponseRate Measure            `json:"response_rate"`
	UnitProven   bool               `json:"unit_proven"`
	Weighted     bool               `json:"weighted"`
	Items        []ItemEstimate     `json:"items"`
	Standards    []StandardEstimate `json:"standards"`
	Scales       []ScaleEstimate    `json:"scales"`
	Groups       []GroupEstimate    `json:"groups"`
	Gaps         []Gap              `json:"-"` // found when read: the other form may come later
	Changes      []Change           `json:"changes"`
	Notes        []string           `json:"notes"`
	Minimum      int                `json:"minimum_cell"`
}

// ItemEstimate is what was said on one question.
type ItemEstimate struct {
	Item      string        `json:"item"` // item, item/row of a matrix, item/option of a choice of several
	Standard  string        `json:"standard"`
	Answers   Count         `json:"answers"`
	Share     Estimate      `json:"favorable_share"`
	Mean      Estimate      `json:"mean_score"`
	Options   []OptionCount `json:"options"`
	NotScored Count         `json:"not_scored"`
}

// OptionCount counts the answers of one option.
type OptionCount struct {
	Option string `json:"option"`
	Count  Count  `json:"count"`
}

// StandardEstimate is what was said on one standard: the mean over its items.
type StandardEstimate struct {
	Standard string   `json:"standard"`
	Share    Estimate `json:"favorable_share"`
	Items    int      `json:"items"`
}

// ScaleEstimate is a scale and how reliable it is.
type ScaleEstimate struct {
	Scale string     `json:"scale"`
	Mean  Estimate   `json:"mean_score"`
	Alpha Measure    `json:"alpha"`
	Omega Measure    `json:"omega"`
	Drops []ItemDrop `json:"drops"`
}

// ItemDrop is alpha without an item.
type ItemDrop struct {
	Item  string  `json:"item"`
	Alpha Measure `json:"alpha"`
}

// GroupEstimate is what a group said on one question.
type GroupEstimate struct {
	Variable string   `json:"variable"`
	Group    string   `json:"group"`
	Item     string   `json:"item"`
	Answers  Count    `json:"answers"`
	Share    Estimate `json:"favorable_share"`
	Gap      Estimate `json:"gap"`
	P        Measure  `json:"p_value"`
}

// Gap compares families with staff on one question.
type Gap struct {
	Item, Standard string
	Family, Staff  Measure
	Gap            Estimate
	P              Measure
	Reading        string
}

// Change compares a wave with the one before.
type Change struct {
	Item     string   `json:"item"`
	Standard string   `json:"standard"`
	Before   string   `json:"before_release"`
	Change   Estimate `json:"change"`
	P        Measure  `json:"p_value"`
	Reading  string   `json:"reading"`
}

// Release records what was published for the whole state.
type Release struct {
	ID                string
	Instrument        string // resource name
	InstrumentVersion string
	FrameworkVersion  string
	Cycle             string
	Wave              int
	Round             int
	Districts         int
	Schools           int
	Minimum           int
	Digest            string
	CreateTime        time.Time
	Audit             Audit
}

// Name is the resource name.
func (r Release) Name() string { return "releases/" + r.ID }

// Audit tells how closely hidden counts can be known.
type Audit struct {
	release.Summary
	Earlier int     `json:"earlier"`
	Method  string  `json:"method"`
	Epsilon float64 `json:"epsilon"` // that a campaign in the release has spent, at most
}

// Position is where a page of releases ended.
type Position struct {
	CreateTime time.Time
	ID         string
}
