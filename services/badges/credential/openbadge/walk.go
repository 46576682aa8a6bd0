package openbadge

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
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
}

// object checks an object of a class.
func (w *walker) object(o map[string]any, path, name string) {
	c := classes[name]
	w.types(o, path, c)
	if strings.HasSuffix(name, "Credential") {
		w.contexts(o, path, name)
	}
	for _, f := range c.fields {
		value, has := o[f.name]
		switch {
		case has:
			w.field(value, vc.Join(path, f.name), f)
		case f.required:
			w.Add(vc.Join(path, f.name), "required", "Say this too: a "+name+" must have it.")
		}
	}
	if !c.closed {
		return
	}
	for key := range o {
		if key != "type" && !slices.ContainsFunc(c.fields, func(f field) bool { return f.name == key }) {
			w.Add(vc.Join(path, key), "closed", "Leave this out: a "+name+" has no such field.")
		}
	}
}

// types checks that an object says what it is.
func (w *walker) types(o map[string]any, path string, c class) {
	if c.types == nil {
		return
	}
	field := vc.Join(path, "type")
	_, isText := o["type"].(string)
	items, isList := o["type"].([]any)
	notText := func(item any) bool { _, ok := item.(string); return !ok }
	switch {
	case w.exact && c.oneType && isList, w.exact && !c.oneType && isText:
		w.Add(field, formRule(c.oneType), "Give the type as a "+formName(c.oneType)+".")
	case !isText && (!isList || slices.ContainsFunc(items, notText)):
		w.Add(field, "type", "Give the type, as a text or a list of texts.")
		return
	}
	for _, alternatives := range c.types {
		if !slices.ContainsFunc(alternatives, func(t string) bool { return vc.HasType(o, t) }) {
			w.Add(field, "type", "List "+strings.Join(alternatives, " or ")+" among the types.")
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
func (w *walker) contexts(o map[string]any, path, name string) {
	field := vc.Join(path, "@context")
	want := []*regexp.Regexp{badgeContext}
	fix := "Name " + contexts.CredentialsV2 + " first and " + contexts.OpenBadges303 + " second."
	if name == "ClrCredential" {
		want = []*regexp.Regexp{clrContext, badgeContext}
		fix = "Name " + contexts.CredentialsV2 + ", " + contexts.CLR201 + " and " + contexts.OpenBadges303 + " in this order."
	}
	items, _ := o["@context"].([]any)
	if len(items) <= len(want) || items[0] != contexts.CredentialsV2 {
		w.Add(field, "context", fix)
		return
	}
	for i, pattern := range want {
		if text, _ := items[i+1].(string); !pattern.MatchString(text) {
			w.Add(field, "context", fix)
			return
		}
	}
	for i, item := range items[len(want)+1:] {
		_, isText := item.(string)
		_, isObject := item.(map[string]any)
		if !isText && !isObject {
			w.Add(vc.At(field, i+len(want)+1), "context", "Name each context by its address.")
		}
	}
}

// field checks a field's value or, where there may be many, each of its values.
func (w *walker) field(value any, path string, f field) {
	items, isList := value.([]any)
	switch {
	case isList && f.many:
		for i, item := range items {
			w.value(item, path+"["+strconv.Itoa(i)+"]", f)
		}
	case f.many:
		if w.exact {
			w.Add(path, ruleList, "Give a list here, even of one.")
		}
		w.value(value, path, f)
	case isList && f.single():
		if w.exact {
			w.Add(path, ruleSingle, "Give one value here, not a list.")
		}
		for i, item := range items {
			w.value(item, path+"["+strconv.Itoa(i)+"]", f)
		}
	default:
		w.value(value, path, f)
	}
}

// single tells of which fields there is one by the published schema and there may be several by the
// credential's own standard.
func (f field) single() bool {
	return f.name == "credentialStatus" || f.name == "refreshService"
}

func (w *walker) value(value any, path string, f field) {
	switch f.kind {
	case isObject, isTyped, isProfile, isDocument:
		w.structure(value, path, f)
	case isNumber:
		if _, ok := value.(float64); !ok {
			w.Add(path, "number", "Give a number here.")
		}
	case isTruth:
		if _, ok := value.(bool); !ok {
			w.Add(path, "boolean", "Say true or false.")
		}
	case isSpoken:
		w.spoken(value, path)
	default:
		text, ok := value.(string)
		if !ok {
			w.Add(path, "text", "Give a text here.")
			return
		}
		w.text(text, path, f)
	}
}

func (w *walker) structure(value any, path string, f field) {
	if text, isText := value.(string); isText && f.kind == isProfile {
		if !w.exact && rdfc.CheckIRI(text) != nil {
			w.Add(path, "iri", "Give the issuer's absolute address or DID.")
		}
		return
	}
	o, ok := value.(map[string]any)
	switch {
	case !ok:
		w.Add(path, "object", "Give an object here.")
	case f.kind == isObject:
		w.object(o, path, f.class)
	case f.kind == isProfile:
		w.object(o, path, "Profile")
	case f.kind == isTyped:
		w.typed(o, path, f)
	}
}

// typed checks an object of which the published schema knows no more than id and type.
func (w *walker) typed(o map[string]any, path string, f field) {
	if !w.exact {
		return // package vc asks for more
	}
	for key, required := range map[string]bool{"id": f.needsID, "type": true} {
		value, has := o[key]
		if _, isText := value.(string); has && !isText && (key == "type" || f.name != "proof") {
			w.Add(vc.Join(path, key), "text", "Give a text here.")
		} else if !has && required {
			w.Add(vc.Join(path, key), "required", "Say this too.")
		}
	}
	if f.name == "proof" {
		w.proof(o, path)
	}
}

// proof checks the fields of a proof that the published schema names.
func (w *walker) proof(o map[string]any, path string) {
	for _, key := range []string{"created", "cryptosuite", "challenge", "domain", "nonce", "proofPurpose", "proofValue", "verificationMethod"} {
		if value, has := o[key]; has {
			kind := isText
			if key == "created" {
				kind = isTime
			}
			w.value(value, vc.Join(path, key), field{kind: kind})
		}
	}
}

// spoken checks a text for people. The published schema knows no languages here.
func (w *walker) spoken(value any, path string) {
	if text, isText := value.(string); isText {
		if !w.exact && strings.TrimSpace(text) == "" {
			w.Add(path, "required", "Give a text here.")
		}
		return
	}
	if w.exact {
		w.Add(path, "text", "Give a text here.")
		return
	}
	w.Text(map[string]any{path: value}, "", path)
}

func (w *walker) text(text, path string, f field) {
	switch {
	case f.kind == isText && !w.exact && f.required && strings.TrimSpace(text) == "":
		w.Add(path, "required", "Give a text here.")
	case f.kind == isAddress && !w.exact && rdfc.CheckIRI(text) != nil:
		w.Add(path, "iri", "Give an absolute address such as https://example.org/badges/1.")
	case f.kind == isTime && !w.isTime(text):
		w.Add(path, "date_time", "Write a date and time with a zone such as 2026-05-01T09:00:00Z.")
	case f.kind == isDate && !isDay(text):
		w.Add(path, "date", "Write a date such as 2026-05-01.")
	case f.kind == isLike && !f.like.MatchString(text):
		w.Add(path, "pattern", "Write this as the standard does: a language such as en-US, a token of three parts.")
	case f.kind == isOneOf && !slices.Contains(f.words, text) && (f.closed || !extension.MatchString(text)):
		w.Add(path, "vocabulary", "Use a word of the standard's vocabulary, or where it is open one of your own that starts with ext:.")
	}
}

func (w *walker) isTime(text string) bool {
	if w.exact {
		return datetime.IsRFC3339(text)
	}
	_, err := datetime.Parse(text)
	return err == nil
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}
