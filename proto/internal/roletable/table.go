package main

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
	"github.com/tandem-badges/tandem/proto/policy"
)

const intro = `<!-- Made from the access policies by make generate; edit proto/tandem/access/policies instead. -->
# Who may do what

This table is made from the access policies in ` + "`proto/tandem/access/policies`" + `, which decide every call.
A role counts where it was granted, on the state, a district or a school, and for all below. What is granted for a
school says nothing about another one.

| sign | meaning |
|---|---|
| ● | may |
| ●↑ | may, and for the district and the state above too, as far as those are everybody's in it |
| ○ | may read, but without people: every field with personal data is empty |
| ○↑ | the same, and above too |
| | may not |

A district can forbid more in its own borders (a restriction), and can permit nothing. Reviewers see the applications
that were assigned to them, not all in their district. What is called here by its action, e.g. ` + "`journeys.choose`" + `, has
the same name in refusals, in the audit log and in ` + "`tandem access explain`" + `.
`

// open are the RPCs that no role is asked for.
type open struct{ public, internal []string }

func openRPCs(api *schema.Schema) open {
	var o open
	for _, m := range api.Methods() {
		rule, _ := schema.Rule(m)
		switch rule.GetScope() {
		case accessv1.Scope_SCOPE_PUBLIC:
			o.public = append(o.public, rule.GetAction())
		case accessv1.Scope_SCOPE_INTERNAL:
			o.internal = append(o.internal, fmt.Sprintf("%s (%s)", rule.GetAction(), strings.Join(rule.GetCallers(), ", ")))
		}
	}
	slices.Sort(o.public)
	slices.Sort(o.internal)
	return o
}

// people are the roles of people, in the order of the columns.
func people() []accessv1.Role {
	return slices.DeleteFunc(policy.Roles(), func(r accessv1.Role) bool { return r == accessv1.Role_ROLE_INTEGRATION })
}

func markdown(set *policy.Set, o open) string {
	var b strings.Builder
	b.WriteString(intro)
	area := ""
	for _, g := range set.Groups() {
		if g.Area != area {
			area = g.Area
			fmt.Fprintf(&b, "\n## %s\n\n| |%s\n|---|%s\n", area, columns(people()), strings.Repeat(":-:|", len(people())))
		}
		b.WriteString(row(set, g))
	}
	machines(&b, set)
	fmt.Fprintf(&b, "\n## Without signing in\n\nAnybody, without an account: %s.\n", listed(o.public))
	fmt.Fprintf(&b, "\n## Between the services of the platform\n\nNobody from outside; only the service named, by its own key: %s.\n", listed(o.internal))
	return b.String()
}

func columns(roles []accessv1.Role) string {
	var b strings.Builder
	for _, r := range roles {
		fmt.Fprintf(&b, " %s |", policy.RoleName(r))
	}
	return b.String()
}

// row is a group of actions: what it is about, its actions, and a sign per role.
func row(set *policy.Set, g policy.Group) string {
	var names []string
	for _, a := range set.Actions() {
		if a.Group == g.Name {
			names = append(names, a.Name)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| **%s.** %s %s |", strings.ToUpper(g.Name[:1])+g.Name[1:], g.Doc, listed(names))
	for _, role := range people() {
		fmt.Fprintf(&b, " %s |", sign(set, role, names[0]))
	}
	return b.String() + "\n"
}

func sign(set *policy.Set, role accessv1.Role, action string) string {
	if set.Anybody(action).Allowed {
		return "●"
	}
	answer := set.Role(role, action)
	switch {
	case !answer.Allowed:
		return ""
	case answer.Deidentified():
		return "○" + up(set, role, action)
	default:
		return "●" + up(set, role, action)
	}
}

func up(set *policy.Set, role accessv1.Role, action string) string {
	if set.ReachOf(role, action) == accessv1.Scope_SCOPE_WITHIN {
		return "↑"
	}
	return ""
}

func listed(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name + "`"
	}
	return strings.Join(quoted, ", ")
}

func machines(b *strings.Builder, set *policy.Set) {
	b.WriteString("\n## Machines of a district\n\nA machine has scopes instead of roles, and no scope reaches beyond its district. " +
		"One that reads people by name needs the approval of a second person.\n\n| scope | lets it | people | actions |\n|---|---|---|---|\n")
	for _, s := range set.Scopes() {
		var names []string
		for _, a := range set.Actions() {
			if set.Machine(s.Name, a.Name).Allowed && !set.Machine("", a.Name).Allowed {
				names = append(names, a.Name)
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", s.Name, s.Doc, shown(set, s, names[0]), listed(names))
	}
}

// shown says what a scope shows of people.
func shown(set *policy.Set, s policy.Scope, action string) string {
	switch {
	case s.Identified:
		return "by name; needs approval"
	case set.Machine(s.Name, action).Deidentified():
		return "none are shown"
	default:
		return "reads none"
	}
}

// csvTable is the same by single action and role, for other programs.
func csvTable(set *policy.Set) (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"area", "group", "action", "who", "may", "reach", "policies"}}
	areas := map[string]string{}
	for _, g := range set.Groups() {
		areas[g.Name] = g.Area
	}
	for _, a := range set.Actions() {
		place := []string{areas[a.Group], a.Group, a.Name}
		if answer := set.Anybody(a.Name); answer.Allowed {
			rows = append(rows, append(slices.Clone(place), "everybody signed in", may(answer), "everywhere", ids(answer)))
		}
		for _, role := range people() {
			if answer := set.Role(role, a.Name); answer.Allowed {
				rows = append(rows, append(slices.Clone(place), policy.RoleName(role), may(answer), reach(set.ReachOf(role, a.Name)), ids(answer)))
			}
		}
		for _, s := range set.Scopes() {
			if answer := set.Machine(s.Name, a.Name); answer.Allowed && !set.Machine("", a.Name).Allowed {
				rows = append(rows, append(slices.Clone(place), "machine with "+s.Name, may(answer), "its district", ids(answer)))
			}
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return "", err
	}
	return b.String(), nil
}

func may(a policy.Answer) string {
	if a.Deidentified() {
		return "without people"
	}
	return "yes"
}

func ids(a policy.Answer) string {
	var names []string
	for _, p := range a.Permits {
		names = append(names, p.ID)
	}
	return strings.Join(names, " ")
}

// reach says in words how far a role reaches.
func reach(s accessv1.Scope) string {
	switch s {
	case accessv1.Scope_SCOPE_COVERS:
		return "where granted and below"
	case accessv1.Scope_SCOPE_WITHIN:
		return "where granted, below and above"
	default:
		return "everywhere"
	}
}
