package instrument

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/reading"
)

const (
	longText    = 40 // words of a question that is easily lost
	longForm    = 15 // minutes after which many give up
	fewOptions  = 5  // of a scale, so that answers can differ
	manyHardest = 5  // items named as hard to read
)

// Note is something worth a second look. It does not keep a version from being
// published.
type Note struct {
	Field  string
	Rule   string
	Advice string
}

// ReadingLevel is how hard the texts are to read in one language.
type ReadingLevel struct {
	Language string
	reading.Level
	Hardest []string // ids of items that are not plain, the hardest first
}

// Preview is a questionnaire as respondents see it, with what a careful reader would say.
type Preview struct {
	Form   Form
	Notes  []Note
	Levels []ReadingLevel
}

// Preview shows the questionnaire in a language.
func (b Body) Preview(asked, prefix string) Preview {
	r := reader{body: b, speak: b.fallback()}
	r.translations(prefix)
	for i, it := range b.Items {
		r.item(at(prefix, "items", i), it)
	}
	r.whole(prefix)
	return Preview{Form: b.Form(asked), Notes: r.notes, Levels: b.levels()}
}

// reader is who reads with care. What it says of wording is about the first language
// where that is English or Spanish: of others it does not know the words.
type reader struct {
	body  Body
	speak string
	notes []Note
}

func (r *reader) note(field, rule, advice string, args ...any) {
	r.notes = append(r.notes, Note{field, rule, fmt.Sprintf(advice, args...)})
}

// translations names every text that is missing in a language.
func (r *reader) translations(prefix string) {
	r.body.eachText(prefix, func(path string, text map[string]string) {
		if strings.TrimSpace(text[r.speak]) == "" {
			return
		}
		for _, l := range r.body.Languages {
			if strings.TrimSpace(text[l]) == "" {
				r.note(path, "translation_missing", "Give the text in %q too: it is shown in %q.", l, r.speak)
			}
		}
	})
}

// eachText visits all texts.
func (b Body) eachText(prefix string, visit func(path string, text map[string]string)) {
	for i, s := range b.Sections {
		at := at(prefix, "sections", i)
		visit(at+".title", s.Title)
		visit(at+".text", s.Text)
	}
	for i, it := range b.Items {
		path := at(prefix, "items", i)
		visit(path+".text", it.Text)
		visit(path+".hint", it.Hint)
		visit(path+".constraint_message", it.Message)
		for n, row := range it.Rows {
			visit(at(path, "rows", n)+".text", row.Text)
		}
		for n, o := range it.Options {
			visit(at(path, "options", n)+".text", o.Text)
		}
	}
	for i, m := range b.Scales {
		visit(at(prefix, "scales", i)+".title", m.Title)
	}
}

func (r *reader) item(path string, it Item) {
	text := it.Text[r.speak]
	if n := words(text); n > longText {
		r.note(path+".text", "long_text", "Say it in fewer words: these are %d.", n)
	}
	for _, q := range it.Questions() {
		r.wording(path, q.Text[r.speak])
	}
	if agreeing(it.Options, r.speak) {
		r.note(path+".options", "agree_disagree", "Ask how often, how much or how well: people tend to agree with what they are told.")
	}
	answers := 0
	for _, o := range it.Options {
		if !o.NotApplicable {
			answers++
		}
	}
	if it.Type.Scored() && answers < fewOptions {
		r.note(path+".options", "few_options", "Give a scale five options or more: these are %d.", answers)
	}
	if turned(it.Options) {
		r.note(path+".options", "turned_scale", "Give the favorable options the highest scores: a mean of several items must point one way.")
	}
	if it.needed() && it.Type.Choosing() && it.Type != Ranking && !slices.ContainsFunc(it.Options, func(o Option) bool { return o.NotApplicable }) {
		r.note(path+".required", "no_way_out", `Offer "I don’t know", or do not require an answer: who cannot answer will guess or leave.`)
	}
	if it.needed() && it.Type.Free() {
		r.note(path+".required", "required_words", "Do not require words: nobody should have to write.")
	}
	if it.Constraint != "" && it.Message[r.speak] == "" {
		r.note(path+".constraint_message", "no_message", "Say what to do where the answer is not taken.")
	}
}

// turned tells whether an option that is not favorable scores above one that is.
func turned(options []Option) bool {
	lowest, highest := 0, 0 // of favorable ones, of others
	for _, o := range options {
		switch {
		case o.NotApplicable:
		case o.Favorable && (lowest == 0 || o.Score < lowest):
			lowest = o.Score
		case !o.Favorable:
			highest = max(highest, o.Score)
		}
	}
	return lowest > 0 && highest > lowest
}

// wording are the words that make an English or Spanish question hard to answer.
func (r *reader) wording(path, text string) {
	w, ok := wordings()[baseOf(r.speak)]
	if !ok {
		return
	}
	if len(w.negative.FindAllString(text, -1)) >= 2 {
		r.note(path+".text", "double_negative", "Ask it the other way round: with two negatives people lose count.")
	}
	if w.agree.MatchString(text) {
		r.note(path+".text", "agree_disagree", "Ask how often, how much or how well: people tend to agree with what they are told.")
	}
	if w.both.MatchString(text) {
		r.note(path+".text", "two_questions", "Ask one thing at a time: what to answer is open if only one of them is so.")
	}
}

type wording struct{ negative, agree, both *regexp.Regexp }

func wordings() map[string]wording {
	return map[string]wording{
		"en": {
			negative: regexp.MustCompile(`(?i)\b(?:not|no|never|none|nothing|nobody|without|unless|(?:is|are|was|were|do|does|did|has|have|can|could|should|would|wo|ca)n[’']t|un(?:able|aware|clear|fair|happy|likely|sure|welcome|safe)|dis(?:agree|like|satisfied))\b`),
			agree:    regexp.MustCompile(`(?i)\b(?:do you|how (?:much|strongly) do you) (?:dis)?agree\b|\bagree or disagree\b`),
			both:     regexp.MustCompile(`(?i)\band/or\b|\bas well as\b.*\?`),
		},
		"es": {
			negative: regexp.MustCompile(`(?i)(?:^|[^\p{L}])(?:no|nunca|jamás|nadie|nada|ningún|ninguna|ninguno|sin)(?:$|[^\p{L}])`),
			agree:    regexp.MustCompile(`(?i)(?:de acuerdo con|en desacuerdo|acuerdo o desacuerdo)`),
			both:     regexp.MustCompile(`(?i)\by/o\b|así como.*\?`),
		},
	}
}

// agreeing tells whether options ask for agreement.
func agreeing(options []Option, speak string) bool {
	word := map[string]string{"en": "agree", "es": "de acuerdo"}[baseOf(speak)]
	n := 0
	for _, o := range options {
		if word != "" && strings.Contains(strings.ToLower(o.Text[speak]), word) {
			n++
		}
	}
	return n >= 2
}

// whole says what is about the questionnaire and not one item.
func (r *reader) whole(prefix string) {
	if n := r.body.Minutes(r.speak); n > longForm {
		r.note(prefix+".items", "long_form", "Ask less: this takes about %d minutes, and many give up after %d.", n, longForm)
	}
	for _, l := range r.body.levels() {
		if !l.Plain {
			r.note(prefix+".items", "reading_level", "Use shorter sentences and words in %q: the texts are harder than grade 8.", l.Language)
		}
	}
	scaled := map[string]bool{}
	for _, m := range r.body.Scales {
		for _, id := range m.Items {
			scaled[id] = true
		}
	}
	for _, q := range r.body.Questions() {
		if len(r.body.Scales) > 0 && q.Type.Scored() && !scaled[q.ID] {
			r.note(prefix+".scales", "item_without_scale", "Put %q into a scale, or leave it on purpose: it is reported alone.", q.ID)
		}
	}
}

// levels are the reading levels in the languages that have a formula: of sections,
// questions, hints and rows; options are left out, which are no sentences.
func (b Body) levels() []ReadingLevel {
	var out []ReadingLevel
	for _, speak := range b.Languages {
		var all []string
		for _, s := range b.Sections {
			all = append(all, s.Text[speak])
		}
		type hard struct {
			id    string
			level reading.Level
		}
		var hardest []hard
		for _, it := range b.Items {
			own := it.sentences(speak)
			all = append(all, own...)
			if level, ok := reading.Of(speak, own...); ok && !level.Plain {
				hardest = append(hardest, hard{it.ID, level})
			}
		}
		level, ok := reading.Of(speak, all...)
		if !ok {
			continue
		}
		slices.SortStableFunc(hardest, func(a, b hard) int {
			return cmp.Or(cmp.Compare(b.level.Grade, a.level.Grade), cmp.Compare(a.level.Score, b.level.Score))
		})
		l := ReadingLevel{Language: speak, Level: level}
		for _, h := range hardest[:min(len(hardest), manyHardest)] {
			l.Hardest = append(l.Hardest, h.id)
		}
		out = append(out, l)
	}
	return out
}

// sentences are the texts of an item that are read as such.
func (i Item) sentences(speak string) []string {
	out := []string{i.Text[speak], i.Hint[speak]}
	for _, r := range i.Rows {
		out = append(out, r.Text[speak])
	}
	return out
}
