package definition

import (
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/internal/rule"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// The values of an edition that leaves them open.
const (
	defaultReviewers   = 2
	defaultValidMonths = 36
	defaultGraceDays   = 90
	defaultRenewal     = 6
)

func (a Asks) withDefaults() Asks {
	if a.ReviewersRequired == 0 {
		a.ReviewersRequired = defaultReviewers
	}
	if a.ValidMonths == 0 {
		a.ValidMonths = defaultValidMonths
	}
	if a.GraceDays == 0 {
		a.GraceDays = defaultGraceDays
	}
	if a.RenewalMonths == 0 {
		a.RenewalMonths = defaultRenewal
	}
	return a
}

// violations collects broken rules under one field path.
type violations struct {
	at   string
	list []problem.Violation
}

func (v *violations) add(field, rule, fix string) {
	v.list = append(v.list, problem.Violation{Field: v.at + field, Rule: rule, Fix: fix})
}

func (v *violations) require(field, value, what string) {
	if strings.TrimSpace(value) == "" {
		v.add(field, "required", "Give "+what+".")
	}
}

func (v *violations) err() error {
	if len(v.list) == 0 {
		return nil
	}
	return problem.Invalid(v.list...)
}

func checkDefinition(d Definition) error {
	v := violations{at: "badge_definition."}
	v.require("title", d.Title, "the name of the badge")
	v.require("framework", d.Framework, "the framework, frameworks/{framework}")
	if !strings.HasPrefix(d.Framework, "frameworks/") && d.Framework != "" {
		v.add("framework", "resource_name", "Give the framework as frameworks/{framework}.")
	}
	v.require("standard", d.Standard, "the id of the standard that the badge is about")
	return v.err()
}

// checkAsks says what is wrong with an edition, all at once. A draft may be incomplete, but
// what it says must make sense.
func checkAsks(a Asks) *violations {
	v := &violations{at: "badge_definition_version."}
	v.require("description", a.Description, "what the badge stands for")
	v.require("criteria", a.Criteria, "what a school does to earn the badge")
	if !strings.Contains(a.FrameworkVersion, "/versions/") {
		v.add("framework_version", "resource_name", "Give the framework version as frameworks/{framework}/versions/{version}.")
	}
	if !strings.HasPrefix(a.RubricVersion, "rubrics/") || !strings.Contains(a.RubricVersion, "/versions/") {
		v.add("rubric_version", "resource_name", "Give the rubric version as rubrics/{rubric}/versions/{version}.")
	}
	checkRules(v, a.EligibilityRules)
	if _, err := rule.CompileDecision(a.DecisionRule); err != nil {
		v.add("decision_rule", "cel", "Write a CEL expression over criteria, mean and reviews that is true or false: "+oneLine(err))
	}
	return v
}

func checkRules(v *violations, rules []EligibilityRule) {
	seen := map[string]bool{}
	for i, r := range rules {
		at := fmt.Sprintf("eligibility_rules[%d].", i)
		switch {
		case !ids.ValidUser(r.ID):
			v.add(at+"id", "kebab_case", "Give an id of lower-case letters, digits and hyphens.")
		case seen[r.ID]:
			v.add(at+"id", "unique", "Give each rule an id of its own.")
		}
		seen[r.ID] = true
		v.require(at+"title", r.Title, "what must exist, in plain words")
		v.require(at+"fix", r.Fix, "what to do when the rule is not met")
		exprErr, reasonErr := rule.CheckEligibility(r.Expression, r.Reason)
		if exprErr != nil {
			v.add(at+"expression", "cel", "Write a CEL expression over journey that is true or false: "+oneLine(exprErr))
		}
		if reasonErr != nil {
			v.add(at+"reason", "cel", "Write a CEL expression over journey that is a text: "+oneLine(reasonErr))
		}
	}
}

// checkCriteria says what is wrong with a scoring guide, all at once.
func checkCriteria(criteria []Criterion) *violations {
	v := &violations{at: "rubric_version."}
	if len(criteria) == 0 {
		v.add("criteria", "required", "Give at least one criterion.")
	}
	seen := map[string]bool{}
	for i, c := range criteria {
		at := fmt.Sprintf("criteria[%d].", i)
		switch {
		case !ids.ValidUser(c.ID):
			v.add(at+"id", "kebab_case", "Give an id of lower-case letters, digits and hyphens.")
		case seen[c.ID]:
			v.add(at+"id", "unique", "Give each criterion an id of its own.")
		}
		seen[c.ID] = true
		v.require(at+"title", c.Title, "the name of the criterion")
		checkLevels(v, at, c.Levels)
	}
	return v
}

func checkLevels(v *violations, at string, levels []Level) {
	if len(levels) < 2 {
		v.add(at+"levels", "at_least_two", "Give at least two levels.")
	}
	for i, l := range levels {
		v.require(fmt.Sprintf("%slevels[%d].title", at, i), l.Title, "the name of the level")
		if i > 0 && l.Points <= levels[i-1].Points {
			v.add(fmt.Sprintf("%slevels[%d].points", at, i), "rising", "Give the levels in rising order of points.")
		}
	}
}

func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimPrefix(line, "ERROR: ")
}
