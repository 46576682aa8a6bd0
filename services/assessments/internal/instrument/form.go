package instrument

import (
	"strings"

	"golang.org/x/text/language"
)

// Form is a questionnaire in one language, as a respondent sees it.
type Form struct {
	Language  string
	Languages []string
	Direction string // of writing: ltr or rtl
	Minutes   int
	Sections  []FormSection
	Items     []FormItem
}

// FormSection is a part of a form.
type FormSection struct {
	ID, Title, Text, Relevant string
}

// FormItem is one question in one language. Item holds what has no language.
type FormItem struct {
	Item
	Text          string
	Hint          string
	Relevant      string // in the canonical spelling of package expression
	Constraint    string
	Message       string
	Options       []FormOption
	Rows          []FormRow
	Language      string   // of its texts, where it differs from the form's
	RelevantItems []string // questions its expressions speak about
}

// FormOption is an answer to choose.
type FormOption struct {
	Option
	Text string
}

// FormRow is a row of a matrix.
type FormRow struct {
	ID       string
	Text     string
	Required bool
}

// Language is the one to speak: the one asked for, its base language, or the
// fallback of the instrument.
func (b Body) Language(asked string) string {
	base := baseOf(asked)
	for _, l := range b.Languages {
		if strings.EqualFold(l, asked) {
			return l
		}
	}
	for _, l := range b.Languages {
		if base != "" && baseOf(l) == base {
			return l
		}
	}
	return b.fallback()
}

// fallback is the language in which everything is there.
func (b Body) fallback() string {
	if len(b.Languages) == 0 {
		return ""
	}
	return b.Languages[0]
}

// Direction is how the language is written: ltr or rtl.
func Direction(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return "ltr"
	}
	script, _ := t.Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg", "Mand", "Samr":
		return "rtl"
	}
	return "ltr"
}

// Form is the questionnaire in one language; what is not translated comes in the
// fallback.
func (b Body) Form(asked string) Form {
	b.logic = b.prepared()
	f := Form{
		Language: b.Language(asked), Languages: b.Languages, Minutes: b.Minutes(asked),
	}
	f.Direction = Direction(f.Language)
	for _, s := range b.Sections {
		f.Sections = append(f.Sections, FormSection{
			ID: s.ID, Title: b.in(s.Title, f.Language), Text: b.in(s.Text, f.Language), Relevant: canonical(b.logic.sections[s.ID]),
		})
	}
	for _, it := range b.Items {
		f.Items = append(f.Items, b.formItem(it, f.Language))
	}
	return f
}

func (b Body) formItem(it Item, speak string) FormItem {
	// An item is in one language as a whole: a question and options in two would be hard to answer.
	other := ""
	if !it.in(speak) {
		speak, other = b.fallback(), b.fallback()
	}
	out := FormItem{Item: it, Text: b.in(it.Text, speak), Hint: b.in(it.Hint, speak), Message: b.in(it.Message, speak), Language: other}
	relevant, constraint := b.logic.relevant[it.ID], b.logic.constraints[it.ID]
	out.Relevant, out.Constraint = canonical(relevant), canonical(constraint)
	out.RelevantItems = union(relevant, constraint)
	for _, o := range it.Options {
		out.Options = append(out.Options, FormOption{Option: o, Text: b.in(o.Text, speak)})
	}
	for _, r := range it.Rows {
		out.Rows = append(out.Rows, FormRow{ID: r.ID, Text: b.in(r.Text, speak), Required: it.Required || r.Required})
	}
	return out
}

// in is the text in a language, or in the fallback.
func (b Body) in(text map[string]string, speak string) string {
	if t := text[speak]; strings.TrimSpace(t) != "" {
		return t
	}
	return text[b.fallback()]
}

// in tells whether the question, its options and rows are there in the language.
func (i Item) in(speak string) bool {
	for _, text := range i.texts() {
		if strings.TrimSpace(text[speak]) == "" {
			return false
		}
	}
	return true
}

// texts are those without which the item cannot be answered.
func (i Item) texts() []map[string]string {
	out := []map[string]string{i.Text}
	for _, o := range i.Options {
		out = append(out, o.Text)
	}
	for _, r := range i.Rows {
		out = append(out, r.Text)
	}
	return out
}

func baseOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	return strings.ToLower(base)
}
