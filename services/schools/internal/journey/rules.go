package journey

import (
	"context"
	"embed"
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"gopkg.in/yaml.v3"

	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
)

//go:embed rules/*.yaml
var ruleFiles embed.FS

// apply names the rules for an application where no badge definition has its own.
const apply Method = "apply"

// builtIn is the name of the rules that come with the product.
const builtIn = "built-in"

// RuleBook holds the rules of each way out of a phase.
type RuleBook struct {
	engine *eligibility.Engine
	sets   map[Method][]eligibility.Rule
}

// LoadRules reads the built-in rules and refuses them all when one is wrong.
func LoadRules(engine *eligibility.Engine) (*RuleBook, error) {
	book := &RuleBook{engine: engine, sets: map[Method][]eligibility.Rule{}}
	sample := (&sources{}).facts()
	for _, m := range []Method{Discover, Deliberate, Start, Present, apply} {
		raw, err := ruleFiles.ReadFile("rules/" + string(m) + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("built-in rules: %w", err)
		}
		var rules []eligibility.Rule
		if err := yaml.Unmarshal(raw, &rules); err != nil {
			return nil, fmt.Errorf("built-in rules %s: %w", m, err)
		}
		for _, r := range rules {
			if err := engine.Check(r, sample); err != nil {
				return nil, fmt.Errorf("built-in rules %s: %w", m, err)
			}
		}
		book.sets[m] = rules
	}
	return book, nil
}

// mustBeEligible refuses a move with every rule that is not met.
func (s Service) mustBeEligible(ctx context.Context, j Journey, m Method) error {
	rules := s.Rules.sets[m]
	if len(rules) == 0 {
		return nil
	}
	src, err := s.gather(ctx, j)
	if err != nil {
		return err
	}
	var missing []problem.Violation
	for _, o := range s.Rules.engine.Evaluate(rules, src.facts()) {
		if !o.Met {
			missing = append(missing, problem.Violation{Field: j.Name, Rule: o.Rule, Fix: o.Fix + " Now: " + o.Reason + "."})
		}
	}
	if missing == nil {
		return nil
	}
	return problem.Precondition(problem.ReasonNotEligible, missing...)
}

// nextOf is the phase that a journey makes for.
func nextOf(p phase.Phase) phase.Phase {
	return map[phase.Phase]phase.Phase{
		phase.Forming: phase.Discovering, phase.Discovering: phase.Choosing, phase.Choosing: phase.Planning,
		phase.Planning: phase.Underway, phase.Underway: phase.Presented, phase.Presented: phase.Applied,
		phase.Applied: phase.Applied, phase.Awarded: phase.Sustaining, phase.Sustaining: phase.Awarded, phase.Lapsed: phase.Awarded,
	}[p]
}

// rulesFor returns the rules for entering a phase and where they come from. For
// an application the badge definition in force decides.
func (s Service) rulesFor(ctx context.Context, j Journey, next phase.Phase) ([]eligibility.Rule, string, error) {
	m := map[phase.Phase]Method{
		phase.Discovering: Discover, phase.Choosing: Deliberate, phase.Underway: Start,
		phase.Presented: Present, phase.Applied: apply,
	}[next]
	if next == phase.Applied && j.Standard() != "" {
		b, found, err := s.Store.BadgeRules(ctx, j.Standard(), j.FrameworkVersion)
		if err != nil {
			return nil, "", err
		}
		if found {
			return b.Rules, b.Source, nil
		}
	}
	return s.Rules.sets[m], builtIn, nil
}
