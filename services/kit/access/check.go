package access

import (
	"context"
	"fmt"
	"slices"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Check decides whether the caller may do what the rule says to the named
// resource. It returns nil; problem.NotFound when the caller sees nothing
// there; or problem.Denied when they see it but may not. Restrictions come with
// the context.
func Check(ctx context.Context, id Identity, rule *accessv1.Rule, resourceName string) error {
	_, err := check(ctx, id, rule, resourceName)
	return err
}

// check is Check, and tells whether the answer must be without people.
func check(ctx context.Context, id Identity, rule *accessv1.Rule, resourceName string) (deidentified bool, err error) {
	switch rule.GetScope() {
	case accessv1.Scope_SCOPE_PUBLIC:
		return false, nil
	case accessv1.Scope_SCOPE_INTERNAL:
		return false, checkInternal(id, rule)
	}
	if id.Subject == "" {
		return false, problem.Unauthenticated(problem.ReasonIdentityMissing)
	}
	set, err := policy.Load()
	if err != nil {
		return false, fmt.Errorf("access policies: %w", err)
	}
	node, own := NodeOf(resourceName), restrictionsOf(ctx)
	if err := own.Ready(); err != nil && node != State {
		return false, err
	}
	d := decide(set, own, id, rule.GetAction(), node, false)
	switch {
	case d.allowed:
		return d.deidentified, nil
	case len(d.restrictions) > 0:
		return false, restricted(rule.GetAction(), resourceName, d.restrictions)
	case sees(id, node):
		return false, problem.Denied(rule.GetAction())
	default:
		return false, problem.NotFound(resourceName)
	}
}

// checkInternal lets only the services that the rule names call, by the identity
// they proved. Which subject they call for does not matter.
func checkInternal(id Identity, rule *accessv1.Rule) error {
	if id.Service == "" || !slices.Contains(rule.GetCallers(), id.Service) {
		return problem.Denied(rule.GetAction())
	}
	return nil
}

// restricted refuses what the platform would permit and the district does not,
// with the district's reasons.
func restricted(action, resourceName string, taken []Restriction) error {
	violations := make([]problem.Violation, len(taken))
	for i, r := range taken {
		violations[i] = problem.Violation{Field: resourceName, Rule: "restricted_by_district", Fix: r.Reason}
	}
	err := problem.Denied(action)
	if e, ok := problem.As(err); ok {
		e.Violations = violations
	}
	return err
}

// sees tells whether the caller may know that the node exists: it lies in what
// they hold a role on, or it is above that. That there is a state is no secret.
func sees(id Identity, node string) bool {
	return node == State || slices.ContainsFunc(nodes(id), func(own string) bool {
		return Covers(own, node) || Covers(node, own)
	})
}

// May tells whether the caller of the context may do an action to the named
// resource, for domains that let some callers see more than others.
func May(ctx context.Context, action, resourceName string) bool {
	set, err := policy.Load()
	own := restrictionsOf(ctx)
	if err != nil || own.Ready() != nil {
		return false
	}
	id, _ := FromContext(ctx)
	return decide(set, own, id, action, NodeOf(resourceName), false).allowed
}
