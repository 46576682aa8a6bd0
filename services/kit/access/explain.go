package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
)

// Decision is how a question about access ends.
type Decision int

// The decisions, as a caller would meet them.
const (
	DecisionUnknown Decision = iota // the resource does not exist for the caller
	DecisionDenied                  // they see it and may not
	DecisionAllowed
)

// Clause is a policy that had a say, as it is shown to people.
type Clause struct {
	ID   string
	Doc  string // in one plain line
	File string // where it stands, with the line; restrictions have their name
	Text string
	// Forbids tells whether it took a right or gave it.
	Forbids bool
}

// Explanation is why somebody may do something, or not.
type Explanation struct {
	Decision Decision
	// Deidentified: they may read, and see no personal data.
	Deidentified bool
	Action       policy.Action // with the group the policies speak of
	Node         string        // of the tree, in which the resource lies
	Clauses      []Clause      // that decided: permits, or the forbids that won
	Reasons      []string      // in plain sentences
}

// Explain answers whether somebody may do an action to a resource at a time of the
// product's clock, and which policies say so. Restrictions come with the context.
// It is what Check decides; what the domain refuses for the state something is in
// is not part of it.
func Explain(ctx context.Context, id Identity, action, resourceName string, now time.Time) (Explanation, error) {
	set, err := policy.Load()
	if err != nil {
		return Explanation{}, fmt.Errorf("access policies: %w", err)
	}
	known := slices.IndexFunc(set.Actions(), func(a policy.Action) bool { return a.Name == action })
	if known < 0 {
		return Explanation{Reasons: []string{fmt.Sprintf("No policy knows the action %q.", action)}}, nil
	}
	asked := id
	asked.Grants = slices.DeleteFunc(slices.Clone(id.Grants), func(g Grant) bool { return !g.Holds(now) })
	node, own := NodeOf(resourceName), restrictionsOf(ctx)
	if err := own.Ready(); err != nil {
		return Explanation{}, err
	}
	d := decide(set, own, asked, action, node, true)
	e := Explanation{Action: set.Actions()[known], Node: node, Deidentified: d.deidentified}
	e.decided(asked, d, node)
	e.Reasons = append(e.Reasons, outOfTime(id, now)...)
	return e, nil
}

// decided fills in the outcome and what led to it.
func (e *Explanation) decided(id Identity, d decision, node string) {
	switch {
	case d.allowed:
		e.Decision, e.Clauses = DecisionAllowed, clauses(d.permits)
		if d.deidentified {
			e.Reasons = append(e.Reasons, "What is read holds no personal data: no policy lets them see people here.")
		}
		return
	case len(d.restrictions) > 0:
		e.Decision = DecisionDenied
		for _, r := range d.restrictions {
			e.Clauses = append(e.Clauses, r.clause())
			e.Reasons = append(e.Reasons, "The district forbids it: "+r.Reason)
		}
	case sees(id, node):
		e.Decision, e.Clauses = DecisionDenied, clauses(d.forbids)
	default:
		e.Reasons = append(e.Reasons, "They have nothing to do in this part of the state, so the resource does not exist for them.")
	}
	if len(e.Clauses) == 0 {
		e.Reasons = append(e.Reasons, "No policy permits it.")
	}
	e.Reasons = append(e.Reasons, would(e.Action.Name)...)
}

// would says who may do an action instead.
func would(action string) []string {
	set, err := policy.Load()
	if err != nil {
		return nil
	}
	var reasons []string
	for _, role := range set.RolesOf(action) {
		reasons = append(reasons, fmt.Sprintf("A %s may, where the role was granted.", policy.RoleName(role)))
	}
	return reasons
}

// outOfTime names the grants that do not hold now.
func outOfTime(id Identity, now time.Time) []string {
	var reasons []string
	for _, g := range id.Grants {
		if !g.Holds(now) {
			reasons = append(reasons, fmt.Sprintf("The role %s on %s does not count: it holds from %s to %s.",
				policy.RoleName(g.Role), placeName(g.Node), timeName(g.Start), timeName(g.End)))
		}
	}
	return reasons
}

func clauses(policies []*policy.Policy) []Clause {
	list := make([]Clause, len(policies))
	for i, p := range policies {
		list[i] = Clause{ID: p.ID, Doc: p.Doc, File: fmt.Sprintf("%s:%d", p.File, p.Line), Text: p.Text, Forbids: p.Forbids}
	}
	return list
}

func (r Restriction) clause() Clause {
	text, err := r.Policy()
	if err != nil {
		text = ""
	}
	return Clause{ID: r.Name, Doc: r.Reason, File: r.Name, Text: text, Forbids: true}
}

func placeName(node string) string {
	if node == State {
		return "the state"
	}
	return node
}

func timeName(t time.Time) string {
	if t.IsZero() {
		return "no stated time"
	}
	return t.UTC().Format(time.RFC3339)
}

// RoleName is a role in plain words: "team lead".
func RoleName(role accessv1.Role) string { return policy.RoleName(role) }
