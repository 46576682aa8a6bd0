package rollup

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
)

// suppressed withholds small counts, and what would give them away.
func (m *Maker) suppressed(ctx context.Context, out *Made, phase func(string) error) error {
	history, earlier, err := m.store.History(ctx, out.Cells.Wave)
	if err != nil {
		return err
	}
	if out.Cells.Published, out.Audit.Summary, err = release.Protect(ctx, out.Cells.Rule, out.Cells.Truth, history); err != nil {
		return err
	}
	if err := phase(Auditing); err != nil {
		return err
	}
	return out.audit(ctx, history, earlier)
}

// noisy puts noise into all counts. There is nothing to audit: what a reader can learn
// is bounded by what was spent.
func (m *Maker) noisy(ctx context.Context, out *Made, phase func(string) error) (noise Noise, err error) {
	spent := out.Audit.Epsilon
	if out.Audit.Earlier, err = m.store.HistorySize(ctx, out.Cells.Wave); err != nil {
		return noise, err
	}
	out.Cells.Epsilon = out.charges[0].Epsilon
	if out.Cells.Published, noise, err = draw(out.Cells.Truth, out.Cells.Epsilon, m.random); err != nil {
		return noise, err
	}
	out.Audit = noisyAudit(out.Cells.Published, out.Audit.Earlier, spent)
	return noise, phase(Auditing)
}

// noisyAudit is the audit of a release in which nothing is hidden.
func noisyAudit(published []release.Published, earlier int, spent float64) Audit {
	a := Audit{Summary: release.Summary{Narrowest: -1}, Earlier: earlier, Method: noisyMethod, Epsilon: spent}
	for _, p := range published {
		for _, row := range p.Counts {
			a.Shown += int64(len(row)) + 1
		}
	}
	return a
}

const noisyMethod = "Nothing is hidden: discrete Laplace noise is in every count, and the privacy losses of all releases of the same answers add up to no more than the state allows (differential privacy of all answers of one person)."

// audit computes from what is or will be published alone what a reader can know.
func (m *Made) audit(ctx context.Context, history []release.Release, earlier int) error {
	told := make([]release.Published, len(history))
	for i, h := range history {
		told[i] = h.Published
	}
	found, err := release.Audit(ctx, m.Cells.Rule, slices.Concat(told, m.Cells.Published))
	if err != nil {
		return err
	}
	if !found.Clean() {
		// A stricter rule than that of earlier releases finds fault with them alone.
		before, err := release.Audit(ctx, m.Cells.Rule, told)
		if err != nil {
			return err
		}
		if found.TooNarrow > before.TooNarrow || found.Exposed > before.Exposed {
			return fmt.Errorf("the audit of the release found %d numbers that can be known too closely, and %d that are small and shown", found.TooNarrow, found.Exposed)
		}
	}
	primary := m.Audit.Primary
	m.Audit = Audit{Summary: found, Earlier: earlier, Method: auditMethod}
	m.Audit.Primary = primary
	return nil
}

const auditMethod = "Exact intervals of all hidden counts, given every sum, every earlier release and that no count is negative: maximum flow where the tables form a network, linear programming where they do not."
