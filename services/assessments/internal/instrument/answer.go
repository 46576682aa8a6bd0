package instrument

// Answer is what a respondent says to one item. Which field counts follows from the
// type of the item; the others stay empty.
type Answer struct {
	Item    string            `json:"item"`
	Option  string            `json:"option,omitempty"`  // scale, single choice
	Options []string          `json:"options,omitempty"` // multiple choice; ranking, the first first
	Rows    map[string]string `json:"rows,omitempty"`    // matrix: option by row
	Number  *float64          `json:"number,omitempty"`
	Date    string            `json:"date,omitempty"` // YYYY-MM-DD
	Text    string            `json:"text,omitempty"`
}

// Empty tells whether nothing was answered.
func (a Answer) Empty() bool {
	return a.Option == "" && len(a.Options) == 0 && len(a.Rows) == 0 && a.Number == nil && a.Date == "" && a.Text == ""
}
