package journey_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
)

// everything is the facts of a journey that has all that any rule asks for.
func everything() eligibility.Facts {
	return eligibility.Facts{
		"phase": "presented", "standard": "welcome", "framework_version": framework, "cycles": 1,
		"members": 5, "group_count": 5, "groups": map[string]int{"staff": 1, "family": 1, "student": 1, "leadership": 1, "community": 1},
		"survey_results": 2, "survey_waves": 2, "self_assessments": 1, "notes": 1,
		"goals": 2, "goals_with_measure": 2, "goals_with_steps": 2,
		"steps": 3, "steps_completed": 3, "steps_with_reflection": 3, "completed_steps_with_reflection": 3, "reflections": 3,
		"has_evidence_plan": true, "signed_off": true,
		"evidence": 3, "evidence_terms": 2, "evidence_steps": 3, "evidence_indicators": 1, "evidence_groups": 5, "active_groups": 5,
	}
}

// judged is one built-in rule over everything but what is said.
type judged struct {
	file, rule string
	but        eligibility.Facts
	met        bool
	reason     string
}

func judgements() map[string]judged {
	return map[string]judged{
		"three members are a team":           {"discover", "three-members", eligibility.Facts{"members": 3}, true, "3 of 3 confirmed members"},
		"two members are none":               {"discover", "three-members", eligibility.Facts{"members": 2}, false, "2 of 3 confirmed members"},
		"a team has staff":                   {"discover", "staff-member", eligibility.Facts{"groups": map[string]int{"staff": 2}}, true, "2 confirmed staff members"},
		"families alone are no team":         {"discover", "staff-member", eligibility.Facts{"groups": map[string]int{"staff": 0, "family": 9}}, false, "0 confirmed staff members"},
		"a team has families":                {"discover", "family-member", eligibility.Facts{"groups": map[string]int{"family": 1}}, true, "1 confirmed family members"},
		"staff alone is no team":             {"discover", "family-member", eligibility.Facts{"groups": map[string]int{"staff": 9, "family": 0}}, false, "0 confirmed family members"},
		"a result of the survey":             {"deliberate", "survey-result", eligibility.Facts{"survey_results": 1}, true, "1 survey results with enough answers"},
		"no result of the survey":            {"deliberate", "survey-result", eligibility.Facts{"survey_results": 0}, false, "0 survey results with enough answers"},
		"a self-assessment":                  {"deliberate", "self-assessment", eligibility.Facts{"self_assessments": 1}, true, "1 settled self-assessments"},
		"no self-assessment":                 {"deliberate", "self-assessment", eligibility.Facts{"self_assessments": 0}, false, "0 settled self-assessments"},
		"a note":                             {"deliberate", "anecdotal-note", eligibility.Facts{"notes": 1}, true, "1 notes"},
		"no note":                            {"deliberate", "anecdotal-note", eligibility.Facts{"notes": 0}, false, "0 notes"},
		"a goal":                             {"start", "a-goal", eligibility.Facts{"goals": 1}, true, "1 goals"},
		"no goal":                            {"start", "a-goal", eligibility.Facts{"goals": 0}, false, "0 goals"},
		"every goal is measured":             {"start", "goals-measured", nil, true, "2 of 2 goals are complete"},
		"one goal is not measured":           {"start", "goals-measured", eligibility.Facts{"goals_with_measure": 1}, false, "1 of 2 goals are complete"},
		"every goal has a step":              {"start", "step-per-goal", nil, true, "2 of 2 goals have a step"},
		"one goal has no step":               {"start", "step-per-goal", eligibility.Facts{"goals_with_steps": 1}, false, "1 of 2 goals have a step"},
		"no goals and no steps are no plan":  {"start", "step-per-goal", eligibility.Facts{"goals": 0, "goals_with_steps": 0, "steps": 0}, false, "0 of 0 goals have a step"},
		"an evidence plan":                   {"start", "evidence-plan", nil, true, "the evidence plan is written"},
		"no evidence plan":                   {"start", "evidence-plan", eligibility.Facts{"has_evidence_plan": false}, false, "no evidence plan"},
		"a signed plan":                      {"start", "signed-off", nil, true, "the plan is signed"},
		"a plan that is not signed":          {"start", "signed-off", eligibility.Facts{"signed_off": false}, false, "the plan is not signed, or was changed since"},
		"a completed step":                   {"present", "step-completed", eligibility.Facts{"steps_completed": 1}, true, "1 of 3 steps completed"},
		"no completed step":                  {"present", "step-completed", eligibility.Facts{"steps_completed": 0}, false, "0 of 3 steps completed"},
		"completed steps are reflected on":   {"present", "completed-steps-reflected", eligibility.Facts{"steps_completed": 2, "completed_steps_with_reflection": 2}, true, "2 of 2 completed steps have a reflection"},
		"one of them is not":                 {"present", "completed-steps-reflected", eligibility.Facts{"completed_steps_with_reflection": 2}, false, "2 of 3 completed steps have a reflection"},
		"evidence":                           {"present", "evidence-exists", eligibility.Facts{"evidence": 1}, true, "1 pieces of accepted evidence"},
		"no evidence":                        {"present", "evidence-exists", eligibility.Facts{"evidence": 0}, false, "0 pieces of accepted evidence"},
		"evidence of two terms":              {"apply", "evidence-two-terms", nil, true, "2 of 2 terms have evidence"},
		"evidence of one event":              {"apply", "evidence-two-terms", eligibility.Facts{"evidence_terms": 1}, false, "1 of 2 terms have evidence"},
		"all five groups":                    {"apply", "all-groups-active", nil, true, "5 of 5 groups are in the team or in its evidence"},
		"four groups":                        {"apply", "all-groups-active", eligibility.Facts{"active_groups": 4}, false, "4 of 5 groups are in the team or in its evidence"},
		"each step is reflected on":          {"apply", "reflection-each-step", nil, true, "3 of 3 steps have a reflection"},
		"one step is not reflected on":       {"apply", "reflection-each-step", eligibility.Facts{"steps_with_reflection": 2}, false, "2 of 3 steps have a reflection"},
		"no steps are not all reflected on":  {"apply", "reflection-each-step", eligibility.Facts{"steps": 0, "steps_with_reflection": 0}, false, "0 of 0 steps have a reflection"},
		"two waves of the survey":            {"apply", "two-survey-waves", nil, true, "2 of 2 survey waves"},
		"one wave of the survey":             {"apply", "two-survey-waves", eligibility.Facts{"survey_waves": 1}, false, "1 of 2 survey waves"},
		"all steps are completed":            {"apply", "all-steps-completed", nil, true, "3 of 3 steps completed"},
		"one step is not completed":          {"apply", "all-steps-completed", eligibility.Facts{"steps_completed": 2}, false, "2 of 3 steps completed"},
		"no steps are not all completed":     {"apply", "all-steps-completed", eligibility.Facts{"steps": 0, "steps_completed": 0}, false, "0 of 0 steps completed"},
		"each step has evidence":             {"apply", "evidence-each-step", nil, true, "3 of 3 steps have evidence"},
		"one step has no evidence":           {"apply", "evidence-each-step", eligibility.Facts{"evidence_steps": 2}, false, "2 of 3 steps have evidence"},
		"no steps have no evidence, neither": {"apply", "evidence-each-step", eligibility.Facts{"steps": 0, "evidence_steps": 0}, false, "0 of 0 steps have evidence"},
	}
}

func ruleFile(t *testing.T, name string) []eligibility.Rule {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("rules", name+".yaml"))
	require.NoError(t, err)
	var rules []eligibility.Rule
	require.NoError(t, yaml.Unmarshal(raw, &rules))
	return rules
}

func TestEachBuiltInRuleIsMetAndNotMetWithItsReason(t *testing.T) {
	engine, err := eligibility.NewEngine()
	require.NoError(t, err)
	for name, c := range judgements() {
		t.Run(name, func(t *testing.T) {
			facts := everything()
			maps.Copy(facts, c.but)
			for _, o := range engine.Evaluate(ruleFile(t, c.file), facts) {
				if o.Rule != c.rule {
					continue
				}
				require.Equal(t, c.met, o.Met)
				require.Equal(t, c.reason, o.Reason)
				require.Equal(t, c.met, o.Fix == "", "a fix is told for what is missing only")
				return
			}
			t.Fatalf("no rule %s in %s", c.rule, c.file)
		})
	}
}

func TestNoBuiltInRuleIsWithoutBothJudgements(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range judgements() {
		seen[c.file+" "+c.rule+map[bool]string{true: " met", false: " not met"}[c.met]] = true
	}
	files, err := filepath.Glob("rules/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 5)
	engine, err := eligibility.NewEngine()
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		ids := map[string]bool{}
		for _, r := range ruleFile(t, name) {
			require.NoError(t, engine.Check(r, everything()))
			require.False(t, ids[r.ID], "%s twice in %s", r.ID, name)
			ids[r.ID] = true
			require.True(t, seen[name+" "+r.ID+" met"], "%s of %s is met nowhere", r.ID, name)
			require.True(t, seen[name+" "+r.ID+" not met"], "%s of %s is missing nowhere", r.ID, name)
			require.True(t, strings.HasSuffix(r.Fix, "."), "%s says what to do in a sentence", r.ID)
		}
		for _, o := range engine.Evaluate(ruleFile(t, name), everything()) {
			require.True(t, o.Met, "%s of %s", o.Rule, name)
		}
	}
}

func TestEveryFactIsDocumented(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for fact := range everything() {
		require.Contains(t, string(readme), "`"+fact+"`")
	}
}
