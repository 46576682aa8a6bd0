package district

// Op is what a Condition does.
type Op string

// The operators. Has looks for a part of a text, without regard to case.
const (
	And      Op = "and"
	Or       Op = "or"
	Not      Op = "not"
	Equal    Op = "="
	NotEqual Op = "!="
	Has      Op = ":"
)

// Condition is a filter of a list of schools as a tree: And, Or and Not have
// Args, the others compare a field with a value.
type Condition struct {
	Op    Op
	Args  []*Condition
	Field string // title, state_identifier, title_one, charter or state
	Value any    // string or bool, as the field is
}
