package survey

import (
	"fmt"

	"cel.dev/cel-go/cel"
	lru "github.com/hashicorp/golang-lru/v2"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

const (
	// keptPrograms bounds the memory of compiled conditions; there are a few in each questionnaire.
	keptPrograms = 1000
	// costLimit bounds an evaluation; conditions were checked when their questionnaire was published.
	costLimit = 20_000
)

// rules evaluates the conditions of questions for pages without a script, as the assessments service
// does when the answer arrives: it is the one that decides.
type rules struct {
	env      *cel.Env
	programs *lru.Cache[string, cel.Program]
}

func newRules() (*rules, error) {
	env, err := cel.NewEnv(
		cel.Variable("answers", cel.MapType(cel.StringType, cel.DynType)), cel.CrossTypeNumericComparisons(true), cel.ClearMacros(),
	)
	if err != nil {
		return nil, fmt.Errorf("conditions: %w", err)
	}
	programs, err := lru.New[string, cel.Program](keptPrograms)
	if err != nil {
		return nil, fmt.Errorf("conditions: %w", err)
	}
	return &rules{env: env, programs: programs}, nil
}

// asked are the items that the answers so far lead to. What is not asked counts as not answered, for
// the items after it too.
func (r *rules) asked(form *assessmentsv1.Form, answers []*assessmentsv1.Answer) map[string]bool {
	given := map[string]*assessmentsv1.Answer{}
	for _, a := range answers {
		given[a.GetItem()] = a
	}
	sections := map[string]string{}
	for _, s := range form.GetSections() {
		sections[s.GetId()] = s.GetRelevant()
	}
	values := map[string]any{}
	for _, item := range form.GetItems() {
		put(values, item, nil)
	}
	asked := map[string]bool{}
	for _, item := range form.GetItems() {
		if r.holds(sections[item.GetSection()], values) && r.holds(item.GetRelevant(), values) {
			asked[item.GetId()] = true
			put(values, item, given[item.GetId()])
		}
	}
	return asked
}

// holds tells whether a condition holds; one that cannot be decided does not.
func (r *rules) holds(condition string, answers map[string]any) bool {
	if condition == "" {
		return true
	}
	program, ok := r.programs.Get(condition)
	if !ok {
		ast, issues := r.env.Compile(condition)
		if issues.Err() != nil {
			return false
		}
		var err error
		if program, err = r.env.Program(ast, cel.CostLimit(costLimit)); err != nil {
			return false
		}
		r.programs.Add(condition, program)
	}
	out, _, err := program.Eval(map[string]any{"answers": answers})
	return err == nil && out.Value() == true
}

// put notes what conditions see of an answer; of none too.
func put(values map[string]any, item *assessmentsv1.FormItem, a *assessmentsv1.Answer) {
	id := item.GetId()
	switch item.GetType() {
	case assessmentsv1.ItemType_ITEM_TYPE_MULTIPLE_CHOICE, assessmentsv1.ItemType_ITEM_TYPE_RANKING:
		values[id] = a.GetOptions()
	case assessmentsv1.ItemType_ITEM_TYPE_MATRIX:
		for _, row := range item.GetRows() {
			values[id+"/"+row.GetId()] = a.GetRows()[row.GetId()]
		}
	case assessmentsv1.ItemType_ITEM_TYPE_NUMBER:
		values[id] = nil
		if a != nil && a.Number != nil {
			values[id] = a.GetNumber()
		}
	case assessmentsv1.ItemType_ITEM_TYPE_DATE:
		values[id] = nil
		if a.GetDate() != "" {
			values[id] = a.GetDate()
		}
	case assessmentsv1.ItemType_ITEM_TYPE_TEXT, assessmentsv1.ItemType_ITEM_TYPE_LONG_TEXT:
		values[id] = a.GetText()
	default:
		values[id] = a.GetOption()
	}
}
