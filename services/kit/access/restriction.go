package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
)

// Restriction is what a district forbids beyond the platform's policies.
type Restriction struct {
	Name     string // districts/d/restrictions/r
	District string // id of the district; it has no effect outside of it
	// Actions are names of actions, or "notes.*" for all of a resource.
	Actions []string
	// Roles it is forbidden to; empty for everybody but district coordinators and
	// state administrators.
	Roles  []accessv1.Role
	Reason string // shown to whom it stops
}

// Policy returns the restriction as a policy of the platform's language. It is a
// forbid that ends at the district's border, whatever the fields hold.
func (r Restriction) Policy() (string, error) {
	set, err := policy.Load()
	if err != nil {
		return "", err
	}
	actions, unknown := r.named(set)
	if len(unknown) > 0 {
		return "", fmt.Errorf("restriction %s: no action is called %s", r.Name, strings.Join(unknown, ", "))
	}
	return r.text(actions), nil
}

// text is the policy that forbids these actions.
func (r Restriction) text(actions []string) string {
	for i, action := range actions {
		actions[i] = "    Action::" + quoted(action)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "@id(%s)\n@doc(%s)\nforbid (\n  principal,\n", quoted(r.Name), quoted(r.Reason))
	fmt.Fprintf(&b, "  action in [\n%s\n  ],\n", strings.Join(actions, ",\n"))
	fmt.Fprintf(&b, "  resource in Node::%s\n) %s;", quoted("districts/"+r.District), r.whom())
	return b.String()
}

// whom is the clause that says to whom it is forbidden.
func (r Restriction) whom() string {
	roles, word, join := r.Roles, "when", " || "
	if len(roles) == 0 {
		roles = []accessv1.Role{accessv1.Role_ROLE_DISTRICT_COORDINATOR, accessv1.Role_ROLE_STATE_ADMIN}
		word = "unless"
	}
	is := make([]string, len(roles))
	for i, role := range roles {
		if role == accessv1.Role_ROLE_INTEGRATION {
			is[i] = "principal is Machine"
			continue
		}
		is[i] = "principal in Role::" + quoted(policy.RoleName(role))
	}
	return word + " { " + strings.Join(is, join) + " }"
}

// named are the actions that the restriction means, and its words that mean none.
func (r Restriction) named(set *policy.Set) (found, unknown []string) {
	for _, wanted := range r.Actions {
		before := len(found)
		resource, all := strings.CutSuffix(wanted, ".*")
		for _, action := range set.Actions() {
			if action.Name == wanted || all && strings.HasPrefix(action.Name, resource+".") {
				found = append(found, action.Name)
			}
		}
		if len(found) == before {
			unknown = append(unknown, wanted)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), unknown
}

// quoted writes text as a Cedar string, in which nothing ends it early.
func quoted(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			b.WriteString(`\u{` + strconv.FormatInt(int64(c), 16) + `}`)
			continue
		}
		b.WriteRune(c)
	}
	return `"` + b.String() + `"`
}
