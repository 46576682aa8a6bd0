package openbadge

import (
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// Violation is one broken rule of a credential's structure.
type Violation = vc.Violation

// InvalidError lists every broken rule of a credential.
type InvalidError struct{ Violations []Violation }

// Error implements error.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		parts[i] = v.Field + ": " + v.Fix
	}
	return "the credential is not a complete Open Badge: " + strings.Join(parts, " ")
}

// Check returns every rule that a badge, an endorsement or a learner record breaks: of the
// Verifiable Credentials Data Model 2.0, of Open Badges 3.0 and CLR 2.0, and what follows from
// these, such as that a result names a level that exists, and of the published schemas that it names.
// What a document embeds is checked with it.
func Check(doc map[string]any) []Violation {
	return oncePerField(append(check(doc, false), CheckSchemas(doc, nil).Violations...))
}

// check is Check without the schemas; issuing adds our own rules: a name for badge and issuer. That
// what we build meets the schema which it names is for the tests to show, not for every badge.
func check(doc map[string]any, issuing bool) []Violation {
	w := &walker{}
	w.Found = vc.Check(doc)
	w.object(doc, kindOf(doc))
	w.meaning(doc)
	if issuing {
		w.required(doc, "", "name")
		if issuer, isObject := doc["issuer"].(map[string]any); isObject {
			w.required(issuer, "issuer", "name")
		} else {
			w.Add("issuer", "object", "Give one object here.")
		}
		from, until := w.Time(doc, "", "validFrom"), w.Time(doc, "", "validUntil")
		if !until.IsZero() && !until.After(from) {
			w.Add("validUntil", "after_valid_from", "Let the badge end after it begins.")
		}
	}
	return oncePerField(w.Found)
}

// kindOf returns the class of a document: a badge unless it says that it is something else.
func kindOf(doc map[string]any) string {
	for _, kind := range []string{"EndorsementCredential", "ClrCredential"} {
		if vc.HasType(doc, kind) {
			return kind
		}
	}
	return "AchievementCredential"
}

func (w *walker) required(parent map[string]any, path, key string) {
	if strings.TrimSpace(vc.PlainText(parent[key])) == "" {
		w.Add(vc.Join(path, key), "required", "Give a text here.")
	}
}

// oncePerField keeps the first violation of each field, as one fault breaks rules of both standards.
// Words without a meaning come last, since a wrong context leaves many of them behind.
func oncePerField(found []Violation) []Violation {
	var out []Violation
	undefined := func(v Violation) int {
		if v.Rule == "undefined" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(found, func(a, b Violation) int { return undefined(a) - undefined(b) })
	for _, v := range found {
		if !slices.ContainsFunc(out, func(o Violation) bool { return o.Field == v.Field }) {
			out = append(out, v)
		}
	}
	return out
}

func at(key string, i int) string { return vc.At(key, i) }
