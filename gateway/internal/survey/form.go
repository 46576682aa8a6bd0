package survey

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// questionnaire is a form as its page shows it, with what was answered so far.
type questionnaire struct {
	Path                    string
	Title, School, District string
	Language, Lang, Dir     string // Lang and Dir are set where the form speaks another language than the page
	Languages               []tongue
	Anonymity               string
	Minutes                 int32
	Closes, ClosesAt        string
	Kiosk, Resumable        bool
	ResponseID, ResumeKey   string
	Sections                []part

	Message string      // good news
	Alarm   string      // why nothing happened
	Why     string      // more of it, in the words of whoever runs the platform
	Links   []complaint // what to look at
}

// tongue is a language to switch to.
type tongue struct {
	Code, Name, Dir string
	Current         bool
}

// part is a section with its questions, or questions without a section.
type part struct {
	ID, Title, Text string
	Hidden          bool
	Questions       []question
}

// question is an item as it stands on the page.
type question struct {
	Item      *assessmentsv1.FormItem
	Kind      string // which template
	Name      string // of its field
	Relevant  string // conditions of its section and of itself
	Hidden    bool
	Lang, Dir string // where a translation is missing
	Hint      []string
	Error     string
	Rows      []row
	Options   []option
	Text      string
	Places    []int // of a ranking
	Date      day
}

type row struct {
	*assessmentsv1.FormRow
	Name    string
	Options []option
}

type option struct {
	*assessmentsv1.FormOption
	Name    string
	Chosen  bool
	Place   string // in a ranking
	Ordinal int
}

type day struct{ Year, Month, Day string }

// complaint is a link to a question and what is wrong with its answer.
type complaint struct{ Question, Lang, Text string }

// form answers the questionnaire behind a code.
func (h *Handler) form(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	if plain := typed(code); plain != code {
		http.Redirect(w, r, "/s/"+url.PathEscape(plain), http.StatusSeeOther)
		return
	}
	form, err := h.load(r, code, "")
	if err != nil {
		h.refuse(w, r, ownLanguage(r), err)
		return
	}
	if h.closed(w, r, form) {
		return
	}
	h.showForm(w, r, http.StatusOK, form, h.draw(form, code, url.Values{}, nil))
}

// load reads the form in a language; without one, in that which suits who asks.
func (h *Handler) load(r *http.Request, code, lang string) (*assessmentsv1.Form, error) {
	asked := lang
	if asked == "" {
		asked = r.URL.Query().Get("lang")
	}
	if len(asked) > longestTag {
		asked = ""
	}
	form, err := h.responses.GetForm(r.Context(), &assessmentsv1.GetFormRequest{Code: code, Language: asked})
	if err != nil || asked != "" && form.GetLanguage() == asked {
		return form, err
	}
	if best := preferred(r, form.GetLanguages()); best != "" && best != form.GetLanguage() {
		return h.responses.GetForm(r.Context(), &assessmentsv1.GetFormRequest{Code: code, Language: best})
	}
	return form, nil
}

// longestTag is the longest name of a language that the API reads.
const longestTag = 35

func (h *Handler) showForm(w http.ResponseWriter, r *http.Request, code int, form *assessmentsv1.Form, v questionnaire) {
	h.show(w, r, page{code: code, file: "form.html", title: form.GetTitle(), lang: chrome(form.GetLanguage()), kiosk: v.Kiosk, view: v})
}

// draw makes the page of a form of what was answered so far. Errors are by item.
func (h *Handler) draw(form *assessmentsv1.Form, code string, given url.Values, errors map[string]string) questionnaire {
	lang := chrome(form.GetLanguage())
	answers, _ := read(form, given)
	v := questionnaire{
		Path: "/s/" + code, Title: form.GetTitle(), School: form.GetSchoolTitle(), District: form.GetDistrictTitle(),
		Language: form.GetLanguage(), Anonymity: form.GetAnonymity(), Minutes: form.GetEstimatedMinutes(),
		Kiosk:      form.GetKind() == assessmentsv1.LinkKind_LINK_KIND_KIOSK,
		ResponseID: responseID(given), ResumeKey: given.Get("resume_key"),
	}
	v.Resumable = form.GetResumable() && !v.Kiosk
	if form.GetLanguage() != lang {
		v.Lang, v.Dir = form.GetLanguage(), way(form.GetDirection(), form.GetLanguage())
	}
	if form.GetCloseTime() != nil {
		at := form.GetCloseTime().AsTime()
		v.Closes, v.ClosesAt = moment(lang, at), at.UTC().Format("2006-01-02T15:04:05Z")
	}
	for _, one := range form.GetLanguages() {
		v.Languages = append(v.Languages, tongue{Code: one, Name: own(one), Dir: direction(one), Current: one == form.GetLanguage()})
	}
	v.Sections = h.parts(form, given, h.rules.asked(form, answers), errors)
	return v
}

// parts puts the questions in their sections, in the order of the form.
func (h *Handler) parts(form *assessmentsv1.Form, given url.Values, asked map[string]bool, errors map[string]string) []part {
	sections := map[string]*assessmentsv1.FormSection{}
	for _, s := range form.GetSections() {
		sections[s.GetId()] = s
	}
	var all []part
	for _, item := range form.GetItems() {
		s := sections[item.GetSection()]
		if len(all) == 0 || all[len(all)-1].ID != s.GetId() {
			all = append(all, part{ID: s.GetId(), Title: s.GetTitle(), Text: s.GetText(), Hidden: true})
		}
		q := ask(form, item, given)
		q.Relevant, q.Hidden, q.Error = both(s.GetRelevant(), item.GetRelevant()), !asked[item.GetId()], errors[item.GetId()]
		last := &all[len(all)-1]
		last.Hidden = last.Hidden && q.Hidden
		last.Questions = append(last.Questions, q)
	}
	return all
}

// both is the condition that two conditions hold, either of which may be missing.
func both(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return "(" + a + ") && (" + b + ")"
}

// ask makes a question of an item and of what was given for it.
func ask(form *assessmentsv1.Form, item *assessmentsv1.FormItem, given url.Values) question {
	name := field(item.GetId())
	q := question{Item: item, Kind: kindOf(item.GetType()), Name: name, Text: given.Get(name), Hint: hints(chrome(form.GetLanguage()), item)}
	if l := item.GetLanguage(); l != "" && l != form.GetLanguage() {
		q.Lang, q.Dir = l, direction(l)
	}
	q.Date = day{given.Get(name + "/y"), given.Get(name + "/m"), given.Get(name + "/d")}
	for i, o := range item.GetOptions() {
		place := name + "/" + o.GetId()
		q.Options = append(q.Options, option{FormOption: o, Name: name, Chosen: slices.Contains(given[name], o.GetId()), Place: given.Get(place), Ordinal: i})
		q.Places = append(q.Places, i+1)
	}
	if most := int(item.GetMaxChoices()); most > 0 && most < len(q.Places) {
		q.Places = q.Places[:most]
	}
	for _, one := range item.GetRows() {
		sub := name + "/" + one.GetId()
		line := row{FormRow: one, Name: sub}
		for i, o := range item.GetOptions() {
			line.Options = append(line.Options, option{FormOption: o, Name: sub, Chosen: given.Get(sub) == o.GetId(), Ordinal: i})
		}
		q.Rows = append(q.Rows, line)
	}
	return q
}

func kindOf(t assessmentsv1.ItemType) string {
	switch t {
	case assessmentsv1.ItemType_ITEM_TYPE_MULTIPLE_CHOICE:
		return "boxes"
	case assessmentsv1.ItemType_ITEM_TYPE_MATRIX:
		return "matrix"
	case assessmentsv1.ItemType_ITEM_TYPE_RANKING:
		return "ranking"
	case assessmentsv1.ItemType_ITEM_TYPE_NUMBER:
		return "number"
	case assessmentsv1.ItemType_ITEM_TYPE_DATE:
		return "date"
	case assessmentsv1.ItemType_ITEM_TYPE_TEXT:
		return "line"
	case assessmentsv1.ItemType_ITEM_TYPE_LONG_TEXT:
		return "lines"
	default:
		return "choice"
	}
}

// way is the direction of writing that a form names, else that of its language.
func way(direct, lang string) string {
	if direct == "rtl" || direct == "ltr" {
		return direct
	}
	return direction(lang)
}

// responseID is the id under which the answer is stored once: that of the form, or a new one.
func responseID(given url.Values) string {
	if id := given.Get("response_id"); validID(id) {
		return id
	}
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails: it ends the process where the system has no randomness
	return hex.EncodeToString(raw)
}

func validID(id string) bool {
	const shortest, longest = 8, 64
	return len(id) >= shortest && len(id) <= longest && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// said are the texts of the script, in a language, by the names it knows them by.
func said(lang string) string {
	texts := map[string]string{}
	for name, text := range scriptTexts() {
		texts[name] = translate(lang, text)
	}
	out, err := json.Marshal(texts)
	if err != nil { // strings only
		return "{}"
	}
	return string(out)
}
