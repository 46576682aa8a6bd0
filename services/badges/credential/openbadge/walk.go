package openbadge

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// The rules that only the published schema has: a single value where it wants a list, or several
// where it wants one. The data model means the same either way.
const (
	ruleList   = "list"
	ruleSingle = "single"
)

// walker holds a document against the data model. With exact it gives the verdict of the published
// JSON schema; without, it takes one value for a list of one and asks that addresses are addresses.
type walker struct {
	vc.Checker
	exact bool
	way   []step
}

// step is one step from the top of the document to where the walker is. The path is written only
// when there is something to say about the place: nearly every document is right.
type step struct {
	key   string
	index int // of a list's item, -1 for the value under a key
}

// note adds a violation of the value here, or of a field of the object here.
func (w *walker) note(key, rule, fix string) {
	path := ""
	for _, s := range w.way {
		if s.index < 0 {
			path = vc.Join(path, s.key)
		} else {
			path = vc.At(path, s.index)
		}
	}
	switch {
	case strings.HasPrefix(key, "["): // an item of a list of texts
		path += key
	case key != "":
		path = vc.Join(path, key)
	}
	w.Add(path, rule, fix)
}

// object checks an object of a class.
func (w *walker) object(o map[string]any, name string) {
	c := classes[name]
	w.types(o, c)
	if strings.HasSuffix(name, "Credential") {
		w.contexts(o, name)
	}
	for i := range c.fields {
		f := &c.fields[i]
		value, has := o[f.name]
		switch {
		case has:
			w.way = append(w.way, step{f.name, -1})
			w.field(value, f)
			w.way = w.way[:len(w.way)-1]
		case f.required:
			w.note(f.name, "required", "Say this too: a "+name+" must have it.")
		}
	}
	if c.closed {
		w.others(o, c, name)
	}
}

// others notes the fields that a closed class does not have.
func (w *walker) others(o map[string]any, c class, name string) {
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if key != "type" && !slices.ContainsFunc(c.fields, func(f field) bool { return f.name == key }) {
			w.note(key, "closed", "Leave this out: a "+name+" has no such field.")
		}
	}
}

// types checks that an object says what it is.
func (w *walker) types(o map[string]any, c class) {
	if c.types == nil {
		return
	}
	_, isText := o["type"].(string)
	items, isList := o["type"].([]any)
	notText := func(item any) bool { _, ok := item.(string); return !ok }
	switch {
	case w.exact && c.oneType && isList, w.exact && !c.oneType && isText:
		w.note("type", formRule(c.oneType), "Give the type as a "+formName(c.oneType)+".")
	case !isText && (!isList || slices.ContainsFunc(items, notText)):
		w.note("type", "type", "Give the type, as a text or a list of texts.")
		return
	}
	for _, alternatives := range c.types {
		if !slices.ContainsFunc(alternatives, func(t string) bool { return vc.HasType(o, t) }) {
			w.note("type", "type", "List "+strings.Join(alternatives, " or ")+" among the types.")
		}
	}
}

func formRule(single bool) string {
	if single {
		return ruleSingle
	}
	return ruleList
}

func formName(single bool) string {
	if single {
		return "text"
	}
	return "list"
}

var (
	badgeContext = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.\d\.\d)*\.json$`)
	clrContext   = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/clr/v2p0/context(-2\.\d\.\d)*\.json$`)
)

// contexts checks that the document names the contexts of its kind, in their order.
func (w *walker) contexts(o map[string]any, name string) {
	want := []*regexp.Regexp{badgeContext}
	fix := "Name " + contexts.CredentialsV2 + " first and " + contexts.OpenBadges303 + " second."
	if name == "ClrCredential" {
		want = []*regexp.Regexp{clrContext, badgeContext}
		fix = "Name " + contexts.CredentialsV2 + ", " + contexts.CLR201 + " and " + contexts.OpenBadges303 + " in this order."
	}
	items, _ := o["@context"].([]any)
	if len(items) <= len(want) || items[0] != contexts.CredentialsV2 {
		w.note("@context", "context", fix)
		return
	}
	for i, pattern := range want {
		if text, _ := items[i+1].(string); !pattern.MatchString(text) {
			w.note("@context", "context", fix)
			return
		}
	}
	for i, item := range items[len(want)+1:] {
		_, isText := item.(string)
		_, isObject := item.(map[string]any)
		if !isText && !isObject {
			w.note(vc.At("@context", i+len(want)+1), "context", "Name each context by its address.")
		}
	}
}

// field checks a field's value or, where there may be many, each of its values.
func (w *walker) field(value any, f *field) {
	items, isList := value.([]any)
	switch {
	case isList && f.many:
		w.each(items, f)
	case f.many:
		if w.exact {
			w.note("", ruleList, "Give a list here, even of one.")
		}
		w.value(value, f)
	case isList && f.single():
		if w.exact {
			w.note("", ruleSingle, "Give one value here, not a list.")
		}
		w.each(items, f)
	default:
		w.value(value, f)
	}
}

func (w *walker) each(items []any, f *field) {
	for i, item := range items {
		w.way = append(w.way, step{index: i})
		w.value(item, f)
		w.way = w.way[:len(w.way)-1]
	}
}

// single tells of which fields there is one by the published schema and there may be several by the
// credential's own standard.
func (f *field) single() bool {
	return f.name == "credentialStatus" || f.name == "refreshService"
}
