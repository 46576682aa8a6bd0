package csvtable

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// ProtectAfter is Protect for a table of people about whom tables were published
// before. What those show stays shown, what they hide stays hidden, and the rule
// holds for all of them together. The table has to have the numbers from which
// what the earlier ones hide can be worked out.
func (t *Table) ProtectAfter(ctx context.Context, earlier ...*Table) (disclosure.Outcome, error) {
	joint, err := join(true, append([]*Table{t}, earlier...))
	if err != nil {
		return disclosure.Outcome{}, err
	}
	s := joint.System
	unknown, err := s.Complete()
	if errors.Is(err, disclosure.ErrContradiction) {
		return disclosure.Outcome{}, &Problem{Name: t.Name, Text: "the numbers cannot be those of which the earlier tables tell: sums differ"}
	}
	if err != nil {
		return disclosure.Outcome{}, err
	}
	if len(unknown) > 0 {
		return disclosure.Outcome{}, &Problem{Name: t.Name, Text: fmt.Sprintf(
			"%s and %d more hidden numbers of the earlier tables cannot be worked out from this one; protect a table that has all of them",
			s.Cells[unknown[0]].Label, len(unknown)-1)}
	}
	joint.hold()
	outcome, err := s.Protect(ctx)
	if err != nil {
		return outcome, err
	}
	joint.mark(t)
	return outcome, nil
}

// hold fixes what earlier tables show, and hides in the first table what they
// hide.
func (j *Joint) hold() {
	for i, t := range j.tables[1:] {
		for n, r := range t.Records {
			for v, value := range r.Values {
				if c := &j.System.Cells[j.cells[i+1][n][v]]; !value.Hidden {
					c.Fixed = true
				}
			}
		}
	}
	for _, e := range j.known {
		if e.held && !j.System.Cells[e.shown].Fixed {
			j.System.Cells[e.shown].Status = disclosure.Hidden
		}
	}
}

// mark hides numbers of the first table as the system says.
func (j *Joint) mark(t *Table) {
	for r, cells := range j.cells[0] {
		for v, c := range cells {
			t.Records[r].Values[v].Hidden = j.System.Cells[c].Status == disclosure.Hidden
		}
	}
}
