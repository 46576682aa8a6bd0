// Package wire translates the words of the domain to those of the protos and
// back, for the edges that speak both: api, store and inbox.
//
// A word of the domain is the name of the enum value in lower case without its
// prefix, so one table in the proto is enough.
package wire

import (
	"strings"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const (
	phasePrefix = "PHASE_"
	groupPrefix = "STAKEHOLDER_GROUP_"
	rolePrefix  = "ROLE_"

	grantStatePrefix = "STATE_"
	refusalPrefix    = "REFUSAL_"
)

// Phase is a phase as enum.
func Phase(p phase.Phase) schoolsv1.Phase {
	return schoolsv1.Phase(schoolsv1.Phase_value[name(phasePrefix, string(p))])
}

// ToPhase is a phase from its enum; empty when not given.
func ToPhase(p schoolsv1.Phase) phase.Phase {
	if p == schoolsv1.Phase_PHASE_UNSPECIFIED {
		return ""
	}
	return phase.Phase(word(phasePrefix, p.String()))
}

// Group is a stakeholder group as enum.
func Group(g team.Group) typev1.StakeholderGroup {
	return typev1.StakeholderGroup(typev1.StakeholderGroup_value[name(groupPrefix, string(g))])
}

// ToGroup is a stakeholder group from its enum; empty when not given.
func ToGroup(g typev1.StakeholderGroup) team.Group {
	if g == typev1.StakeholderGroup_STAKEHOLDER_GROUP_UNSPECIFIED {
		return ""
	}
	return team.Group(word(groupPrefix, g.String()))
}

// Groups translates several groups.
func Groups(groups []team.Group) []typev1.StakeholderGroup {
	var all []typev1.StakeholderGroup
	for _, g := range groups {
		all = append(all, Group(g))
	}
	return all
}

// ToGroups translates several groups back.
func ToGroups(groups []typev1.StakeholderGroup) []team.Group {
	var all []team.Group
	for _, g := range groups {
		all = append(all, ToGroup(g))
	}
	return all
}

// Role is a role as enum.
func Role(r grant.Role) accessv1.Role {
	return accessv1.Role(accessv1.Role_value[name(rolePrefix, string(r))])
}

// ToRole is a role from its enum; empty when not given.
func ToRole(r accessv1.Role) grant.Role {
	if r == accessv1.Role_ROLE_UNSPECIFIED {
		return ""
	}
	return grant.Role(word(rolePrefix, r.String()))
}

// Roles translates several roles.
func Roles(roles []grant.Role) []accessv1.Role {
	var all []accessv1.Role
	for _, r := range roles {
		all = append(all, Role(r))
	}
	return all
}

// ToRoles translates several roles back.
func ToRoles(roles []accessv1.Role) []grant.Role {
	var all []grant.Role
	for _, r := range roles {
		all = append(all, ToRole(r))
	}
	return all
}

// GrantState is the state of a grant as enum.
func GrantState(s grant.State) schoolsv1.Grant_State {
	return schoolsv1.Grant_State(schoolsv1.Grant_State_value[name(grantStatePrefix, string(s))])
}

// Refusal says as enum why nobody can be signed in.
func Refusal(r account.Refusal) schoolsv1.SignInAccountResponse_Refusal {
	return schoolsv1.SignInAccountResponse_Refusal(schoolsv1.SignInAccountResponse_Refusal_value[name(refusalPrefix, string(r))])
}

// ToRules are the rules of a badge definition.
func ToRules(rules []*typev1.EligibilityRule) []eligibility.Rule {
	all := make([]eligibility.Rule, len(rules))
	for i, r := range rules {
		all[i] = eligibility.Rule{
			ID: r.GetId(), Title: r.GetTitle(), Expression: r.GetExpression(), Reason: r.GetReason(), Fix: r.GetFix(),
		}
	}
	return all
}

// Outcomes are evaluated rules.
func Outcomes(outcomes []eligibility.Outcome) []*typev1.RuleOutcome {
	all := make([]*typev1.RuleOutcome, len(outcomes))
	for i, o := range outcomes {
		all[i] = &typev1.RuleOutcome{Rule: o.Rule, Title: o.Title, Met: o.Met, Reason: o.Reason, Fix: o.Fix}
	}
	return all
}

func name(prefix, word string) string { return prefix + strings.ToUpper(word) }

func word(prefix, name string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }
