package rollup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

// Maker counts campaigns and makes releases of them: what publishing a district and
// publishing the state have in common.
type Maker struct {
	store       makerStore
	instruments instrument.Source
	frameworks  framework.Source
	policies    policy.Source
	random      io.Reader // of noise; the system's when nil
}

// makerStore is what a maker reads.
type makerStore interface {
	Source
	Shelf
}

// NewMaker returns a maker.
func NewMaker(store Store, instruments instrument.Source, frameworks framework.Source, policies policy.Source) *Maker {
	return &Maker{store: store, instruments: instruments, frameworks: frameworks, policies: policies}
}

// WithRandomness has a maker draw noise from another source than the system's.
func (m *Maker) WithRandomness(random io.Reader) *Maker {
	m.random = random
	return m
}

// Phases of a publication, as progress names them.
const (
	Counting   = "counting"
	Protecting = "protecting"
	Auditing   = "auditing"
	Writing    = "writing"
)

// WaveOf is the wave of a campaign.
func WaveOf(c campaign.Campaign) Wave {
	family, _, _ := edition.ParseName(instrument.Kind(), c.InstrumentVersion)
	return Wave{Instrument: family, Cycle: c.Cycle, Number: c.Wave}
}

// Form is a questionnaire with what pages need of it.
type Form struct {
	Body instrument.Body
	Edition
}

// Form reads the questionnaire of a campaign.
func (m *Maker) Form(ctx context.Context, c campaign.Campaign) (Form, error) {
	v, err := instrument.Published(ctx, m.instruments, c.InstrumentVersion)
	if err != nil {
		return Form{}, err
	}
	f, err := framework.Published(ctx, m.frameworks, c.FrameworkVersion)
	if err != nil {
		return Form{}, err
	}
	out := Form{Body: v.Body, Edition: Edition{Questions: Questions(v.Body), Scales: v.Body.Scales}}
	for _, s := range f.Body.Standards {
		out.Standards = append(out.Standards, s.ID)
	}
	return out, nil
}

// Policy is the rules in force.
func (m *Maker) Policy(ctx context.Context) (policy.Policy, error) { return m.policies.Policy(ctx) }

// Count counts a campaign in one pass. A campaign that was counted before keeps what
// was counted then, unless a next round is asked for: then the schools with enough
// new answers are taken anew, and changed names them.
func (m *Maker) Count(ctx context.Context, c campaign.Campaign, f Form, p policy.Policy, next bool) (part Part, changed []string, err error) {
	counter, err := NewCounter(f.Body)
	if err != nil {
		return Part{}, nil, err
	}
	if err := m.store.Answers(ctx, c.District, c.ID, counter.Add); err != nil {
		return Part{}, nil, err
	}
	counted := counter.Finish()
	part = Part{Campaign: c, Scales: counted.Scales}
	if part.Snapshot, err = m.store.Snapshot(ctx, c.District, c.ID); err != nil {
		return Part{}, nil, err
	}
	switch {
	case part.Snapshot.Round == 0:
		part.Snapshot = First(c, counted, p.MinimumCell)
		part.fresh = true
		changed = sorted(part.Snapshot.Schools)
	case next:
		if part.Snapshot, changed, err = part.Snapshot.Next(counted, p.MinimumCell, p.RoundSize); err != nil {
			return Part{}, nil, err
		}
		part.fresh = len(changed) > 0
	}
	if part.Units, err = m.store.Units(ctx, c); err != nil {
		return Part{}, nil, err
	}
	part.Paper, err = m.store.Paper(ctx, c.District, c.ID)
	return part, changed, err
}

// HasNews tells whether a published campaign has enough new answers for a next round.
func (m *Maker) HasNews(ctx context.Context, c campaign.Campaign) (bool, error) {
	p, err := m.Policy(ctx)
	if err != nil {
		return false, err
	}
	before, err := m.store.Snapshot(ctx, c.District, c.ID)
	if err != nil {
		return false, err
	}
	now, err := m.store.Answered(ctx, c.District, c.ID)
	for school, n := range now {
		was, known := before.Schools[school]
		if known && n-was.Answers >= int64(p.RoundSize) || !known && n >= int64(p.MinimumCell) {
			return true, err
		}
	}
	return false, err
}

// Made is a release before it is kept.
type Made struct {
	Pages  []Page
	Cells  Cells
	Audit  Audit
	Digest string

	charges []Charge        // of a noisy release
	total   release.Epsilon // that they have to fit in
}

// Make protects the tables of a tree against everything released before, audits them
// as a reader could, and computes the pages. A release whose audit is not clean is
// not made. Where the state allows a privacy loss, noise is drawn instead: nothing of
// it is seen before Keep, so that a release made again, after a restart, is the first
// that anybody sees.
func (m *Maker) Make(ctx context.Context, district string, t *Tree, w Wave, parts []Part, f Form, p policy.Policy, phase func(string) error) (Made, error) {
	out := Made{Cells: Cells{District: district, Wave: w, Rule: release.Rule{Minimum: int64(p.MinimumCell), Zeros: p.ProtectZeros}}}
	if t.Empty() {
		var err error
		if out.Audit.Earlier, err = m.store.HistorySize(ctx, w); err != nil {
			return Made{}, err
		}
		out.Digest, err = digestOf(nil)
		return out, err
	}
	out.charges, out.total = charges(district, campaignsOf(parts), p), total(p)
	most, err := affordable(ctx, m.store, w, out.charges, out.total)
	if err != nil {
		return Made{}, err
	}
	out.Audit.Epsilon = most.Float()
	if err := phase(Protecting); err != nil {
		return Made{}, err
	}
	out.Cells.Truth = t.Tables(w)
	var noise Noise
	if len(out.charges) > 0 {
		noise, err = m.noisy(ctx, &out, phase)
	} else {
		err = m.suppressed(ctx, &out, phase)
	}
	if err != nil {
		return Made{}, err
	}
	if err := phase(Writing); err != nil {
		return Made{}, err
	}
	if out.Pages, err = Pages(t, out.Cells.Published, noise, f.Edition, p); err != nil {
		return Made{}, err
	}
	if err := m.compare(ctx, district, w, out.Pages, p); err != nil {
		return Made{}, err
	}
	out.Digest, err = digestOf(out.Pages)
	return out, err
}

// compare fills in the changes since the wave before.
func (m *Maker) compare(ctx context.Context, district string, w Wave, pages []Page, p policy.Policy) error {
	id, err := m.store.Before(ctx, district, w)
	if err != nil || id == "" {
		return err
	}
	before, err := m.store.Pages(ctx, district, id)
	if err != nil {
		return err
	}
	Compare(pages, before, releaseName(district, id), p)
	return nil
}

func releaseName(district, id string) string {
	if district == tenant.State {
		return "releases/" + id
	}
	return campaign.DistrictName(district) + "/releases/" + id
}

// digestOf is the SHA-256 over the pages' own digests by table.
func digestOf(pages []Page) (string, error) {
	lines := make([]string, len(pages))
	for i, p := range pages {
		raw, err := json.Marshal(p)
		if err != nil {
			return "", fmt.Errorf("digest: %w", err)
		}
		sum := sha256.Sum256(raw)
		lines[i] = p.Table + " " + hex.EncodeToString(sum[:]) + "\n"
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:]), nil
}

// Keep writes a release that was made, and the snapshots that it is the first to tell
// of. It belongs into the transaction that makes the release readable, and fails when
// another release of the wave came in between. What noise costs is charged with it.
func Keep(ctx context.Context, store Shelf, id string, made Made, parts []Part) error {
	earlier, err := store.HistorySize(ctx, made.Cells.Wave)
	if err != nil {
		return err
	}
	if earlier != made.Audit.Earlier {
		return problem.Stale(releaseName(made.Cells.District, id))
	}
	for _, p := range parts {
		if p.fresh {
			if err := store.SaveSnapshot(ctx, p.Snapshot); err != nil {
				return err
			}
		}
	}
	if len(made.Cells.Published) == 0 {
		return nil // no school has a table
	}
	if _, err := affordable(ctx, store, made.Cells.Wave, made.charges, made.total); err != nil {
		return err
	}
	if err := store.Spend(ctx, id, made.charges); err != nil {
		return err
	}
	made.Cells.Release = id
	if err := store.SaveCells(ctx, made.Cells); err != nil {
		return err
	}
	return store.SavePages(ctx, made.Cells.District, id, made.Pages)
}
