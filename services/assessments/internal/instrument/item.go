package instrument

// defaultMaxLength bounds the answer to a text item that sets no bound.
const defaultMaxLength = 2000

// Type is how an item is answered.
type Type string

// Types of items.
const (
	Scale          Type = "scale"           // one of ordered options with scores
	SingleChoice   Type = "single_choice"   // one of several options
	MultipleChoice Type = "multiple_choice" // any of several options
	Matrix         Type = "matrix"          // rows, each answered with one of the same ordered options
	Ranking        Type = "ranking"         // options put in an order
	Number         Type = "number"
	Date           Type = "date"
	Text           Type = "text"      // one line
	LongText       Type = "long_text" // several lines
)

// Item is one question.
type Item struct {
	ID         string            `json:"id"`
	Type       Type              `json:"type"`
	Section    string            `json:"section,omitempty"`
	Text       map[string]string `json:"text"`
	Hint       map[string]string `json:"hint,omitempty"`
	Standard   string            `json:"standard,omitempty"`
	Goal       string            `json:"goal,omitempty"`
	Indicator  string            `json:"indicator,omitempty"`
	Options    []Option          `json:"options,omitempty"`
	Rows       []Row             `json:"rows,omitempty"` // of a matrix
	Required   bool              `json:"required,omitempty"`
	Relevant   string            `json:"relevant,omitempty"`   // asked where this holds; empty for always
	Constraint string            `json:"constraint,omitempty"` // a good answer fulfils this
	Message    map[string]string `json:"constraint_message,omitempty"`
	MaxLength  int               `json:"max_length,omitempty"` // of a text, in characters
	MinValue   *float64          `json:"min_value,omitempty"`
	MaxValue   *float64          `json:"max_value,omitempty"`
	Integer    bool              `json:"integer,omitempty"`
	MinDate    string            `json:"min_date,omitempty"` // YYYY-MM-DD
	MaxDate    string            `json:"max_date,omitempty"`
	MinChoices int               `json:"min_choices,omitempty"`
	MaxChoices int               `json:"max_choices,omitempty"` // 0 for all
}

// Row is a question of a matrix. Results and expressions call it item/row.
type Row struct {
	ID        string            `json:"id"`
	Text      map[string]string `json:"text"`
	Standard  string            `json:"standard,omitempty"` // the item's when empty
	Goal      string            `json:"goal,omitempty"`
	Indicator string            `json:"indicator,omitempty"`
	Required  bool              `json:"required,omitempty"`
}

// Option is an answer to choose.
type Option struct {
	ID            string            `json:"id"`
	Text          map[string]string `json:"text"`
	Score         int               `json:"score,omitempty"`
	Favorable     bool              `json:"favorable,omitempty"`
	NotApplicable bool              `json:"not_applicable,omitempty"` // "don't know": never scored, out of every denominator
	Exclusive     bool              `json:"exclusive,omitempty"`      // not together with others
}

// Question is one thing that is asked and counted on its own: an item, or one row of
// a matrix with what it takes over from its item.
type Question struct {
	ID        string // item, or item/row
	Item      string
	Row       string // empty but for a matrix
	Type      Type
	Text      map[string]string
	Standard  string
	Goal      string
	Indicator string
	Required  bool
	Options   []Option
}

// Questions are the questions of the item, one for each row of a matrix.
func (i Item) Questions() []Question {
	q := Question{
		ID: i.ID, Item: i.ID, Type: i.Type, Text: i.Text, Standard: i.Standard, Goal: i.Goal, Indicator: i.Indicator,
		Required: i.Required, Options: i.Options,
	}
	if i.Type != Matrix {
		return []Question{q}
	}
	out := make([]Question, len(i.Rows))
	for n, r := range i.Rows {
		row := q
		row.ID, row.Row, row.Text, row.Required = i.ID+"/"+r.ID, r.ID, r.Text, i.Required || r.Required
		if r.Standard != "" {
			row.Standard, row.Goal, row.Indicator = r.Standard, r.Goal, r.Indicator
		} else if r.Goal != "" || r.Indicator != "" {
			row.Goal, row.Indicator = r.Goal, r.Indicator
		}
		out[n] = row
	}
	return out
}

// Questions are the questions of all items, in their order.
func (b Body) Questions() []Question {
	var out []Question
	for _, i := range b.Items {
		out = append(out, i.Questions()...)
	}
	return out
}

// Scored tells whether options carry scores.
func (t Type) Scored() bool { return t == Scale || t == Matrix }

// Free tells whether the answer is written in the respondent's own words.
func (t Type) Free() bool { return t == Text || t == LongText }

// Choosing tells whether an answer names options.
func (t Type) Choosing() bool {
	return t == Scale || t == SingleChoice || t == MultipleChoice || t == Matrix || t == Ranking
}

// Option finds an option by its id.
func (i Item) Option(id string) (Option, bool) { return optionIn(i.Options, id) }

// Option finds an option by its id.
func (q Question) Option(id string) (Option, bool) { return optionIn(q.Options, id) }

func optionIn(options []Option, id string) (Option, bool) {
	for _, o := range options {
		if o.ID == id {
			return o, true
		}
	}
	return Option{}, false
}

// Row finds a row of a matrix by its id.
func (i Item) Row(id string) (Row, bool) {
	for _, r := range i.Rows {
		if r.ID == id {
			return r, true
		}
	}
	return Row{}, false
}

// Limit is the longest text, in characters.
func (i Item) Limit() int {
	if i.MaxLength > 0 {
		return i.MaxLength
	}
	return defaultMaxLength
}

// Range is the lowest and highest score of a scale item.
func (i Item) Range() (low, high int) {
	for _, o := range i.Options {
		if o.NotApplicable {
			continue
		}
		if low == 0 || o.Score < low {
			low = o.Score
		}
		high = max(high, o.Score)
	}
	return low, high
}

// MayAbstain tells whether a respondent may leave the item unscored.
func (i Item) MayAbstain() bool {
	for _, o := range i.Options {
		if o.NotApplicable {
			return true
		}
	}
	return !i.Required
}

// Choices are the fewest and most options that an answer to a multiple choice or
// ranking names, where it names any.
func (i Item) Choices() (fewest, most int) {
	most = len(i.Options)
	if i.MaxChoices > 0 {
		most = min(i.MaxChoices, most)
	}
	switch {
	case i.MinChoices > 0:
		fewest = i.MinChoices
	case i.Type == Ranking:
		fewest = most // a ranking ranks everything, or as many as there are places
	default:
		fewest = 1
	}
	return fewest, most
}
