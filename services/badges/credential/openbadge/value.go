package openbadge

import (
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// value checks one value of a field.
func (w *walker) value(value any, f *field) {
	switch f.kind {
	case isObject, isTyped, isProfile, isDocument:
		w.structure(value, f)
	case isNumber:
		if _, ok := value.(float64); !ok {
			w.note("", "number", "Give a number here.")
		}
	case isTruth:
		if _, ok := value.(bool); !ok {
			w.note("", "boolean", "Say true or false.")
		}
	case isSpoken:
		w.spoken(value)
	default:
		text, ok := value.(string)
		if !ok {
			w.note("", "text", "Give a text here.")
			return
		}
		w.text(text, f)
	}
}

func (w *walker) structure(value any, f *field) {
	if text, isText := value.(string); isText && f.kind == isProfile {
		if !w.exact && rdfc.CheckIRI(text) != nil {
			w.note("", "iri", "Give the issuer's absolute address or DID.")
		}
		return
	}
	o, ok := value.(map[string]any)
	switch {
	case !ok:
		w.note("", "object", "Give an object here.")
	case f.kind == isObject:
		w.object(o, f.class)
	case f.kind == isProfile:
		w.object(o, "Profile")
	case f.kind == isTyped:
		w.typed(o, f)
	}
}

// typed checks an object of which the published schema knows no more than id and type.
func (w *walker) typed(o map[string]any, f *field) {
	if !w.exact {
		return // package vc asks for more
	}
	for key, required := range map[string]bool{"id": f.needsID, "type": true} {
		value, has := o[key]
		if _, isText := value.(string); has && !isText && (key == "type" || f.name != "proof") {
			w.note(key, "text", "Give a text here.")
		} else if !has && required {
			w.note(key, "required", "Say this too.")
		}
	}
	if f.name == "proof" {
		w.proof(o)
	}
}

// proof checks the fields of a proof that the published schema names.
func (w *walker) proof(o map[string]any) {
	for _, key := range []string{"created", "cryptosuite", "challenge", "domain", "nonce", "proofPurpose", "proofValue", "verificationMethod"} {
		if value, has := o[key]; has {
			kind := isText
			if key == "created" {
				kind = isTime
			}
			w.way = append(w.way, step{key, -1})
			w.value(value, &field{kind: kind})
			w.way = w.way[:len(w.way)-1]
		}
	}
}

// spoken checks a text for people. The published schema knows no languages here.
func (w *walker) spoken(value any) {
	if text, isText := value.(string); isText {
		if !w.exact && strings.TrimSpace(text) == "" {
			w.note("", "required", "Give a text here.")
		}
		return
	}
	if w.exact {
		w.note("", "text", "Give a text here.")
		return
	}
	spoken := &vc.Checker{}
	spoken.Text(map[string]any{"": value}, "", "")
	for _, v := range spoken.Found {
		w.note(strings.TrimPrefix(v.Field, "."), v.Rule, v.Fix)
	}
}

func (w *walker) text(text string, f *field) {
	switch {
	case f.kind == isText && !w.exact && f.required && strings.TrimSpace(text) == "":
		w.note("", "required", "Give a text here.")
	case f.kind == isAddress && !w.exact && rdfc.CheckIRI(text) != nil:
		w.note("", "iri", "Give an absolute address such as https://example.org/badges/1.")
	case f.kind == isTime && !w.isTime(text):
		w.note("", "date_time", "Write a date and time with a zone such as 2026-05-01T09:00:00Z.")
	case f.kind == isDate && !isDay(text):
		w.note("", "date", "Write a date such as 2026-05-01.")
	case f.kind == isLike && !f.like.MatchString(text):
		w.note("", "pattern", "Write this as the standard does: a language such as en-US, a token of three parts.")
	case f.kind == isOneOf && !slices.Contains(f.words, text) && (f.closed || !extension.MatchString(text)):
		w.note("", "vocabulary", "Use a word of the standard's vocabulary, or where it is open one of your own that starts with ext:.")
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
