// Package portfolio is the domain of a journey's evidence as a whole: what has been
// collected and what it covers, and manifests, which freeze it for an application.
//
// A portfolio is not stored: it is derived from the accepted artifacts of the journey.
// A manifest is stored once and never changed. It lists every artifact with the digest
// of its content, has a digest of its own and names that of the manifest before, so
// that whoever holds one digest can tell whether anything behind it was changed.
//
// Neighbours: package artifact keeps the pieces, internal/peers answers Journeys from
// the schools service, the badges service freezes a portfolio when a team applies.
package portfolio

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gowebpki/jcs"
)

// Journey names the journey that a portfolio belongs to.
type Journey struct {
	District string
	School   string
	Team     string
	ID       string
}

// Name is the resource name of the journey.
func (j Journey) Name() string {
	return fmt.Sprintf("districts/%s/schools/%s/teams/%s/journeys/%s", j.District, j.School, j.Team, j.ID)
}

// Portfolio is the resource name of its portfolio.
func (j Journey) Portfolio() string { return j.Name() + "/portfolio" }

// Entry is one artifact as a manifest lists it. Its JSON form is that of the API, so
// that anyone can compute a manifest's digest from an answer.
type Entry struct {
	Artifact  string `json:"artifact"` // resource name
	SHA256    string `json:"sha256"`
	Size      int64  `json:"sizeBytes,string"`
	MediaType string `json:"mediaType"`
	Caption   string `json:"caption"`
	OccurDate string `json:"occurDate"`
	Step      string `json:"step"`
	Indicator string `json:"indicator"`
	// PublicSummary is what it shows, written for the public. Where there is none, the entry and its
	// digest are as if there were no such field: older manifests stay what they were.
	PublicSummary string `json:"publicSummary,omitempty"`
}

// Item is an accepted artifact of a journey.
type Item struct {
	Entry
	Groups []int
}

// Portfolio is the evidence of one journey.
type Portfolio struct {
	Journey    Journey
	Artifacts  int
	FirstDate  string
	LastDate   string
	Steps      []string
	Indicators []string
	Groups     []int
	Manifest   string // newest, by resource name; empty before the first
	Version    int64
}

// of derives the portfolio from the accepted artifacts.
func of(j Journey, items []Item) Portfolio {
	p := Portfolio{Journey: j, Artifacts: len(items)}
	for _, it := range items {
		if p.FirstDate == "" || it.OccurDate < p.FirstDate {
			p.FirstDate = it.OccurDate
		}
		p.LastDate = max(p.LastDate, it.OccurDate)
		p.Steps = append(p.Steps, it.Step)
		p.Indicators = append(p.Indicators, it.Indicator)
		p.Groups = append(p.Groups, it.Groups...)
	}
	p.Steps, p.Indicators, p.Groups = distinct(p.Steps), distinct(p.Indicators), distinct(p.Groups)
	return p
}

func distinct[T cmp.Ordered](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

// Manifest is a frozen list of evidence. The sequence counts those of a journey.
type Manifest struct {
	Journey    Journey
	ID         string
	Sequence   int64
	Entries    []Entry // by name
	Digest     string
	Previous   string // digest of the manifest before; empty for the first
	CreateTime time.Time
}

// Name is the resource name.
func (m Manifest) Name() string { return m.Journey.Portfolio() + "/manifests/" + m.ID }

// entries lists the artifacts in order of their names.
func entries(items []Item) []Entry {
	out := make([]Entry, len(items))
	for i, it := range items {
		out[i] = it.Entry
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Artifact, b.Artifact) })
	return out
}

// Digest is the SHA-256, in hex, of entries as a JSON array in the canonical form of
// RFC 8785.
func Digest(entries []Entry) (string, error) {
	plain, err := json.Marshal(entries)
	if err != nil {
		return "", err
	}
	canonical, err := jcs.Transform(plain)
	if err != nil {
		return "", fmt.Errorf("canonical form: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

// FrozenEvent says that the evidence of a journey was frozen.
type FrozenEvent struct{ Manifest Manifest }

// Store reads what belongs to a journey and keeps manifests.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Version counts the changes of a portfolio: 0 when nothing was ever accepted.
	Version(ctx context.Context, j Journey) (int64, error)
	// Items are the accepted artifacts.
	Items(ctx context.Context, j Journey) ([]Item, error)
	// Newest is the newest manifest, and false before the first.
	Newest(ctx context.Context, j Journey) (Manifest, bool, error)
	// AddManifest adds a manifest and gives the portfolio a new version.
	AddManifest(ctx context.Context, m Manifest) error
	Manifest(ctx context.Context, j Journey, id string) (Manifest, error)
	// Manifests come in the order of their sequence.
	Manifests(ctx context.Context, j Journey, after int64, limit int) ([]Manifest, error)
	// Emit records one of the events of this package.
	Emit(ctx context.Context, event any) error
}

// Journeys is what the schools service knows.
type Journeys interface {
	HasJourney(ctx context.Context, name string) (bool, error)
}
